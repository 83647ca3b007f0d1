//! What a run did, as data: the shape of `--json` and the source of the tables.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Load;
use super::baseline::Comparison;
use super::environment::Environment;
use super::failure::FailureKind;
use super::generator::{Cost, Verdict};
use super::recorder::{RouteStats, Shard, aggregated};
use super::scenario::{Group, Scenario, Task};
use super::threshold::{Outcome, Threshold};
use super::throughput::{Tally, Throughput};
use super::timeline::Point;
use super::worker::Shared;
use crate::stats::Latencies;
use crate::units;

/// A finished run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// Requests that were answered or failed.
    pub requests: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// The share of failures, from 0 to 1.
    pub fail_ratio: f64,
    /// Seconds during which requests were sent.
    pub duration_s: f64,
    /// Seconds for which they were to be sent; 0 in a file that was written before there was this.
    #[serde(default)]
    pub planned_s: f64,
    /// Requests that were answered or failed in that time, per second.
    pub requests_per_s: f64,
    /// Whether the generator had time to spare.
    pub verdict: Verdict,
    /// Why not, if not: sentences.
    pub verdict_reasons: Vec<String>,
    /// Whether the generator's own timers were late by more than half of the p99 that it measured.
    pub times_doubtful: bool,
    /// When the first request was sent, RFC 3339.
    pub started_at: String,
    /// When the last answer was there, RFC 3339.
    pub ended_at: String,
    /// Whether the run went to its end: no in a file that was written before, and after an interrupt.
    pub complete: bool,
    /// Where the service answers.
    pub host: String,
    /// How the load came: `closed` (users who wait) or `open` (a rate of arrivals).
    pub model: Cow<'static, str>,
    /// The most users asked for; at a rate, the most connections allowed.
    pub users: u32,
    /// Users that started: fewer when the run ended before all had. At a rate, the connections that were needed.
    pub users_started: usize,
    /// Users started per second; null with stages and at a rate.
    pub spawn_rate: Option<f64>,
    /// In a run at a rate: what was asked for.
    pub rate: Option<RateSummary>,
    /// How the load went on: seconds, and the level at their end.
    pub stages: Vec<(f64, f64)>,
    /// Where random numbers started.
    pub seed: u64,
    /// What users did.
    pub scenario: ScenarioSummary,
    /// Requests sent whose answer was not waited for.
    pub in_flight_at_end: u64,
    /// Connections opened by users who had had one before: the service had closed it, or it was given up.
    pub reconnects: u64,
    /// Every kind of request.
    pub routes: Vec<RouteSummary>,
    /// All requests together.
    pub aggregated: RouteSummary,
    /// Every kind of failure, the most frequent first.
    pub failure_groups: Vec<FailureSummary>,
    /// What became of each threshold, in the order in which they were given.
    pub thresholds: Vec<Outcome>,
    /// What was sent in the warm-up; in no other figure. Null without a warm-up.
    pub warm_up: Option<WarmUpSummary>,
    /// What the generator itself cost.
    pub(super) generator: Cost,
    /// The run second by second.
    pub timeline: Vec<Point>,
    /// Where the run was made.
    pub environment: Environment,
    /// What whoever ran it wanted to be known.
    pub tags: BTreeMap<String, String>,
    /// How it differs from earlier runs, if it was compared.
    pub comparison: Option<Comparison>,
}

/// What users did: enough to tell whether another run did the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioSummary {
    /// What it is called.
    pub name: String,
    /// Its tasks, in the order of the file.
    pub tasks: Vec<TaskSummary>,
}

/// One task of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskSummary {
    /// What it is called.
    pub name: String,
    /// How often it was done, compared with the others.
    pub weight: u32,
    /// The method.
    pub method: String,
    /// The route under which it counts.
    pub route: String,
    /// The shortest pause after it, milliseconds.
    pub think_time_min_ms: f64,
    /// The longest pause after it, milliseconds.
    pub think_time_max_ms: f64,
}

