//! Prometheus: instant queries over its HTTP API (<https://prometheus.io/docs/prometheus/latest/querying/api/>).

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::{Method, StatusCode};
use serde::Deserialize;

use crate::net::{self, NetError, Target};

/// The longest wait for the answer to one query.
const PATIENCE: Duration = Duration::from_secs(10);

/// A Prometheus server.
#[derive(Clone, Debug)]
pub struct Prometheus {
    target: Target,
}

/// One series of an instant vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The labels, without the metric's name.
    pub labels: BTreeMap<String, String>,
    /// The value; may be NaN or infinite.
    pub value: f64,
}

impl Sample {
    /// A label's value, or nothing.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map(String::as_str).unwrap_or_default()
    }
}

/// Why there is no answer to a query.
#[derive(Debug, thiserror::Error)]
pub enum PromError {
    /// Nobody answers there.
    #[error("Prometheus cannot be reached at {target}: {error}. Is it running? `storemgr stack up` starts one")]
    Unreachable {
        /// Where.
        target: Target,
        /// Why.
        error: NetError,
    },
    /// Somebody answers who is not Prometheus.
    #[error("{target} is not a Prometheus server: it answered {status}")]
    NotPrometheus {
        /// Where.
        target: Target,
        /// With which status.
        status: u16,
    },
    /// It has just been started.
    #[error("Prometheus at {target} is still starting: try again in a moment")]
    Starting {
        /// Where.
        target: Target,
    },
    /// It refuses the query.
    #[error("Prometheus refused a query: {0}")]
    Refused(String),
}

#[derive(Deserialize)]
struct Envelope {
    status: String,
    data: Option<Data>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Vector(Vec<Series>),
    Scalar((f64, String)),
}

#[derive(Deserialize)]
struct Series {
    metric: BTreeMap<String, String>,
    value: (f64, String),
}

impl Prometheus {
    /// The server at an address.
    pub fn new(target: Target) -> Self {
        Self { target }
    }

    /// Evaluates a query at an instant.
    pub async fn query(&self, query: &str, at: SystemTime) -> Result<Vec<Sample>, PromError> {
        let time = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let parameters = form_urlencoded::Serializer::new(String::new())
            .append_pair("query", query)
            .append_pair("time", &time.to_string())
            .finish();
        let path = format!("/api/v1/query?{parameters}");
        let answer = net::request_once(&self.target, Method::GET, &path, &[], Vec::new(), PATIENCE).await;
        let answer = answer.map_err(|error| PromError::Unreachable { target: self.target.clone(), error })?;
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            return Err(PromError::Starting { target: self.target.clone() });
        }
        let not_prometheus =
            || PromError::NotPrometheus { target: self.target.clone(), status: answer.status.as_u16() };
        let envelope: Envelope = answer.json().map_err(|_| not_prometheus())?;
        match envelope {
            Envelope { status, data: Some(data), .. } if status == "success" => Ok(samples(data)),
            Envelope { error: Some(error), .. } => Err(PromError::Refused(error)),
            Envelope { .. } => Err(not_prometheus()),
        }
    }
}

fn samples(data: Data) -> Vec<Sample> {
    let series = match data {
        Data::Vector(series) => series,
        Data::Scalar(value) => vec![Series { metric: BTreeMap::new(), value }],
    };
    let sample = |Series { mut metric, value: (_, value) }: Series| {
        metric.remove("__name__");
        // "NaN", "+Inf" and "-Inf" are numbers here as they are there.
        Sample { labels: metric, value: value.parse().unwrap_or(f64::NAN) }
    };
    series.into_iter().map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_and_scalars_are_read() {
        let text = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"__name__":"up","instance":"a:1"},"value":[1.5,"+Inf"]},{"metric":{},"value":[1.5,"NaN"]}]}}"#;
        let envelope: Envelope = serde_json::from_str(text).unwrap();
        let samples = samples(envelope.data.unwrap());
        assert_eq!((samples[0].label("instance"), samples[0].value), ("a:1", f64::INFINITY));
        assert!(samples[1].value.is_nan() && samples[1].labels.is_empty() && samples[0].labels.len() == 1);
        let text = r#"{"status":"success","data":{"resultType":"scalar","result":[1.5,"2"]}}"#;
        let envelope: Envelope = serde_json::from_str(text).unwrap();
        assert_eq!(super::samples(envelope.data.unwrap())[0].value as u64, 2);
    }
}
