//! Percentiles as a report has them: estimated, and perhaps only known to be larger than a bound.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// A percentile.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Percentile {
    /// There were no requests.
    #[default]
    Nothing,
    /// Estimated, in seconds.
    Near(f64),
    /// Beyond the last finite bucket, whose bound in seconds this is.
    Above(f64),
}

/// Percentiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latencies {
    /// The median.
    pub p50: Percentile,
    /// 95 of 100 requests were not slower.
    pub p95: Percentile,
    /// 99 of 100 requests were not slower.
    pub p99: Percentile,
}

/// Milliseconds, as in `loadtest --json`; `{"above": …}` where only a lower bound is known; `null` for nothing.
impl Serialize for Percentile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            Self::Near(seconds) => serializer.serialize_f64(milliseconds(*seconds)),
            Self::Above(seconds) => BTreeMap::from([("above", milliseconds(*seconds))]).serialize(serializer),
        }
    }
}

/// To the microsecond: the estimate knows less than that.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}
