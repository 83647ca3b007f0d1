//! Turns what was collected into the result of a run. Nothing is judged yet: no threshold is evaluated, and the verdict
//! is "valid" until the generator has been judged.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::throughput::{Tally, Throughput};
use crate::loadtest::engine::{Load, RunState};
use crate::loadtest::recording::{JourneyStats, RouteStats, Shard, aggregated};
use crate::loadtest::scenario::{Journey, Scenario, Step};
use crate::net::{AddressUse, Handshakes};
use crate::run_result::{
    AddressSummary, Environment, FailureSummary, GeneratorCost, Histograms, JourneySummary, LatencySummary,
    PhaseSummaries, PhaseSummary, RateSummary, RouteSummary, RunResult, Standstills, StepSummary, TouchedTimes,
    Transport, Verdict, WarmUpSummary,
};
use crate::stats::Latencies;
use crate::units;

#[derive(Debug)]
pub(super) struct Times {
    pub(super) started_at: SystemTime,
    /// When the result was made.
    pub(super) ended_at: SystemTime,
    /// How long requests that count were sent.
    pub(super) measured: Duration,
    /// How long the warm-up lasted.
    pub(super) warm_up: Duration,
}

/// The result of a run so far.
pub(super) fn result(
    run: &RunState,
    users_started: usize,
    results: &Shard,
    throughput: &Throughput,
    times: &Times,
    generator: GeneratorCost,
) -> RunResult {
    let over = throughput.measured(results);
    let seconds = times.measured.as_secs_f64().max(f64::EPSILON);
    let (groups, totals, config) = (run.scenario.groups(), &results.measured, &run.config);
    let all = aggregated(totals);
    let has_checks: Vec<_> = (0..groups.len()).map(|group| run.scenario.has_checks(group)).collect();
    let aggregated = route("", "Aggregated", &all, Tally::sum(&over), seconds, has_checks.contains(&true));
    let awaited: u64 = run.records.iter().map(|records| records.in_flight()).sum();
    RunResult {
        requests: all.requests(),
        failures: all.failed.count(),
        fail_ratio: aggregated.fail_ratio(),
        duration_s: seconds,
        planned_s: config.measured().as_secs_f64(),
        iterations: config.iterations,
        requests_per_s: aggregated.requests_per_s,
        verdict: Verdict::Valid,
        verdict_reasons: Vec::new(),
        caveats: Vec::new(),
        times_doubtful: false,
        started_at: units::timestamp(times.started_at),
        ended_at: units::timestamp(times.ended_at),
        complete: false,
        host: config.target.to_string(),
        model: Cow::Borrowed(if run.is_open() { "open" } else { "closed" }),
        users: config.most_users(),
        users_started,
        spawn_rate: spawn_rate(&config.load),
        rate: rate(&config.load, results.late_starts.count() as f64 / seconds),
        stages: config.load.stages().iter().map(|stage| (stage.lasts.as_secs_f64(), stage.level)).collect(),
        start_users: None,
        seed: config.seed,
        scenario: run.scenario.summary(),
        in_flight_at_end: awaited + all.unanswered.count(),
        transport: transport(run, results),
        reconnects: run.counts.reconnects(),
        routes: groups
            .iter()
            .zip(totals)
            .zip(&over)
            .zip(has_checks)
            .map(|(((group, stats), over), has_checks)| {
                route(group.method.as_str(), &group.route, stats, *over, seconds, has_checks)
            })
            .collect(),
        journeys: journeys(&run.scenario, &results.journeys, &throughput.journeys(results), seconds),
        aggregated,
        failure_groups: failure_groups(&run.scenario, totals, all.requests()),
        thresholds: Vec::new(),
        warm_up: warm_up(results, throughput.warm_up(results), times.warm_up),
        generator,
        standstills: Standstills::default(),
        timeline: Vec::new(),
        levels: Vec::new(),
        environment: Environment::of_this_machine(),
        tags: BTreeMap::new(),
        builds: Vec::new(),
        comparison: None,
        observed: None,
    }
}

