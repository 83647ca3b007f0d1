//! A run as it is read from the result file of a load test.
//!
//! A file of another version may lack fields that this version writes, and a reader needs only some of them. Fields
//! that every file has are plain; the others are optional.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer};

use super::conditions::Conditions;
use super::generator::Verdict;
use super::journey::JourneySummary;
use super::known::known;
use super::route::{Histograms, RouteSummary};
use super::run::RunResult;
use super::timeline::TimelinePoint;
use crate::units;

/// Why a file cannot be read as a run.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("{path} cannot be read: {error}")]
    Unreadable {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// The file is not the result of a load test.
    #[error(
        "{path} is not the result of a load test: {reason}; give a file that `storemgr loadtest --json FILE` has written"
    )]
    NotARun {
        /// The path of the file.
        path: PathBuf,
        /// What is wrong with its content.
        reason: String,
    },
}

/// Reads the whole result of a run, which a file of this version has.
pub fn read_result(path: &Path) -> Result<RunResult, ReadError> {
    let text = std::fs::read(path).map_err(|error| ReadError::Unreadable { path: path.to_owned(), error })?;
    serde_json::from_slice(&text)
        .map_err(|error| ReadError::NotARun { path: path.to_owned(), reason: error.to_string() })
}

/// A run as far as its file describes it.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedRun {
    /// The start of the run.
    #[serde(deserialize_with = "instant")]
    pub started_at: SystemTime,
    /// The end of the run.
    #[serde(deserialize_with = "instant")]
    pub ended_at: SystemTime,
    /// Requests that were answered or failed.
    pub requests: u64,
    /// How many of these failed.
    pub failures: u64,
    /// The same counts by route; empty if the file has none.
    #[serde(default)]
    pub routes: Vec<RecordedRoute>,
    /// Its journeys; None where the file does not have them.
    #[serde(default, deserialize_with = "known")]
    pub journeys: Option<Vec<JourneySummary>>,
    /// Whether the run was completed, not interrupted.
    #[serde(default)]
    pub complete: Option<bool>,
    /// Whether the generator was the bottleneck.
    #[serde(default, deserialize_with = "known")]
    pub verdict: Option<Verdict>,
    /// The run second by second; None where the file does not have it.
    #[serde(default, deserialize_with = "known")]
    pub timeline: Option<Vec<TimelinePoint>>,
    /// The conditions of the run.
    #[serde(flatten)]
    pub conditions: Conditions,
}

/// One route of a run as far as its file describes it.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedRoute {
    /// The HTTP method.
    pub method: String,
    /// The route, as the service's metrics name it.
    pub route: String,
    /// Requests that were answered or failed.
    pub requests: u64,
    /// How many of them failed.
    pub failures: u64,
    /// Requests that were completed while requests were sent, per second.
    #[serde(default)]
    pub requests_per_s: Option<f64>,
    /// How many of these failed, per second.
    #[serde(default)]
    pub failures_per_s: Option<f64>,
    /// The response times as histograms.
    #[serde(default, deserialize_with = "known")]
    pub histograms: Option<Histograms>,
}

impl RecordedRoute {
    /// Good answers per second, if the file has both rates.
    pub fn good_per_s(&self) -> Option<f64> {
        self.requests_per_s.zip(self.failures_per_s).map(|(all, failed)| (all - failed).max(0.0))
    }
}

impl RecordedRun {
    /// Reads the result file of a load test.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let text = std::fs::read(path).map_err(|error| ReadError::Unreadable { path: path.to_owned(), error })?;
        Self::parse(&text).map_err(|reason| ReadError::NotARun { path: path.to_owned(), reason })
    }

    /// A run of which only the times and the counts are known.
    pub fn counted(started_at: SystemTime, ended_at: SystemTime, requests: u64, failures: u64) -> Self {
        let (routes, conditions) = (Vec::new(), Conditions::default());
        let timeline = None;
        Self {
            started_at,
            ended_at,
            requests,
            failures,
            routes,
            journeys: None,
            complete: None,
            verdict: None,
            timeline,
            conditions,
        }
    }

    /// Whether both are the same run: no two runs start in the same millisecond and have the same counts.
    pub fn is_the_same_as(&self, other: &Self) -> bool {
        (self.started_at, self.requests, self.failures) == (other.started_at, other.requests, other.failures)
    }

    fn parse(text: &[u8]) -> Result<Self, String> {
        let run: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if run.ended_at <= run.started_at {
            return Err("it ends before it starts".to_owned());
        }
        if run.conditions.duration_s.is_some_and(|seconds| Duration::try_from_secs_f64(seconds).is_err()) {
            return Err("its duration_s is not a length of time".to_owned());
        }
        Ok(run)
    }
}

