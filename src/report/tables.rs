//! A report for people.

use super::gather::{LoadTestCounts, Report, Row};
use crate::table::{Align, Table, Tone};
use crate::units;

/// Beyond the last bucket of the histogram only this is known.
const LAST_BUCKET: &str = ">60 s";

/// The tables of a report, in the order in which they are printed; those without rows are left out.
pub fn tables(report: &Report) -> (String, Vec<Table>) {
    let all = [routes(report), instances(report), orders(report), connections(report), cache(report)];
    (heading(report), all.into_iter().filter(|table| !table.is_empty()).collect())
}

fn heading(report: &Report) -> String {
    let length = units::duration(std::time::Duration::from_secs_f64(report.duration_s));
    let mut text = format!("From {} to {} ({length}), as counted by the server.", report.start, report.end);
    if let Some(LoadTestCounts { requests, difference, .. }) = report.load_test {
        let compared = format!(
            "\nThe load test counted {} requests, the server {}: a difference of {:+.2} %.",
            units::count(requests),
            units::count(report.aggregated.requests),
            difference * 100.0
        );
        text.push_str(&compared);
    }
    text
}

fn routes(report: &Report) -> Table {
    let mut table = Table::new(
        "Requests by route (percentiles are interpolated within buckets)",
        &[
            ("Type", Align::Left),
            ("Name", Align::Left),
            ("# reqs", Align::Right),
            ("4xx", Align::Right),
            ("5xx", Align::Right),
            ("failed", Align::Right),
            ("req/s", Align::Right),
            ("p50", Align::Right),
            ("p95", Align::Right),
            ("p99", Align::Right),
        ],
    );
    for row in &report.routes {
        let name = [row.method.clone(), row.route.clone()];
        table.toned_row(name.into_iter().map(|cell| (cell, Tone::Plain)).chain(cells(row, report, Tone::Plain)));
    }
    if !report.routes.is_empty() {
        let name = [String::new(), "Aggregated".to_owned()];
        table.toned_row(name.into_iter().map(|cell| (cell, Tone::Strong)).chain(cells(
            &report.aggregated,
            report,
            Tone::Strong,
        )));
    }
    table
}

/// Requests, failures, rate, percentiles.
fn cells(row: &Row, report: &Report, tone: Tone) -> Vec<(String, Tone)> {
    let failures = row.client_errors + row.server_errors;
    let bad = |count| if count > 0 { Tone::Bad } else { tone };
    let share = if row.requests == 0 { 0.0 } else { failures as f64 / row.requests as f64 };
    let mut cells = vec![
        (units::count(row.requests), tone),
        (units::count(row.client_errors), bad(row.client_errors)),
        (units::count(row.server_errors), bad(row.server_errors)),
        (units::percent(share), bad(failures)),
        (units::significant(row.requests as f64 / report.duration_s), tone),
    ];
    cells.extend(row.percentiles_s.map(|seconds| (percentile(seconds), tone)));
    cells
}

fn percentile(seconds: Option<f64>) -> String {
    match seconds {
        None => "-".to_owned(),
        // histogram_quantile answers the last bucket's bound for what lies beyond it.
        Some(seconds) if seconds >= 60.0 => LAST_BUCKET.to_owned(),
        Some(seconds) => units::duration(std::time::Duration::from_secs_f64(seconds.max(0.0))),
    }
}

fn instances(report: &Report) -> Table {
    let mut table = Table::new(
        "Requests by instance",
        &[
            ("Instance", Align::Left),
            ("# reqs", Align::Right),
            ("4xx", Align::Right),
            ("5xx", Align::Right),
            ("failed", Align::Right),
            ("req/s", Align::Right),
            ("p50", Align::Right),
            ("p95", Align::Right),
            ("p99", Align::Right),
            ("cores", Align::Right),
            ("memory", Align::Right),
        ],
    );
    for instance in &report.instances {
        let name = (instance.instance.clone(), Tone::Plain);
        let own = [
            instance.cpu_cores.map_or("-".to_owned(), |cores| format!("{cores:.2}")),
            instance.memory_bytes.map_or("-".to_owned(), units::bytes),
        ];
        let own = own.map(|cell| (cell, Tone::Plain));
        table.toned_row([name].into_iter().chain(cells(&instance.row, report, Tone::Plain)).chain(own));
    }
    table
}

fn orders(report: &Report) -> Table {
    let mut table = Table::new(
        "Orders by outcome",
        &[("Outcome", Align::Left), ("Orders", Align::Right), ("Share", Align::Right), ("Orders/s", Align::Right)],
    );
    let all: u64 = report.orders.values().sum();
    for (outcome, count) in report.orders.iter().filter(|(_, count)| **count > 0) {
        let rate = units::significant(*count as f64 / report.duration_s);
        table.row([outcome.clone(), units::count(*count), units::percent(*count as f64 / all as f64), rate]);
    }
    table
}

