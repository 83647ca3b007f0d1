//! The addresses of a running deployment's parts, and the requests that several checks make.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use hyper::Method;

use super::finding::CheckOutcome;
use crate::cache;
use crate::db::{self, SchemaState, Session};
use crate::net::{self, Answer, NetError, Scheme, Target, Way};
use crate::process;
use crate::promql::Prometheus;
use crate::units::Secret;
use crate::wire::ErrorBody;

/// The addresses of the deployment's parts, and the limits that they are checked against. A part without an address is
/// not checked.
#[derive(Clone, Debug)]
pub struct RunningDeployment {
    /// The database and the store's account in it.
    pub database: Option<db::Address>,
    /// The Redis that caches reports.
    pub redis: Option<cache::Address>,
    /// The address for clients, which is nginx's.
    pub front: Option<Target>,
    /// The address that clients elsewhere use, which has TLS.
    pub public: Option<Target>,
    /// Where clients are sent to that address; port 80 of it, if this is not said.
    pub redirect: Option<Target>,
    /// For how many seconds browsers are to remember that the store has TLS; 0 for not at all, `None` if it does not matter.
    pub hsts_age: Option<u64>,
    /// The instances behind nginx, each by its own address.
    pub instances: Vec<Target>,
    /// The way to the instances, to nginx and to Grafana.
    pub way: Way,
    /// The token with which the store is used, if it asks for one.
    pub token: Option<Secret>,
    /// The Prometheus that scrapes the instances.
    pub prometheus: Option<Prometheus>,
    /// The Grafana that shows the dashboard.
    pub grafana: Option<Target>,
    /// The version of storemgr that the instances should run.
    pub version: String,
    /// The commit that the instances should be built from, if it is known.
    pub revision: Option<String>,
    /// The names of the alerts that Prometheus should have loaded.
    pub alerts: Vec<String>,
    /// The greatest age of a report that passes.
    pub report_age: Duration,
    /// A folder on each disk that is checked for free space.
    pub data: Vec<PathBuf>,
    /// The share of each disk that must be free, 0 to 1.
    pub disk_margin: f64,
    /// The share of the memory that must be available, 0 to 1.
    pub memory_margin: f64,
    /// The longest wait for one answer; a check that asks several times may take longer.
    pub timeout: Duration,
}

impl Default for RunningDeployment {
    /// No part configured, and limits that suit most deployments.
    fn default() -> Self {
        Self {
            database: None,
            redis: None,
            front: None,
            public: None,
            redirect: None,
            hsts_age: None,
            instances: Vec::new(),
            way: Way::default(),
            token: None,
            prometheus: None,
            grafana: None,
            version: process::VERSION.to_owned(),
            revision: process::revision(),
            alerts: Vec::new(),
            // Twelve times the default of `serve --report-ttl`.
            report_age: Duration::from_mins(1),
            data: vec![PathBuf::from(".")],
            disk_margin: 0.1,
            memory_margin: 0.1,
            timeout: Duration::from_secs(5),
        }
    }
}

/// The pause between two looks at what a check waits for.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How long a check has waited, and may wait at most.
pub(super) struct Patience {
    began: Instant,
    most: Duration,
}

impl Patience {
    /// Pauses and returns `true`; returns `false` at once if `wanted`, the longest time that it may take, is over.
    pub(super) async fn look_again(&self, wanted: Duration) -> bool {
        let may_wait = self.began.elapsed() < wanted.min(self.most);
        if may_wait {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        may_wait
    }
}

/// The advice for a part that is not configured.
fn configure(variables: &str) -> String {
    format!("set {variables}, or run `storemgr stack up`")
}

impl RunningDeployment {
    /// Whether no part is configured, so that there is nothing to check.
    pub fn is_empty(&self) -> bool {
        let web = self.front.is_some() || self.public.is_some() || self.prometheus.is_some() || self.grafana.is_some();
        let parts = [self.database.is_some(), self.redis.is_some(), web];
        !parts.contains(&true) && self.instances.is_empty()
    }

    /// A database session; a skip if there is no connection, which `database-reachable` reports.
    pub(super) async fn session(&self) -> Result<Session, CheckOutcome> {
        let address = self.database_address()?;
        Session::connect(address, self.timeout)
            .await
            .map_err(|_| CheckOutcome::skip("the database cannot be reached", "see database-reachable"))
    }

