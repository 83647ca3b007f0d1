//! Where the parts of the deployment are, and the questions that several checks ask.

use std::path::PathBuf;
use std::time::Duration;

use hyper::Method;

use super::finding::CheckOutcome;
use crate::cache;
use crate::db::{self, SchemaState, Session};
use crate::net::{self, Answer, Target};
use crate::process;
use crate::promql::Prometheus;
use crate::wire::ErrorBody;

/// Where the parts of the deployment are. What is not configured is not checked.
#[derive(Clone, Debug)]
pub struct RunningDeployment {
    /// The database.
    pub database: Option<db::Address>,
    /// Redis.
    pub redis: Option<cache::Address>,
    /// Where clients go: nginx.
    pub front: Option<Target>,
    /// The instances behind it.
    pub instances: Vec<Target>,
    /// Prometheus.
    pub prometheus: Option<Target>,
    /// Grafana.
    pub grafana: Option<Target>,
    /// The version that the instances should run.
    pub version: String,
    /// The commit that they should have been built from, if it is known.
    pub revision: Option<String>,
    /// The alerts that Prometheus should have loaded.
    pub alerts: Vec<String>,
    /// The oldest that a report may be.
    pub report_age: Duration,
    /// Folders on the disks that must not be full.
    pub data: Vec<PathBuf>,
    /// The part of a disk that must be free, 0 to 1.
    pub disk_margin: f64,
    /// The part of the memory that must be available, 0 to 1.
    pub memory_margin: f64,
    /// The longest wait for one answer.
    pub timeout: Duration,
}

impl Default for RunningDeployment {
    /// Nothing configured, and the limits that suit most.
    fn default() -> Self {
        Self {
            database: None,
            redis: None,
            front: None,
            instances: Vec::new(),
            prometheus: None,
            grafana: None,
            version: process::VERSION.to_owned(),
            revision: process::revision(),
            alerts: Vec::new(),
            // Twelve times the usual time to live of a report.
            report_age: Duration::from_mins(1),
            data: vec![PathBuf::from(".")],
            disk_margin: 0.1,
            memory_margin: 0.1,
            timeout: Duration::from_secs(5),
        }
    }
}

/// What stands in for the advice where nothing is configured.
fn configure(variables: &str) -> String {
    format!("set {variables}, or run `storemgr stack up`")
}

impl RunningDeployment {
    /// Whether there is nothing to check.
    pub fn is_empty(&self) -> bool {
        let web = [&self.front, &self.prometheus, &self.grafana];
        let parts = [self.database.is_some(), self.redis.is_some(), web.iter().any(|target| target.is_some())];
        !parts.contains(&true) && self.instances.is_empty()
    }

    /// A session for a check that needs the database; a skip where it is not to be had, which `database-reachable` tells.
    pub(super) async fn session(&self) -> Result<Session, CheckOutcome> {
        let address = self.database_address()?;
        Session::connect(address, self.timeout)
            .await
            .map_err(|_| CheckOutcome::skip("the database cannot be reached", "see database-reachable"))
    }

    /// The check that tells what is wrong with the database, if something is that keeps instances from being ready.
    pub(super) async fn database_fault(&self) -> Option<&'static str> {
        self.database.as_ref()?;
        let Ok(mut session) = self.session().await else { return Some("database-reachable") };
        let current = matches!(session.schema_state().await, Ok(SchemaState::Current { .. }));
        (!current).then_some("schema-current")
    }

    pub(super) fn database_address(&self) -> Result<&db::Address, CheckOutcome> {
        let missing =
            || CheckOutcome::skip("no database is configured", configure("DB_HOST, DB_NAME, DB_USER and DB_PASSWORD"));
        self.database.as_ref().ok_or_else(missing)
    }

    pub(super) fn redis_address(&self) -> Result<&cache::Address, CheckOutcome> {
        let missing = || CheckOutcome::skip("no Redis is configured: reports are not cached", configure("REDIS_HOST"));
        self.redis.as_ref().ok_or_else(missing)
    }

    pub(super) fn front_target(&self) -> Result<&Target, CheckOutcome> {
        let missing = || CheckOutcome::skip("it is not configured where clients go", configure("STOREMGR_URL"));
        self.front.as_ref().ok_or_else(missing)
    }

    pub(super) fn instance_targets(&self) -> Result<&[Target], CheckOutcome> {
        if self.instances.is_empty() {
            return Err(CheckOutcome::skip("no instances are configured", configure("STOREMGR_INSTANCES")));
        }
        Ok(&self.instances)
    }

    pub(super) fn prometheus_target(&self) -> Result<&Target, CheckOutcome> {
        let missing = || CheckOutcome::skip("no Prometheus is configured", configure("PROMETHEUS_URL"));
        self.prometheus.as_ref().ok_or_else(missing)
    }

    /// Prometheus, if it answers; a skip where it does not, which `prometheus-targets` tells.
    pub(super) async fn answering_prometheus(&self) -> Result<Prometheus, CheckOutcome> {
        let target = self.prometheus_target()?;
        let ready = self.get(target, "/-/ready").await;
        ready.map_err(|_| CheckOutcome::skip("Prometheus does not answer", "see prometheus-targets"))?;
        Ok(Prometheus::new(target.clone()))
    }

    /// How long a check may look again for something that takes so long: less than it may take in all, so that there is
    /// something to tell.
    pub(super) fn patience(&self, wanted: Duration) -> Duration {
        wanted.min(self.timeout * 4)
    }

    /// Whether some instance does not answer.
    pub(super) async fn is_any_instance_away(&self) -> bool {
        self.answering("/live").await.len() < self.instances.len()
    }

    /// The instances that answer a path with 200.
    pub(super) async fn answering(&self, path: &str) -> Vec<&Target> {
        let mut answering = Vec::new();
        for instance in &self.instances {
            if self.get(instance, path).await.is_ok() {
                answering.push(instance);
            }
        }
        answering
    }

    /// Sends a GET; anything but a 200 is a sentence.
    pub(super) async fn get(&self, target: &Target, path: &str) -> Result<Answer, String> {
        let answer = net::request_once(target, Method::GET, path, &[], Vec::new(), self.timeout).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status.as_u16() == 200 { Ok(answer) } else { Err(said(&answer)) }
    }

    /// The value of a metric of an instance, summed over the series whose labels hold a text.
    pub(super) async fn metric(&self, target: &Target, name: &str, labels: &str) -> Result<f64, String> {
        let text = self.get(target, "/metrics").await?.text();
        let matching = text.lines().filter(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']) && rest.contains(labels))
        });
        let values = matching.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        Ok(values.sum())
    }
}

/// What an answer says went wrong.
pub(super) fn said(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    match answer.json::<ErrorBody>() {
        Ok(body) => format!("{status} {}", body.error),
        Err(_) => answer.status.to_string(),
    }
}
