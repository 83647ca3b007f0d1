//! A run in windows of a second or more, for charts.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::units;

/// The results of one window of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimelinePoint {
    /// The end of the window, in seconds since the first request.
    pub at_s: f64,
    /// The length of the window in seconds.
    pub window_s: f64,
    /// The number of users at its end.
    pub users: usize,
    /// Requests that were answered or failed in it.
    pub requests: u64,
    /// How many of these failed.
    pub failures: u64,
    /// Response times of all requests in it, good and failed, in milliseconds; null without a request.
    pub latency_ms: Option<PointLatency>,
    /// Response times of those that succeeded; null without any.
    #[serde(default)]
    pub succeeded_latency_ms: Option<PointLatency>,
    /// Response times of those that failed; null without any.
    #[serde(default)]
    pub failed_latency_ms: Option<PointLatency>,
    /// Processor time of the generator per second, in cores.
    pub cpu_cores: f64,
    /// How many seconds of the window the generator stood still.
    #[serde(default)]
    pub standstill_s: f64,
}

/// Percentiles of the response times in one window, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointLatency {
    /// The median: half of the requests took no longer.
    pub p50: f64,
    /// 95 % took no longer.
    pub p95: f64,
    /// 99 % took no longer.
    pub p99: f64,
    /// The longest response time.
    pub max: f64,
}

impl TimelinePoint {
    /// Requests per second in this window.
    pub fn requests_per_s(&self) -> f64 {
        units::per_second(self.requests, Duration::from_secs_f64(self.window_s))
    }

    /// Failures per second in this window.
    pub fn failures_per_s(&self) -> f64 {
        units::per_second(self.failures, Duration::from_secs_f64(self.window_s))
    }
}
