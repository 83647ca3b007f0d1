//! The kinds of requests, and the counts of each kind.

use crate::lab::Measurement;
use crate::run_result::RouteSummary;
use crate::text;

/// The two kinds of requests that the findings distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    Orders,
    Reports,
}

impl RequestKind {
    pub(super) const ALL: [Self; 2] = [Self::Orders, Self::Reports];

    /// The name in English, for the language to translate.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Orders => text!("orders"),
            Self::Reports => text!("reports"),
        }
    }

    /// Whether a route is of this kind.
    pub(super) fn has(self, route: &RouteSummary) -> bool {
        match self {
            Self::Orders => route.method == "POST",
            Self::Reports => route.method == "GET",
        }
    }

    /// The share of the requests of this kind that failed, from 0 to 1; `None` without requests.
    pub(super) fn fail_ratio(self, measurement: &Measurement) -> Option<f64> {
        let (requests, failures) = self.counts(measurement);
        (requests > 0).then(|| failures as f64 / requests as f64)
    }

    /// The number of requests of this kind, and of those that failed.
    pub(super) fn counts(self, measurement: &Measurement) -> (u64, u64) {
        let routes = measurement.load.routes.iter().filter(|route| self.has(route));
        routes.fold((0, 0), |(requests, failures), route| (requests + route.requests, failures + route.failures))
    }
}