fn connections(report: &Report) -> Table {
    let connections = &report.connections;
    let mut table = Table::new(
        "Database connections, all instances together",
        &[("", Align::Left), ("Most at one time", Align::Right)],
    );
    for (state, count) in &connections.peak_by_state {
        table.row([state.replace('_', " "), units::count(*count)]);
    }
    let limit = connections.max_connections;
    let full = limit.is_some_and(|limit| connections.peak >= limit);
    let tone = if full { Tone::Bad } else { Tone::Strong };
    table.toned_row([("all".to_owned(), tone), (units::count(connections.peak), tone)]);
    let pools = if connections.pool_size == 0 { "no bound".to_owned() } else { units::count(connections.pool_size) };
    table.row(["the pools may open".to_owned(), pools]);
    table.row(["the database accepts".to_owned(), limit.map_or("not known".to_owned(), units::count)]);
    for (kind, count) in report.database_errors.iter().filter(|(_, count)| **count > 0) {
        table
            .toned_row([(format!("failed: {}", kind.replace('_', " ")), Tone::Bad), (units::count(*count), Tone::Bad)]);
    }
    table
}

fn cache(report: &Report) -> Table {
    const OUTCOMES: [&str; 4] = ["hit", "stale", "miss", "error"];
    let mut table = Table::new(
        "Reports out of the cache",
        &[
            ("Report", Align::Left),
            ("hit", Align::Right),
            ("stale", Align::Right),
            ("miss", Align::Right),
            ("error", Align::Right),
            ("from the cache", Align::Right),
        ],
    );
    for (name, outcomes) in &report.cache {
        let counts = OUTCOMES.map(|outcome| outcomes.get(outcome).copied().unwrap_or(0));
        let all: u64 = counts.iter().sum();
        if all == 0 {
            continue;
        }
        let ratio = units::percent((counts[0] + counts[1]) as f64 / all as f64);
        table.row([name.clone()].into_iter().chain(counts.map(units::count)).chain([ratio]));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::gather::{Connections, InstanceRow};
    use super::*;
    use std::collections::BTreeMap;

    fn counts<const N: usize>(pairs: [(&str, u64); N]) -> BTreeMap<String, u64> {
        pairs.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
    }

    #[test]
    fn a_report_fits_a_hundred_columns() {
        let row = |method: &str, route: &str, percentiles_s| Row {
            method: method.to_owned(),
            route: route.to_owned(),
            requests: 2_040,
            client_errors: 1,
            server_errors: 1_000,
            percentiles_s,
        };
        let report = Report {
            start: "2026-11-24T12:00:00.000Z".to_owned(),
            end: "2026-11-24T12:01:00.000Z".to_owned(),
            duration_s: 60.0,
            routes: vec![
                row("POST", "/orders", [Some(0.004_2), Some(59.3), Some(60.0)]),
                row("GET", "/orders/reports/highest-spenders", [None, None, None]),
            ],
            aggregated: row("", "", [Some(0.000_8), Some(0.004), Some(1.5)]),
            instances: vec![InstanceRow {
                instance: "127.0.0.1:24880".to_owned(),
                row: row("", "", [Some(0.000_8), Some(0.004), Some(1.5)]),
                cpu_cores: Some(0.123),
                memory_bytes: Some(20 << 20),
            }],
            orders: counts([("accepted", 1_040), ("failed", 1_000), ("shed", 0)]),
            connections: Connections {
                peak_by_state: counts([("idle", 3), ("in_use", 16), ("lingering", 0)]),
                peak: 19,
                pool_size: 32,
                max_connections: Some(151),
            },
            database_errors: counts([("too_many_connections", 12), ("lost", 0)]),
            cache: [("best_sellers".to_owned(), counts([("hit", 90), ("stale", 8), ("miss", 2)]))].into(),
            load_test: Some(LoadTestCounts { requests: 2_045, failures: 0, difference: -0.002_4 }),
        };
        let (heading, tables) = tables(&report);
        let text: Vec<_> = tables.iter().map(|table| table.render(Some(100), false)).collect();
        let text = format!("{heading}\n{}", text.join("\n"));
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        insta::assert_snapshot!(text, @"
        From 2026-11-24T12:00:00.000Z to 2026-11-24T12:01:00.000Z (60.0 s), as counted by the server.
        The load test counted 2,045 requests, the server 2,040: a difference of -0.24 %.
        Requests by route (percentiles are interpolated within buckets)
         Type  Name                            # reqs  4xx    5xx   failed  req/s      p50      p95     p99
        ────────────────────────────────────────────────────────────────────────────────────────────────────
         POST  /orders                          2,040    1  1,000  49.07 %   34.0  4.20 ms   59.3 s   >60 s
         GET   /orders/reports/highest-spende   2,040    1  1,000  49.07 %   34.0        -        -       -
               rs
               Aggregated                       2,040    1  1,000  49.07 %   34.0   800 µs  4.00 ms  1.50 s
        Requests by instance
         Instance         # reqs  4xx    5xx   failed  req/s     p50      p95     p99  cores    memory
        ───────────────────────────────────────────────────────────────────────────────────────────────
         127.0.0.1:24880   2,040    1  1,000  49.07 %   34.0  800 µs  4.00 ms  1.50 s   0.12  20.0 MiB
        Orders by outcome
         Outcome   Orders    Share  Orders/s
        ─────────────────────────────────────
         accepted   1,040  50.98 %      17.3
         failed     1,000  49.02 %      16.7
        Database connections, all instances together
                                       Most at one time
        ────────────────────────────────────────────────
         idle                                         3
         in use                                      16
         lingering                                    0
         all                                         19
         the pools may open                          32
         the database accepts                       151
         failed: too many connections                12
        Reports out of the cache
         Report        hit  stale  miss  error  from the cache
        ───────────────────────────────────────────────────────
         best_sellers   90      8     2      0         98.00 %
        ");
    }
}
