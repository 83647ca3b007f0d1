//! Alerting rules as a running Prometheus has them, from `/api/v1/rules`
//! (<https://prometheus.io/docs/prometheus/latest/querying/api/#rules>).

use hyper::{Method, StatusCode};
use serde::Deserialize;

use super::{Labels, PromError, Prometheus, QUERY_TIMEOUT};
use crate::net::request_once;

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
        Ok(envelope.data.groups.into_iter().flat_map(|group| group.rules).collect())
    }

    /// Whether its configuration names files of rules at all.
    pub async fn names_rules(&self) -> Result<bool, PromError> {
        let status: Status = self.read("/api/v1/status/config").await?;
        Ok(status.data.yaml.lines().any(|line| line.starts_with("rule_files:")))
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, PromError> {
        let url = || self.target.to_string();
        let headers = [("accept", "application/json")];
        let sent = request_once(&self.target, Method::GET, path, &headers, Vec::new(), QUERY_TIMEOUT);
        let received = sent.await.map_err(|cause| PromError::Unreachable { url: url(), cause })?;
        if received.status == StatusCode::SERVICE_UNAVAILABLE {
            return Err(PromError::Starting { url: url() });
        }
        let status = received.status.as_u16();
        received.json().map_err(|_| PromError::NotPrometheus { url: url(), status })
    }
}
