//! Tests of comparisons with earlier runs.

use super::*;
use crate::loadtest::scenario::Scenario;
use crate::run_result::{JourneySummary, example_run};
use std::time::Duration;

/// A run whose requests took about this many milliseconds.
fn run(millis: u64) -> RunResult {
    let mut summary = example_run();
    summary.host = "http://127.0.0.1:5000".to_owned();
    summary.started_at = format!("2026-11-24T12:00:00.{millis:03}Z");
    summary.ended_at = "2026-11-24T12:01:00.000Z".to_owned();
    summary.scenario = Scenario::store(10, 10, &[]).unwrap().summary();
    for (place, route) in summary.routes.iter_mut().enumerate() {
        for number in 0..100 {
            let took = Duration::from_micros(1_000 * millis * (place as u64 + 1) + number * 10);
            if number == 0 && millis > 20 {
                route.histograms.failed.record(took);
            } else {
                route.histograms.succeeded.record(took);
            }
        }
    }
    summary
}

fn recorded(name: &str, run: &RunResult) -> Recorded {
    (PathBuf::from(name), RecordedRun::try_from(run).unwrap())
}

fn conditions(run: &RunResult) -> Conditions {
    Conditions::from(run)
}

fn figure<'a>(comparison: &'a Comparison, route: &str, figure: &str) -> &'a Difference {
    comparison.figures.iter().find(|found| found.route == route && found.figure == figure).unwrap()
}

#[test]
fn runs_merge_and_compare_exactly() {
    let before: Vec<_> = (0..4).map(|n| recorded(&format!("{n}"), &run(10 + n))).collect();
    let again: Vec<_> = (0..3).map(|n| recorded(&format!("now{n}"), &run(30 + n))).collect();
    let now = run(33);
    let comparison = Baseline::new(before, again, &conditions(&now)).unwrap().compare(&now);
    assert_eq!((comparison.runs_before, comparison.runs_now), (4, 4));
    let mut merged = Latencies::default();
    (0..4).for_each(|n| merged.merge(&run(10 + n).routes[0].histograms.succeeded));
    let p95 = figure(&comparison, &now.routes[0].route, "p95_ms");
    assert_eq!(p95.before, merged.percentile(95.0).map(units::milliseconds));
    assert_eq!(p95.meaning, Meaning::Worse);
    assert!((p95.p.unwrap() - 2.0 / 70.0).abs() < 1e-9, "{p95:?}");
    let failed = figure(&comparison, "Aggregated", "fail_ratio");
    assert_eq!((failed.before, failed.now, failed.meaning), (Some(0.0), Some(0.01), Meaning::Worse));
    let rate = figure(&comparison, "Aggregated", "good_per_s");
    assert_eq!(rate.meaning, Meaning::Noise);
    for good_per_s in [rate.before, rate.now] {
        assert!((good_per_s.unwrap() - 2_029.0 / 60.0).abs() < 1e-9, "of all routes, on average of the runs: {rate:?}");
    }
    let shown: Vec<_> = comparison.figures[..5].iter().map(|found| found.figure.clone()).collect();
    assert_eq!(shown, ["p50_ms", "p95_ms", "p99_ms", "fail_ratio", "good_per_s"]);
}

#[test]
fn a_run_without_length_has_no_rate() {
    let at_once = |millis| RunResult { duration_s: 0.0, ..run(millis) };
    let now = at_once(11);
    let baseline = Baseline::new(vec![recorded("before", &at_once(10))], Vec::new(), &conditions(&now)).unwrap();
    let rate = figure(&baseline.compare(&now), "Aggregated", "good_per_s").clone();
    assert_eq!((rate.before, rate.now, rate.meaning), (None, None, Meaning::Unmeasured));
}

#[test]
fn a_difference_as_unlikely_as_the_limit_is_more_than_noise() {
    // One of forty runs is the slowest by chance in one of forty cases, and the fastest in another one.
    let before: Vec<_> = (0..39).map(|n| recorded(&format!("{n}"), &run(10 + n))).collect();
    let now = run(100);
    let comparison = Baseline::new(before, Vec::new(), &conditions(&now)).unwrap().compare(&now);
    let p95 = figure(&comparison, "Aggregated", "p95_ms");
    assert_eq!((p95.p, p95.meaning), (Some(SIGNIFICANT), Meaning::Worse));
}

#[test]
fn with_one_run_each_the_noise_is_unknown() {
    let now = run(11);
    let comparison =
        Baseline::new(vec![recorded("before", &run(10))], Vec::new(), &conditions(&now)).unwrap().compare(&now);
    assert!(comparison.figures.iter().all(|found| found.meaning == Meaning::Unknown && found.p.is_none()));
    let p50 = figure(&comparison, &now.routes[0].route, "p50_ms");
    assert!((0.08..0.12).contains(&p50.change.unwrap()), "{p50:?}");
}

