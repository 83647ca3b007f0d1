//! The report as data, which `--json` writes and the tables show.
//!
//! The totals and each route have the same keys as in `loadtest --json`, so that the two can be compared.

use serde::{Deserialize, Serialize};

use super::percentile::Latencies;
use crate::run_result::Build;

/// What the store did in a window of time.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Report {
    /// The address of the Prometheus that was asked.
    pub prometheus: String,
    /// The window of the report.
    pub window: Stretch,
    /// All requests except those of probes.
    #[serde(flatten)]
    pub total: Traffic,
    /// The number of requests by probes and scrapes and for the API document; no other figure contains them.
    pub probes: u64,
    /// Requests by route and method.
    pub routes: Vec<Route>,
    /// Requests by instance.
    pub instances: Vec<Instance>,
    /// Refusals and failures by method, route, status and code, the most frequent first.
    pub failure_groups: Vec<FailureGroup>,
    /// Orders by outcome, such as `accepted` or `refused_stock`.
    pub orders: Vec<Count>,
    /// Peaks of queues, and waiting times.
    pub saturation: Saturation,
    /// Transactions with orders, by their number of orders.
    pub batches: Batches,
    /// Database connections, against what is allowed.
    pub connections: Connections,
    /// Failed database operations by kind of error.
    pub database_errors: Vec<Count>,
    /// Look-ups in the cache of the store's reports, by report.
    pub caches: Vec<CacheUse>,
    /// Processor time and memory of each instance.
    pub processes: Vec<ProcessUse>,
    /// What ran in each instance; more than one entry where an instance was restarted with other settings.
    #[serde(default)]
    pub builds: Vec<Build>,
    /// The counts of the load test beside these; only if the window is a run.
    pub load_test: Option<CountComparison>,
    /// The course of the window; empty if there were too few scrapes.
    pub timeline: Timeline,
    /// What a reader must know to interpret the figures, one sentence each.
    pub remarks: Vec<String>,
}

/// The window of the report.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Stretch {
    /// The beginning, in UTC.
    pub started_at: String,
    /// The end, in UTC.
    pub ended_at: String,
    /// The time up to which counters were read. For a run, the first scrape after its end.
    pub counted_until: String,
    /// The length in seconds, by which rates are divided.
    pub duration_s: f64,
    /// The mean time between two scrapes, in seconds; `None` with fewer than two.
    pub scrape_interval_s: Option<f64>,
}

/// Counts, rates and percentiles of requests.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Traffic {
    /// Requests that were answered.
    pub requests: u64,
    /// Requests answered with 5xx: the store failed.
    pub failures: u64,
    /// Requests answered with 4xx: the store refused them, as it should.
    pub refusals: u64,
    /// Failures as a share of requests, from 0 to 1.
    pub fail_ratio: f64,
    /// Requests per second of the window.
    pub requests_per_s: f64,
    /// Percentiles of the time from the request's headers to the answer's headers, in milliseconds.
    pub latency_ms: Latencies,
}

/// The requests of one method and route.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Route {
    /// The HTTP method.
    pub method: String,
    /// The pattern of the route.
    pub route: String,
    /// The figures of these requests.
    #[serde(flatten)]
    pub traffic: Traffic,
}

/// The requests of one instance.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Instance {
    /// The address under which Prometheus scrapes it.
    pub instance: String,
    /// The figures of these requests.
    #[serde(flatten)]
    pub traffic: Traffic,
}

/// Requests of one route that were refused or failed for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct FailureGroup {
    /// The HTTP method.
    pub method: String,
    /// The pattern of the route.
    pub route: String,
    /// The HTTP status of the answers.
    pub status: String,
    /// The error code in the answers' bodies; empty if the instance did not count it.
    pub code: String,
    /// The number of these requests.
    pub count: u64,
}

/// Peaks of queues, and waiting times. A peak is the highest sum over all instances at any scrape; `None` if unknown.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Saturation {
    /// The highest number of requests in flight.
    pub requests_in_flight_peak: Option<u64>,
    /// The highest number of open client connections.
    pub client_connections_peak: Option<u64>,
    /// The highest number of waiting orders.
    pub order_queue_depth_peak: Option<u64>,
    /// How long orders waited until their transaction began.
    pub order_queue_wait_ms: Latencies,
    /// How long transactions with orders took, including the commit.
    pub order_commit_ms: Latencies,
}

/// Transactions with orders: counts, rates and sizes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Batches {
    /// The number of committed transactions.
    pub batches: u64,
    /// The number of orders in them.
    pub orders: u64,
    /// Transactions per second of the window.
    pub batches_per_s: f64,
    /// Orders per second of the window.
    pub orders_per_s: f64,
    /// The mean number of orders in a transaction; `None` without transactions.
    pub orders_per_batch: Option<f64>,
    /// The median number of orders in a transaction is at most this; `None` beyond the largest bucket.
    pub p50_at_most: Option<u64>,
    /// 95 % of the transactions had at most this many orders; `None` beyond the largest bucket.
    pub p95_at_most: Option<u64>,
    /// Transactions by their number of orders, the smallest first; sizes that did not occur are left out.
    pub sizes: Vec<BatchSize>,
}

/// The transactions whose number of orders is in one bucket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct BatchSize {
    /// The lowest number of orders in the bucket.
    pub from: u64,
    /// The highest number of orders in the bucket; `None` for the last one.
    pub to: Option<u64>,
    /// The number of transactions.
    pub batches: u64,
}

