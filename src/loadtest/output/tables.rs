//! The verdict on a run and its tables for people, in the order in which they are printed.

use std::time::Duration;

use super::statistics::{dashed, percentiles, shown, statistics, statuses};
use super::{comparison, journeys, levels, ramp, standstills, transport};
use crate::run_result::{LatencySummary, RunResult, Verdict, WarmUpSummary};
use crate::table::{Align, Table, Tone};
use crate::units::{self, Language, is_number};
use crate::{say, text};

/// The most kinds of failures on a terminal: more would push everything else out of sight.
const MOST_FAILURES: usize = 20;

/// The verdict as sentences, and the tables of a run in the order in which they are printed, for a terminal.
pub fn tables(summary: &RunResult, language: Language) -> (String, Vec<Table>) {
    tables_with(summary, MOST_FAILURES, language)
}

/// The verdict and the tables with every kind of failure, for a page.
pub(super) fn whole_tables(summary: &RunResult, language: Language) -> (String, Vec<Table>) {
    tables_with(summary, usize::MAX, language)
}

/// The same without the failures, the journeys and the levels, for a page that has places of their own for them.
pub(super) fn tables_of_figures(summary: &RunResult, language: Language) -> (String, Vec<Table>) {
    let in_language = |table: Table| table.in_language(language);
    let of_figures = figures(summary, None, language).into_iter().chain(comparison_of(summary, language));
    (verdict(summary, language), of_figures.map(in_language).collect())
}

/// Every kind of failure; None if nothing failed.
pub(super) fn all_failures(summary: &RunResult, language: Language) -> Option<Table> {
    let some_failed = !summary.failure_groups.is_empty();
    some_failed.then(|| failures(summary, usize::MAX, language).in_language(language))
}

fn tables_with(summary: &RunResult, most_failures: usize, language: Language) -> (String, Vec<Table>) {
    let mut all = figures(summary, journeys::table(summary, language), language);
    if !summary.failure_groups.is_empty() {
        all.push(failures(summary, most_failures, language));
    }
    let of_levels = levels::levels(summary, language);
    let (of_levels, repeat) = of_levels.map_or((None, None), |(table, sentence)| (Some(table), Some(sentence)));
    all.extend(of_levels);
    all.extend(comparison_of(summary, language));
    let verdict = [Some(verdict(summary, language)), repeat].into_iter().flatten().collect::<Vec<_>>().join("\n");
    (verdict, all.into_iter().map(|table| table.in_language(language)).collect())
}

fn comparison_of(summary: &RunResult, language: Language) -> Option<Table> {
    summary.comparison.as_ref().map(|comparison| comparison::table(comparison, language))
}

/// The journeys; None if the scenario has none.
pub(super) fn all_journeys(summary: &RunResult, language: Language) -> Option<Table> {
    journeys::table(summary, language).map(|table| table.in_language(language))
}

/// The tables of what was measured, with that of the journeys in its place.
fn figures(summary: &RunResult, of_journeys: Option<Table>, language: Language) -> Vec<Table> {
    let mut all = Vec::new();
    if !summary.thresholds.is_empty() {
        all.push(thresholds(summary, language));
    }
    all.extend(of_journeys);
    all.extend([statistics(summary, language), percentiles(summary, language)]);
    all.extend(transport::phases(summary, language));
    all.extend(statuses(summary, language));
    all.extend(transport::sizes(summary));
    all.extend(transport::addresses(summary, language));
    all.extend(ramp::table(summary, language));
    all
}

fn verdict(summary: &RunResult, language: Language) -> String {
    let text = |text: &'static str| language.text(text).to_owned();
    let cost = &summary.generator;
    let evidence = evidence(summary, language);
    let mut lines = vec![match summary.verdict {
        Verdict::Valid if summary.requests == 0 => say!(language, "Verdict: nothing measured ({evidence}).", evidence),
        Verdict::Valid => say!(language, "Verdict: valid ({evidence}).", evidence),
        Verdict::GeneratorLimited => say!(
            language,
            "Verdict: generator-limited: {reasons} ({evidence}).",
            reasons = language.retold_all(&summary.verdict_reasons).join("; "),
            evidence
        ),
    }];
    lines.extend(interruption(summary, language));
    lines.extend(standstills::sentence(summary, language));
    if summary.verdict == Verdict::GeneratorLimited {
        lines.push(text(text!("These are not the figures of the service: use less load or another machine.")));
    }
    if cost.shares_machine {
        lines.push(text(text!("The service runs on the same machine and shares its processor with the generator.")));
    }
    if summary.times_doubtful {
        let p99 = dashed(summary.aggregated.latency_ms.as_ref().map(|times| times.p99), shown);
        let p99 = language.number(&p99);
        lines.push(say!(
            language,
            "With timers that late a p99 of {p99} ms is doubtful: the machine had other work to do.",
            p99
        ));
    }
    lines.extend(unsent(summary, language));
    lines.extend(journeys::sentences(summary, language));
    lines.extend(language.retold_all(&summary.caveats));
    if summary.in_flight_at_end > 0 {
        lines.push(say!(
            language,
            "{count} requests were unanswered at the end: they count as failed for thresholds and exit code only.",
            count = language.count(summary.in_flight_at_end)
        ));
    }
    if summary.reconnects > 0 {
        let count = language.count(summary.reconnects);
        lines.push(say!(language, "{count} connections had to be reopened.", count));
    }
    lines.extend(summary.warm_up.as_ref().map(|warm_up| not_counted(warm_up, language)));
    lines.join("\n")
}

