//! What was measured of each route, like Locust's statistics: the times of good answers, and below, where requests failed, those
//! of the failed ones. A refusal is often quick, and would improve the times of the others.

use std::cmp::Reverse;
use std::time::Duration;

use crate::run_result::{LatencySummary, Outcome, OutcomeSummary, RouteSummary, RunResult};
use crate::table::{Align, Table, Tone};
use crate::units::{self, Language};
use crate::{say, text};

/// Takes one of the times out of a summary.
type Figure = fn(&LatencySummary) -> f64;

/// The name of the row of failed requests, below that of the good answers.
const FAILED: &str = text!("  failed");

/// The routes, and all requests together.
fn routes(summary: &RunResult) -> impl Iterator<Item = &RouteSummary> {
    summary.routes.iter().chain([&summary.aggregated])
}

/// The counts of each route, and the times of its good answers; below, those of its failed requests.
pub(super) fn statistics(summary: &RunResult, language: Language) -> Table {
    let load = load(summary, language);
    let length = language.number(&units::duration(Duration::from_secs_f64(summary.duration_s)));
    let title = match summary.failures {
        0 => say!(language, "Requests, times in milliseconds ({load}, {length})", load, length),
        _ => say!(
            language,
            "Requests, times in milliseconds of good answers, below of failed ones ({load}, {length})",
            load,
            length
        ),
    };
    let mut table = Table::new(
        title,
        &[
            (text!("Type"), Align::Left),
            (text!("Name"), Align::Left),
            (text!("# reqs"), Align::Right),
            (text!("# fails"), Align::Right),
            (text!("Avg"), Align::Right),
            (text!("Min"), Align::Right),
            (text!("Max"), Align::Right),
            (text!("Med"), Align::Right),
            (text!("good/s"), Align::Right),
            (text!("fail/s"), Align::Right),
        ],
    );
    for route in routes(summary) {
        let (good, tone) = (route.good_answers(), row_tone(route));
        let fails_tone = if route.failures > 0 { Tone::Bad } else { tone };
        let mut cells = vec![
            (route.method.clone(), tone),
            (route.route.clone(), tone),
            (units::count(route.requests), tone),
            (failures(route), fails_tone),
        ];
        cells.extend(main_times(&good).map(|time| (time, tone)));
        let [good_rate, fail_rate] = rates(route);
        cells.extend([(good_rate, tone), (fail_rate, fails_tone)]);
        table.toned_row(cells);
        if let Some(failed) = route.failed_requests() {
            let [method, requests, fails] = [const { String::new() }; 3];
            let name = language.text(FAILED).to_owned();
            table.toned_row(
                [method, name, requests, fails].into_iter().chain(main_times(&failed)).map(|cell| (cell, Tone::Bad)),
            );
        }
    }
    table
}

/// Average, least, most and median.
pub(super) fn main_times(of: &OutcomeSummary<'_>) -> [String; 4] {
    let figures: [Figure; 4] = [|t| t.mean, |t| t.min, |t| t.max, |t| t.p50];
    figures.map(|figure| dashed(of.time(figure), shown))
}

pub(super) fn percentiles(summary: &RunResult, language: Language) -> Table {
    let columns = ["50%", "75%", "90%", "95%", "98%", "99%", "99.9%", "100%"];
    let mut header = vec![(text!("Type"), Align::Left), (text!("Name"), Align::Left)];
    header.extend(columns.map(|column| (column, Align::Right)));
    let title = match summary.failures {
        0 => text!("Response times in milliseconds: that share of good answers took no longer"),
        _ => text!("Response times in milliseconds: that share of good answers (below: failed) took no longer"),
    };
    let mut table = Table::new(title, &header);
    for route in routes(summary) {
        for of in route.by_outcome() {
            let (method, name, tone) = match of.outcome {
                Outcome::Good => (route.method.clone(), route.route.clone(), row_tone(route)),
                Outcome::Failed => (String::new(), language.text(FAILED).to_owned(), Tone::Bad),
            };
            let cells = [method, name].into_iter().chain(shares(of.requests, of.latency_ms));
            table.toned_row(cells.map(|cell| (cell, tone)));
        }
    }
    let all = &summary.aggregated;
    // The service times, where they differ from the response times.
    let of_good = (text!("service time alone"), all.good(), &all.succeeded_service_ms, Tone::Strong);
    let of_failed = (FAILED, all.failures, &all.failed_service_ms, Tone::Bad);
    for (name, requests, times, tone) in [of_good, of_failed] {
        if all.has_service_times() && (requests > 0 || tone == Tone::Strong) {
            let cells = [String::new(), name.to_owned()].into_iter().chain(shares(requests, times.as_ref()));
            table.toned_row(cells.map(|cell| (cell, tone)));
        }
    }
    table
}

