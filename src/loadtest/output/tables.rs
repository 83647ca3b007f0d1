//! The verdict on a run and its tables for people, in the order in which they are printed.

use std::time::Duration;

use super::comparison;
use super::statistics::{dashed, percentiles, shown, statistics, statuses};
use crate::run_result::{RunResult, Verdict};
use crate::table::{Align, Table, Tone};
use crate::units;

/// The most kinds of failures on a terminal: more would push everything else out of sight.
const MOST_FAILURES: usize = 20;

/// The verdict as sentences, and the tables of a run in the order in which they are printed, for a terminal.
pub fn tables(summary: &RunResult) -> (String, Vec<Table>) {
    tables_with(summary, MOST_FAILURES)
}

/// The verdict and the tables with every kind of failure, for a page.
pub(super) fn whole_tables(summary: &RunResult) -> (String, Vec<Table>) {
    tables_with(summary, usize::MAX)
}

fn tables_with(summary: &RunResult, most_failures: usize) -> (String, Vec<Table>) {
    let mut all = Vec::new();
    if !summary.thresholds.is_empty() {
        all.push(thresholds(summary));
    }
    all.extend([statistics(summary), percentiles(summary)]);
    all.extend(statuses(summary));
    if !summary.failure_groups.is_empty() {
        all.push(failures(summary, most_failures));
    }
    all.extend(summary.comparison.as_ref().map(comparison::table));
    (verdict(summary), all)
}

fn verdict(summary: &RunResult) -> String {
    let cost = &summary.generator;
    let starts = cost.start_late_p99_ms.map(|late| format!(", requests {late:.1} ms")).unwrap_or_default();
    let idle = cost.host_idle_ratio.map(|idle| format!("; machine {:.0} % idle", 100.0 * idle)).unwrap_or_default();
    let evidence = format!(
        "generator: {:.2} of {} cores, {:.0} µs a request, timers {:.1} ms late at p99{starts}{idle}",
        cost.cpu_cores, cost.cores, cost.cpu_us_per_request, cost.timer_late_p99_ms
    );
    let word = match summary.verdict {
        Verdict::Valid if summary.requests == 0 => "Verdict: nothing measured".to_owned(),
        Verdict::Valid => "Verdict: valid".to_owned(),
        Verdict::GeneratorLimited => {
            format!("Verdict: generator-limited: {}", summary.verdict_reasons.join("; "))
        }
    };
    let mut lines = vec![format!("{word} ({evidence}).")];
    lines.extend(interruption(summary));
    if summary.verdict == Verdict::GeneratorLimited {
        lines.push("These are not the figures of the service: use less load or another machine.".to_owned());
    }
    if cost.shares_machine {
        lines.push("The service runs on the same machine and shares its processor with the generator.".to_owned());
    }
    if summary.times_doubtful {
        let p99 = dashed(summary.aggregated.latency_ms.as_ref().map(|times| times.p99), shown);
        lines.push(format!("With timers that late a p99 of {p99} ms is doubtful: the machine had other work to do."));
    }
    if cost.arrivals_missed > 0 && summary.verdict == Verdict::Valid {
        let count = units::count(cost.arrivals_missed);
        let users = units::count(u64::from(summary.users));
        let what = format!("{count} requests were never sent; allow more with --users");
        lines.push(format!("The service kept all {users} connections busy: {what}."));
    }
    if summary.requests == 0 {
        lines.push("No request was answered or failed during the measurement.".to_owned());
    }
    // A run with stages reduces its users as well, so their number says nothing.
    if summary.model == "closed" && summary.stages.is_empty() && summary.users_started < summary.users as usize {
        let (started, users) = (units::count(summary.users_started as u64), units::count(u64::from(summary.users)));
        lines.push(format!("Only {started} of {users} users had started when the run ended."));
    }
    lines.extend(summary.caveats.iter().cloned());
    if summary.in_flight_at_end > 0 {
        let count = units::count(summary.in_flight_at_end);
        let what = "were unanswered at the end: they count as failed for thresholds and exit code only";
        lines.push(format!("{count} requests {what}."));
    }
    if summary.reconnects > 0 {
        lines.push(format!("{} connections had to be reopened.", units::count(summary.reconnects)));
    }
    if let Some(warm_up) = &summary.warm_up {
        lines.push(format!(
            "Not counted: {} requests of the warm-up ({}), {} of them failed, p50 {} ms, p95 {} ms of good ones.",
            units::count(warm_up.requests),
            units::duration(Duration::from_secs_f64(warm_up.duration_s)),
            units::count(warm_up.failures),
            dashed(warm_up.succeeded_latency_ms.as_ref().map(|times| times.p50), shown),
            dashed(warm_up.succeeded_latency_ms.as_ref().map(|times| times.p95), shown)
        ));
    }
    lines.join("\n")
}