    /// The name of the check that reports the database's fault, if the database keeps instances from being ready.
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
        let missing = || CheckOutcome::skip("no address for clients is configured", configure("STOREMGR_URL"));
        self.front.as_ref().ok_or_else(missing)
    }

    /// The public address; a skip if there is none or it has no TLS.
    pub(super) fn public_target(&self) -> Result<&Target, CheckOutcome> {
        let missing =
            || CheckOutcome::skip("no public address is configured", "set STOREMGR_PUBLIC_URL if there is one");
        let public = self.public.as_ref().ok_or_else(missing)?;
        if public.scheme() != Scheme::Https {
            return Err(CheckOutcome::skip(
                format!("{public} is not https"),
                "set STOREMGR_PUBLIC_URL to that with TLS",
            ));
        }
        Ok(public)
    }

    pub(super) fn instance_targets(&self) -> Result<&[Target], CheckOutcome> {
        if self.instances.is_empty() {
            return Err(CheckOutcome::skip("no instances are configured", configure("STOREMGR_INSTANCES")));
        }
        Ok(&self.instances)
    }

    pub(super) fn prometheus(&self) -> Result<&Prometheus, CheckOutcome> {
        let missing = || CheckOutcome::skip("no Prometheus is configured", configure("PROMETHEUS_URL"));
        self.prometheus.as_ref().ok_or_else(missing)
    }

    /// A client of Prometheus; a skip if Prometheus does not answer, which `prometheus-targets` reports.
    pub(super) async fn answering_prometheus(&self) -> Result<&Prometheus, CheckOutcome> {
        let prometheus = self.prometheus()?;
        let ready = prometheus.ready(self.timeout).await;
        ready.map_err(|_| CheckOutcome::skip("Prometheus does not answer", "see prometheus-targets"))?;
        Ok(prometheus)
    }

    /// Sends one request by the way to the store's services.
    pub(super) async fn request(
        &self,
        target: &Target,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, NetError> {
        let is_store = self.front.iter().chain(&self.instances).any(|known| known == target);
        let token = self.token.as_ref().filter(|_| is_store).map(|token| format!("Bearer {}", token.reveal()));
        let mut headers = headers.to_vec();
        headers.extend(token.as_deref().map(|token| ("authorization", token)));
        net::request_by(target, &self.way, method, path, &headers, body, self.timeout).await
    }

    /// The patience of a check that waits for something that takes a while, from now on. It ends before the check's own time
    /// limit, so that there is a result to report.
    pub(super) fn patience(&self) -> Patience {
        Patience { began: Instant::now(), most: self.timeout * 4 }
    }

    /// Whether at least one instance does not answer.
    pub(super) async fn is_any_instance_away(&self) -> bool {
        self.answering("/live").await.len() < self.instances.len()
    }

    /// The instances that answer `GET path` with 200.
    pub(super) async fn answering(&self, path: &str) -> Vec<&Target> {
        let mut answering = Vec::new();
        for instance in &self.instances {
            if self.get(instance, path).await.is_ok() {
                answering.push(instance);
            }
        }
        answering
    }

    /// Sends a GET. The error is a sentence, also for every status but 200.
    pub(super) async fn get(&self, target: &Target, path: &str) -> Result<Answer, String> {
        let answer = self.request(target, Method::GET, path, &[], Vec::new()).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status.as_u16() == 200 { Ok(answer) } else { Err(refusal(&answer)) }
    }

    /// The value of an instance's metric, summed over the series whose labels contain the text `labels`.
    pub(super) async fn metric(&self, target: &Target, name: &str, labels: &str) -> Result<f64, String> {
        let text = self.get(target, "/metrics").await?.text();
        let matching = text.lines().filter(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']) && rest.contains(labels))
        });
        let values = matching.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        Ok(values.sum())
    }
}

/// The status and the error sentence of an answer that is not a success.
pub(super) fn refusal(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    match answer.json::<ErrorBody>() {
        Ok(body) => format!("{status} {}", body.error),
        Err(_) => answer.status.to_string(),
    }
}