/// What the verdict on the generator is based on.
fn evidence(summary: &RunResult, language: Language) -> String {
    let cost = &summary.generator;
    let whole = |ratio: f64| language.decimals(100.0 * ratio, 0);
    let tenth = |value: f64| language.decimals(value, 1);
    let starts = cost.start_late_p99_ms.map(|late| say!(language, ", requests {late} ms", late = tenth(late)));
    let idle = cost.host_idle_ratio.map(|idle| say!(language, "; machine {idle} % idle", idle = whole(idle)));
    let stolen = cost.host_stolen_ratio.filter(|stolen| *stolen >= 0.01);
    let stolen = stolen.map(|stolen| say!(language, ", {stolen} % taken by others", stolen = whole(stolen)));
    let throttled = cost.throttled_s.filter(|seconds| *seconds > 0.0);
    let throttled =
        throttled.map(|seconds| say!(language, "; stopped by its quota for {seconds} s", seconds = tenth(seconds)));
    let rest = [starts, idle, stolen, throttled].into_iter().flatten().collect::<String>();
    say!(
        language,
        "generator: {used} of {cores} cores, {cost} µs a request, timers {late} ms late at p99{rest}",
        used = language.decimals(cost.cpu_cores, 2),
        cores = cost.cores,
        cost = dashed(cost.cpu_us_per_request, |cost| language.decimals(cost, 0)),
        late = dashed(cost.timer_late_p99_ms, tenth),
        rest
    )
}

/// What was not sent or not started, one sentence each.
fn unsent(summary: &RunResult, language: Language) -> Vec<String> {
    let users = language.count(u64::from(summary.users));
    let mut lines = Vec::new();
    if summary.generator.arrivals_missed > 0 && summary.verdict == Verdict::Valid {
        let count = language.count(summary.generator.arrivals_missed);
        lines.push(say!(
            language,
            "The service kept all {users} connections busy: {count} requests were never sent; allow more with --users.",
            users,
            count
        ));
    }
    if summary.requests == 0 {
        lines.push(language.text(text!("No request was answered or failed during the measurement.")).to_owned());
    }
    // A run with stages reduces its users as well, so their number says nothing.
    if summary.model == "closed" && summary.stages.is_empty() && summary.users_started < summary.users as usize {
        let started = language.count(summary.users_started as u64);
        lines.push(say!(language, "Only {started} of {users} users had started when the run ended.", started, users));
    }
    lines
}

/// The sentence about the warm-up.
fn not_counted(warm_up: &WarmUpSummary, language: Language) -> String {
    let time = |figure: fn(&LatencySummary) -> f64| {
        language.number(&dashed(warm_up.succeeded_latency_ms.as_ref().map(figure), shown))
    };
    say!(
        language,
        "Not counted: {requests} requests of the warm-up ({length}), {failures} of them failed, p50 {median} ms, p95 {slow} ms \
         of good ones.",
        requests = language.count(warm_up.requests),
        length = language.number(&units::duration(Duration::from_secs_f64(warm_up.duration_s))),
        failures = language.count(warm_up.failures),
        median = time(|times| times.p50),
        slow = time(|times| times.p95)
    )
}

/// How far an interrupted run got; also used for a run that is not over yet.
fn interruption(summary: &RunResult, language: Language) -> Option<String> {
    let [after, of] = [summary.duration_s, summary.planned_s]
        .map(|seconds| language.number(&units::duration(Duration::from_secs_f64(seconds))));
    match summary.complete {
        true => None,
        false if summary.duration_s < summary.planned_s => {
            Some(say!(language, "Interrupted after {after} of {of}.", after, of))
        }
        false => Some(say!(language, "Interrupted after {after}, before the last answers came.", after)),
    }
}

