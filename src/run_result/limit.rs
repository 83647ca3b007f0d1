//! The result of a search for the limit.

use std::collections::BTreeMap;

use serde::Serialize;

use super::build::Build;
use super::environment::Environment;
use super::generator::Verdict;
use super::run::ScenarioSummary;

/// Which side reached its limit first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GaveWay {
    /// The service broke a criterion while the generator had time to spare.
    Service,
    /// The generator was the bottleneck first: the limit of the service is higher.
    Generator,
    /// Neither, up to the highest load that was tried.
    Nobody,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitEnded {
    /// The search is not over; the file was written before its end.
    Searching,
    /// The limit was found with the wanted precision, or no load up to the highest was bad.
    Finished,
    /// It was interrupted.
    Interrupted,
    /// It could not go on, for example because the service did not recover, or because a load was so small that no
    /// request was due while it was measured.
    HeldBack,
}

/// One load that was tried, and its results.
#[derive(Clone, Debug, Serialize)]
pub struct LimitStep {
    /// The load: users or requests per second.
    pub level: u32,
    /// `climb`, `bisect` or `repeat`.
    pub purpose: &'static str,
    /// Whether all criteria held.
    pub good: bool,
    /// The criteria that did not hold with the measured values, or why the generator was the bottleneck.
    pub broken: Vec<String>,
    /// Requests that were answered or failed.
    pub requests: u64,
    /// Completed requests per second, good and failed.
    pub requests_per_s: f64,
    /// Good answers per second.
    pub good_per_s: f64,
    /// The share of failures, from 0 to 1; null without a request.
    pub fail_ratio: Option<f64>,
    /// The most frequent failure message; null without a failure.
    pub most_frequent_failure: Option<String>,
    /// The mean response time of good answers in milliseconds; null, as all times here, without a good answer.
    pub mean_ms: Option<f64>,
    /// The median response time of good answers in milliseconds.
    pub p50_ms: Option<f64>,
    /// The 95th percentile of the response times of good answers in milliseconds.
    pub p95_ms: Option<f64>,
    /// The 99th percentile of the response times of good answers in milliseconds.
    pub p99_ms: Option<f64>,
    /// Whether the generator was the bottleneck.
    pub verdict: Verdict,
    /// Processor time of the generator per second, in cores.
    pub generator_cores: f64,
    /// The start of the run as RFC 3339.
    pub started_at: String,
    /// The end of the run as RFC 3339.
    pub ended_at: String,
    /// How long the load was held in all, in seconds; the other figures are those of the last run of it.
    pub held_s: f64,
    /// The database connections that the service had open at the end; null where it does not tell them.
    pub connections: Option<f64>,
    /// What still rose when the load had been held as long as any; null if it was steady.
    pub moving: Option<String>,
}

/// The result of a search: the content of the file of `--find-limit --json`.
#[derive(Clone, Debug, Serialize)]
pub struct LimitResult {
    /// `users` or `requests per second`.
    pub unit: &'static str,
    /// The highest load that was good each time; null if none was.
    pub last_good: Option<u32>,
    /// The lowest load that was bad; null if all were good.
    pub first_bad: Option<u32>,
    /// The knee: the load at which throughput divided by response time is greatest.
    pub knee: Option<u32>,
    /// The criteria that did not hold at the first bad load.
    pub broken: Vec<String>,
    /// Which side reached its limit first.
    pub gave_way: GaveWay,
    /// Whether the service runs on the same machine as the generator and uses part of it.
    pub shares_machine: bool,
    /// Whether every repetition had the same result as before.
    pub steady: bool,
    /// How the search ended.
    pub ended: LimitEnded,
    /// Why the search could not go on or go higher; null if it could.
    pub held_back: Option<String>,
    /// The criteria of a good load, as thresholds.
    pub criteria: Vec<String>,
    /// The URL of the service.
    pub host: String,
    /// The scenario.
    pub scenario: ScenarioSummary,
    /// How long each load was measured, in seconds.
    pub step_s: f64,
    /// How long each load was held before it was measured, in seconds.
    pub settle_s: f64,
    /// How long nothing was sent after a bad load, in seconds.
    pub rest_s: f64,
    /// All steps in the order in which they were made.
    pub steps: Vec<LimitStep>,
    /// The machine on which the search was made.
    pub environment: Environment,
    /// Notes on the search by name, given by the user.
    pub tags: BTreeMap<String, String>,
    /// What ran in the instances of the store that were asked; empty for another service.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub builds: Vec<Build>,
}

impl LimitResult {
    /// Whether a load was bad in any step; a repetition may have been good.
    pub fn was_bad(&self, level: u32) -> bool {
        self.steps.iter().any(|step| step.level == level && !step.good)
    }
}