/// The percentiles of so many requests. One above which fewer than one request lies is a guess, and is left out.
fn shares(requests: u64, times: Option<&LatencySummary>) -> [String; 8] {
    let figures: [(u64, Figure); 8] = [
        (2, |t| t.p50),
        (4, |t| t.p75),
        (10, |t| t.p90),
        (20, |t| t.p95),
        (50, |t| t.p98),
        (100, |t| t.p99),
        (1_000, |t| t.p99_9),
        (1, |t| t.max),
    ];
    figures.map(|(enough, figure)| dashed(times.filter(|_| requests >= enough).map(figure), shown))
}

/// The answers of each route by their status, the most frequent first. None where every answer is a 200, or the file does not
/// tell.
pub(super) fn statuses(summary: &RunResult, language: Language) -> Option<Table> {
    let known = summary.aggregated.statuses.as_ref()?;
    if known.keys().all(|status| *status == 200) {
        return None;
    }
    let columns = [(text!("Type"), Align::Left), (text!("Name"), Align::Left), (text!("Status: answers"), Align::Left)];
    let mut table = Table::new(text!("Answers by status"), &columns);
    for route in routes(summary) {
        let tone = row_tone(route);
        let mut counts: Vec<_> = route.statuses.iter().flatten().map(|(status, count)| (*count, *status)).collect();
        counts.sort_unstable_by_key(|(count, status)| (Reverse(*count), *status));
        let answered: u64 = counts.iter().map(|(count, _)| count).sum();
        let counts =
            counts.into_iter().map(|(count, status)| format!("{status}{} {}", language.colon(), language.count(count)));
        let silent = route.requests.saturating_sub(answered);
        let silent = (silent > 0).then(|| say!(language, "no answer: {count}", count = language.count(silent)));
        let counts = counts.chain(silent).collect::<Vec<_>>().join(", ");
        table.toned_row([(route.method.clone(), tone), (route.route.clone(), tone), (counts, tone)]);
    }
    Some(table)
}

/// The load that was asked for, in a few words.
fn load(summary: &RunResult, language: Language) -> String {
    match &summary.rate {
        None => say!(language, "{users} users", users = language.count(u64::from(summary.users))),
        Some(rate) => say!(
            language,
            "{rate} due per second, {arrivals}",
            rate = language.significant(rate.offered_per_s),
            arrivals = rate.arrivals
        ),
    }
}

fn row_tone(route: &RouteSummary) -> Tone {
    if route.method.is_empty() { Tone::Strong } else { Tone::Plain }
}

/// The number of failures and their share. Of no request none failed, which would be the best that can be said.
pub(super) fn failures(route: &RouteSummary) -> String {
    dashed(route.fail_ratio(), |ratio| {
        let share = match 100.0 * ratio {
            p if p > 0.0 && p < 1.0 => "<1%".to_owned(),
            p if p < 100.0 && p > 99.0 => ">99%".to_owned(),
            p => format!("{p:.0}%"),
        };
        format!("{} ({share})", units::count(route.failures))
    })
}

/// Good answers and failures per second, where there was a request.
pub(super) fn rates(route: &RouteSummary) -> [String; 2] {
    let some = |rate: f64| Some(rate).filter(|_| route.requests > 0);
    [some(route.good_per_s()), some(route.failures_per_s)].map(|rate| dashed(rate, units::significant))
}

/// A value, or a dash where nothing was measured.
pub(super) fn dashed<T>(value: Option<T>, shown: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), shown)
}

