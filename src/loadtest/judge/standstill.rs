//! Decides whether the generator stood still for so long that the figures of a run are not the service's.
//!
//! An answer that a standstill touched was read late or asked for late, so its time is not the service's, and neither is
//! that of a journey which it touched. A few of them change nothing: the run stays valid, and the standstill is told. They
//! change the figures if they are more than one in a thousand, if a percentile that is shown, or the time that a threshold
//! judges, is that of such an answer, or if a threshold had another outcome without them.

use super::metric::is_of_touched;
use super::threshold::{Hangs, Threshold};
use crate::run_result::{JOURNEY, JourneySummary, RouteSummary, RunResult, Standstill, Standstills, TouchedTimes};
use crate::stats::Latencies;
use crate::units;

/// The share of answers that may be touched.
const MOST_TOUCHED: f64 = 0.001;

/// The percentiles that tables show, each with the number of answers from which on it is shown.
const SHOWN: [(f64, u64); 7] = [(50.0, 2), (75.0, 4), (90.0, 10), (95.0, 20), (98.0, 50), (99.0, 100), (99.9, 1_000)];

/// The reason why the figures of the run cannot be trusted; None if they can, or if the generator never stood still.
pub(super) fn reason(run: &RunResult, thresholds: &[Threshold]) -> Option<String> {
    let standstills = run.standstills.of_sending();
    if standstills.count == 0 {
        return None;
    }
    let stood_still = format!("it stood still for {}", units::duration(standstills.total()));
    let touched = touched(&run.aggregated);
    let share = units::ratio(touched, run.requests);
    if share > MOST_TOUCHED {
        let (touched, all, share) = (units::count(touched), units::count(run.requests), units::percent(share));
        return Some(format!("{stood_still}, and {touched} of {all} answers were touched by that ({share})"));
    }
    let journeys: Vec<_> = run.journeys.iter().map(JourneySummary::as_route).collect();
    let shown = run.routes.iter().chain([&run.aggregated]).chain(&journeys).find_map(|route| {
        let (percent, _) = SHOWN.into_iter().find(|(percent, enough)| falls_on_touched(route, *percent, *enough))?;
        let (name, of) = (name(percent), named(route));
        Some(if route.method == JOURNEY {
            format!("{stood_still}, and the {name} of {of} is the time of a journey that was touched by that")
        } else {
            format!("{stood_still}, and the {name} of {of} is the time of an answer that was touched by that")
        })
    });
    let judged = || {
        let faster = faster(run, &standstills);
        thresholds.iter().find_map(|threshold| match threshold.hangs_on_touched(run, faster)? {
            Hangs::IsTouched => Some(format!(
                "{stood_still}, and the threshold {threshold} is judged by an answer that was touched by that"
            )),
            Hangs::IsChanged => {
                Some(format!("{stood_still}, and without that the threshold {threshold} would have another outcome"))
            }
        })
    };
    shown.or_else(judged)
}

/// By how much rates would be higher without the time of the measurement in which the generator stood still; one thread of
/// many costs its part. At a rate what was due then is sent later.
fn faster(run: &RunResult, standstills: &Standstills) -> f64 {
    let from_s = run.warm_up.as_ref().map_or(0.0, |warm_up| warm_up.duration_s);
    let part = |one: &Standstill| one.threads as f64 / one.of_threads.max(1) as f64;
    let within = |one: &Standstill| part(one) * one.seconds_within(from_s, from_s + run.duration_s);
    let still_s: f64 = standstills.longest.iter().map(within).sum();
    if run.rate.is_some() || still_s >= run.duration_s { 1.0 } else { run.duration_s / (run.duration_s - still_s) }
}

/// The number of answers of a route that a standstill touched.
fn touched(route: &RouteSummary) -> u64 {
    route.histograms.touched.as_ref().map_or(0, TouchedTimes::count)
}

/// Whether a percentile of the answers is the time of a touched one: of all answers, of the good ones, or of those that
/// failed.
fn falls_on_touched(route: &RouteSummary, percent: f64, enough: u64) -> bool {
    let Some(touched) = &route.histograms.touched else { return false };
    let histograms = &route.histograms;
    let falls = |all: &Latencies, touched: &Latencies| all.count() >= enough && is_of_touched(all, touched, percent);
    falls(&histograms.all(), &touched.all())
        || falls(&histograms.succeeded, &touched.succeeded)
        || falls(&histograms.failed, &touched.failed)
}

fn name(percent: f64) -> String {
    format!("p{percent}")
}

