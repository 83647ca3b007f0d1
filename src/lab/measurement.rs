//! The measurement of one subject in one round, in the format of its file.
//!
//! The file has the format of `loadtest --json` with additional keys, so `report --run` and `loadtest --baseline` can read
//! it.

use serde::{Deserialize, Deserializer, Serialize};

use crate::report::{self, Report};
use crate::run_result::{GaveWay, LimitResult, RunResult, Verdict};

/// Everything that was measured of one subject in one round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// The result of the load test.
    #[serde(flatten)]
    pub load: RunResult,
    /// What Prometheus saw during the load test; `None` for another service.
    pub server: Option<ServerSide>,
    /// The whole report on the load test, for `report --run` when the lab's Prometheus is gone. `None` where there was none,
    /// and in the account of a lab, which has its figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<Report>>,
    /// What the database did during the load test; `None` for another service.
    pub database: Option<DatabaseSide>,
    /// Single requests before the load; `None` for another service.
    pub alone: Option<UnloadedRequests>,
    /// What the loss of the primary in the middle of the load test did; `None` where none was killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover: Option<Failover>,
    /// The burst of orders after the load test.
    pub burst: Option<Burst>,
    /// The number of users that are served correctly, if it was searched.
    pub limit: Option<UserLimit>,
    /// What could not be measured and why, one sentence each.
    pub remarks: Vec<String>,
}

impl Measurement {
    /// A measurement with a load test and nothing else yet.
    pub(super) fn of(load: RunResult) -> Self {
        Self {
            load,
            server: None,
            report: None,
            database: None,
            alone: None,
            failover: None,
            burst: None,
            limit: None,
            remarks: Vec::new(),
        }
    }
}

/// What Prometheus saw during the load test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerSide {
    /// Requests that the instances counted.
    pub requests: u64,
    /// Requests that the instances answered with 4xx or 5xx.
    pub failures: u64,
    /// How many more requests the instances counted than the load test, in percent of the load test's.
    pub difference_percent: Option<f64>,
    /// Connections that the database refused because it had too many.
    pub refused_connections: u64,
    /// The number of look-ups in the report cache.
    pub cache_lookups: u64,
    /// Look-ups that the cache answered.
    pub cache_hits: u64,
    /// Look-ups that the cache answered with an old report, because a newer one was being computed or could not be.
    pub cache_stale: u64,
    /// The mean number of processors in use, all instances together.
    pub cpu_cores: f64,
    /// The highest resident memory of one instance, in bytes.
    pub memory_peak_bytes: u64,
}

/// What the database did during the load test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DatabaseSide {
    /// The version that the server reports.
    pub version: String,
    /// The maximum number of connections that the server accepts.
    pub max_connections: u64,
    /// The connections at the time when most were open.
    pub peak: ConnectionPoint,
    /// The highest number of connections that ran a statement at the same time.
    pub most_running: u64,
    /// The longest time for which a connection was asleep, in seconds.
    pub longest_sleep_s: u64,
    /// The mean number of processors in use, if it could be measured.
    pub cpu_cores: Option<f64>,
    /// The number of statements that the server ran.
    pub statements: u64,
    /// The number of rows that the server read.
    pub rows_read: u64,
    /// The connections over time, in order.
    pub timeline: Vec<ConnectionPoint>,
}

/// The database's connections at one time, without that of the watcher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConnectionPoint {
    /// The time since the load test began, in seconds.
    pub at_s: f64,
    /// Connections that were open.
    pub open: u64,
    /// Connections that ran a statement.
    pub running: u64,
    /// Connections that were open but not used.
    pub asleep: u64,
    /// The longest time for which one of these has been unused, in seconds.
    pub longest_sleep_s: u64,
}

/// The cost of single requests without other load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnloadedRequests {
    /// The number of statements for an order of three products; the median of several.
    pub order_statements: u64,
    /// The response time of that order in milliseconds; the median of several.
    pub order_ms: f64,
    /// The number of rows that the database read for a report that was in no cache.
    pub cold_report_rows: u64,
    /// The response time of that report in milliseconds.
    pub cold_report_ms: f64,
}

/// What the loss of the primary in the middle of the load test did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failover {
    /// When the primary was killed, in seconds since the load test began.
    pub killed_at_s: f64,
    /// How many seconds later an order was accepted again; `None` if none was.
    pub accepted_after_s: Option<f64>,
    /// Requests of the load test that failed from then on.
    pub failed: u64,
    /// The part of these that was refused with 503.
    pub refused: u64,
    /// Orders that the lab sent by itself to find out from when on they are accepted. They are not in the load test.
    pub own_orders: u64,
    /// Orders that were accepted, before and after, those of the lab included.
    pub accepted_orders: u64,
    /// Orders that the database has more than before the load test; `None` if they could not be counted.
    pub stored_orders: Option<u64>,
}