/// An open arrival rate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RateSummary {
    /// Requests per second at the beginning.
    pub per_second: f64,
    /// `constant` or `poisson`.
    pub arrivals: Cow<'static, str>,
    /// Requests that were due while requests were measured, per second.
    pub offered_per_s: f64,
}

/// What was sent before anything counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WarmUpSummary {
    /// Seconds it took.
    pub duration_s: f64,
    /// Requests that were answered or failed.
    pub requests: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// Requests that were answered or failed in that time, per second.
    pub requests_per_s: f64,
    /// Response times of all of them.
    pub latency_ms: LatencySummary,
}

/// One kind of request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RouteSummary {
    /// The method; empty for all requests together.
    pub method: String,
    /// The route.
    pub route: String,
    /// Requests that were answered or failed.
    pub requests: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// Besides these: requests that were still unanswered when the run ended.
    #[serde(default)]
    pub unanswered: u64,
    /// Requests that were answered or failed while requests were sent, per second.
    pub requests_per_s: f64,
    /// Those of them that failed, per second.
    pub failures_per_s: f64,
    /// Response times of all requests, from the instant each was due.
    pub latency_ms: LatencySummary,
    /// In a run at a rate: times of all requests from the instant each was sent.
    pub service_ms: Option<LatencySummary>,
    /// Response times of those that succeeded.
    pub succeeded_latency_ms: LatencySummary,
    /// Response times of those that failed.
    pub failed_latency_ms: LatencySummary,
    /// Bytes of an answer's body on average.
    pub average_body_bytes: f64,
    /// All times, so that results can be merged and compared exactly.
    pub histograms: Histograms,
}

/// All times of one kind of request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Histograms {
    /// Response times of requests that succeeded.
    pub succeeded: Latencies,
    /// Response times of requests that failed.
    pub failed: Latencies,
    /// In a run at a rate: times of all requests from the instant each was sent; null otherwise.
    #[serde(default)]
    pub service: Option<Latencies>,
    /// How long those were waited for that were still unanswered when the run ended; null without one.
    #[serde(default)]
    pub unanswered: Option<Latencies>,
}

/// Response times in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LatencySummary {
    /// Half of the requests took no longer.
    pub p50: f64,
    /// 66 % took no longer.
    pub p66: f64,
    /// 75 % took no longer.
    pub p75: f64,
    /// 80 % took no longer.
    pub p80: f64,
    /// 90 % took no longer.
    pub p90: f64,
    /// 95 % took no longer.
    pub p95: f64,
    /// 98 % took no longer.
    pub p98: f64,
    /// 99 % took no longer.
    pub p99: f64,
    /// 99.9 % took no longer.
    pub p99_9: f64,
    /// 99.99 % took no longer.
    pub p99_99: f64,
    /// The longest.
    pub max: f64,
    /// The shortest.
    pub min: f64,
    /// The mean.
    pub mean: f64,
}

/// One kind of failure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FailureSummary {
    /// The method.
    pub method: String,
    /// The route.
    pub route: String,
    /// What went wrong: `timeout`, `refused`, `reset`, `http`, `check` or `other`.
    pub kind: FailureKind,
    /// What it is called, without what differs from one request to the next.
    pub message: String,
    /// How many there were.
    pub count: u64,
    /// Their share of all requests, from 0 to 1.
    pub share: f64,
    /// When the first was seen, RFC 3339.
    pub first_seen: String,
    /// When the last was seen, RFC 3339.
    pub last_seen: String,
    /// What the first one said, numbers and all.
    pub example: String,
}

/// When a run began and ended, and how long requests were sent.
#[derive(Debug)]
pub(super) struct Clock {
    wall: SystemTime,
    started: Instant,
}

/// What a clock showed.
#[derive(Debug)]
pub(super) struct Times {
    started_at: SystemTime,
    ended_at: SystemTime,
    /// How long requests were sent that count.
    measured: Duration,
    /// How long requests were sent before.
    warm_up: Duration,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { wall: SystemTime::now(), started: Instant::now() }
    }

    /// What it shows.
    pub(super) fn read(&self, measured: Duration, warm_up: Duration) -> Times {
        Times { started_at: self.wall, ended_at: self.wall + self.started.elapsed(), measured, warm_up }
    }
}

