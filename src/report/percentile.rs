//! Percentiles of a report, which are estimated or only known to be above a bound.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
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

/// Reads what was serialized.
impl<'de> Deserialize<'de> for Percentile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::<Written>::deserialize(deserializer)? {
            None => Self::Nothing,
            Some(Written::Near(milliseconds)) => Self::Near(milliseconds / 1e3),
            Some(Written::Above { above }) => Self::Above(above / 1e3),
        })
    }
}

/// A known percentile in JSON, in milliseconds.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Near(f64),
    Above { above: f64 },
}

/// Rounds to a microsecond; the estimate is less exact than that.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_read_as_it_was_written() {
        for percentile in [Percentile::Nothing, Percentile::Near(0.25), Percentile::Above(60.0)] {
            let text = serde_json::to_string(&percentile).unwrap();
            assert_eq!(serde_json::from_str::<Percentile>(&text).unwrap(), percentile, "{text}");
        }
    }
}