fn named(route: &RouteSummary) -> String {
    if route.method.is_empty() { "all requests".to_owned() } else { format!("{} {}", route.method, route.route) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::run_result::{RateSummary, example_run};

    /// A run with this many answers of 1 to 2 ms, and this many of 3 s that a standstill touched.
    fn run(ordinary: u64, touched: u64) -> RunResult {
        let mut run = example_run();
        let mut succeeded = Latencies::default();
        (0..ordinary).for_each(|number| succeeded.record(Duration::from_micros(1_000 + number * 1_000 / ordinary)));
        let mut times = TouchedTimes::default();
        (0..touched).for_each(|_| times.succeeded.record(Duration::from_secs(3)));
        succeeded.merge(&times.succeeded);
        let route = &mut run.aggregated;
        (route.histograms.succeeded, route.histograms.touched) = (succeeded, (touched > 0).then_some(times));
        (route.requests, route.failures, route.unanswered) = (ordinary + touched, 0, 0);
        (run.requests, run.generator.arrivals_missed) = (ordinary + touched, 0);
        let (suspended_s, in_warm_up) = (0.0, false);
        let (threads, of_threads, control) = (2, 2, true);
        let standstill =
            Standstill { at_s: 4.0, length_s: 3.0, suspended_s, threads, of_threads, control, in_warm_up, touched };
        run.standstills = Standstills::of(vec![standstill]);
        run
    }

    fn judged(run: &RunResult, thresholds: &[&str]) -> Option<String> {
        let thresholds: Vec<Threshold> = thresholds.iter().map(|text| text.parse().unwrap()).collect();
        reason(run, &thresholds)
    }

    #[test]
    fn more_than_one_in_a_thousand_is_too_many() {
        assert_eq!(judged(&run(9_990, 0), &[]), None);
        assert_eq!(judged(&run(99_910, 90), &[]), None, "and the p99.9 is not one of them");
        let told = judged(&run(9_900, 100), &[]).unwrap();
        assert_eq!(told, "it stood still for 3.00 s, and 100 of 10,000 answers were touched by that (1.00 %)");
    }

    #[test]
    fn a_percentile_that_is_shown_must_not_be_the_generators() {
        let with_route = |ordinary, touched| {
            let mut all = run(99_999, 1);
            all.routes[0].histograms = run(ordinary, touched).aggregated.histograms;
            judged(&all, &[])
        };
        assert_eq!(with_route(19, 1), None, "of 20 answers no percentile above the p95 is shown");
        let told = with_route(19, 2).unwrap();
        assert!(told.ends_with("the p95 of POST /orders is the time of an answer that was touched by that"), "{told}");
    }

    #[test]
    fn a_percentile_of_good_or_of_failed_answers_alone_must_not_be_the_generators() {
        let many = run(99_998, 0).aggregated.histograms.succeeded;
        let two = run(1, 2).aggregated.histograms.touched.unwrap().succeeded;
        let mut of_good = run(99_998, 2);
        let histograms = &mut of_good.aggregated.histograms;
        (histograms.succeeded, histograms.failed) = (two.clone(), many.clone());
        let told = judged(&of_good, &[]).unwrap();
        assert!(told.ends_with("the p50 of all requests is the time of an answer that was touched by that"), "{told}");
        let mut of_failed = run(99_998, 2);
        let histograms = &mut of_failed.aggregated.histograms;
        (histograms.succeeded, histograms.failed) = (many, two.clone());
        histograms.touched = Some(TouchedTimes { succeeded: Latencies::default(), failed: two });
        assert!(judged(&of_failed, &[]).unwrap().contains("the p50 of all requests"));
    }

    #[test]
    fn a_time_is_the_generators_if_at_least_half_of_its_answers_were_touched() {
        let with_others = |others: u64| {
            let mut run = run(99_990, 10);
            (0..others).for_each(|_| run.aggregated.histograms.succeeded.record(Duration::from_secs(3)));
            judged(&run, &["max<1s"])
        };
        assert!(with_others(8).is_some() && with_others(10).is_some());
        assert_eq!(with_others(11), None);
    }

    #[test]
    fn a_threshold_must_not_be_crossed_by_the_generator() {
        let few = run(99_999, 1);
        assert_eq!(judged(&few, &["p99<100ms", "rps>5"]), None);
        for threshold in ["max<1s", "p99.9999<1s"] {
            let told = judged(&few, &[threshold]).unwrap_or_else(|| panic!("{threshold}"));
            assert!(told.contains(&format!("the threshold {threshold} is judged by")), "{told}");
        }
    }

    #[test]
    fn touched_answers_that_took_as_long_as_others_move_no_percentile() {
        // As many as may be: one in a thousand.
        let mut like_others = run(10_000, 0);
        let mut times = TouchedTimes::default();
        (0..10).for_each(|_| times.succeeded.record(Duration::from_micros(1_600)));
        let histograms = &mut like_others.aggregated.histograms;
        histograms.succeeded.merge(&times.succeeded);
        histograms.touched = Some(times);
        assert_eq!(judged(&like_others, &[]), None);
    }

    /// Some number of times of so many milliseconds.
    fn times(count: u64, millis: u64) -> Latencies {
        let mut times = Latencies::default();
        (0..count).for_each(|_| times.record(Duration::from_millis(millis)));
        times
    }

    #[test]
    fn the_answer_that_is_judged_after_failures_were_ranked_last_must_not_be_the_generators() {
        // Failures are fast, so that by time alone the p99 is that of an answer which nothing touched.
        let mut run = run(98_960, 90);
        let histograms = &mut run.aggregated.histograms;
        histograms.failed = times(950, 1);
        (run.aggregated.requests, run.aggregated.failures, run.aggregated.unanswered) = (100_000, 950, 0);
        (run.requests, run.generator.arrivals_missed) = (100_000, 0);
        assert_eq!(judged(&run, &["good:p99<200ms", "all:p99<200ms", "p98<200ms"]), None);
        let told = judged(&run, &["p99<200ms"]).unwrap();
        assert!(told.ends_with("the threshold p99<200ms is judged by an answer that was touched by that"), "{told}");
    }

    #[test]
    fn a_journey_must_not_be_judged_by_the_generator() {
        let with_journeys = |few: u64, thresholds: &[&str]| {
            let mut run = run(99_999, 1);
            let mut journey = JourneySummary::new("buy".to_owned(), Vec::new());
            let touched = times(few, 6_000);
            let mut all = times(1_998, 2_000);
            all.merge(&touched);
            journey.set_times(&all, &Latencies::default(), &Latencies::default());
            journey.histograms.touched = Some(TouchedTimes { succeeded: touched, ..TouchedTimes::default() });
            run.journeys = vec![journey];
            judged(&run, thresholds)
        };
        assert_eq!(with_journeys(1, &["buy:p95<5s"]), None);
        let told = with_journeys(1, &["buy:max<5s"]).unwrap();
        assert!(told.ends_with("the threshold buy:max<5s is judged by an answer that was touched by that"), "{told}");
        let told = with_journeys(150, &[]).unwrap();
        assert!(told.ends_with("the p95 of journey buy is the time of a journey that was touched by that"), "{told}");
    }

    #[test]
    fn rates_would_be_higher_by_the_time_that_was_lost() {
        let of = |rate: Option<f64>, duration_s: f64| {
            let mut run = run(99_999, 1);
            let of_arrivals =
                |per_second| RateSummary { per_second, arrivals: "constant".into(), offered_per_s: per_second };
            (run.rate, run.duration_s, run.warm_up) = (rate.map(of_arrivals), duration_s, None);
            faster(&run, &run.standstills)
        };
        // It stood still from 4 to 7 s, with both threads.
        assert!((of(None, 60.0) - 60.0 / 57.0).abs() < 1e-9);
        assert!((of(None, 10.0) - 10.0 / 7.0).abs() < 1e-9);
        assert!((of(Some(50.0), 60.0) - 1.0).abs() < 1e-9, "what was due then is sent later");
        let mut run = run(99_999, 1);
        (run.rate, run.duration_s, run.warm_up) = (None, 7.0, None);
        run.standstills.longest[0].at_s = 0.0;
        run.standstills.longest[0].length_s = 7.0;
        assert!((faster(&run, &run.standstills) - 1.0).abs() < 1e-9, "nothing was sent at all");
    }

    #[test]
    fn no_threshold_has_its_outcome_from_the_generator() {
        let with = |threshold: &str, change: fn(&mut RunResult)| {
            let mut run = run(99_999, 1);
            run.rate = None;
            change(&mut run);
            judged(&run, &[threshold])
        };
        let changed = |told: Option<String>| told.is_some_and(|told| told.contains("would have another outcome"));
        assert!(changed(with("avg<1.51ms", |_| {})), "the mean is 1.50 ms, and 1.53 ms with one of 3 s");
        assert_eq!(with("avg<2ms", |_| {}), None);
        // One that failed because it was read late: 1 of 100,000.
        let failed: fn(&mut RunResult) = |run| {
            let all = &mut run.aggregated;
            let touched =
                all.histograms.touched.replace(TouchedTimes { failed: times(1, 3_000), ..TouchedTimes::default() });
            all.histograms.succeeded = all.histograms.succeeded.without(&touched.unwrap().succeeded);
            all.histograms.failed = times(1, 3_000);
            (all.requests, all.failures, all.unanswered) = (100_000, 1, 0);
            run.generator.arrivals_missed = 0;
        };
        assert!(changed(with("failures<1", failed)) && changed(with("fail_ratio<0.0005%", failed)));
        assert_eq!(with("failures<2", failed), None);
        // 3 s of 60 s: a twentieth of what could have been sent.
        let rate: fn(&mut RunResult) = |run| {
            run.aggregated.histograms.touched = None;
            (run.duration_s, run.warm_up) = (60.0, None);
            (run.aggregated.requests_per_s, run.aggregated.failures_per_s) = (99.0, 0.0);
        };
        assert!(changed(with("rps>100", rate)), "it would be 104 a second");
        assert_eq!((with("rps>105", rate), with("rps>98", rate)), (None, None));
    }
}