impl Summary {
    pub(super) fn new(
        shared: &Shared,
        users_started: usize,
        results: &Shard,
        throughput: &Throughput,
        times: &Times,
        generator: Cost,
    ) -> Self {
        let over = throughput.measured(results);
        let seconds = times.measured.as_secs_f64().max(f64::EPSILON);
        let (groups, totals, config) = (shared.scenario.groups(), &results.measured, &shared.config);
        let all = aggregated(totals);
        let aggregated = RouteSummary::new("", "Aggregated", &all, Tally::sum(&over), seconds);
        let awaited: u64 = shared.stations.iter().map(|station| station.in_flight()).sum();
        let reasons = generator.reasons(all.requests(), shared.too_few_handles);
        let limited = !reasons.is_empty();
        let mut summary = Self {
            requests: all.requests(),
            failures: all.failed.count(),
            fail_ratio: ratio(all.failed.count(), all.requests()),
            duration_s: seconds,
            planned_s: config.measured().as_secs_f64(),
            requests_per_s: aggregated.requests_per_s,
            verdict: if limited { Verdict::GeneratorLimited } else { Verdict::Valid },
            verdict_reasons: reasons,
            times_doubtful: all.requests() > 0 && generator.is_late_beside(aggregated.latency_ms.p99),
            started_at: units::timestamp(times.started_at),
            ended_at: units::timestamp(times.ended_at),
            complete: false,
            host: config.target.to_string(),
            model: Cow::Borrowed(if shared.is_open() { "open" } else { "closed" }),
            users: config.most_users(),
            users_started,
            spawn_rate: spawn_rate(&config.load),
            rate: rate(&config.load, results.late_starts.count() as f64 / seconds),
            stages: config.load.stages().iter().map(|stage| (stage.lasts.as_secs_f64(), stage.level)).collect(),
            seed: config.seed,
            scenario: ScenarioSummary::new(&shared.scenario),
            in_flight_at_end: awaited + all.unanswered.count(),
            reconnects: shared.counts.reconnects(),
            routes: groups
                .iter()
                .zip(totals)
                .zip(&over)
                .map(|((group, stats), over)| RouteSummary::of_group(group, stats, *over, seconds))
                .collect(),
            aggregated,
            failure_groups: failure_groups(groups, totals, all.requests()),
            thresholds: Vec::new(),
            warm_up: warm_up(results, throughput.warm_up(results), times.warm_up),
            generator,
            timeline: Vec::new(),
            environment: Environment::here(),
            tags: BTreeMap::new(),
            comparison: None,
        };
        summary.thresholds = config.thresholds.iter().map(|threshold| threshold.evaluate(&summary)).collect();
        summary
    }

    /// Whether all thresholds hold.
    pub fn thresholds_hold(&self) -> bool {
        self.thresholds.iter().all(|threshold| threshold.held)
    }

    /// The share of requests due that were never sent because all connections were busy.
    pub fn missed_ratio(&self) -> f64 {
        let missed = self.generator.arrivals_missed;
        ratio(missed, self.requests + self.in_flight_at_end + missed)
    }

    /// The share of requests due that got no good answer and that no threshold says how many of may: those of routes that
    /// none names, and those that were never sent, unless one is about all requests.
    pub fn unjudged_ratio(&self, thresholds: &[Threshold]) -> f64 {
        let limits: Vec<_> = thresholds.iter().filter(|threshold| threshold.limits_failures()).collect();
        if limits.iter().any(|threshold| threshold.route().is_none()) {
            return 0.0;
        }
        let is_judged = |route: &RouteSummary| limits.iter().any(|one| one.is_about(&route.method, &route.route));
        let bad = self.routes.iter().filter(|route| !is_judged(route)).map(|route| route.failures + route.unanswered);
        let missed = self.generator.arrivals_missed;
        ratio(bad.sum::<u64>() + missed, self.requests + self.in_flight_at_end + missed)
    }

