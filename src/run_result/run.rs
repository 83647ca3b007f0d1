//! A whole run, as `loadtest --json` writes it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::comparison::Comparison;
use super::environment::Environment;
use super::generator::{GeneratorCost, Verdict};
use super::route::{FailureSummary, LatencySummary, RouteSummary};
use super::timeline::TimelinePoint;
use crate::units;

/// What a run came to: the file of `--json`, and the source of every table and page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunResult {
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
    pub thresholds: Vec<ThresholdOutcome>,
    /// What was sent in the warm-up; in no other figure. Null without a warm-up.
    pub warm_up: Option<WarmUpSummary>,
    /// What the generator itself cost.
    pub generator: GeneratorCost,
    /// The run second by second.
    pub timeline: Vec<TimelinePoint>,
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

/// What became of a threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdOutcome {
    /// As it was written.
    pub threshold: String,
    /// What was measured, as a person reads it; null when there was nothing to measure.
    pub seen: Option<String>,
    /// The same as a number: milliseconds, a share from 0 to 1, requests per second, a count; null, too, when it is the
    /// time of an answer that never came.
    pub value: Option<f64>,
    /// Whether it holds.
    pub held: bool,
}

impl RunResult {
    /// Whether all thresholds hold.
    pub fn thresholds_hold(&self) -> bool {
        self.thresholds.iter().all(|threshold| threshold.held)
    }

    /// Requests that were due: those that were answered or failed, those still unanswered at the end, and those that were
    /// never sent because all connections were busy.
    pub fn due(&self) -> u64 {
        self.requests + self.in_flight_at_end + self.generator.arrivals_missed
    }

    /// The share of requests due that got no good answer while anybody waited for one: failures, those that were still in
    /// flight at the end, and those that were never sent.
    pub fn bad_ratio(&self) -> f64 {
        units::ratio(self.failures + self.in_flight_at_end + self.generator.arrivals_missed, self.due())
    }
}

impl ScenarioSummary {
    /// The tasks and their weights, in a line; `nothing` without a task.
    pub(super) fn mix(&self) -> String {
        let task = |task: &TaskSummary| {
            let think = format!("{} to {} ms", task.think_time_min_ms, task.think_time_max_ms);
            format!("{} {} x{} (think {think})", task.method, task.route, task.weight)
        };
        let tasks: Vec<_> = self.tasks.iter().map(task).collect();
        if tasks.is_empty() { "nothing".to_owned() } else { tasks.join(", ") }
    }
}
