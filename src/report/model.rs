//! The report as data: what `--json` writes and what the tables draw.
//!
//! The keys of the totals and of each route are those of `loadtest --json`, so that the two can be laid side by side.

use serde::Serialize;

use super::percentile::Latencies;

/// What the store did in a window of time.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The Prometheus that was asked.
    pub prometheus: String,
    /// The window.
    pub window: Stretch,
    /// All requests but those of probes.
    #[serde(flatten)]
    pub total: Traffic,
    /// Requests of probes, scrapes and documents, which no other figure contains.
    pub probes: u64,
    /// By method and route.
    pub routes: Vec<Route>,
    /// By instance.
    pub instances: Vec<Instance>,
    /// Refusals and failures by method, route, status and code, the most frequent first.
    pub failure_groups: Vec<FailureGroup>,
    /// Orders by outcome.
    pub orders: Vec<Count>,
    /// What waited, and for how long.
    pub saturation: Saturation,
    /// Transactions with orders, and how many orders each had.
    pub batches: Batches,
    /// Database connections.
    pub connections: Connections,
    /// Failed database operations by kind.
    pub database_errors: Vec<Count>,
    /// The report cache.
    pub caches: Vec<CacheUse>,
    /// What the instances took of their machine.
    pub processes: Vec<ProcessUse>,
    /// What the load test counted, beside this; only for a run.
    pub load_test: Option<CountComparison>,
    /// The window slot by slot; empty where there were too few scrapes.
    pub timeline: Timeline,
    /// What a reader must know to read the figures right.
    pub remarks: Vec<String>,
}

/// The window.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stretch {
    /// Where it begins.
    pub started_at: String,
    /// Where it ends.
    pub ended_at: String,
    /// Up to when counters were read: for a run, the first scrape after its end.
    pub counted_until: String,
    /// Its length in seconds, which rates divide by.
    pub duration_s: f64,
    /// The mean time between two scrapes.
    pub scrape_interval_s: Option<f64>,
}

/// Requests and how they fared.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Traffic {
    /// Requests answered.
    pub requests: u64,
    /// Answered with 5xx: the store failed.
    pub failures: u64,
    /// Answered with 4xx: the store refused, as it must.
    pub refusals: u64,
    /// Failures as a share of requests.
    pub fail_ratio: f64,
    /// Requests per second.
    pub requests_per_s: f64,
    /// Percentiles of the time from a request's headers to the answer's.
    pub latency_ms: Latencies,
}

/// The requests of one route.
#[derive(Clone, Debug, Serialize)]
pub struct Route {
    /// The method.
    pub method: String,
    /// The route's pattern.
    pub route: String,
    /// Its requests.
    #[serde(flatten)]
    pub traffic: Traffic,
}

/// The requests of one instance.
#[derive(Clone, Debug, Serialize)]
pub struct Instance {
    /// Its address, as Prometheus scrapes it.
    pub instance: String,
    /// Its requests.
    #[serde(flatten)]
    pub traffic: Traffic,
}

/// Requests of one route that were refused or failed for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailureGroup {
    /// The method.
    pub method: String,
    /// The route's pattern.
    pub route: String,
    /// The status of the answers.
    pub status: String,
    /// The code in the answers' bodies; empty where the instance did not count it.
    pub code: String,
    /// How many.
    pub count: u64,
}

/// What waited, and for how long. Peaks are of all instances together, at any scrape.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Saturation {
    /// The most requests being worked on.
    pub requests_in_flight_peak: Option<u64>,
    /// The most connections that clients had open.
    pub client_connections_peak: Option<u64>,
    /// The most orders waiting.
    pub order_queue_depth_peak: Option<u64>,
    /// How long orders waited before their transaction began.
    pub order_queue_wait_ms: Latencies,
    /// How long transactions with orders took, to their commit.
    pub order_commit_ms: Latencies,
}

/// Transactions with orders.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Batches {
    /// Transactions committed.
    pub batches: u64,
    /// Orders in them.
    pub orders: u64,
    /// Transactions per second.
    pub batches_per_s: f64,
    /// Orders per second.
    pub orders_per_s: f64,
    /// Orders per transaction; nothing without a transaction.
    pub orders_per_batch: Option<f64>,
    /// Half of the transactions had at most so many orders.
    pub p50_at_most: Option<u64>,
    /// 95 of 100 transactions had at most so many orders.
    pub p95_at_most: Option<u64>,
    /// Transactions by their number of orders, the smallest first; sizes that did not occur are left out.
    pub sizes: Vec<BatchSize>,
}

