//! Asking Prometheus, and putting the answers together.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::queries::queries;
use super::window::{RunFile, Window};
use crate::promql::{PromError, Prometheus, Sample};
use crate::units;

/// When, in seconds after the end of a run, to look whether Prometheus has scraped the store since: stores are scraped
/// every second to every minute.
const SCRAPES_AFTER_S: [u64; 10] = [1, 2, 3, 5, 10, 15, 20, 30, 60, 90];

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Prometheus failed.
    #[error(transparent)]
    Prometheus(#[from] PromError),
    /// Prometheus knows nothing of a store in that window.
    #[error(
        "Prometheus has no data of a store from {start} to {end}: was a store running and scraped then? `storemgr \
         deploy-check` says what Prometheus sees now"
    )]
    NoData {
        /// The window's beginning.
        start: String,
        /// The window's end.
        end: String,
    },
    /// Prometheus has not looked at the store since the run ended.
    #[error("Prometheus has not scraped the store since the run ended: is the store still running?")]
    NotScraped,
}

/// What a store did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The window's beginning, RFC 3339.
    pub start: String,
    /// The window's end, RFC 3339.
    pub end: String,
    /// Seconds that rates are over.
    pub duration_s: f64,
    /// Every route that was asked for.
    pub routes: Vec<Row>,
    /// All routes together.
    pub aggregated: Row,
    /// Every instance.
    pub instances: Vec<InstanceRow>,
    /// What became of orders.
    pub orders: BTreeMap<String, u64>,
    /// Database connections.
    pub connections: Connections,
    /// Failed database operations by kind.
    pub database_errors: BTreeMap<String, u64>,
    /// Report look-ups in the cache: by report, by outcome.
    pub cache: BTreeMap<String, BTreeMap<String, u64>>,
    /// What the load test of this window counted, if the report is about one.
    pub load_test: Option<LoadTestCounts>,
}

/// Requests, and how long they took.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    /// The method; empty for all together.
    pub method: String,
    /// The route.
    pub route: String,
    /// Requests answered.
    pub requests: u64,
    /// Those with a status from 400 to 499.
    pub client_errors: u64,
    /// Those with a status of 500 or more.
    pub server_errors: u64,
    /// Percentiles of the response times: 50, 95, 99; seconds; nothing without requests.
    pub percentiles_s: [Option<f64>; 3],
}

/// One instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct InstanceRow {
    /// Host and port.
    pub instance: String,
    /// Its requests.
    #[serde(flatten)]
    pub row: Row,
    /// Processor cores used on average.
    pub cpu_cores: Option<f64>,
    /// The most resident memory, bytes.
    pub memory_bytes: Option<u64>,
}

/// Database connections, all instances together.
#[expect(clippy::struct_field_names, reason = "max_connections is the database's own name for it")]
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Connections {
    /// The most at one time, by state.
    pub peak_by_state: BTreeMap<String, u64>,
    /// The most at one time.
    pub peak: u64,
    /// What the pools may open; 0 for no bound.
    pub pool_size: u64,
    /// What the database accepts; nothing when no instance has asked it.
    pub max_connections: Option<u64>,
}

/// A load test's counts beside the server's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LoadTestCounts {
    /// Requests the load test counted.
    pub requests: u64,
    /// Failures the load test counted.
    pub failures: u64,
    /// How far the server's count of requests is from it, as a share of it.
    pub difference: f64,
}

/// The answers, by the names of the questions.
type Answers = BTreeMap<&'static str, Vec<Sample>>;

/// Reports on a window, or on the window of a load test.
pub async fn gather(prometheus: &Prometheus, window: Window, run: Option<RunFile>) -> Result<Report, ReportError> {
    // The first scrape after the end holds the last requests, and rates stay those of the window itself.
    let evaluated = if run.is_some() { padded(prometheus, window).await? } else { window };
    let mut answers = Answers::new();
    for query in queries(evaluated.length()) {
        answers.insert(query.id, prometheus.query(&query.promql, evaluated.end).await?);
    }
    let no_data = || ReportError::NoData { start: units::timestamp(window.start), end: units::timestamp(window.end) };
    if answers.values().all(Vec::is_empty) {
        return Err(no_data());
    }
    Ok(assemble(&answers, window, run))
}

