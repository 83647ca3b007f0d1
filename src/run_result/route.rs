//! The results of a run on one route: counts, response times, failures.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::standstill::TouchedTimes;
use crate::stats::Latencies;
use crate::units;

/// The results of one route, or of all requests together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RouteSummary {
    /// The HTTP method; empty for all requests together.
    pub method: String,
    /// The route template, such as `/orders/{id}`; `Aggregated` for all requests together.
    pub route: String,
    /// Requests that were answered or failed.
    pub requests: u64,
    /// How many of these failed.
    pub failures: u64,
    /// Further requests that were still unanswered when the run ended.
    #[serde(default)]
    pub unanswered: u64,
    /// Requests that were completed while requests were sent, per second.
    pub requests_per_s: f64,
    /// Failures in that time, per second.
    pub failures_per_s: f64,
    /// Response times of all requests, from the instant each was due.
    pub latency_ms: LatencySummary,
    /// In a run at a rate: times of all requests from the instant each was sent; null otherwise.
    pub service_ms: Option<LatencySummary>,
    /// Response times of successful requests.
    pub succeeded_latency_ms: LatencySummary,
    /// Response times of failed requests.
    pub failed_latency_ms: LatencySummary,
    /// The mean size of an answer's body, in bytes.
    pub average_body_bytes: f64,
    /// The times as histograms, so that results can be merged and compared exactly.
    pub histograms: Histograms,
}

/// The times of one route as histograms.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Histograms {
    /// Response times of successful requests.
    pub succeeded: Latencies,
    /// Response times of failed requests.
    pub failed: Latencies,
    /// In a run at a rate: times of all requests from the instant each was sent; null otherwise.
    #[serde(default)]
    pub service: Option<Latencies>,
    /// For requests that were still unanswered when the run ended: how long they were waited for; null if there were
    /// none.
    #[serde(default)]
    pub unanswered: Option<Latencies>,
    /// Of the successful and failed requests, those that a standstill of the generator touched; null if there were none.
    #[serde(default)]
    pub touched: Option<TouchedTimes>,
}

/// Response times in milliseconds; 0 where no request was answered or failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LatencySummary {
    /// The median: half of the requests took no longer.
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
    /// The longest response time.
    pub max: f64,
    /// The shortest response time.
    pub min: f64,
    /// The mean response time, from the exact sum.
    pub mean: f64,
}

/// Failures of one route with the same kind and message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FailureSummary {
    /// The HTTP method.
    pub method: String,
    /// The route template.
    pub route: String,
    /// The kind: `timeout`, `refused`, `reset`, `http`, `check` or `other`.
    pub kind: FailureKind,
    /// The message, without parts that differ from one request to the next.
    pub message: String,
    /// The number of these failures.
    pub count: u64,
    /// Their share of all requests, from 0 to 1.
    pub share: f64,
    /// The time of the first one, RFC 3339.
    pub first_seen: String,
    /// The time of the last one, RFC 3339.
    pub last_seen: String,
    /// The complete message of the first one.
    pub example: String,
}

/// The kind of a failure, ordered by how much of an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// No complete answer, or no connection, within the time limit.
    Timeout,
    /// The connection was refused: no process listened on the port.
    Refused,
    /// The connection was closed or reset before the answer was complete.
    Reset,
    /// The status of the answer is an error.
    Http,
    /// A complete answer that does not meet the scenario's check.
    Check,
    /// Any other failure: a name without address, an answer that is not HTTP, no file handle left.
    Other,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Http => "HTTP",
            Self::Check => "check",
            Self::Other => "other",
        })
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

impl From<&Latencies> for LatencySummary {
    fn from(latencies: &Latencies) -> Self {
        let percentile = |percent| units::milliseconds(latencies.percentile(percent));
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
            max: units::milliseconds(latencies.largest()),
            min: units::milliseconds(latencies.smallest()),
            mean: units::milliseconds(latencies.mean()),
        }
    }
}
