//! Parses the JSON of `/api/v1/query`.
//!
//! Values are strings in it, because JSON has no `NaN` and no `+Inf`. They are parsed without copying, since an answer may
//! contain a hundred thousand of them.

use std::fmt;

use serde::de::{Error, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Labels, Point, Sample, Series};

/// The whole answer. It is a struct and not an enum tagged by `status`, because serde would hold every sample of that
/// twice in memory.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    status: Status,
    data: Option<Data>,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Success,
    Error,
}

impl Envelope {
    /// The result, or the error that Prometheus reports; `None` if the answer contains neither.
    pub(super) fn outcome(self) -> Option<Result<Data, String>> {
        match self.status {
            Status::Success => self.data.map(Ok),
            Status::Error => self.error.map(Err),
        }
    }
}

/// The result of a query, by its type.
#[derive(Debug, Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub(super) enum Data {
    Vector(Vec<VectorItem>),
    Matrix(Vec<MatrixItem>),
    Scalar(IgnoredAny),
    String(IgnoredAny),
}

#[derive(Debug, Deserialize)]
pub(super) struct VectorItem {
    metric: Labels,
    value: Pair,
}

#[derive(Debug, Deserialize)]
pub(super) struct MatrixItem {
    metric: Labels,
    values: Vec<Pair>,
}

/// The time in seconds since 1970, and the value.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Pair(f64, Number);

impl Data {
    fn shape(&self) -> String {
        let name = match self {
            Self::Vector(_) => "one value per series",
            Self::Matrix(_) => "raw samples",
            Self::Scalar(_) => "a bare number",
            Self::String(_) => "a text",
        };
        name.to_owned()
    }
}

/// One value per series; the error describes another type of result.
pub(super) fn values(data: Data) -> Result<Vec<Sample>, String> {
    match data {
        Data::Vector(items) => {
            Ok(items.into_iter().map(|item| Sample { labels: nameless(item.metric), value: item.value.1.0 }).collect())
        }
        other => Err(other.shape()),
    }
}

/// The raw samples of each series; the error describes another type of result.
pub(super) fn series(data: Data) -> Result<Vec<Series>, String> {
    let point = |Pair(seconds, Number(value))| Point { at_ms: (seconds * 1000.0).round() as i64, value };
    match data {
        Data::Matrix(items) => Ok(items
            .into_iter()
            .map(|item| Series { labels: nameless(item.metric), points: item.values.into_iter().map(point).collect() })
            .collect()),
        other => Err(other.shape()),
    }
}

fn nameless(mut labels: Labels) -> Labels {
    labels.remove("__name__");
    labels
}

/// A number that JSON contains as a string.
#[derive(Clone, Copy, Debug)]
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Number;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number in quotes")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
                // Rust reads "NaN", "+Inf" and "-Inf" as Prometheus writes them.
                text.parse().map(Number).map_err(|_| E::custom(format!("{text:?} is not a number")))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Result<Data, String>> {
        serde_json::from_str::<Envelope>(text).ok().and_then(Envelope::outcome)
    }

    fn data(text: &str) -> Data {
        read(text).unwrap().unwrap()
    }

    #[test]
    fn a_vector_is_values_by_labels() {
        let text = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"__name__":"up","instance":"a:1"},"value":[1700000000.5,"1"]},
            {"metric":{},"value":[1700000000.5,"NaN"]},
            {"metric":{},"value":[1700000000.5,"+Inf"]}]}}"#;
        let values = values(data(text)).unwrap();
        assert_eq!(values[0].labels, Labels::from([("instance".to_owned(), "a:1".to_owned())]));
        assert_eq!(values[0].value.to_bits(), 1.0_f64.to_bits());
        assert!(values[1].value.is_nan());
        assert!(values[2].value.is_infinite());
    }

    #[test]
    fn a_matrix_is_points_in_milliseconds() {
        let text = r#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"le":"0.5"},"values":[[1700000000.123,"7"],[1700000001,"9"]]}]}}"#;
        let series = series(data(text)).unwrap();
        let points: Vec<_> = series[0].points.iter().map(|point| (point.at_ms, point.value)).collect();
        assert_eq!(points, [(1_700_000_000_123, 7.0), (1_700_000_001_000, 9.0)]);
    }

    #[test]
    fn an_answer_of_another_kind_is_named() {
        let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1700000000,"1"]}}"#;
        assert_eq!(values(data(scalar)).unwrap_err(), "a bare number");
        assert_eq!(series(data(scalar)).unwrap_err(), "a bare number");
    }

    #[test]
    fn its_own_error_text_is_kept() {
        let text = r#"{"status":"error","errorType":"bad_data","error":"parse error: unexpected end"}"#;
        assert_eq!(read(text).unwrap().unwrap_err(), "parse error: unexpected end");
    }

    #[test]
    fn anything_else_is_no_answer_of_prometheus() {
        let half = r#"{"status":"success","data":{"resultType":"matrix"}}"#;
        for text in ["", "<html>", "{}", r#"{"status":"ok"}"#, r#"{"status":"success"}"#, half] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
