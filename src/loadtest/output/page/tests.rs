//! Tests of the page of an example run.

use super::*;
use crate::run_result::{PointLatency, RunResult, TimelinePoint, Verdict, example_run};

fn point(second: u32) -> TimelinePoint {
    // The tenth second has no answer.
    let latency = PointLatency { p50: 4.0, p95: 60.0, p99: 800.0, max: 900.0 };
    TimelinePoint {
        at_s: f64::from(second),
        window_s: 1.0,
        users: 150,
        requests: if second == 10 { 0 } else { 50 },
        failures: 10,
        latency_ms: (second != 10).then_some(latency),
        succeeded_latency_ms: (second != 10).then_some(latency),
        failed_latency_ms: None,
        cpu_cores: 0.1,
        standstill_s: 0.0,
    }
}

fn run() -> RunResult {
    let mut summary = example_run();
    summary.timeline = (1..=60).map(point).collect();
    for millis in 1..=3_030 {
        summary.routes[0].histograms.succeeded.record(std::time::Duration::from_millis(millis));
    }
    summary
}

#[test]
fn a_page_loads_nothing_and_runs_nothing() {
    let mut summary = run();
    summary.scenario.name = "<script>alert(1)</script>".to_owned();
    summary.failure_groups[0].message = "<img src=x onerror=alert(1)>".to_owned();
    summary.tags.insert("<b>".to_owned(), "\"&".to_owned());
    let page = page(&summary, Language::English);
    for forbidden in ["<script", "<img", "<b>", "url(", "@import", "http://www.w3.org"] {
        assert!(!page.contains(forbidden), "the page has {forbidden}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("default-src 'none'"));
    assert_eq!(page.matches("<svg role=\"img\"").count(), 5, "five charts");
}

#[test]
fn a_run_is_green_only_when_it_is_complete_and_its_thresholds_hold() {
    let banner = |change: fn(&mut RunResult)| {
        let mut summary = run();
        summary.thresholds.truncate(1);
        change(&mut summary);
        let page = page(&summary, Language::English);
        let (_, rest) = page.split_once("<p class=\"verdict ").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    assert_eq!(banner(|_| {}), "good");
    assert_eq!(banner(|run| run.thresholds[0].held = false), "bad");
    assert_eq!(banner(|run| run.complete = false), "doubtful");
    assert_eq!(banner(|run| run.requests = 0), "bad");
    assert_eq!(banner(|run| run.verdict = Verdict::GeneratorLimited), "bad");
}

#[test]
fn a_line_is_broken_where_there_was_no_answer() {
    let page = page(&run(), Language::English);
    let lines = |title: &str| {
        let drawn = page.split("<figure>").find(|figure| figure.contains(title)).unwrap().split("<polyline").skip(1);
        // The axes use colors 0 and 1.
        drawn.filter(|line| !line.contains("var(--color-0") && !line.contains("var(--color-1")).count()
    };
    let found = (lines("Good answers and failures per second"), lines("Response times of good answers in each second"));
    assert_eq!(found, (2, 6), "two lines in one part each, and three in two");
}

#[test]
fn a_run_without_a_single_answer_has_a_page() {
    let mut summary = run();
    summary.timeline.clear();
    summary.routes.clear();
    let page = page(&summary, Language::English);
    assert!(page.contains("</html>") && page.matches("<svg role=\"img\"").count() == 5);
}

#[test]
fn a_distribution_of_many_routes_draws_the_busiest_and_says_how_many_it_does_not() {
    let mut summary = run();
    let route = summary.routes[1].clone();
    let numbered = |number: u64| {
        let mut route = route.clone();
        route.route = format!("/route-{number}");
        // The busiest come last.
        (0..=number).for_each(|_| route.histograms.succeeded.record(std::time::Duration::from_millis(5)));
        route
    };
    let chart = |summary: &RunResult| {
        let page = page(summary, Language::English);
        page.split("<figure>").find(|figure| figure.contains("took no longer, milliseconds")).unwrap().to_owned()
    };
    summary.routes = (1..=8).map(numbered).collect();
    let eight = chart(&summary);
    assert!(
        (1..=8).all(|number| eight.contains(&format!("/route-{number}<"))) && !eight.contains("not drawn"),
        "{eight}"
    );
    summary.routes = (1..=11).map(numbered).collect();
    let eleven = chart(&summary);
    let drawn: Vec<_> = (1..=11).filter(|number| eleven.contains(&format!("/route-{number}<"))).collect();
    assert_eq!(drawn, [5, 6, 7, 8, 9, 10, 11]);
    assert!(eleven.contains("the 4 least busy routes are not drawn"), "{eleven}");
}
