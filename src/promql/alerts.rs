//! The alerting rules that a running Prometheus has loaded, from `/api/v1/rules`
//! (<https://prometheus.io/docs/prometheus/latest/querying/api/#rules>).

use std::time::Duration;

use serde::Deserialize;

use super::{Labels, PromError, Prometheus};

/// One loaded alerting rule and its present state.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct AlertRule {
    /// The name of the alert.
    pub name: String,
    /// `inactive`, `pending` or `firing`.
    pub state: String,
    /// `ok`, `err`, or `unknown` before it was evaluated for the first time.
    pub health: String,
    /// Why the last evaluation failed; empty if it did not.
    #[serde(default, rename = "lastError")]
    pub error: String,
    /// The labels of the rule itself, such as `severity`.
    #[serde(default)]
    pub labels: Labels,
    /// The time between two evaluations.
    #[serde(skip)]
    pub interval: Duration,
}

#[derive(Deserialize)]
struct Envelope {
    data: Groups,
}

#[derive(Deserialize)]
struct Groups {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<AlertRule>,
    /// The evaluation interval in seconds.
    #[serde(default)]
    interval: f64,
}

#[derive(Deserialize)]
struct Status {
    data: Configuration,
}

#[derive(Deserialize)]
struct Configuration {
    yaml: String,
}

impl Prometheus {
    /// Every alerting rule that Prometheus has loaded.
    pub async fn alert_rules(&self) -> Result<Vec<AlertRule>, PromError> {
        let envelope: Envelope = self.read("/api/v1/rules?type=alert").await?;
        let of_group = |group: Group| {
            let interval = Duration::try_from_secs_f64(group.interval).unwrap_or_default();
            group.rules.into_iter().map(move |rule| AlertRule { interval, ..rule })
        };
        Ok(envelope.data.groups.into_iter().flat_map(of_group).collect())
    }

    /// Whether the configuration of Prometheus names any rule files.
    pub async fn names_rules(&self) -> Result<bool, PromError> {
        let status: Status = self.read("/api/v1/status/config").await?;
        Ok(status.data.yaml.lines().any(|line| line.starts_with("rule_files:")))
    }
}
