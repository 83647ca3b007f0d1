//! Good answers and failed requests apart, because a failure improves no figure.

use super::route::{LatencySummary, RouteSummary};

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
        let requests = self.requests.saturating_sub(self.failures);
        OutcomeSummary {
            outcome: Outcome::Good,
            requests,
            per_second: (self.requests_per_s - self.failures_per_s).max(0.0),
            latency_ms: (requests > 0).then_some(&self.succeeded_latency_ms),
        }
    }

    /// The failed requests; None if none failed.
    pub fn failed_requests(&self) -> Option<OutcomeSummary<'_>> {
        (self.failures > 0).then_some(OutcomeSummary {
            outcome: Outcome::Failed,
            requests: self.failures,
            per_second: self.failures_per_s,
            latency_ms: Some(&self.failed_latency_ms),
        })
    }

    /// The good answers, and the failed requests if any failed.
    pub fn by_outcome(&self) -> impl Iterator<Item = OutcomeSummary<'_>> {
        [Some(self.good_answers()), self.failed_requests()].into_iter().flatten()
    }
}