fn route(method: &str, route: &str, stats: &RouteStats, over: Tally, seconds: f64, has_checks: bool) -> RouteSummary {
    let answered: u64 = stats.statuses.values().sum();
    let any = |latencies: &Latencies| (latencies.count() > 0).then(|| latencies.clone());
    RouteSummary {
        method: method.to_owned(),
        route: route.to_owned(),
        requests: stats.requests(),
        failures: stats.failed.count(),
        unanswered: stats.unanswered.count(),
        requests_per_s: over.requests as f64 / seconds,
        failures_per_s: over.failures as f64 / seconds,
        latency_ms: LatencySummary::of(&stats.all()),
        succeeded_service_ms: LatencySummary::of(&stats.succeeded_service),
        failed_service_ms: LatencySummary::of(&stats.failed_service),
        succeeded_latency_ms: LatencySummary::of(&stats.succeeded),
        failed_latency_ms: LatencySummary::of(&stats.failed),
        average_body_bytes: (answered > 0).then(|| stats.body_bytes as f64 / answered as f64),
        average_decoded_bytes: (stats.decoded.count > 0)
            .then(|| stats.decoded.bytes as f64 / stats.decoded.count as f64),
        redirects: stats.redirects,
        statuses: Some(stats.statuses.clone()),
        checks: has_checks.then_some(stats.checks),
        histograms: Histograms {
            succeeded: stats.succeeded.clone(),
            failed: stats.failed.clone(),
            succeeded_service: any(&stats.succeeded_service),
            failed_service: any(&stats.failed_service),
            unanswered: any(&stats.unanswered),
            touched: some_touched(&stats.touched),
        },
    }
}

fn some_touched(touched: &TouchedTimes) -> Option<TouchedTimes> {
    (touched.count() > 0).then(|| touched.clone())
}

/// The results of the journeys, in the order of the scenario.
fn journeys(scenario: &Scenario, totals: &[JourneyStats], over: &[Tally], seconds: f64) -> Vec<JourneySummary> {
    let summary = |(place, journey): (usize, &Journey)| {
        let stats = totals.get(place).cloned().unwrap_or_default();
        let step = |(place, step): (usize, &Step)| {
            let (task, stats) = (&scenario.tasks()[step.task], stats.steps.get(place).cloned().unwrap_or_default());
            StepSummary {
                name: task.name.clone(),
                method: task.method.to_string(),
                route: scenario.groups()[task.group].route.clone(),
                made: stats.made,
                failed: stats.failed,
                not_sent: stats.not_sent,
                left_out: stats.left_out,
                waited_ms: LatencySummary::of(&stats.waited),
            }
        };
        let mut summary =
            JourneySummary::new(journey.name.clone(), journey.steps.iter().enumerate().map(step).collect());
        summary.set_times(&stats.succeeded, &stats.failed, &stats.unfinished);
        summary.histograms.touched = some_touched(&stats.touched);
        let over = over.get(place).copied().unwrap_or_default();
        summary.journeys_per_s = over.requests as f64 / seconds;
        summary.failures_per_s = over.failures as f64 / seconds;
        summary
    };
    scenario.journeys().iter().enumerate().map(summary).collect()
}

fn transport(run: &RunState, results: &Shard) -> Transport {
    let phases = &results.phases;
    let dialers = || run.services.iter().map(|service| &service.dialer);
    let mut resolve = Latencies::default();
    dialers().flat_map(|dialer| dialer.look_ups()).for_each(|took| resolve.record(took));
    let (tls_handshakes, tls_resumed) = sum_of(dialers().map(|dialer| dialer.handshakes()));
    let address = |used: AddressUse| AddressSummary {
        address: used.address.to_string(),
        connections: used.connections,
        failed_attempts: used.failures,
        requests: used.requests,
        why: used.why,
    };
    Transport {
        protocol: if run.dialer.speaks_http2() { "HTTP/2" } else { "HTTP/1.1" }.to_owned(),
        streams: run.config.streams,
        tls_handshakes,
        tls_resumed,
        insecure: dialers().any(|dialer| dialer.is_insecure()),
        addresses: dialers().flat_map(|dialer| dialer.uses()).map(address).collect(),
        phases: PhaseSummaries {
            resolve: PhaseSummary::of(&resolve),
            connect: PhaseSummary::of(&phases.connect),
            tls: PhaseSummary::of(&phases.handshake),
            first_byte: PhaseSummary::of(&phases.first_byte),
            last_byte: PhaseSummary::of(&phases.last_byte),
        },
    }
}

