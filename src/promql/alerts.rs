//! Alerting rules as a running Prometheus has them, from `/api/v1/rules`
//! (<https://prometheus.io/docs/prometheus/latest/querying/api/#rules>).

use std::time::Duration;

use serde::Deserialize;

use super::{Labels, PromError, Prometheus};

/// One alerting rule.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct AlertRule {
    /// Its name.
    pub name: String,
    /// `inactive`, `pending` or `firing`.
    pub state: String,
    /// `ok`, `err`, or `unknown` before it was evaluated for the first time.
    pub health: String,
    /// Why it could not be evaluated.
    #[serde(default, rename = "lastError")]
    pub error: String,
    /// The labels of the rule itself, such as `severity`.
    #[serde(default)]
    pub labels: Labels,
    /// From one evaluation to the next.
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
    /// In seconds.
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
    /// Every alerting rule that is loaded.
    pub async fn alert_rules(&self) -> Result<Vec<AlertRule>, PromError> {
        let envelope: Envelope = self.read("/api/v1/rules?type=alert").await?;
        let of_group = |group: Group| {
            let interval = Duration::try_from_secs_f64(group.interval).unwrap_or_default();
            group.rules.into_iter().map(move |rule| AlertRule { interval, ..rule })
        };
        Ok(envelope.data.groups.into_iter().flat_map(of_group).collect())
    }

    /// Whether its configuration names files of rules at all.
    pub async fn names_rules(&self) -> Result<bool, PromError> {
        let status: Status = self.read("/api/v1/status/config").await?;
        Ok(status.data.yaml.lines().any(|line| line.starts_with("rule_files:")))
    }
}