impl TryFrom<&RunResult> for RecordedRun {
    type Error = units::InvalidTimestamp;

    /// Fails only if the result was read from a file with invalid instants.
    fn try_from(run: &RunResult) -> Result<Self, Self::Error> {
        Ok(Self {
            started_at: units::parse_timestamp(&run.started_at)?,
            ended_at: units::parse_timestamp(&run.ended_at)?,
            requests: run.requests,
            failures: run.failures,
            routes: run.routes.iter().map(RecordedRoute::from).collect(),
            journeys: Some(run.journeys.clone()),
            complete: Some(run.complete),
            verdict: Some(run.verdict),
            timeline: Some(run.timeline.clone()),
            conditions: Conditions::from(run),
        })
    }
}

impl From<&RouteSummary> for RecordedRoute {
    fn from(route: &RouteSummary) -> Self {
        Self {
            method: route.method.clone(),
            route: route.route.clone(),
            requests: route.requests,
            failures: route.failures,
            requests_per_s: Some(route.requests_per_s),
            failures_per_s: Some(route.failures_per_s),
            histograms: Some(route.histograms.clone()),
        }
    }
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    units::parse_timestamp(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::super::example_run;
    use super::*;

    #[test]
    fn reads_the_fields_it_needs_and_ignores_the_rest() {
        let text = br#"{"started_at":"2026-11-24T12:00:00.250Z","ended_at":"2026-11-24T12:01:00Z","requests":9,
            "failures":1,"verdict":"good","routes":[{"method":"GET","route":"/a","requests":9,"failures":1,
            "latency_ms":{"p50":1.5}}]}"#;
        let run = RecordedRun::parse(text).unwrap();
        assert_eq!(run.ended_at.duration_since(run.started_at).unwrap(), Duration::from_millis(59_750));
        assert_eq!((run.requests, run.failures, run.routes[0].requests), (9, 1, 9));
        assert_eq!((run.verdict, run.complete, run.conditions), (None, None, Conditions::default()));
    }

    #[test]
    fn reports_what_is_wrong_with_another_file() {
        let error = |text: &[u8]| RecordedRun::parse(text).unwrap_err();
        assert!(error(b"Name,Requests").starts_with("expected value"));
        assert!(error(br#"{"healthy":true}"#).starts_with("missing field `started_at`"));
        let backwards =
            br#"{"started_at":"2026-11-24T12:00:00Z","ended_at":"2026-11-24T11:00:00Z","requests":0,"failures":0}"#;
        assert_eq!(error(backwards), "it ends before it starts");
        let vague = br#"{"started_at":"noon","ended_at":"2026-11-24T11:00:00Z","requests":0,"failures":0}"#;
        assert!(error(vague).contains("is not an instant"));
    }

    #[test]
    fn a_result_and_its_file_are_the_same_run() {
        let mut run = example_run();
        run.ended_at = "2026-11-24T12:01:02.000Z".to_owned();
        (run.host, run.verdict) = ("http://127.0.0.1:5000".to_owned(), Verdict::GeneratorLimited);
        run.routes[0].histograms.succeeded.record(Duration::from_millis(7));
        let of_file = RecordedRun::parse(&serde_json::to_vec(&run).unwrap()).unwrap();
        let of_result = RecordedRun::try_from(&run).unwrap();
        assert!(of_file.is_the_same_as(&of_result));
        assert_eq!(of_file.conditions, of_result.conditions);
        assert_eq!((of_file.verdict, of_file.complete), (Some(Verdict::GeneratorLimited), Some(true)));
        let times = |run: &RecordedRun| run.routes[0].histograms.as_ref().unwrap().all().largest();
        assert_eq!(times(&of_file), times(&of_result));
    }

    #[test]
    fn a_value_of_another_version_is_passed_over_and_an_impossible_length_is_not() {
        let text = |more: &str| {
            format!(
                r#"{{"started_at":"2026-11-24T12:00:00Z","ended_at":"2026-11-24T12:01:00Z","requests":1,"failures":0{more}}}"#
            )
        };
        let strange = r#","scenario":{"name":"x","tasks":[{"name":"t"}]},"users":2.5,"stages":"none","verdict":7,
            "routes":[{"method":"GET","route":"/","requests":1,"failures":0,"histograms":{"succeeded":5}}]"#;
        let run = RecordedRun::parse(text(strange).as_bytes()).unwrap();
        assert_eq!((&run.conditions, run.verdict), (&Conditions::default(), None));
        assert!(run.routes[0].histograms.is_none());
        for seconds in ["-1.0", "1e300"] {
            let error = RecordedRun::parse(text(&format!(r#","duration_s":{seconds}"#)).as_bytes()).unwrap_err();
            assert_eq!(error, "its duration_s is not a length of time");
        }
    }
}
