//! The targets that a running Prometheus scrapes, from `/api/v1/targets`
//! (<https://prometheus.io/docs/prometheus/latest/querying/api/#targets>).

use std::time::Duration;

use serde::Deserialize;

use super::{Labels, PromError, Prometheus};
use crate::units;

/// A scrape target, and how its last scrape ended.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ScrapeTarget {
    /// The labels of the target, usually with `instance`.
    pub labels: Labels,
    /// Whether the last scrape succeeded.
    pub health: Health,
    /// Why the last scrape failed; empty if it did not.
    #[serde(default, rename = "lastError")]
    pub error: String,
    #[serde(default, rename = "scrapeInterval")]
    interval: String,
}

/// The result of the last scrape of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// The scrape succeeded.
    Up,
    /// The scrape failed.
    Down,
    /// The target has not been scraped yet.
    #[serde(other)]
    Unknown,
}

impl ScrapeTarget {
    /// The label `instance`; empty if the configuration removes it.
    pub fn instance(&self) -> &str {
        self.labels.get("instance").map_or("", String::as_str)
    }

    /// The time between two scrapes; a minute, the default of Prometheus, if it does not report one.
    pub fn interval(&self) -> Duration {
        units::parse_duration(&self.interval).unwrap_or(Duration::from_mins(1))
    }
}

#[derive(Deserialize)]
struct Envelope {
    data: Targets,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Targets {
    active_targets: Vec<ScrapeTarget>,
}

impl Prometheus {
    /// All active targets. Empty in the first five seconds or so after a start, until Prometheus has discovered them.
    pub async fn targets(&self) -> Result<Vec<ScrapeTarget>, PromError> {
        let envelope: Envelope = self.read("/api/v1/targets?state=active").await?;
        Ok(envelope.data.active_targets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_prometheus_writes_it() {
        let text = r#"{"data": {"activeTargets": [
            {"labels": {"instance": "a:1", "job": "x"}, "scrapeUrl": "http://a:1/metrics", "lastError": "", "health": "up",
             "lastScrape": "2026-11-26T01:00:37.04049392Z", "scrapeInterval": "2s500ms", "scrapeTimeout": "2s"},
            {"labels": {}, "lastScrape": "0001-01-01T00:00:00Z", "health": "unknown"}], "droppedTargets": []}}"#;
        let targets = serde_json::from_str::<Envelope>(text).unwrap().data.active_targets;
        assert_eq!((targets[0].instance(), targets[0].health), ("a:1", Health::Up));
        assert_eq!(targets[0].interval(), Duration::from_millis(2500));
        assert_eq!((targets[1].instance(), targets[1].health), ("", Health::Unknown));
        assert_eq!(targets[1].interval(), Duration::from_mins(1));
    }
}