#[test]
fn the_course_of_the_first_earlier_run_is_kept() {
    let point = |at_s| TimelinePoint {
        at_s,
        window_s: 1.0,
        users: 5,
        requests: 10,
        failures: 0,
        latency_ms: None,
        succeeded_latency_ms: None,
        failed_latency_ms: None,
        cpu_cores: 0.1,
        standstill_s: 0.0,
    };
    let (mut first, mut second, now) = (run(10), run(11), run(12));
    first.timeline = vec![point(1.0), point(2.0)];
    second.timeline = vec![point(3.0)];
    let before = vec![recorded("first", &first), recorded("second", &second)];
    let baseline = Baseline::new(before, Vec::new(), &conditions(&now)).unwrap();
    assert_eq!(baseline.course(), first.timeline);
}

#[test]
fn incomplete_and_repeated_runs_are_refused() {
    let now = run(20);
    let (one, same, other) = (recorded("one", &run(10)), recorded("copy", &run(10)), recorded("other", &run(11)));
    let taken = |before: &[&Recorded], now_too: &[&Recorded]| {
        let owned = |side: &[&Recorded]| side.iter().map(|run| (*run).clone()).collect::<Vec<_>>();
        let baseline = Baseline::new(owned(before), owned(now_too), &conditions(&now));
        baseline.map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(taken(&[&one, &other], &[]), Ok(()));
    for (before, now) in [([&one, &same], vec![]), ([&one, &one], vec![]), ([&other, &one], vec![&same])] {
        let error = taken(&before, &now).unwrap_err();
        assert!(error.contains("contains the same run as") && error.contains("one: give each run once"), "{error}");
    }
    let cut_short = recorded("cut", &RunResult { complete: false, ..run(12) });
    let error = taken(&[&cut_short], &[]).unwrap_err();
    assert!(error.contains("cut is the result of a run that was not completed"), "{error}");
}

#[test]
fn a_run_that_the_generator_limited_is_named_as_doubtful() {
    let limited = |millis| RunResult { verdict: Verdict::GeneratorLimited, ..run(millis) };
    let runs = [recorded("limited.json", &limited(10)), recorded("valid.json", &run(11))];
    let now = limited(12);
    let comparison = Baseline::new(runs.to_vec(), Vec::new(), &conditions(&now)).unwrap().compare(&now);
    assert_eq!(comparison.doubtful, ["limited.json", "this run"]);
    let comparison = Baseline::new(runs[1..].to_vec(), Vec::new(), &conditions(&now)).unwrap().compare(&run(12));
    assert_eq!(comparison.doubtful, Vec::<String>::new());
}

#[test]
fn other_conditions_are_refused_with_both_values() {
    let now = run(10);
    let refused = |change: fn(&mut RunResult)| {
        let mut other = run(10);
        change(&mut other);
        Baseline::new(vec![recorded("other", &other)], Vec::new(), &conditions(&now)).unwrap_err().to_string()
    };
    assert!(refused(|run| run.users = 7).contains("the number of users differs, 7 there and 150 here"));
    assert!(refused(|run| run.host = "x".to_owned()).contains("the host differs"));
    assert!(refused(|run| run.stages = vec![(1.0, 5.0)]).contains("the course of the load differs"));
    assert!(refused(|run| run.scenario.tasks[0].weight += 1).contains("the mix of requests differs"));
    assert!(refused(|run| run.duration_s = 600.0).contains("the length differs, "));
}

#[test]
fn a_file_without_what_is_compared_is_refused() {
    let now = run(10);
    let refused = |change: fn(&mut RecordedRun)| {
        let (path, mut bare) = recorded("bare", &run(11));
        change(&mut bare);
        Baseline::new(vec![(path, bare)], Vec::new(), &conditions(&now)).unwrap_err().to_string()
    };
    for (change, missing) in [
        ((|run| run.complete = None) as fn(&mut RecordedRun), "whether it is complete"),
        (|run| run.verdict = None, "its verdict"),
        (|run| run.routes.clear(), "its routes"),
        (|run| run.routes[0].histograms = None, "its response times"),
        (|run| run.routes[0].requests_per_s = None, "its rates"),
        (|run| run.conditions.host = None, "its host"),
        (|run| run.conditions.users = None, "its users"),
        (|run| run.conditions.scenario = None, "its scenario"),
        (|run| run.conditions.duration_s = None, "its length"),
    ] {
        let error = refused(change);
        assert!(error.contains(&format!("does not contain {missing}")), "{error}");
    }
    let (path, mut old) = recorded("old", &run(11));
    old.conditions.stages = None;
    assert!(Baseline::new(vec![(path, old)], Vec::new(), &conditions(&now)).is_ok(), "nor has this run stages");
    let stages = RunResult { stages: vec![(5.0, 10.0)], ..run(12) };
    let (path, mut without) = recorded("without", &run(11));
    without.conditions.stages = None;
    let compared = Baseline::new(vec![(path, without)], Vec::new(), &conditions(&stages));
    assert!(compared.unwrap_err().to_string().contains("the course of the load differs"));
}

#[test]
fn faster_good_answers_are_not_better_where_more_requests_failed() {
    let failing = |millis| {
        let mut run = run(millis);
        run.routes.iter_mut().for_each(|route| {
            (0..50).for_each(|_| route.histograms.failed.record(Duration::from_micros(100)));
        });
        run
    };
    let compared = |now: &dyn Fn(u64) -> RunResult| {
        let before: Vec<_> = (0..4).map(|n| recorded(&format!("{n}"), &run(17 + n))).collect();
        let again: Vec<_> = (0..3).map(|n| recorded(&format!("now{n}"), &now(10 + n))).collect();
        Baseline::new(before, again, &conditions(&now(13))).unwrap().compare(&now(13))
    };
    let meaning = |comparison: &Comparison, name: &str| figure(comparison, "Aggregated", name).meaning;
    let faster = compared(&run);
    assert_eq!((meaning(&faster, "p95_ms"), meaning(&faster, "fail_ratio")), (Meaning::Better, Meaning::Noise));
    let refusing = compared(&failing);
    assert_eq!((meaning(&refusing, "p95_ms"), meaning(&refusing, "fail_ratio")), (Meaning::MoreFailed, Meaning::Worse));
    let p50 = figure(&refusing, "Aggregated", "p50_ms");
    assert!(p50.now > Some(10.0), "failures are not among the times: {p50:?}");
}

#[test]
fn a_route_that_was_measured_on_one_side_only_is_told_as_that() {
    let without = |millis| {
        let mut run = run(millis);
        (run.routes[2].histograms, run.routes[2].requests) = (Histograms::default(), 0);
        run
    };
    let before: Vec<_> = (0..4).map(|n| recorded(&format!("{n}"), &without(10 + n))).collect();
    let again: Vec<_> = (0..3).map(|n| recorded(&format!("now{n}"), &run(15 + n))).collect();
    let comparison = Baseline::new(before, again, &conditions(&run(18))).unwrap().compare(&run(18));
    let rare = &run(18).routes[2].route;
    for name in ["p50_ms", "p95_ms", "p99_ms", "fail_ratio", "good_per_s"] {
        let found = figure(&comparison, rare, name);
        let told = (found.meaning, found.before, found.now.is_some(), found.change, found.p);
        assert_eq!(told, (Meaning::Unmeasured, None, true, None, None), "{name}");
    }
    assert_eq!(figure(&comparison, "Aggregated", "p50_ms").meaning, Meaning::Worse);
}

#[test]
fn requests_that_were_never_answered_count_as_failed() {
    let mut hung = run(11);
    let mut waited = Latencies::default();
    (0..100).for_each(|_| waited.record(Duration::from_secs(9)));
    hung.routes[0].histograms.unanswered = Some(waited);
    let comparison = Baseline::new(vec![recorded("before", &run(10))], Vec::new(), &conditions(&hung)).unwrap();
    let compared = comparison.compare(&hung);
    assert_eq!(figure(&compared, &hung.routes[0].route, "fail_ratio").now, Some(0.5));
}

#[test]
fn journeys_are_compared_as_wholes_and_are_no_requests() {
    let with_journeys = |millis: u64, failed: u64| {
        let mut run = run(millis);
        let mut journey = JourneySummary::new("buy".to_owned(), Vec::new());
        (0..40 - failed).for_each(|_| journey.histograms.succeeded.record(Duration::from_millis(9 * millis)));
        (0..failed).for_each(|_| journey.histograms.failed.record(Duration::from_millis(millis)));
        (journey.journeys, journey.failures) = (40, failed);
        (journey.journeys_per_s, journey.failures_per_s) = (40.0 / 60.0, failed as f64 / 60.0);
        run.journeys.push(journey);
        run
    };
    let before: Vec<_> = (0..4).map(|n| recorded(&format!("{n}"), &with_journeys(10 + n, 0))).collect();
    let again: Vec<_> = (0..3).map(|n| recorded(&format!("now{n}"), &with_journeys(30 + n, 10))).collect();
    let now = with_journeys(33, 10);
    let comparison = Baseline::new(before, again, &conditions(&now)).unwrap().compare(&now);
    let buy = |name: &str| figure(&comparison, "buy", name);
    assert_eq!((&*buy("p95_ms").method, buy("p95_ms").meaning), (JOURNEY, Meaning::Worse));
    assert_eq!((buy("fail_ratio").before, buy("fail_ratio").now), (Some(0.0), Some(0.25)));
    assert!((buy("good_per_s").now.unwrap() - 0.5).abs() < 1e-9, "{:?}", buy("good_per_s"));
    let failed = figure(&comparison, "Aggregated", "fail_ratio");
    assert_eq!((failed.before, failed.now), (Some(0.0), Some(0.01)), "as without the journeys");
}