    /// The share of requests due that got no good answer while anybody waited for one: failures, those that were still in
    /// flight at the end, and those that were never sent because all connections were busy.
    pub fn bad_ratio(&self) -> f64 {
        let lost = self.in_flight_at_end + self.generator.arrivals_missed;
        ratio(self.failures + lost, self.requests + lost)
    }
}

impl ScenarioSummary {
    /// The tasks and their weights, in a line.
    pub(super) fn mix(&self) -> String {
        let task = |task: &TaskSummary| {
            let think = format!("{} to {} ms", task.think_time_min_ms, task.think_time_max_ms);
            format!("{} {} x{} (think {think})", task.method, task.route, task.weight)
        };
        self.tasks.iter().map(task).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn new(scenario: &Scenario) -> Self {
        let task = |task: &Task| TaskSummary {
            name: task.name.clone(),
            weight: task.weight,
            method: task.method.to_string(),
            route: scenario.groups()[task.group].route.clone(),
            think_time_min_ms: milliseconds(task.think_time.least),
            think_time_max_ms: milliseconds(task.think_time.most),
        };
        Self { name: scenario.name().to_owned(), tasks: scenario.tasks().iter().map(task).collect() }
    }
}

impl Histograms {
    /// Response times of all requests that were answered or failed.
    pub fn all(&self) -> Latencies {
        let mut all = self.succeeded.clone();
        all.merge(&self.failed);
        all
    }
}

impl RouteSummary {
    fn of_group(group: &Group, stats: &RouteStats, over: Tally, seconds: f64) -> Self {
        Self::new(group.method.as_str(), &group.route, stats, over, seconds)
    }

    fn new(method: &str, route: &str, stats: &RouteStats, over: Tally, seconds: f64) -> Self {
        let (requests, failures, times) = (stats.requests(), stats.failed.count(), stats.all());
        let any = |latencies: &Latencies| (latencies.count() > 0).then(|| latencies.clone());
        let (service, unanswered) = (any(&stats.service), any(&stats.unanswered));
        Self {
            method: method.to_owned(),
            route: route.to_owned(),
            requests,
            failures,
            unanswered: stats.unanswered.count(),
            requests_per_s: over.requests as f64 / seconds,
            failures_per_s: over.failures as f64 / seconds,
            latency_ms: LatencySummary::new(&times),
            service_ms: service.as_ref().map(LatencySummary::new),
            succeeded_latency_ms: LatencySummary::new(&stats.succeeded),
            failed_latency_ms: LatencySummary::new(&stats.failed),
            average_body_bytes: stats.body_bytes as f64 / requests.max(1) as f64,
            histograms: Histograms {
                succeeded: stats.succeeded.clone(),
                failed: stats.failed.clone(),
                service,
                unanswered,
            },
        }
    }
}

impl LatencySummary {
    fn new(latencies: &Latencies) -> Self {
        let percentile = |percent| milliseconds(latencies.percentile(percent));
        Self {
            p50: percentile(50.0),
            p66: percentile(66.0),
            p75: percentile(75.0),
            p80: percentile(80.0),
            p90: percentile(90.0),
            p95: percentile(95.0),
            p98: percentile(98.0),
            p99: percentile(99.0),
            p99_9: percentile(99.9),
            p99_99: percentile(99.99),
            max: milliseconds(latencies.largest()),
            min: milliseconds(latencies.smallest()),
            mean: milliseconds(latencies.mean()),
        }
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
        requests_per_s: over.requests as f64 / lasted.as_secs_f64(),
        latency_ms: LatencySummary::new(&all.all()),
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
                share: ratio(group.count, requests),
                first_seen: units::timestamp(group.first_seen),
                last_seen: units::timestamp(group.last_seen),
                example: group.example.clone(),
            });
        }
    }
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (&a.route, &a.message).cmp(&(&b.route, &b.message))));
    all
}

/// A time in milliseconds.
pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