/// How far an interrupted run got; also used for a run that is not over yet.
fn interruption(summary: &RunResult) -> Option<String> {
    let [after, of] =
        [summary.duration_s, summary.planned_s].map(|seconds| units::duration(Duration::from_secs_f64(seconds)));
    match summary.complete {
        true => None,
        false if summary.duration_s < summary.planned_s => Some(format!("Interrupted after {after} of {of}.")),
        false => Some(format!("Interrupted after {after}, before the last answers came.")),
    }
}

fn thresholds(summary: &RunResult) -> Table {
    let mut table =
        Table::new("Thresholds", &[("", Align::Left), ("Threshold", Align::Left), ("Measured", Align::Right)]);
    for outcome in &summary.thresholds {
        let (word, tone) = if outcome.held { ("held", Tone::Good) } else { ("crossed", Tone::Bad) };
        let seen = outcome.seen.clone().unwrap_or_else(|| "nothing".to_owned());
        table.toned_row([(word.to_owned(), tone), (outcome.threshold.clone(), Tone::Plain), (seen, tone)]);
    }
    table
}

/// The most frequent failures first, and the number of further ones.
fn failures(summary: &RunResult, most: usize) -> Table {
    let mut table = Table::new(
        "Failures, first and last seen in seconds of the run",
        &[
            ("# occurrences", Align::Right),
            ("Share", Align::Right),
            ("First", Align::Right),
            ("Last", Align::Right),
            ("Kind", Align::Left),
            ("Type", Align::Left),
            ("Name", Align::Left),
            ("Error", Align::Left),
        ],
    );
    let (shown, more) = summary.failure_groups.split_at(most.min(summary.failure_groups.len()));
    for group in shown {
        let error = if group.message == group.example {
            group.message.clone()
        } else {
            format!("{}; the first: {}", group.message, group.example)
        };
        table.row([
            units::count(group.count),
            units::percent(group.share),
            second(summary, &group.first_seen),
            second(summary, &group.last_seen),
            group.kind.to_string(),
            group.method.clone(),
            group.route.clone(),
            error,
        ]);
    }
    if !more.is_empty() {
        let [first, last, kind, method, route] = [const { String::new() }; 5];
        let count = units::count(more.iter().map(|group| group.count).sum());
        let share = units::percent(more.iter().map(|group| group.share).sum());
        let kinds = if more.len() == 1 { "kind" } else { "kinds" };
        let rest = format!("and {} more {kinds}", units::count(more.len() as u64));
        table.row([count, share, first, last, kind, method, route, rest]);
    }
    table
}