/// Transactions with about so many orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchSize {
    /// The fewest orders.
    pub from: u64,
    /// The most; nothing beyond the largest bucket.
    pub to: Option<u64>,
    /// How many transactions.
    pub batches: u64,
}

/// The window slot by slot. All lines have as many values; nothing stands where nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Timeline {
    /// The width of a slot in seconds.
    pub slot_s: f64,
    /// The middle of each slot in seconds from the beginning of the window.
    pub at_s: Vec<f64>,
    /// Requests per second.
    pub requests_per_s: Vec<f64>,
    /// Answers with 5xx per second.
    pub failures_per_s: Vec<f64>,
    /// The 95th percentile of all requests.
    pub p95_ms: Vec<Option<f64>>,
    /// The same by route.
    pub routes: Vec<RouteLine>,
    /// Orders waiting, the most in each slot.
    pub order_queue_depth: Vec<Option<f64>>,
    /// Requests being worked on, the most in each slot.
    pub requests_in_flight: Vec<Option<f64>>,
    /// Database connections of all instances, the most in each slot.
    pub connections_total: Vec<Option<f64>>,
    /// The same by state.
    pub connections: Vec<StateLine>,
}

/// One route slot by slot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RouteLine {
    /// The method.
    pub method: String,
    /// The route's pattern.
    pub route: String,
    /// The 95th percentile.
    pub p95_ms: Vec<Option<f64>>,
}

/// Database connections in one state slot by slot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StateLine {
    /// `in_use`, `idle` or `lingering`.
    pub state: String,
    /// How many were open.
    pub open: Vec<Option<f64>>,
}

/// How often something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// What.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// Database connections: the most that were open at any scrape, against what is allowed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Connections {
    /// By state. Each peak is of its own moment, so that they do not add up to the total.
    pub states: Vec<ConnectionPeak>,
    /// All states together.
    pub total: Option<ConnectionPeak>,
    /// The sum of the instances' pools; nothing when one of them has no bound.
    pub pool_size: Option<u64>,
    /// The largest pool of one instance.
    pub pool_size_of_one: Option<u64>,
    /// What the database server allows.
    pub max_connections: Option<u64>,
}

/// The most connections at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConnectionPeak {
    /// `in_use`, `idle`, `lingering`, or `all`.
    pub state: String,
    /// Of all instances together.
    pub peak: u64,
    /// Of the instance that had most.
    pub peak_of_one: u64,
}

/// How one cached report was answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CacheUse {
    /// The report.
    pub cache: String,
    /// From the cache, fresh.
    pub hit: u64,
    /// From the cache, while it was being refreshed or could not be.
    pub stale: u64,
    /// From the database.
    pub miss: u64,
    /// The cache did not answer.
    pub error: u64,
    /// Hits and stale answers as a share of all; nothing without look-ups.
    pub hit_ratio: Option<f64>,
}

/// What one instance took of its machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ProcessUse {
    /// Its address.
    pub instance: String,
    /// Processor seconds, of user and system together.
    pub cpu_seconds: Option<f64>,
    /// Processors in use on average.
    pub cpu_cores: Option<f64>,
    /// The most resident memory at any scrape.
    pub memory_peak_bytes: Option<u64>,
    /// Resident memory at the last scrape.
    pub memory_last_bytes: Option<u64>,
    /// How often it was started anew.
    pub restarts: u64,
}

/// The load test's own counts beside Prometheus's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CountComparison {
    /// Of all requests.
    #[serde(flatten)]
    pub total: RouteComparison,
    /// By route; a route that only one side knows is there too.
    pub routes: Vec<RouteComparison>,
}

/// One route as both sides counted it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RouteComparison {
    /// The method.
    pub method: String,
    /// The route's pattern.
    pub route: String,
    /// Requests that the load test counted.
    pub load_test_requests: u64,
    /// Requests that the instances counted.
    pub prometheus_requests: u64,
    /// What the load test calls failed.
    pub load_test_failures: u64,
    /// What the instances answered with 4xx or 5xx.
    pub prometheus_failures: u64,
    /// By how many percent of the load test's requests Prometheus has more; nothing when the load test has none.
    pub difference_percent: Option<f64>,
}

impl RouteComparison {
    /// Sets two counts beside each other.
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
