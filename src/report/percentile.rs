//! Percentiles of a report, which are estimated or only known to be above a bound.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// A percentile of a duration.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Percentile {
    /// Unknown, because there were no requests.
    #[default]
    Nothing,
    /// The estimate, in seconds.
    Near(f64),
    /// The value is beyond the last finite bucket, whose bound in seconds this is.
    Above(f64),
}

/// The percentiles of a group of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latencies {
    /// The 50th percentile, the median.
    pub p50: Percentile,
    /// The 95th percentile: 95 % of the requests took at most this long.
    pub p95: Percentile,
    /// The 99th percentile: 99 % of the requests took at most this long.
    pub p99: Percentile,
}

/// Milliseconds, as in `loadtest --json`; `{"above": …}` if only a lower bound is known; `null` if unknown.
impl Serialize for Percentile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            Self::Near(seconds) => serializer.serialize_f64(milliseconds(*seconds)),
            Self::Above(seconds) => BTreeMap::from([("above", milliseconds(*seconds))]).serialize(serializer),
        }
    }
}

/// Rounds to a microsecond; the estimate is less exact than that.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}
