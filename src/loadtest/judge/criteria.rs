//! The criteria of a run, and the judgement of its result.

use super::baseline::Baseline;
use super::caveats::{caveats, of_another_length, of_other_levels};
use super::generator::{is_late_beside, reasons};
use super::standstill;
use super::threshold::Threshold;
use crate::loadtest::collect::UnjudgedResult;
use crate::run_result::{JOURNEY, JourneySummary, RouteSummary, RunResult, Verdict};
use crate::units;

/// The criteria of a run; by default there are none.
#[derive(Clone, Debug, Default)]
pub struct Criteria {
    /// Conditions on its figures.
    pub thresholds: Vec<Threshold>,
    /// Earlier runs with which it is compared at its end.
    pub baseline: Option<Baseline>,
}

impl Criteria {
    /// Judges a run so far: sets its verdict (whether the generator had time to spare), its caveats and the outcome of
    /// each threshold. `too_few_handles` says that file handles allowed fewer connections than were asked for.
    pub(in crate::loadtest) fn judge(&self, unjudged: UnjudgedResult, too_few_handles: bool) -> RunResult {
        let UnjudgedResult(mut run) = unjudged;
        run.verdict_reasons = reasons(&run.generator, run.requests, too_few_handles);
        run.verdict_reasons.extend(standstill::reason(&run, &self.thresholds));
        run.verdict = if run.verdict_reasons.is_empty() { Verdict::Valid } else { Verdict::GeneratorLimited };
        let p99 = run.aggregated.latency_ms.as_ref().map(|times| times.p99);
        run.times_doubtful = p99.is_some_and(|p99| is_late_beside(&run.generator, p99));
        run.caveats = caveats(&run);
        run.thresholds = self.thresholds.iter().map(|threshold| threshold.evaluate(&run)).collect();
        run
    }

    /// Compares a finished run with the earlier ones. One that was steered is compared only with runs of the same levels, and one
    /// that was ended by hand only with runs of the same length.
    pub(in crate::loadtest) fn compare(&self, run: &mut RunResult, ended_by_hand: bool) {
        let Some(baseline) = &self.baseline else { return };
        match baseline.file_of_another_course(run, ended_by_hand) {
            Some(file) if run.is_steered() => run.caveats.push(of_other_levels(file)),
            Some(file) => run.caveats.push(of_another_length(run, file)),
            None => run.comparison = Some(baseline.compare(run)),
        }
    }
}