/// The result of sending orders as fast as they were answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Burst {
    /// The number of users, who have no think time.
    pub users: u32,
    /// The length of the burst in seconds.
    pub duration_s: f64,
    /// The number of accepted orders per second.
    pub orders_per_s: f64,
    /// The share of orders that failed, from 0 to 1; `None` without an order.
    pub fail_ratio: Option<f64>,
    /// The median response time of accepted orders, in milliseconds; `None` without one. A file of the first version has
    /// 0 instead.
    #[serde(deserialize_with = "time")]
    pub p50_ms: Option<f64>,
    /// The 99th percentile of the response time of accepted orders, in milliseconds; `None` without one.
    #[serde(deserialize_with = "time")]
    pub p99_ms: Option<f64>,
    /// The mean number of statements for an accepted order, if the database was watched.
    pub statements_per_order: Option<f64>,
    /// The mean number of accepted orders in a commit, if the database was watched.
    pub orders_per_commit: Option<f64>,
    /// The database's connections that were open when the burst began, left by the load test before it; `None` if the
    /// database was not watched.
    #[serde(default)]
    pub left_open: Option<u64>,
    /// Whether the load generator was the bottleneck.
    pub verdict: Verdict,
}

/// The number of users from which on a store no longer answers correctly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserLimit {
    /// The highest number of users with which all thresholds held.
    pub last_good: Option<u32>,
    /// The lowest number of users with which a threshold was crossed.
    pub first_bad: Option<u32>,
    /// The thresholds that were crossed with that number.
    pub broken: Vec<String>,
    /// Whether the load generator reached its limit before the store.
    pub generator_gave_way: bool,
    /// Whether every load that was repeated had the same result as before.
    #[serde(default = "steady")]
    pub steady: bool,
    /// Why the search could not go on or go higher; `None` if it could.
    #[serde(default)]
    pub held_back: Option<String>,
}

/// Files of earlier versions say nothing of it.
const fn steady() -> bool {
    true
}

/// The kind of error in the store's metrics for a connection that the database refused because it had too many.
const TOO_MANY: &str = "too_many_connections";

impl ServerSide {
    /// Takes the figures of the account from a report.
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

    /// Takes out the requests that the lab sent beside the load test, of which so many failed. `of_load` are those of the load
    /// test.
    pub(super) fn without(&mut self, requests: u64, failures: u64, of_load: u64) {
        self.requests = self.requests.saturating_sub(requests);
        self.failures = self.failures.saturating_sub(failures);
        let difference = || 100.0 * (self.requests as f64 - of_load as f64) / of_load as f64;
        self.difference_percent = (of_load > 0).then(difference);
    }

    /// The share of old reports among those from the cache, from 0 to 1; `None` without any.
    pub fn stale_ratio(&self) -> Option<f64> {
        (self.cache_hits > 0).then(|| self.cache_stale as f64 / self.cache_hits as f64)
    }

    /// The share of look-ups that the cache answered, from 0 to 1; `None` without look-ups.
    pub fn hit_ratio(&self) -> Option<f64> {
        (self.cache_lookups > 0).then(|| self.cache_hits as f64 / self.cache_lookups as f64)
    }
}

impl Failover {
    /// The number of accepted orders that the database does not have; `None` if they could not be counted.
    pub fn lost_orders(&self) -> Option<u64> {
        Some(self.accepted_orders.saturating_sub(self.stored_orders?))
    }

    /// The number of orders that the database has although nobody was told so; `None` if they could not be counted.
    pub fn unacknowledged_orders(&self) -> Option<u64> {
        Some(self.stored_orders?.saturating_sub(self.accepted_orders))
    }
}

impl Measurement {
    /// The database connections that a rung's store could have: those of the server without the lab's own, by which it
    /// watches. `None` if the database was not watched.
    pub(super) fn connections_of_store(&self) -> Option<u64> {
        self.database.as_ref()?.max_connections.checked_sub(self.lab_connections())
    }

    /// The lab's own connections while the load ran.
    pub(super) fn lab_connections(&self) -> u64 {
        let is_observed = self.load.observed.as_ref().is_some_and(|observed| !observed.databases.is_empty());
        u64::from(self.database.is_some()) + u64::from(is_observed)
    }
}

/// Reads a time. The first version wrote 0 for the time of nothing.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.filter(|time| *time > 0.0))
}

impl UserLimit {
    /// Takes the figures of the account from a search.
    pub(super) fn of(limit: &LimitResult) -> Self {
        Self {
            last_good: limit.last_good,
            first_bad: limit.first_bad,
            broken: limit.broken.clone(),
            generator_gave_way: limit.gave_way == GaveWay::Generator,
            steady: limit.steady,
            held_back: limit.held_back.clone(),
        }
    }

    /// A search that found nothing, for this reason.
    pub(super) fn not_found(reason: String) -> Self {
        Self {
            last_good: None,
            first_bad: None,
            broken: Vec::new(),
            generator_gave_way: false,
            steady: true,
            held_back: Some(reason),
        }
    }
}