/// The course of the window, in slots of equal length. All lines have one value per slot; `None` means unknown.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Timeline {
    /// The width of a slot in seconds.
    pub slot_s: f64,
    /// The middle of each slot, in seconds from the beginning of the window.
    pub at_s: Vec<f64>,
    /// Requests per second of the window.
    pub requests_per_s: Vec<f64>,
    /// Answers with 5xx per second.
    pub failures_per_s: Vec<f64>,
    /// The 95th percentile of all requests, in milliseconds.
    pub p95_ms: Vec<Option<f64>>,
    /// The 95th percentile by route.
    pub routes: Vec<RouteLine>,
    /// The highest number of waiting orders in each slot.
    pub order_queue_depth: Vec<Option<f64>>,
    /// The highest number of requests in flight in each slot.
    pub requests_in_flight: Vec<Option<f64>>,
    /// The highest number of database connections of all instances in each slot.
    pub connections_total: Vec<Option<f64>>,
    /// The highest number of database connections by state.
    pub connections: Vec<StateLine>,
}

/// The course of one route.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct RouteLine {
    /// The HTTP method.
    pub method: String,
    /// The pattern of the route.
    pub route: String,
    /// The 95th percentile of each slot, in milliseconds.
    pub p95_ms: Vec<Option<f64>>,
}

/// The course of the database connections in one state.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct StateLine {
    /// `in_use`, `idle` or `lingering`.
    pub state: String,
    /// The highest number in each slot.
    pub open: Vec<Option<f64>>,
}

/// How often one thing happened.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Count {
    /// The value of the label that was counted, such as an outcome.
    pub name: String,
    /// The increase in the window.
    pub count: u64,
}

/// The highest numbers of open database connections at any scrape, and what is allowed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Connections {
    /// The peak of each state. They may be at different times, so they need not add up to the total.
    pub states: Vec<ConnectionPeak>,
    /// The peak of all states together.
    pub total: Option<ConnectionPeak>,
    /// The sum of the pool sizes of all instances; `None` if one has no limit.
    pub pool_size: Option<u64>,
    /// The largest pool size of one instance.
    pub pool_size_of_one: Option<u64>,
    /// The `max_connections` of the database server.
    pub max_connections: Option<u64>,
}

/// The highest numbers of connections in one state.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ConnectionPeak {
    /// `in_use`, `idle`, `lingering`, or `all`.
    pub state: String,
    /// The peak of all instances together.
    pub peak: u64,
    /// The peak of the instance that had the most.
    pub peak_of_one: u64,
}

/// How requests for one report of the store were answered.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct CacheUse {
    /// The name of the report, such as `best_sellers`.
    pub cache: String,
    /// Answered from the cache with a fresh report.
    pub hit: u64,
    /// Answered from the cache with an old report, which was being refreshed or could not be.
    pub stale: u64,
    /// Not in the cache, so computed from the database.
    pub miss: u64,
    /// The cache failed, so computed from the database.
    pub error: u64,
    /// The share answered from the cache, fresh or old, from 0 to 1; `None` without look-ups.
    pub hit_ratio: Option<f64>,
}

/// Processor time and memory of one instance.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct ProcessUse {
    /// The address under which Prometheus scrapes it.
    pub instance: String,
    /// Processor time in the window, user and system together.
    pub cpu_seconds: Option<f64>,
    /// The mean number of processors in use.
    pub cpu_cores: Option<f64>,
    /// The highest resident memory at any scrape.
    pub memory_peak_bytes: Option<u64>,
    /// The resident memory at the last scrape.
    pub memory_last_bytes: Option<u64>,
    /// How often the process was restarted in the window.
    pub restarts: u64,
}

/// The counts of the load test beside those of Prometheus.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct CountComparison {
    /// All requests together.
    #[serde(flatten)]
    pub total: RouteComparison,
    /// The URL that was loaded, if the file of the run has it.
    #[serde(default)]
    pub host: Option<String>,
    /// The name of the scenario, if the file of the run has it.
    #[serde(default)]
    pub scenario: Option<String>,
    /// Every route that at least one side has counted.
    pub routes: Vec<RouteComparison>,
}

/// The counts of both sides for one route.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct RouteComparison {
    /// The HTTP method.
    pub method: String,
    /// The pattern of the route.
    pub route: String,
    /// Requests that the load test counted.
    pub load_test_requests: u64,
    /// Requests that the instances counted.
    pub prometheus_requests: u64,
    /// Requests that failed for the load test.
    pub load_test_failures: u64,
    /// Requests that the instances answered with 4xx or 5xx.
    pub prometheus_failures: u64,
    /// How many more requests Prometheus has, in percent of the load test's; `None` if the load test has none.
    pub difference_percent: Option<f64>,
}

impl RouteComparison {
    /// Compares two pairs of counts: requests and failures.
    pub(super) fn new(method: &str, route: &str, load_test: (u64, u64), prometheus: (u64, u64)) -> Self {
        let difference = |own: u64| (prometheus.0 as f64 - own as f64) / own as f64 * 100.0;
        Self {
            method: method.to_owned(),
            route: route.to_owned(),
            load_test_requests: load_test.0,
            prometheus_requests: prometheus.0,
            load_test_failures: load_test.1,
            prometheus_failures: prometheus.1,
            difference_percent: (load_test.0 > 0).then(|| difference(load_test.0)),
        }
    }
}
