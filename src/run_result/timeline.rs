//! A run in windows of a second or more, for charts.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::stats::Latencies;
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

impl PointLatency {
    /// The percentiles of a distribution; None if it is empty.
    pub fn of(latencies: &Latencies) -> Option<Self> {
        let percentile = |percent| latencies.percentile(percent).map(units::milliseconds);
        let max = units::milliseconds(latencies.largest()?);
        Some(Self { p50: percentile(50.0)?, p95: percentile(95.0)?, p99: percentile(99.0)?, max })
    }
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

    /// Joins the following window to this one: counts add up, of two percentiles the larger one is kept.
    pub fn join(&mut self, next: &Self) {
        let window = self.window_s + next.window_s;
        self.cpu_cores = (self.cpu_cores * self.window_s + next.cpu_cores * next.window_s) / window;
        let join = |one: Option<PointLatency>, other: Option<PointLatency>| match (one, other) {
            (Some(a), Some(b)) => Some(PointLatency {
                p50: a.p50.max(b.p50),
                p95: a.p95.max(b.p95),
                p99: a.p99.max(b.p99),
                max: a.max.max(b.max),
            }),
            (one, other) => one.or(other),
        };
        self.latency_ms = join(self.latency_ms, next.latency_ms);
        self.succeeded_latency_ms = join(self.succeeded_latency_ms, next.succeeded_latency_ms);
        self.failed_latency_ms = join(self.failed_latency_ms, next.failed_latency_ms);
        (self.at_s, self.window_s, self.users) = (next.at_s, window, next.users);
        self.requests += next.requests;
        self.failures += next.failures;
    }
}
