//! Turns what was collected into the result of a run. Nothing is judged yet: no threshold is evaluated, and the verdict
//! is "valid" until the generator has been judged.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::throughput::{Tally, Throughput};
use crate::loadtest::engine::{Load, RunState};
use crate::loadtest::recording::{RouteStats, Shard, aggregated};
use crate::loadtest::scenario::Group;
use crate::run_result::{
    Environment, FailureSummary, GeneratorCost, Histograms, LatencySummary, RateSummary, RouteSummary, RunResult,
    Verdict, WarmUpSummary,
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
        seed: config.seed,
        scenario: run.scenario.summary(),
        in_flight_at_end: awaited + all.unanswered.count(),
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
        aggregated,
        failure_groups: failure_groups(groups, totals, all.requests()),
        thresholds: Vec::new(),
        warm_up: warm_up(results, throughput.warm_up(results), times.warm_up),
        generator,
        timeline: Vec::new(),
        environment: Environment::of_this_machine(),
        tags: BTreeMap::new(),
        comparison: None,
    }
}

fn route(method: &str, route: &str, stats: &RouteStats, over: Tally, seconds: f64, has_checks: bool) -> RouteSummary {
    let answered: u64 = stats.statuses.values().sum();
    let any = |latencies: &Latencies| (latencies.count() > 0).then(|| latencies.clone());
    let (service, unanswered) = (any(&stats.service), any(&stats.unanswered));
    RouteSummary {
        method: method.to_owned(),
        route: route.to_owned(),
        requests: stats.requests(),
        failures: stats.failed.count(),
        unanswered: stats.unanswered.count(),
        requests_per_s: over.requests as f64 / seconds,
        failures_per_s: over.failures as f64 / seconds,
        latency_ms: LatencySummary::of(&stats.all()),
        service_ms: LatencySummary::of(&stats.service),
        succeeded_latency_ms: LatencySummary::of(&stats.succeeded),
        failed_latency_ms: LatencySummary::of(&stats.failed),
        average_body_bytes: (answered > 0).then(|| stats.body_bytes as f64 / answered as f64),
        statuses: Some(stats.statuses.clone()),
        checks: has_checks.then_some(stats.checks),
        histograms: Histograms {
            succeeded: stats.succeeded.clone(),
            failed: stats.failed.clone(),
            service,
            unanswered,
        },
    }
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

fn failure_groups(groups: &[Group], totals: &[RouteStats], requests: u64) -> Vec<FailureSummary> {
    let mut all = Vec::new();
    for (route, stats) in groups.iter().zip(totals) {
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
            });
        }
    }
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (&a.route, &a.message).cmp(&(&b.route, &b.message))));
    all
}
