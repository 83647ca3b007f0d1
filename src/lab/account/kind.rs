//! The two kinds of requests, and what became of those of a kind.

use crate::lab::Measurement;
use crate::run_result::RouteSummary;

/// The two kinds of requests that the story is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    Orders,
    Reports,
}

impl RequestKind {
    pub(super) const ALL: [Self; 2] = [Self::Orders, Self::Reports];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Reports => "reports",
        }
    }

    fn has(self, route: &RouteSummary) -> bool {
        match self {
            Self::Orders => route.method == "POST",
            Self::Reports => route.method == "GET",
        }
    }

    /// The share of its requests that failed; nothing when there were none.
    pub(super) fn fail_ratio(self, measurement: &Measurement) -> Option<f64> {
        let (requests, failures) = self.counts(measurement);
        (requests > 0).then(|| failures as f64 / requests as f64)
    }

    /// Its requests, and those of them that failed.
    pub(super) fn counts(self, measurement: &Measurement) -> (u64, u64) {
        let routes = measurement.load.routes.iter().filter(|route| self.has(route));
        routes.fold((0, 0), |(requests, failures), route| (requests + route.requests, failures + route.failures))
    }
}
