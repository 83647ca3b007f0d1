//! What `report` reads of the file that `loadtest --json` writes: when the run was, and what it counted itself.

use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer};

use super::ReportError;
use crate::units;

/// A finished load test.
#[derive(Clone, Debug, Deserialize)]
pub struct Run {
    /// When its first request was sent.
    #[serde(deserialize_with = "instant")]
    pub started_at: SystemTime,
    /// When it stopped counting.
    #[serde(deserialize_with = "instant")]
    pub ended_at: SystemTime,
    /// Requests it counted.
    pub requests: u64,
    /// How many of them it calls failed.
    pub failures: u64,
    /// The same by route.
    #[serde(default)]
    pub routes: Vec<RunRoute>,
}

/// What a load test counted on one route.
#[derive(Clone, Debug, Deserialize)]
pub struct RunRoute {
    /// The method.
    pub method: String,
    /// The route, as the server's metrics name it.
    pub route: String,
    /// Requests.
    pub requests: u64,
    /// How many of them it calls failed.
    pub failures: u64,
}

impl Run {
    /// Reads the file of a load test.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let name = || path.display().to_string();
        let text = std::fs::read(path).map_err(|error| ReportError::Unreadable { path: name(), error })?;
        Self::parse(&text).map_err(|reason| ReportError::NotARun { path: name(), reason })
    }

    fn parse(text: &[u8]) -> Result<Self, String> {
        let run: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if run.ended_at <= run.started_at {
            return Err("it ends before it starts".to_owned());
        }
        Ok(run)
    }
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    units::parse_timestamp(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn reads_what_it_needs_and_passes_over_the_rest() {
        let text = br#"{"started_at":"2026-11-24T12:00:00.250Z","ended_at":"2026-11-24T12:01:00Z","requests":9,
            "failures":1,"verdict":"good","routes":[{"method":"GET","route":"/a","requests":9,"failures":1,
            "latency_ms":{"p50":1.5}}]}"#;
        let run = Run::parse(text).unwrap();
        assert_eq!(run.ended_at.duration_since(run.started_at).unwrap(), Duration::from_millis(59_750));
        assert_eq!((run.requests, run.failures, run.routes[0].requests), (9, 1, 9));
    }

    #[test]
    fn says_what_is_wrong_with_another_file() {
        assert!(Run::parse(b"Name,Requests").unwrap_err().starts_with("expected value"));
        assert!(Run::parse(br#"{"healthy":true}"#).unwrap_err().starts_with("missing field `started_at`"));
        let backwards =
            br#"{"started_at":"2026-11-24T12:00:00Z","ended_at":"2026-11-24T11:00:00Z","requests":0,"failures":0}"#;
        assert_eq!(Run::parse(backwards).unwrap_err(), "it ends before it starts");
        let vague = br#"{"started_at":"noon","ended_at":"2026-11-24T11:00:00Z","requests":0,"failures":0}"#;
        assert!(Run::parse(vague).unwrap_err().contains("is not an instant"));
    }
}