/// The handshakes with all services, by suite, and how many of them resumed a session.
fn sum_of(services: impl Iterator<Item = Handshakes>) -> (BTreeMap<String, u64>, u64) {
    let (mut by_suite, mut resumed) = (BTreeMap::new(), 0);
    for handshakes in services {
        for (suite, count) in handshakes.by_suite {
            *by_suite.entry(suite).or_default() += count;
        }
        resumed += handshakes.resumed;
    }
    (by_suite, resumed)
}

fn spawn_rate(load: &Load) -> Option<f64> {
    match load {
        Load::Users(users) if users.stages.is_empty() => Some(users.spawn_rate),
        _ => None,
    }
}

fn rate(load: &Load, offered_per_s: f64) -> Option<RateSummary> {
    let Load::Rate(rate) = load else { return None };
    let arrivals = Cow::Borrowed(rate.arrivals.name());
    Some(RateSummary { per_second: rate.per_second, arrivals, offered_per_s })
}

fn warm_up(results: &Shard, over: Tally, lasted: Duration) -> Option<WarmUpSummary> {
    let all = aggregated(&results.warm_up);
    (!lasted.is_zero()).then(|| WarmUpSummary {
        duration_s: lasted.as_secs_f64(),
        requests: all.requests(),
        failures: all.failed.count(),
        unanswered: all.unanswered.count(),
        requests_per_s: over.requests as f64 / lasted.as_secs_f64(),
        latency_ms: LatencySummary::of(&all.all()),
        succeeded_latency_ms: LatencySummary::of(&all.succeeded),
    })
}

