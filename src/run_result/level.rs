//! The levels of a run whose load was changed by hand.

use serde::{Deserialize, Serialize};

use super::latency::{LatencySummary, or_nulls};

/// What was measured between two changes of the load. A request belongs to the level in which it was due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelSummary {
    /// When it began, in seconds since the first request.
    pub at_s: f64,
    /// How long it lasted in seconds, without a warm-up.
    pub lasts_s: f64,
    /// The load that was asked for: users, or requests per second; 0 in a pause.
    pub level: f64,
    /// Whether the run was paused.
    pub paused: bool,
    /// Requests that were answered or failed.
    pub requests: u64,
    /// How many of these failed.
    pub failures: u64,
    /// Further requests that were never answered.
    pub unanswered: u64,
    /// The share of failures, from 0 to 1; null without a request.
    pub fail_ratio: Option<f64>,
    /// Good answers that came while it lasted, per second.
    pub good_per_s: f64,
    /// Failures while it lasted, per second.
    pub failures_per_s: f64,
    /// The response times of good answers.
    #[serde(with = "or_nulls")]
    pub succeeded_latency_ms: Option<LatencySummary>,
    /// The response times of failed requests.
    #[serde(with = "or_nulls")]
    pub failed_latency_ms: Option<LatencySummary>,
    /// The routes, in the order of the scenario.
    pub routes: Vec<LevelRoute>,
}

/// One route at a level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelRoute {
    /// The HTTP method.
    pub method: String,
    /// The route under which it is counted.
    pub route: String,
    /// Requests that were answered or failed.
    pub requests: u64,
    /// How many of these failed.
    pub failures: u64,
    /// The response times of good answers.
    #[serde(with = "or_nulls")]
    pub succeeded_latency_ms: Option<LatencySummary>,
}
