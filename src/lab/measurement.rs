//! What is measured of one subject in one round: the shape of its file.
//!
//! The file is one that `loadtest --json` could have written, with more keys: `report --run` and `loadtest --baseline`
//! read it as it is.

use serde::{Deserialize, Serialize};

use crate::report::{self, Report};
use crate::run_result::{GaveWay, LimitResult, RunResult, Verdict};

/// Everything measured of one subject in one round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// The load test.
    #[serde(flatten)]
    pub load: RunResult,
    /// What Prometheus saw meanwhile; not of another service.
    pub server: Option<ServerSide>,
    /// What the database did meanwhile; not of another service.
    pub database: Option<DatabaseSide>,
    /// One request at a time, before the load.
    pub alone: Option<UnloadedRequests>,
    /// Orders as fast as they were answered, after the load.
    pub burst: Option<Burst>,
    /// The users that were served correctly, if that was searched.
    pub limit: Option<UserLimit>,
    /// What could not be measured, and why: sentences.
    pub remarks: Vec<String>,
}

impl Measurement {
    /// A load test, and nothing else yet.
    pub(super) fn of(load: RunResult) -> Self {
        Self { load, server: None, database: None, alone: None, burst: None, limit: None, remarks: Vec::new() }
    }
}

/// What Prometheus saw while the load test ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerSide {
    /// Requests that the instances answered.
    pub requests: u64,
    /// Those that they answered with 4xx or 5xx.
    pub failures: u64,
    /// How many more requests that are than the load test counted, in percent of those.
    pub difference_percent: Option<f64>,
    /// Connections that the database refused because there were too many.
    pub refused_connections: u64,
    /// Look-ups in the report cache.
    pub cache_lookups: u64,
    /// Those that were answered out of it.
    pub cache_hits: u64,
    /// Those of them whose report was older than it should be: a newer one was being computed, or could not be.
    pub cache_stale: u64,
    /// Processors in use on average, all instances together.
    pub cpu_cores: f64,
    /// The most resident memory of an instance, bytes.
    pub memory_peak_bytes: u64,
}

/// What the database did while the load test ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DatabaseSide {
    /// The server's version.
    pub version: String,
    /// The most connections it accepts.
    pub max_connections: u64,
    /// The moment at which most connections were open.
    pub peak: ConnectionPoint,
    /// The most connections that ran a statement at the same moment.
    pub most_running: u64,
    /// The longest that a connection was seen asleep, seconds.
    pub longest_sleep_s: u64,
    /// Processors in use on average.
    pub cpu_cores: Option<f64>,
    /// Statements.
    pub statements: u64,
    /// Rows read.
    pub rows_read: u64,
    /// Connections over time.
    pub timeline: Vec<ConnectionPoint>,
}

/// The database's connections at one moment, without the one that looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConnectionPoint {
    /// Seconds since the load began.
    pub at_s: f64,
    /// Open.
    pub open: u64,
    /// Running a statement.
    pub running: u64,
    /// Open, and nobody uses them.
    pub asleep: u64,
    /// The longest that one of these has slept, seconds.
    pub longest_sleep_s: u64,
}

/// One request at a time, with nobody else there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnloadedRequests {
    /// Statements that one order with three products took; the median of several.
    pub order_statements: u64,
    /// How long it took, milliseconds; the median of several.
    pub order_ms: f64,
    /// Rows that the database read for a report that was in no cache.
    pub cold_report_rows: u64,
    /// How long that report took, milliseconds.
    pub cold_report_ms: f64,
}

/// Orders as fast as they were answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Burst {
    /// Users, none of whom thinks.
    pub users: u32,
    /// Seconds.
    pub duration_s: f64,
    /// Orders accepted per second.
    pub orders_per_s: f64,
    /// The share of orders that failed, from 0 to 1.
    pub fail_ratio: f64,
    /// Of accepted orders: half took no longer, milliseconds.
    pub p50_ms: f64,
    /// Of accepted orders: 99 % took no longer, milliseconds.
    pub p99_ms: f64,
    /// Statements per accepted order.
    pub statements_per_order: Option<f64>,
    /// Accepted orders per commit.
    pub orders_per_commit: Option<f64>,
    /// Whether the load generator had time to spare.
    pub verdict: Verdict,
}

/// From which number of users on a store no longer answers correctly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserLimit {
    /// The most users with whom everything was as it should be.
    pub last_good: Option<u32>,
    /// The fewest users with whom it was not.
    pub first_bad: Option<u32>,
    /// What was not.
    pub broken: Vec<String>,
    /// Whether the generator gave way before the store.
    pub generator_gave_way: bool,
}

/// What the store's metrics call a connection that the database refused for that reason.
const TOO_MANY: &str = "too_many_connections";

impl ServerSide {
    /// What of a report belongs to the account.
    pub(super) fn of(report: &Report) -> Self {
        let compared = report.load_test.as_ref().map(|comparison| &comparison.total);
        let sum = |of: fn(&report::CacheUse) -> u64| report.caches.iter().map(of).sum::<u64>();
        let (hits, stale) = (sum(|cache| cache.hit + cache.stale), sum(|cache| cache.stale));
        let refused = report.database_errors.iter().filter(|count| count.name == TOO_MANY).map(|count| count.count);
        Self {
            refused_connections: refused.sum(),
            requests: report.total.requests,
            failures: report.total.failures + report.total.refusals,
            difference_percent: compared.and_then(|total| total.difference_percent),
            cache_lookups: hits + sum(|cache| cache.miss + cache.error),
            cache_hits: hits,
            cache_stale: stale,
            cpu_cores: report.processes.iter().filter_map(|process| process.cpu_cores).sum(),
            memory_peak_bytes: report
                .processes
                .iter()
                .filter_map(|process| process.memory_peak_bytes)
                .max()
                .unwrap_or(0),
        }
    }

    /// Reports that were older than they should be as a share of those out of the cache; nothing without any.
    pub fn stale_ratio(&self) -> Option<f64> {
        (self.cache_hits > 0).then(|| self.cache_stale as f64 / self.cache_hits as f64)
    }

    /// Reports out of the cache as a share of all; nothing without a cache.
    pub fn hit_ratio(&self) -> Option<f64> {
        (self.cache_lookups > 0).then(|| self.cache_hits as f64 / self.cache_lookups as f64)
    }
}

impl UserLimit {
    /// What of a search belongs to the account.
    pub(super) fn of(limit: &LimitResult) -> Self {
        Self {
            last_good: limit.last_good,
            first_bad: limit.first_bad,
            broken: limit.broken.clone(),
            generator_gave_way: limit.gave_way == GaveWay::Generator,
        }
    }
}