/// The window up to the first scrape of every instance after its end; waits for that scrape.
async fn padded(prometheus: &Prometheus, window: Window) -> Result<Window, ReportError> {
    let ended_s = window.end.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let mut known = false;
    for seconds in SCRAPES_AFTER_S {
        let end = window.end + Duration::from_secs(seconds);
        tokio::time::sleep(end.duration_since(SystemTime::now()).unwrap_or_default()).await;
        let scraped = prometheus.query("min(timestamp(storemgr_http_requests_in_flight))", end).await?;
        if scraped.first().is_some_and(|sample| sample.value >= ended_s) {
            return Ok(Window { end, ..window });
        }
        known |= !scraped.is_empty();
        if !known {
            // Waiting does not bring back a store that Prometheus does not know.
            return Err(ReportError::NoData {
                start: units::timestamp(window.start),
                end: units::timestamp(window.end),
            });
        }
    }
    Err(ReportError::NotScraped)
}

fn assemble(answers: &Answers, window: Window, run: Option<RunFile>) -> Report {
    let samples = |id| answers.get(id).map(Vec::as_slice).unwrap_or_default();
    let (routes, instances, mut aggregated) = requests(samples("requests"));
    aggregated.percentiles_s = ["all_p50", "all_p95", "all_p99"].map(|id| value(samples(id)));
    let routes = routes.into_values().map(|mut row| {
        row.percentiles_s = ["route_p50", "route_p95", "route_p99"].map(|id| {
            let found = samples(id).iter().find(|s| s.label("method") == row.method && s.label("route") == row.route);
            found.and_then(known)
        });
        row
    });
    let instances = instances.into_iter().map(|(instance, mut row)| {
        let of = |id| samples(id).iter().find(|sample| sample.label("instance") == instance).and_then(known);
        row.percentiles_s = ["instance_p50", "instance_p95", "instance_p99"].map(of);
        let (cpu_cores, memory_bytes) = (of("cpu"), of("memory").map(|bytes| bytes as u64));
        InstanceRow { instance, row, cpu_cores, memory_bytes }
    });
    let load_test = run.map(|run| LoadTestCounts {
        requests: run.requests,
        failures: run.failures,
        difference: (aggregated.requests as f64 - run.requests as f64) / run.requests.max(1) as f64,
    });
    Report {
        start: units::timestamp(window.start),
        end: units::timestamp(window.end),
        duration_s: window.length().as_secs_f64(),
        routes: routes.collect(),
        instances: instances.collect(),
        aggregated,
        orders: by_label(samples("orders"), "outcome"),
        connections: Connections {
            peak_by_state: by_label(samples("connections_peak"), "state"),
            peak: value(samples("connections_peak_total")).map_or(0, whole),
            pool_size: value(samples("pool_size")).map_or(0, whole),
            max_connections: value(samples("max_connections")).map(whole).filter(|limit| *limit > 0),
        },
        database_errors: by_label(samples("database_errors"), "kind"),
        cache: cache(samples("cache")),
        load_test,
    }
}

type ByRoute = BTreeMap<(String, String), Row>;

/// Adds requests up by route, by instance and in all.
fn requests(samples: &[Sample]) -> (ByRoute, BTreeMap<String, Row>, Row) {
    let (mut routes, mut instances, mut all) = (ByRoute::new(), BTreeMap::<String, Row>::new(), Row::default());
    for sample in samples {
        let count = whole(sample.value);
        // A label that exists and counted nothing in this window was somebody else's.
        if count == 0 {
            continue;
        }
        let (method, route) = (sample.label("method").to_owned(), sample.label("route").to_owned());
        let row = routes.entry((route.clone(), method.clone())).or_insert(Row { method, route, ..Row::default() });
        let instance = instances.entry(sample.label("instance").to_owned()).or_default();
        for row in [row, instance, &mut all] {
            row.requests += count;
            match sample.label("status").as_bytes().first() {
                Some(b'4') => row.client_errors += count,
                Some(b'5') => row.server_errors += count,
                _ => {}
            }
        }
    }
    (routes, instances, all)
}

fn by_label(samples: &[Sample], label: &str) -> BTreeMap<String, u64> {
    samples.iter().map(|sample| (sample.label(label).to_owned(), whole(sample.value))).collect()
}

fn cache(samples: &[Sample]) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut caches = BTreeMap::<_, BTreeMap<_, _>>::new();
    for sample in samples {
        let outcomes = caches.entry(sample.label("cache").to_owned()).or_default();
        outcomes.insert(sample.label("outcome").to_owned(), whole(sample.value));
    }
    caches
}

fn value(samples: &[Sample]) -> Option<f64> {
    samples.first().and_then(known)
}

/// The value, unless nothing was there to compute it from.
fn known(sample: &Sample) -> Option<f64> {
    (!sample.value.is_nan()).then_some(sample.value)
}

/// Counts are whole; the arithmetic of Prometheus is not.
fn whole(value: f64) -> u64 {
    if value.is_finite() { value.max(0.0).round() as u64 } else { 0 }
}
