//! What a run came to on one route: counts, response times, failures.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::stats::Latencies;
use crate::units;

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

/// What went wrong, in the order of how much of an answer there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// No whole answer in time, or no connection.
    Timeout,
    /// Nobody listened.
    Refused,
    /// The connection broke before the answer was whole.
    Reset,
    /// An answer with a status that is an error.
    Http,
    /// A whole answer that is not what the scenario expects.
    Check,
    /// Anything else: a name without address, an answer that is not HTTP, no file handle left.
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