fn failure_groups(scenario: &Scenario, totals: &[RouteStats], requests: u64) -> Vec<FailureSummary> {
    let mut all = Vec::new();
    for (route, stats) in scenario.groups().iter().zip(totals) {
        for (kind, message, group) in stats.failures.groups() {
            all.push(FailureSummary {
                method: route.method.to_string(),
                route: route.route.clone(),
                kind,
                message: message.to_owned(),
                count: group.count,
                share: units::ratio(group.count, requests),
                first_seen: units::timestamp(group.first_seen),
                last_seen: units::timestamp(group.last_seen),
                example: group.example.clone(),
                code: group.code.clone(),
                advice: scenario.advice(message),
            });
        }
    }
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (&a.route, &a.message).cmp(&(&b.route, &b.message))));
    all
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::loadtest::engine::{Arrivals, Config, Rate, Stage, Users};
    use crate::loadtest::recording::{Sample, StepStats};

    const TWO_TASKS: &str = "name = 'x'\n[[task]]\nname = 'a'\npath = '/a'\ncheck = { status = 200 }\n\
        [[task]]\nname = 'b'\nmethod = 'POST'\npath = '/b'";

    fn state(load: Load) -> RunState {
        let scenario = Scenario::parse(TWO_TASKS, "x.toml", Path::new("."), &[]).unwrap();
        RunState::for_tests(Config { load, ..Config::small(1) }, scenario, 1)
    }

    fn users(stages: Vec<Stage>) -> Load {
        Load::Users(Users { users: 1, spawn_rate: 3.0, stages })
    }

    /// The result of a run in which requests of the first task were sent: 4 in two seconds of warm-up, and after it
    /// 11 in four seconds, one late answer, and two that were never answered.
    fn of(run: &RunState, warm_up: Duration) -> RunResult {
        let (mut results, mut throughput) = (Shard::new(2), Throughput::default());
        for failure in [None, None, Some("500"), Some("500")] {
            results.record(0, false, Sample::of(5, 12, failure));
        }
        throughput.begin(&results);
        (0..8).for_each(|_| results.record(0, true, Sample::of(5, 12, None)));
        (0..2).for_each(|_| results.record(0, true, Sample::of(1, 12, Some("503 busy"))));
        results.record(0, true, Sample::of(1, 0, Some("the connection was refused")));
        throughput.end(&results);
        let late = Sample::of(5, 12, None);
        results.record_touched(0, &late);
        results.record(0, true, late);
        (0..2).for_each(|_| results.record_unanswered(0, true, Duration::from_secs(9)));
        (0..20).for_each(|_| results.late_starts.record(Duration::from_millis(1)));
        let now = SystemTime::now();
        let times = Times { started_at: now, ended_at: now, measured: Duration::from_secs(4), warm_up };
        result(run, 1, &results, &throughput, &times, GeneratorCost::small())
    }

    #[test]
    fn counts_are_of_all_requests_and_rates_of_those_answered_in_time() {
        let run = of(&state(users(Vec::new())), Duration::from_secs(2));
        assert_eq!((run.requests, run.failures, run.in_flight_at_end), (12, 3, 2));
        assert_eq!((run.fail_ratio, run.requests_per_s, run.duration_s), (Some(0.25), 2.75, 4.0));
        let [asked, never] = &run.routes[..] else { panic!("{:?}", run.routes) };
        for part in [asked, &run.aggregated] {
            assert_eq!((part.requests, part.failures, part.unanswered), (12, 3, 2));
            assert_eq!((part.requests_per_s, part.failures_per_s, part.average_body_bytes), (2.75, 0.75, Some(12.0)));
            let histograms = &part.histograms;
            assert!(
                histograms.succeeded_service.is_none()
                    && histograms.failed_service.is_none()
                    && histograms.touched.is_some()
                    && histograms.unanswered.is_some()
            );
            assert!(part.checks.is_some());
        }
        assert_eq!((never.method.as_str(), never.route.as_str(), never.requests), ("POST", "/b", 0));
        assert_eq!((&never.latency_ms, never.average_body_bytes, never.checks), (&None, None, None));
        assert!(never.histograms.touched.is_none() && never.histograms.unanswered.is_none());
    }

    #[test]
    fn the_warm_up_is_told_by_itself_if_there_was_one() {
        let run = state(users(Vec::new()));
        let warm_up = of(&run, Duration::from_secs(2)).warm_up.unwrap();
        assert_eq!((warm_up.requests, warm_up.failures), (4, 2));
        assert_eq!((warm_up.duration_s, warm_up.requests_per_s), (2.0, 2.0));
        assert!(of(&run, Duration::ZERO).warm_up.is_none());
    }

    #[test]
    fn failures_are_told_the_most_frequent_first() {
        let run = of(&state(users(Vec::new())), Duration::ZERO);
        let told: Vec<_> =
            run.failure_groups.iter().map(|group| (group.message.as_str(), group.count, group.share)).collect();
        assert_eq!(told, [("503 busy", 2, 2.0 / 12.0), ("the connection was refused", 1, 1.0 / 12.0)]);
    }

    #[test]
    fn bodies_that_were_decoded_have_a_size_of_their_own() {
        let run = state(users(Vec::new()));
        let (mut results, mut throughput) = (Shard::new(2), Throughput::default());
        throughput.begin(&results);
        for bytes in [48, 64] {
            results.record(0, true, Sample { decoded_bytes: Some(bytes), ..Sample::of(5, 12, None) });
        }
        results.record(0, true, Sample::of(5, 12, None));
        let now = SystemTime::now();
        let (measured, warm_up) = (Duration::from_secs(4), Duration::ZERO);
        let times = Times { started_at: now, ended_at: now, measured, warm_up };
        let run = result(&run, 1, &results, &throughput, &times, GeneratorCost::small());
        let [decoded, never] = &run.routes[..] else { panic!("{:?}", run.routes) };
        assert_eq!((decoded.average_body_bytes, decoded.average_decoded_bytes), (Some(12.0), Some(56.0)));
        assert_eq!(never.average_decoded_bytes, None, "nothing was decoded");
    }

    #[test]
    fn journeys_are_counted_with_their_steps_and_rates_are_of_those_that_ended_in_time() {
        let text = "name = 'x'\n[[journey]]\nname = 'buy'\n[[journey.step]]\nname = 'look'\npath = '/a'\n\
            [[journey.step]]\nname = 'pay'\nmethod = 'POST'\npath = '/b'\n[[journey]]\nname = 'rest'\n[[journey.step]]\npath = '/c'";
        let scenario = Scenario::parse(text, "x.toml", Path::new("."), &[]).unwrap();
        let times = |count: u64| {
            let mut times = Latencies::default();
            (0..count).for_each(|_| times.record(Duration::from_secs(1)));
            times
        };
        let pay = StepStats { made: 7, failed: 3, not_sent: 1, left_out: 2, waited: times(1) };
        let stats = JourneyStats {
            succeeded: times(7),
            failed: times(3),
            unfinished: times(2),
            steps: vec![StepStats { made: 10, ..StepStats::default() }, pay],
            ..JourneyStats::default()
        };
        let over = [Tally { requests: 8, failures: 2 }];
        let [buy, rest] = &journeys(&scenario, &[stats], &over, 4.0)[..] else { panic!("two kinds") };
        assert_eq!((buy.name.as_str(), buy.journeys, buy.failures, buy.unfinished), ("buy", 10, 3, 2));
        assert_eq!((buy.journeys_per_s, buy.failures_per_s, buy.fail_ratio), (2.0, 0.5, Some(0.3)));
        let [look, pay] = &buy.steps[..] else { panic!("{:?}", buy.steps) };
        assert_eq!(
            (look.name.as_str(), look.route.as_str(), look.made, look.waited_ms.is_none()),
            ("look", "/a", 10, true)
        );
        assert_eq!((pay.method.as_str(), pay.made, pay.failed, pay.not_sent, pay.left_out), ("POST", 7, 3, 1, 2));
        assert!(pay.waited_ms.is_some());
        assert_eq!((rest.journeys, rest.journeys_per_s, rest.fail_ratio, rest.steps.len()), (0, 0.0, None, 1));
    }

    #[test]
    fn the_way_to_the_service_is_told() {
        let run = of(&state(users(Vec::new())), Duration::ZERO);
        assert_eq!((run.transport.protocol.as_str(), run.transport.tls_resumed), ("HTTP/1.1", 0));
        let handshakes = |resumed, suites: &[(&str, u64)]| Handshakes {
            by_suite: suites.iter().map(|(suite, count)| ((*suite).to_owned(), *count)).collect(),
            resumed,
        };
        let services = [handshakes(2, &[("a", 3)]), handshakes(5, &[("a", 4), ("b", 1)])];
        let sum = BTreeMap::from([("a".to_owned(), 7), ("b".to_owned(), 1)]);
        assert_eq!(sum_of(services.into_iter()), (sum, 7));
    }

    #[test]
    fn the_load_is_told_as_it_was_asked_for() {
        let told = |load| {
            let run = of(&state(load), Duration::ZERO);
            (run.spawn_rate, run.rate.map(|rate| (rate.per_second, rate.offered_per_s)))
        };
        assert_eq!(told(users(Vec::new())), (Some(3.0), None));
        let stage = Stage { lasts: Duration::from_secs(5), level: 7.0 };
        assert_eq!(told(users(vec![stage])), (None, None), "users come as the stages say");
        let rate = Rate { per_second: 6.0, arrivals: Arrivals::Constant, stages: Vec::new(), most_users: 9 };
        assert_eq!(told(Load::Rate(rate)), (None, Some((6.0, 5.0))), "20 were due in four seconds");
    }
}
