//! Histograms as text: HdrHistogram's V2 format, compressed, in base64, as its own tools read and write it.
//!
//! Reading gives exactly the values that were written, so results of several runs or processes can be merged and
//! compared exactly. The format is that of <https://github.com/HdrHistogram/HdrHistogram>.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Serialize};

use super::Latencies;

/// The form of latencies in a result file.
#[derive(Serialize, Deserialize)]
struct Encoded {
    /// The number of values.
    count: u64,
    /// The exact sum of the values, which a histogram does not hold.
    sum_us: u64,
    /// The histogram, in microseconds; null without a value.
    hdr_v2_us: Option<String>,
}

impl Serialize for Latencies {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let hdr_v2_us = self.micros.as_ref().map(encode).transpose().map_err(S::Error::custom)?;
        let sum_us = u64::try_from(self.sum.as_micros()).unwrap_or(u64::MAX);
        Encoded { count: self.count(), sum_us, hdr_v2_us }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Latencies {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let encoded = Encoded::deserialize(deserializer)?;
        let micros = encoded.hdr_v2_us.as_deref().map(decode).transpose().map_err(D::Error::custom)?;
        let latencies = Self { micros, sum: Duration::from_micros(encoded.sum_us) };
        if latencies.count() != encoded.count {
            let told = format!("a histogram holds {} values and not {}", latencies.count(), encoded.count);
            return Err(D::Error::custom(told));
        }
        Ok(latencies)
    }
}

fn encode(histogram: &Histogram<u64>) -> Result<String, String> {
    let mut bytes = Vec::new();
    let written = V2DeflateSerializer::new().serialize(histogram, &mut bytes);
    written.map_err(|error| format!("a histogram cannot be written: {error:?}"))?;
    Ok(STANDARD.encode(bytes))
}

fn decode(text: &str) -> Result<Histogram<u64>, String> {
    let bytes = STANDARD.decode(text).map_err(|error| format!("a histogram is not in base64: {error}"))?;
    let read = Deserializer::new().deserialize(&mut bytes.as_slice());
    let mut histogram: Histogram<u64> = read.map_err(|error| format!("a histogram cannot be read: {error}"))?;
    // Like histograms recorded here: one that cannot grow would lose values that are merged into it.
    histogram.auto(true);
    Ok(histogram)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(micros: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        micros.into_iter().for_each(|value| latencies.record(Duration::from_micros(value)));
        latencies
    }

    fn through_text(latencies: &Latencies) -> Latencies {
        serde_json::from_str(&serde_json::to_string(latencies).unwrap()).unwrap()
    }

    #[test]
    fn a_histogram_that_was_read_merges_like_a_recorded_one() {
        let (one, other) = (recorded([1, 2, 3, 50_000_000]), recorded((1..10_000).map(|step| step * 37)));
        let mut merged = through_text(&one);
        merged.merge(&through_text(&other));
        // The shorter times come first, so that the histogram that was read must grow.
        let (mut grown, together) = (through_text(&other), {
            let mut together = one.clone();
            together.merge(&other);
            together
        });
        grown.merge(&one);
        assert_eq!((grown.count(), grown.largest()), (together.count(), together.largest()));
        for percent in [0.0, 25.0, 50.0, 90.0, 99.0, 99.99, 100.0] {
            assert_eq!(merged.percentile(percent), together.percentile(percent), "p{percent}");
        }
        assert_eq!((merged.count(), merged.mean()), (together.count(), together.mean()));
        assert_eq!((merged.smallest(), merged.largest()), (together.smallest(), together.largest()));
    }

    #[test]
    fn an_empty_histogram_is_read_back_as_empty() {
        assert_eq!(through_text(&Latencies::default()).count(), 0);
    }

    #[test]
    fn a_damaged_histogram_is_refused() {
        let text = serde_json::to_string(&recorded([5, 6, 7])).unwrap();
        let refused = |text: &str| serde_json::from_str::<Latencies>(text).unwrap_err().to_string();
        assert!(refused(&text.replace("\"count\":3", "\"count\":4")).contains("holds 3 values and not 4"));
        assert!(refused(r#"{"count":1,"sum_us":1,"hdr_v2_us":"!"}"#).contains("not in base64"));
        assert!(refused(r#"{"count":1,"sum_us":1,"hdr_v2_us":"AAAA"}"#).contains("cannot be read"));
    }
}