/// The second of the run at which an instant was.
fn second(summary: &RunResult, instant: &str) -> String {
    let instants = [instant, &summary.started_at].map(units::parse_timestamp);
    let [Ok(instant), Ok(start)] = instants else { return "-".to_owned() };
    instant.duration_since(start).unwrap_or_default().as_secs().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::{FailureSummary, example_run};

    #[test]
    fn a_terminal_shows_the_most_frequent_failures_and_how_many_more_there_are() {
        let mut summary = example_run();
        let group = summary.failure_groups[0].clone();
        let numbered = |number: u64| {
            let message = format!("503 kind {number};");
            FailureSummary { message, count: 1_000 - number, share: 0.001, ..group.clone() }
        };
        summary.failure_groups = (0..33).map(numbered).collect();
        let text = |tables: Vec<Table>| tables.iter().map(|table| table.render(None, false)).collect::<String>();
        let shown = text(tables(&summary).1);
        assert!(shown.contains("kind 19;") && !shown.contains("kind 20;"), "{shown}");
        let rest = shown.lines().find(|line| line.contains("and 13 more kinds")).unwrap();
        // 980 + 979 + … + 968.
        assert!(rest.contains("12,662") && rest.contains("1.30 %"), "{rest}");
        let whole = text(whole_tables(&summary).1);
        assert!(whole.contains("kind 32;") && !whole.contains("more kinds"), "{whole}");
        assert!(super::super::page::page(&summary).contains("kind 32;"));
        summary.failure_groups.truncate(20);
        assert!(!text(tables(&summary).1).contains(" more kind"));
    }

    #[test]
    fn a_run_says_what_it_is_not() {
        let said = |change: fn(&mut RunResult)| {
            let mut summary = example_run();
            change(&mut summary);
            verdict(&summary)
        };
        assert!(
            said(|run| (run.complete, run.duration_s) = (false, 12.0)).contains("Interrupted after 12.0 s of 60.0 s.")
        );
        assert!(said(|run| run.complete = false).contains("before the last answers came"));
        assert!(said(|run| run.requests = 0).starts_with("Verdict: nothing measured ("));
        assert!(said(|run| run.users_started = 9).contains("Only 9 of 150 users had started"));
        let ramp = said(|run| (run.users_started, run.stages) = (9, vec![(60.0, 1.0)]));
        assert!(!ramp.contains("had started"), "{ramp}");
    }

    #[test]
    fn a_run_reads_like_locust_and_fits_a_hundred_columns() {
        let summary = example_run();
        let (verdict, tables) = tables(&summary);
        let text: Vec<_> = tables.iter().map(|table| table.render(Some(100), false)).collect();
        let text = format!("{verdict}\n{}", text.join("\n"));
        assert!(text.lines().skip(2).all(|line| line.chars().count() <= 100), "{text}");
        insta::assert_snapshot!(text, @"
        Verdict: valid (generator: 0.02 of 2 cores, 330 µs a request, timers 0.4 ms late at p99; machine 90 % idle).
        The service runs on the same machine and shares its processor with the generator.
        3 requests were unanswered at the end: they count as failed for thresholds and exit code only.
        Thresholds
                  Threshold                   Measured
        ───────────────────────────────────────────────
         held     p95<200ms                    12.4 ms
         crossed  POST /orders:fail_ratio<1%   99.01 %
        Requests, times in milliseconds of good answers, below of failed ones (150 users, 60.0 s)
         Type  Name                              # reqs       # fails  Avg  Min    Max  Med  good/s  fail/s
        ────────────────────────────────────────────────────────────────────────────────────────────────────
         POST  /orders                            1,010  1,000 (>99%)   17  0.4  60001  4.2    0.17    16.7
                 failed                                                 17  0.4  60001  4.2
         GET   /orders/reports/best-sellers       2,000       1 (<1%)   17  0.4  60001  4.2    33.3    0.02
                 failed                                                 17  0.4  60001  4.2
         GET   /orders/reports/highest-spenders      20        0 (0%)   17  0.4  60001  4.2    0.33    0.00
               Aggregated                         3,030   1,001 (33%)   17  0.4  60001  4.2    33.8    16.7
                 failed                                                 17  0.4  60001  4.2
        Response times in milliseconds: that share of good answers (below: failed) took no longer
         Type  Name                              50%  75%  90%  95%  98%  99%  99.9%   100%
        ────────────────────────────────────────────────────────────────────────────────────
         POST  /orders                           4.2  6.0  9.9    -    -    -      -  60001
                 failed                          4.2  6.0  9.9   12   60  801  60001  60001
         GET   /orders/reports/best-sellers      4.2  6.0  9.9   12   60  801  60001  60001
                 failed                            -    -    -    -    -    -      -  60001
         GET   /orders/reports/highest-spenders  4.2  6.0  9.9   12    -    -      -  60001
               Aggregated                        4.2  6.0  9.9   12   60  801  60001  60001
                 failed                          4.2  6.0  9.9   12   60  801  60001  60001
        Answers by status
         Type  Name                              Status: answers
        ────────────────────────────────────────────────────────────────
         POST  /orders                           503: 1,000, 200: 10
         GET   /orders/reports/best-sellers      200: 1,999, 503: 1
         GET   /orders/reports/highest-spenders  200: 20
               Aggregated                        200: 2,029, 503: 1,001
        Failures, first and last seen in seconds of the run
         # occurrences    Share  First  Last  Kind  Type  Name     Error
        ────────────────────────────────────────────────────────────────────────────────────────────────────
                 1,000  33.00 %      7    59  HTTP  POST  /orders  503 the database refused a connection:
                                                                   Too many connections (1040)
        ");
    }
}
