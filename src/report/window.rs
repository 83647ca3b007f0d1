//! The window of time that a report is about.

use std::time::{Duration, SystemTime};

use serde::Deserialize;

use crate::units::{InvalidTimestamp, parse_timestamp};

/// From an instant to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The beginning.
    pub start: SystemTime,
    /// The end.
    pub end: SystemTime,
}

impl Window {
    /// The time up to this moment.
    pub fn last(duration: Duration) -> Self {
        let end = SystemTime::now();
        Self { start: end.checked_sub(duration).unwrap_or(SystemTime::UNIX_EPOCH), end }
    }

    /// How long it is; at least a second, which is the shortest that a query can say.
    pub fn length(&self) -> Duration {
        self.end.duration_since(self.start).unwrap_or_default().max(Duration::from_secs(1))
    }
}

/// What the JSON of a load test says about its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunFile {
    /// From its first request to its last answer.
    pub window: Window,
    /// Requests the load test counted.
    pub requests: u64,
    /// Failures the load test counted.
    pub failures: u64,
}

/// Why a text is not the JSON of a load test.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRunFile {
    /// Not that shape.
    #[error("it is not what `storemgr loadtest --json` writes: {0}")]
    Shape(#[from] serde_json::Error),
    /// The shape, but no instants.
    #[error(transparent)]
    Instant(#[from] InvalidTimestamp),
}

#[derive(Deserialize)]
struct Run {
    started_at: String,
    ended_at: String,
    requests: u64,
    failures: u64,
}

impl RunFile {
    /// Reads the JSON of a load test.
    pub fn parse(text: &str) -> Result<Self, InvalidRunFile> {
        let Run { started_at, ended_at, requests, failures } = serde_json::from_str(text)?;
        let window = Window { start: parse_timestamp(&started_at)?, end: parse_timestamp(&ended_at)? };
        Ok(Self { window, requests, failures })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_file_says_when_and_how_many() {
        let text = r#"{"started_at":"2026-11-24T12:00:00.000Z","ended_at":"2026-11-24T12:01:30Z","requests":10,"failures":1,"x":0}"#;
        let run = RunFile::parse(text).unwrap();
        assert_eq!((run.window.length().as_secs(), run.requests, run.failures), (90, 10, 1));
        assert!(RunFile::parse("{}").is_err() && RunFile::parse("nonsense").is_err());
        assert!(RunFile::parse(&text.replace("2026-11-24T12:00:00.000Z", "noon")).is_err());
    }
}