/// Milliseconds: without decimals from ten on, one decimal below, two below a tenth. Thousands are not separated, so
/// that a table with a time-out in it still fits a terminal.
pub(super) fn shown(milliseconds: f64) -> String {
    match milliseconds {
        long if long >= 9.95 => format!("{long:.0}"),
        short if short >= 0.095 || short <= 0.0 => format!("{short:.1}"),
        nearly_none if nearly_none < 0.005 => "<0.01".to_owned(),
        shortest => format!("{shortest:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::example_run;

    #[test]
    fn where_nothing_succeeded_a_route_has_no_time() {
        let mut summary = example_run();
        summary.routes.truncate(1);
        summary.failure_groups.clear();
        let orders = &mut summary.routes[0];
        (orders.requests, orders.requests_per_s) = (orders.failures, orders.failures_per_s);
        orders.succeeded_latency_ms = None;
        let tables = [statistics(&summary, Language::English), percentiles(&summary, Language::English)]
            .map(|table| table.render(Some(100), false));
        insta::assert_snapshot!(tables.join("\n"), @"
        Requests, times in milliseconds of good answers, below of failed ones (150 users, 60.0 s)
         Type  Name        # reqs       # fails  Avg  Min    Max  Med  good/s  fail/s
        ──────────────────────────────────────────────────────────────────────────────
         POST  /orders      1,000  1,000 (100%)    -    -      -    -    0.00    16.7
                 failed                           17  0.4  60001  4.2
               Aggregated   3,030   1,001 (33%)   17  0.4  60001  4.2    33.8    16.7
                 failed                           17  0.4  60001  4.2
        Response times in milliseconds: that share of good answers (below: failed) took no longer
         Type  Name        50%  75%  90%  95%  98%  99%  99.9%   100%
        ──────────────────────────────────────────────────────────────
         POST  /orders       -    -    -    -    -    -      -      -
                 failed    4.2  6.0  9.9   12   60  801  60001  60001
               Aggregated  4.2  6.0  9.9   12   60  801  60001  60001
                 failed    4.2  6.0  9.9   12   60  801  60001  60001
        ");
    }

    #[test]
    fn the_service_time_of_a_refusal_is_not_that_of_a_good_answer() {
        let mut summary = example_run();
        let last = |summary: &RunResult| -> Vec<String> {
            let shown = percentiles(summary, Language::English).render(Some(100), false);
            let rows = shown.lines().rev().take(2).map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "));
            rows.collect()
        };
        assert!(!last(&summary).iter().any(|row| row.contains("service")), "where they are the response times");
        let all = &mut summary.aggregated;
        all.succeeded_service_ms.clone_from(&all.succeeded_latency_ms);
        all.failed_service_ms = all.failed_latency_ms.clone().map(|times| LatencySummary { p50: 0.3, ..times });
        let rows = last(&summary);
        assert!(rows[0].starts_with("failed 0.3 ") && rows[1].starts_with("service time alone 4.2 "), "{rows:?}");
        summary.aggregated.succeeded_service_ms = None;
        assert!(last(&summary)[1].starts_with("service time alone - "), "nothing succeeded");
    }

    #[test]
    fn a_route_without_a_request_has_no_figures() {
        let mut summary = example_run();
        summary.routes.truncate(1);
        let never = &mut summary.routes[0];
        (never.requests, never.failures, never.requests_per_s, never.failures_per_s) = (0, 0, 0.0, 0.0);
        (never.succeeded_latency_ms, never.failed_latency_ms) = (None, None);
        let shown = statistics(&summary, Language::English).render(Some(100), false);
        let row: Vec<_> = shown.lines().nth(3).unwrap().split_whitespace().collect();
        assert_eq!(row, ["POST", "/orders", "0", "-", "-", "-", "-", "-", "-", "-"]);
    }

    #[test]
    fn answers_are_counted_by_status_where_there_is_another_one_than_200() {
        let mut summary = example_run();
        summary.routes.truncate(2);
        let all = [(404, 7), (503, 999), (200, 2_022)];
        summary.aggregated.statuses = Some(all.into_iter().collect());
        summary.routes[0].statuses = Some(std::iter::once((503, 1_010)).collect());
        insta::assert_snapshot!(statuses(&summary, Language::English).unwrap().render(Some(100), false), @"
        Answers by status
         Type  Name                          Status: answers
        ────────────────────────────────────────────────────────────────────────────────
         POST  /orders                       503: 1,010
         GET   /orders/reports/best-sellers  200: 1,999, 503: 1
               Aggregated                    200: 2,022, 503: 999, 404: 7, no answer: 2
        ");
        summary.aggregated.statuses = Some(std::iter::once((301, 9)).collect());
        assert!(statuses(&summary, Language::English).is_some(), "always 301 is told");
        summary.aggregated.statuses = Some(std::iter::once((200, 9)).collect());
        assert!(statuses(&summary, Language::English).is_none());
    }
}
