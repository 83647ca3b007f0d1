//! Response times in figures, and how a file says that there are none.
//!
//! Times of nothing are None here. In JSON the object keeps its keys, each with the value null, so that a script that
//! reads `latency_ms.p50` finds null and never a zero. Files of the first version contain zeros instead; no time is
//! zero, so they are read as nothing.

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::stats::Latencies;
use crate::units;

/// Response times in milliseconds, of at least one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

/// The keys of a summary in JSON, in its order.
const KEYS: [&str; 13] =
    ["p50", "p66", "p75", "p80", "p90", "p95", "p98", "p99", "p99_9", "p99_99", "max", "min", "mean"];

impl LatencySummary {
    /// The figures of a distribution; None if it is empty.
    pub fn of(latencies: &Latencies) -> Option<Self> {
        let percentile = |percent| latencies.percentile(percent).map(units::milliseconds);
        Some(Self {
            p50: percentile(50.0)?,
            p66: percentile(66.0)?,
            p75: percentile(75.0)?,
            p80: percentile(80.0)?,
            p90: percentile(90.0)?,
            p95: percentile(95.0)?,
            p98: percentile(98.0)?,
            p99: percentile(99.0)?,
            p99_9: percentile(99.9)?,
            p99_99: percentile(99.99)?,
            max: units::milliseconds(latencies.largest()?),
            min: units::milliseconds(latencies.smallest()?),
            mean: units::milliseconds(latencies.mean()?),
        })
    }
}

/// For `#[serde(with)]`: writes times of nothing as an object whose values are null.
pub(super) mod or_nulls {
    use super::{Deserialize, Deserializer, KEYS, LatencySummary, Serialize, SerializeMap, Serializer};

    pub(in crate::run_result) fn serialize<'t, S: Serializer>(
        times: impl Into<Option<&'t LatencySummary>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        if let Some(times) = times.into() {
            return times.serialize(serializer);
        }
        let mut object = serializer.serialize_map(Some(KEYS.len()))?;
        KEYS.iter().try_for_each(|key| object.serialize_entry(key, &None::<f64>))?;
        object.end()
    }

    pub(in crate::run_result) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<LatencySummary>, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        // The longest time is null where there is none, and 0 in a file of the first version.
        if value.get("max").is_none_or(|max| max.as_f64().is_none_or(|max| max <= 0.0)) {
            return Ok(None);
        }
        serde_json::from_value(value).map(Some).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct File {
        #[serde(with = "or_nulls")]
        latency_ms: Option<LatencySummary>,
    }

    fn some() -> Option<LatencySummary> {
        let mut times = Latencies::default();
        times.record(Duration::from_micros(1));
        LatencySummary::of(&times)
    }

    #[test]
    fn times_of_nothing_keep_their_keys_and_are_null() {
        let written = serde_json::to_value(File { latency_ms: None }).unwrap();
        let object = written["latency_ms"].as_object().unwrap();
        assert!(object.values().all(serde_json::Value::is_null), "{written}");
        let of_some = serde_json::to_value(File { latency_ms: some() }).unwrap();
        let keys = |object: &serde_json::Map<String, serde_json::Value>| object.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(object), keys(of_some["latency_ms"].as_object().unwrap()));
    }

    #[test]
    fn what_was_written_is_read_and_zeros_of_the_first_version_are_nothing() {
        for latency_ms in [None, some()] {
            let file = File { latency_ms };
            let text = serde_json::to_string(&file).unwrap();
            assert_eq!(serde_json::from_str::<File>(&text).unwrap(), file);
        }
        let zeros: Vec<_> = KEYS.iter().map(|key| format!("\"{key}\":0.0")).collect();
        let first = format!("{{\"latency_ms\":{{{}}}}}", zeros.join(","));
        assert_eq!(serde_json::from_str::<File>(&first).unwrap(), File { latency_ms: None });
        assert!(serde_json::from_str::<File>(r#"{"latency_ms":{"max":5.0}}"#).is_err(), "half a summary");
    }
}