/// The share of due requests that got no good answer and are not limited by any threshold: those of routes that no
/// threshold on failures names, and those that were never sent. 0 if a threshold limits the failures of all requests. A
/// threshold on checks limits the failures of a route whose every request has a check.
pub fn unjudged_ratio(run: &RunResult, thresholds: &[Threshold]) -> f64 {
    let limits: Vec<_> = thresholds.iter().filter(|threshold| threshold.limits_failures()).collect();
    if limits.iter().any(|threshold| threshold.route().is_none()) {
        return 0.0;
    }
    let checks: Vec<_> = thresholds.iter().filter(|threshold| threshold.demands_checks()).collect();
    let of_all = checks.iter().any(|threshold| threshold.route().is_none());
    // A request that fails ends its journey, so who limits the failures of all journeys with that step limits its failures.
    let is_of_judged_journeys = |route: &RouteSummary| {
        let has = |journey: &&JourneySummary| {
            journey.steps.iter().any(|step| step.method == route.method && step.route == route.route)
        };
        let limited = |journey: &JourneySummary| limits.iter().any(|one| one.is_about(JOURNEY, &journey.name));
        run.journeys.iter().any(|journey| has(&journey)) && run.journeys.iter().filter(has).all(limited)
    };
    let is_judged = |route: &RouteSummary| {
        let is_about = |one: &&&Threshold| one.is_about(&route.method, &route.route);
        let is_checked = route.checks.is_some_and(|checks| checks.checked == route.requests);
        let is_limited = limits.iter().any(|one| is_about(&one)) || is_of_judged_journeys(route);
        is_limited || is_checked && (of_all || checks.iter().any(|one| is_about(&one)))
    };
    let bad = run.routes.iter().filter(|route| !is_judged(route)).map(|route| route.failures + route.unanswered);
    let missed = if of_all { 0 } else { run.generator.arrivals_missed };
    units::ratio(bad.sum::<u64>() + missed, run.due())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    use crate::run_result::{CheckCounts, Conditions, RecordedRun, StepSummary, example_level, example_run};

    #[test]
    fn failures_that_no_threshold_limits_are_still_bad() {
        let mut summary = example_run();
        (summary.in_flight_at_end, summary.generator.arrivals_missed) = (0, 0);
        let unjudged = |summary: &RunResult, texts: &[&str]| {
            let thresholds: Vec<Threshold> = texts.iter().map(|text| text.parse().unwrap()).collect();
            unjudged_ratio(summary, &thresholds)
        };
        // 1,000 orders failed, and one report.
        let all = 1_001.0 / 3_030.0;
        for (texts, expected) in [
            (&[][..], all),
            (&["p95<1s"], all),
            (&["failures>0"], all),
            (&["POST /orders:fail_ratio<1%"], 1.0 / 3_030.0),
            (&["POST /orders:fail_ratio<1%", "/orders/reports/best-sellers:failures<5"], 0.0),
            (&["fail_ratio<=50%"], 0.0),
        ] {
            assert!((unjudged(&summary, texts) - expected).abs() < 1e-9, "{texts:?}");
        }
        summary.generator.arrivals_missed = 10;
        assert!(unjudged(&summary, &["POST /orders:failures<2000", "/orders/reports/best-sellers:failures<5"]) > 0.0);
        assert!(unjudged(&summary, &["failures<2000"]) <= 0.0);
        summary.generator.arrivals_missed = 0;
        let orders = &mut summary.routes[0];
        orders.checks = Some(CheckCounts { checked: orders.requests, met: 10 });
        for texts in [["checks>1%"], ["POST /orders:checks>=0"]] {
            assert!((unjudged(&summary, &texts) - 1.0 / 3_030.0).abs() < 1e-9, "{texts:?}");
        }
        assert!((unjudged(&summary, &["checks<1%"]) - all).abs() < 1e-9);
        summary.routes[0].checks = Some(CheckCounts { checked: 1_009, met: 10 });
        assert!((unjudged(&summary, &["checks>1%"]) - all).abs() < 1e-9, "one had no check");
        let step = |route: &RouteSummary| StepSummary {
            method: route.method.clone(),
            route: route.route.clone(),
            ..StepSummary::default()
        };
        let steps = summary.routes.iter().map(step).collect();
        summary.journeys = vec![JourneySummary::new("buy".to_owned(), steps)];
        assert!(unjudged(&summary, &["buy:fail_ratio<1%"]) <= 0.0, "each failed request failed its journey");
        assert!((unjudged(&summary, &["buy:p95<1s"]) - all).abs() < 1e-9);
        for (method, route) in [("PUT", "/orders"), ("POST", "/elsewhere")] {
            let step = &mut summary.journeys[0].steps[0];
            (step.method, step.route) = (method.to_owned(), route.to_owned());
            let left = unjudged(&summary, &["buy:fail_ratio<1%"]);
            assert!((left - 1_000.0 / 3_030.0).abs() < 1e-9, "the orders are no step of it: {left}");
        }
        summary.journeys.clear();
        (summary.routes[1].unanswered, summary.in_flight_at_end) = (3, 3);
        assert!((unjudged(&summary, &[]) - 1_004.0 / 3_033.0).abs() < 1e-9, "no answer is not a good one");
    }

    #[test]
    fn a_run_is_judged_by_its_own_figures() {
        let criteria = Criteria { thresholds: vec!["failures<5".parse().unwrap()], baseline: None };
        let judged = |change: fn(&mut RunResult)| {
            let mut run = example_run();
            change(&mut run);
            criteria.judge(UnjudgedResult(run), false)
        };
        let valid = judged(|_| {});
        assert_eq!((valid.verdict, valid.times_doubtful, valid.caveats.len()), (Verdict::Valid, false, 0));
        assert_eq!(valid.thresholds.iter().map(|outcome| outcome.held).collect::<Vec<_>>(), [false]);
        let limited = judged(|run| run.generator.cpu_cores = 2.0);
        assert_eq!((limited.verdict, limited.verdict_reasons.len()), (Verdict::GeneratorLimited, 1));
        assert!(
            judged(|run| run.generator.timer_late_p99_ms = Some(401.0)).times_doubtful,
            "half of the p99 of 801 ms"
        );
    }

    /// Those of a run that is compared with this earlier one.
    fn after(earlier: &RunResult) -> Criteria {
        let recorded = (PathBuf::from("earlier.json"), RecordedRun::try_from(earlier).unwrap());
        let baseline = Baseline::new(vec![recorded], Vec::new(), &Conditions::from(earlier)).unwrap();
        Criteria { thresholds: Vec::new(), baseline: Some(baseline) }
    }

    #[test]
    fn a_run_is_compared_if_there_are_earlier_ones() {
        let mut run = example_run();
        run.ended_at.clone_from(&run.started_at);
        Criteria::default().compare(&mut run, false);
        assert!(run.comparison.is_none());
        after(&run).compare(&mut run, false);
        assert_eq!(run.comparison.map(|comparison| comparison.runs_before), Some(1));
    }

    #[test]
    fn a_steered_run_is_compared_with_runs_of_the_same_levels_only() {
        let mut run = example_run();
        run.ended_at.clone_from(&run.started_at);
        let criteria = after(&run);
        (run.levels, run.stages) = (vec![example_level(150.0), example_level(60.0)], vec![(30.0, 150.0), (30.0, 60.0)]);
        criteria.compare(&mut run, false);
        assert!(run.comparison.is_none());
        assert!(run.caveats.last().unwrap().contains("of the same levels only, and earlier.json is not one"));
    }

    #[test]
    fn a_run_that_was_ended_by_hand_is_compared_with_runs_of_the_same_length_only() {
        let mut whole = example_run();
        whole.ended_at.clone_from(&whole.started_at);
        let criteria = after(&whole);
        let ended = |change: fn(&mut RunResult)| {
            let mut run = whole.clone();
            change(&mut run);
            criteria.compare(&mut run, true);
            (run.comparison.is_some(), run.caveats.last().cloned().unwrap_or_default())
        };
        assert_eq!(ended(|_| {}), (true, String::new()), "only a moment before its time");
        let (compared, caveat) = ended(|run| run.duration_s = 3.0);
        assert!(
            !compared && caveat.contains("ended by hand after 3.00 s") && caveat.contains("earlier.json"),
            "{caveat}"
        );
        // That it was to send as many requests as the earlier one does not make it as long.
        assert!(!ended(|run| (run.duration_s, run.iterations) = (3.0, Some(3_033))).0);
    }
}
