//! The results of a run on one route: counts, response times, failures.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::latency::{LatencySummary, or_nulls};
use super::standstill::TouchedTimes;
use crate::stats::Latencies;
use crate::units::Language;

/// The results of one route, or of all requests together.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(remote = "Self")]
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
    /// Response times of all requests, good and failed, from the instant each was due; None without any.
    #[serde(with = "or_nulls")]
    pub latency_ms: Option<LatencySummary>,
    /// In a run at a rate: times of successful requests from the instant each was sent; null without any.
    #[serde(default)]
    pub succeeded_service_ms: Option<LatencySummary>,
    /// The same of failed requests.
    #[serde(default)]
    pub failed_service_ms: Option<LatencySummary>,
    /// Response times of successful requests; None without any.
    #[serde(with = "or_nulls")]
    pub succeeded_latency_ms: Option<LatencySummary>,
    /// Response times of failed requests; None without any.
    #[serde(with = "or_nulls")]
    pub failed_latency_ms: Option<LatencySummary>,
    /// The mean size of an answer's body, in bytes; None without an answer.
    pub average_body_bytes: Option<f64>,
    /// The mean size of a body that came with a content coding such as gzip, after it was decoded, in bytes; None if none
    /// was decoded.
    #[serde(default)]
    pub average_decoded_bytes: Option<f64>,
    /// Redirects that were followed: a request with all its redirects is one, and has the time of all of them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub redirects: u64,
    /// The number of answers by status code. A request without an answer, for example because its connection was
    /// refused, has no status and is not in it. None in a file that was written before this field existed.
    #[serde(default, deserialize_with = "statuses")]
    pub statuses: Option<BTreeMap<u16, u64>>,
    /// The requests of tasks that have a check; None if no task of the route has one.
    #[serde(default)]
    pub checks: Option<CheckCounts>,
    /// The times as histograms, so that results can be merged and compared exactly.
    pub histograms: Histograms,
}

/// How many requests had to meet a check of the scenario, and how many did. The rule that a status of 400 or more is a
/// failure holds for every request, and is not a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckCounts {
    /// Requests of tasks with a check that were answered or failed. One that got no answer, or an error instead of what
    /// was to be checked, is among them: otherwise a failure would improve the share of checks that were met.
    pub checked: u64,
    /// How many of these got an answer that met the check.
    pub met: u64,
}

/// The times of one route as histograms.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Histograms {
    /// Response times of successful requests.
    pub succeeded: Latencies,
    /// Response times of failed requests.
    pub failed: Latencies,
    /// In a run at a rate: times of successful requests from the instant each was sent; null without any.
    #[serde(default)]
    pub succeeded_service: Option<Latencies>,
    /// The same of failed requests.
    #[serde(default)]
    pub failed_service: Option<Latencies>,
    /// For requests that were still unanswered when the run ended: how long they were waited for; null if there were
    /// none.
    #[serde(default)]
    pub unanswered: Option<Latencies>,
    /// Of the successful and failed requests, those that a standstill of the generator touched; null if there were none.
    #[serde(default)]
    pub touched: Option<TouchedTimes>,
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
    /// The message, without the parts in which these failures differ.
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
    /// The code that the service gave beside its message, such as `database_unavailable`; None if it gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What to do about them, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl FailureSummary {
    /// Their message in this language, with their code behind it. What a service said stays as it said it.
    pub fn told(&self, language: Language) -> String {
        self.with_code(&self.kind.told(&self.message, language))
    }

    /// A text about them with their code behind it.
    pub fn with_code(&self, text: &str) -> String {
        self.code.as_ref().map_or_else(|| text.to_owned(), |code| format!("{text} · {code}"))
    }
}

impl FailureKind {
    /// A message of a failure of this kind in this language: those of answers are the service's own.
    pub fn told(self, message: &str, language: Language) -> String {
        if self == Self::Http { message.to_owned() } else { language.retold(message) }
    }
}

/// The kind of a failure, ordered by how much of an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// No complete answer, or no connection, within the time limit.
    Timeout,
    /// The connection was refused: no process listened on the port.
    Refused,
    /// TLS could not be used, for example because the certificate is not valid.
    Tls,
    /// The server said that it had not begun with the request.
    Unprocessed,
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
            Self::Tls => "TLS",
            Self::Unprocessed => "unprocessed",
            Self::Reset => "reset",
            Self::Http => "HTTP",
            Self::Check => "check",
            Self::Other => "other",
        })
    }
}

impl RouteSummary {
    /// The number of requests that succeeded.
    pub fn good(&self) -> u64 {
        self.requests - self.failures.min(self.requests)
    }

    /// Good answers that came while requests were sent, per second.
    pub fn good_per_s(&self) -> f64 {
        (self.requests_per_s - self.failures_per_s).max(0.0)
    }

    /// Whether there are times from the instant each request was sent, beside those from when it was due.
    pub fn has_service_times(&self) -> bool {
        self.succeeded_service_ms.is_some() || self.failed_service_ms.is_some()
    }

    /// The share of failures, from 0 to 1; None without a request.
    pub fn fail_ratio(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.failures as f64 / self.requests as f64)
    }
}

impl Serialize for RouteSummary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for RouteSummary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut route = Self::deserialize(deserializer)?;
        // The first version wrote 0 for the mean size of no body.
        route.average_body_bytes = route.average_body_bytes.filter(|_| route.requests > 0);
        Ok(route)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Reads counts by status code. In a file whose run is part of a larger object, serde gives keys as text only.
fn statuses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BTreeMap<u16, u64>>, D::Error> {
    let counts = Option::<BTreeMap<String, u64>>::deserialize(deserializer)?;
    let number = |(status, count): (String, u64)| Ok((status.parse().map_err(serde::de::Error::custom)?, count));
    counts.map(|counts| counts.into_iter().map(number).collect()).transpose()
}

impl Histograms {
    /// Response times of all requests that were answered or failed.
    pub fn all(&self) -> Latencies {
        let mut all = self.succeeded.clone();
        all.merge(&self.failed);
        all
    }
}
