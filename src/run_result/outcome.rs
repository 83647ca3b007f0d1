//! Good answers and failed requests apart, because a failure improves no figure.

use super::latency::LatencySummary;
use super::route::RouteSummary;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A complete answer without an error, which the scenario's check accepts.
    Good,
    /// Anything else.
    Failed,
}

/// The requests of a route that had one outcome.
#[derive(Clone, Copy, Debug)]
pub struct OutcomeSummary<'a> {
    /// Their outcome.
    pub outcome: Outcome,
    /// Their number.
    pub requests: u64,
    /// Those that were completed while requests were sent, per second.
    pub per_second: f64,
    /// Their response times; None if there were none.
    pub latency_ms: Option<&'a LatencySummary>,
}

impl OutcomeSummary<'_> {
    /// One of their response times, in milliseconds; None if there were none.
    pub fn time(&self, figure: impl Fn(&LatencySummary) -> f64) -> Option<f64> {
        self.latency_ms.map(figure)
    }
}

impl RouteSummary {
    /// The good answers.
    pub fn good_answers(&self) -> OutcomeSummary<'_> {
        OutcomeSummary {
            outcome: Outcome::Good,
            requests: self.good(),
            per_second: self.good_per_s(),
            latency_ms: self.succeeded_latency_ms.as_ref(),
        }
    }

    /// The failed requests; None if none failed.
    pub fn failed_requests(&self) -> Option<OutcomeSummary<'_>> {
        (self.failures > 0).then_some(OutcomeSummary {
            outcome: Outcome::Failed,
            requests: self.failures,
            per_second: self.failures_per_s,
            latency_ms: self.failed_latency_ms.as_ref(),
        })
    }

    /// The good answers, and the failed requests if any failed.
    pub fn by_outcome(&self) -> impl Iterator<Item = OutcomeSummary<'_>> {
        [Some(self.good_answers()), self.failed_requests()].into_iter().flatten()
    }
}