pub(super) fn thresholds(summary: &RunResult, language: Language) -> Table {
    let mut table = Table::new(
        text!("Thresholds"),
        &[("", Align::Left), (text!("Threshold"), Align::Left), (text!("Measured"), Align::Right)],
    )
    .with_named_rows();
    for outcome in &summary.thresholds {
        let (word, tone) = if outcome.held { (text!("held"), Tone::Good) } else { (text!("crossed"), Tone::Bad) };
        let seen = outcome.seen.as_deref().unwrap_or(text!("nothing"));
        // Numbers are translated with the table.
        let seen = if is_number(seen) { seen.to_owned() } else { language.retold(seen) };
        table.toned_row([(word.to_owned(), tone), (outcome.threshold.clone(), Tone::Plain), (seen, tone)]);
    }
    table
}

/// The most frequent failures first, and the number of further ones.
fn failures(summary: &RunResult, most: usize, language: Language) -> Table {
    let mut table = Table::new(
        text!("Failures, first and last seen in seconds of the run"),
        &[
            (text!("# occurrences"), Align::Right),
            (text!("Share"), Align::Right),
            (text!("First"), Align::Right),
            (text!("Last"), Align::Right),
            (text!("Kind"), Align::Left),
            (text!("Type"), Align::Left),
            (text!("Name"), Align::Left),
            (text!("Error"), Align::Left),
        ],
    );
    let (shown, more) = summary.failure_groups.split_at(most.min(summary.failure_groups.len()));
    for group in shown {
        let message = group.kind.told(&group.message, language);
        let error = if group.message == group.example {
            message
        } else {
            say!(
                language,
                "{message}; the first: {example}",
                message,
                example = group.kind.told(&group.example, language)
            )
        };
        let error = group.with_code(&error);
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
        let rest = match more.len() {
            1 => language.text(text!("and 1 more kind")).to_owned(),
            kinds => say!(language, "and {kinds} more kinds", kinds = language.count(kinds as u64)),
        };
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
        let shown = text(tables(&summary, Language::English).1);
        assert!(shown.contains("kind 19;") && !shown.contains("kind 20;"), "{shown}");
        let rest = shown.lines().find(|line| line.contains("and 13 more kinds")).unwrap();
        // 980 + 979 + … + 968.
        assert!(rest.contains("12,662") && rest.contains("1.30 %"), "{rest}");
        let whole = text(whole_tables(&summary, Language::English).1);
        assert!(whole.contains("kind 32;") && !whole.contains("more kinds"), "{whole}");
        assert!(super::super::page::page(&summary, Language::English).contains("kind 32;"));
        summary.failure_groups.truncate(20);
        assert!(!text(tables(&summary, Language::English).1).contains(" more kind"));
    }

    #[test]
    fn a_run_says_what_it_is_not() {
        let said = |change: fn(&mut RunResult)| {
            let mut summary = example_run();
            change(&mut summary);
            verdict(&summary, Language::English)
        };
        assert!(
            said(|run| (run.complete, run.duration_s) = (false, 12.0)).contains("Interrupted after 12.0 s of 60.0 s.")
        );
        assert!(said(|run| run.complete = false).contains("before the last answers came"));
        assert!(said(|run| run.requests = 0).starts_with("Verdict: nothing measured ("));
        let nothing = said(|run| (run.generator.cpu_us_per_request, run.generator.timer_late_p99_ms) = (None, None));
        assert!(nothing.contains("cores, - µs a request, timers - ms late"), "{nothing}");
        assert!(said(|run| run.users_started = 9).contains("Only 9 of 150 users had started"));
        let ramp = said(|run| (run.users_started, run.stages) = (9, vec![(60.0, 1.0)]));
        assert!(!ramp.contains("had started"), "{ramp}");
    }

    #[test]
    fn in_french_numbers_are_french_and_what_the_service_said_is_not() {
        let (verdict, tables) = tables(&example_run(), Language::French);
        let text = tables.iter().map(|table| table.render(None, false)).collect::<String>();
        assert!(verdict.contains("0,02") && verdict.contains("Verdict\u{a0}: valable"), "{verdict}");
        for part in ["1\u{202f}010", "Ensemble", "503 the database refused a connection: Too many connections (1040)"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn a_run_reads_like_locust_and_fits_a_hundred_columns() {
        let summary = example_run();
        let (verdict, tables) = tables(&summary, Language::English);
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
