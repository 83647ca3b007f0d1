//! What the search for a limit found.

use std::collections::BTreeMap;

use serde::Serialize;

use super::environment::Environment;
use super::generator::Verdict;
use super::run::ScenarioSummary;

/// Who could not do more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GaveWay {
    /// The service broke a criterion while the generator had time to spare.
    Service,
    /// The generator was the bottleneck first: the limit of the service is higher.
    Generator,
    /// Nobody, up to the highest load that was tried.
    Nobody,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitEnded {
    /// Not yet: a file that was written before the end.
    Searching,
    /// The limit is as sharp as was asked, or there is none.
    Finished,
    /// Somebody ended it before.
    Interrupted,
    /// Something kept it from going on.
    HeldBack,
}

/// One load that was tried.
#[derive(Clone, Debug, Serialize)]
pub struct LimitStep {
    /// Users, or requests per second.
    pub level: u32,
    /// `climb`, `bisect` or `repeat`.
    pub purpose: &'static str,
    /// Whether everything was as it should be.
    pub good: bool,
    /// What was not: criteria with what was measured, or why the generator was the bottleneck.
    pub broken: Vec<String>,
    /// Requests that were answered or failed.
    pub requests: u64,
    /// Requests per second.
    pub requests_per_s: f64,
    /// The share of failures, from 0 to 1.
    pub fail_ratio: f64,
    /// What most of the failures said; null without one.
    pub most_frequent_failure: Option<String>,
    /// The mean response time, milliseconds.
    pub mean_ms: f64,
    /// Half of the response times are no longer, milliseconds.
    pub p50_ms: f64,
    /// 95 % are no longer.
    pub p95_ms: f64,
    /// 99 % are no longer.
    pub p99_ms: f64,
    /// Whether the generator had time to spare.
    pub verdict: Verdict,
    /// Processor time of the generator, in cores.
    pub generator_cores: f64,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// When it ended, RFC 3339.
    pub ended_at: String,
}

/// What a search found: the file of `--find-limit --json`.
#[derive(Clone, Debug, Serialize)]
pub struct LimitResult {
    /// `users` or `requests per second`.
    pub unit: &'static str,
    /// The highest load that was good each time; null when none was.
    pub last_good: Option<u32>,
    /// The lowest load that was not; null when all were good.
    pub first_bad: Option<u32>,
    /// The load at which throughput divided by response time is greatest.
    pub knee: Option<u32>,
    /// What broke at the first bad load.
    pub broken: Vec<String>,
    /// Who could not do more.
    pub gave_way: GaveWay,
    /// Whether the service runs on the same machine as the generator and takes its share.
    pub shares_machine: bool,
    /// Whether every repetition turned out as before.
    pub steady: bool,
    /// How the search ended.
    pub ended: LimitEnded,
    /// What kept it from going on, or from going higher, if anything did.
    pub held_back: Option<String>,
    /// What had to hold.
    pub criteria: Vec<String>,
    /// Where the service answers.
    pub host: String,
    /// What users did.
    pub scenario: ScenarioSummary,
    /// Seconds for which each load was measured.
    pub step_s: f64,
    /// Seconds for which each load was held before that.
    pub settle_s: f64,
    /// Seconds of silence after a bad load.
    pub rest_s: f64,
    /// Every load that was tried, in that order.
    pub steps: Vec<LimitStep>,
    /// Where the search was made.
    pub environment: Environment,
    /// What whoever made it wanted to be known.
    pub tags: BTreeMap<String, String>,
}

impl LimitResult {
    /// Whether a load was ever bad; a repetition may have turned out otherwise.
    pub fn was_bad(&self, level: u32) -> bool {
        self.steps.iter().any(|step| step.level == level && !step.good)
    }
}
