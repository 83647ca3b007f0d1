//! Figures by which two runs are compared, each computed from one run.

use serde::{Serialize, Serializer};

use super::case::Case;
use crate::text;

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// The share of due requests that got no good answer, from 0 to 1.
    FailRatio,
    /// The mean time of good answers, in milliseconds.
    MeanMs,
    /// The 99th percentile of the times of good answers, in milliseconds.
    P99Ms,
    /// Good answers per second.
    GoodPerS,
    /// The most connections of the database that were open.
    OpenConnections,
    /// Connections to the database that were opened, per request.
    ConnectionsPerRequest,
    /// Statements of the database per request.
    StatementsPerRequest,
    /// Rows that the database read per request.
    RowsPerRequest,
    /// The time of the database's statements per request, in milliseconds.
    DatabaseMsPerRequest,
    /// Commits of the database per request.
    CommitsPerRequest,
    /// The time that requests waited for rows, per request, in milliseconds.
    RowWaitMsPerRequest,
    /// Deadlocks per request.
    DeadlocksPerRequest,
    /// The time of Redis's commands per request, in milliseconds.
    RedisMsPerRequest,
    /// The processors that the service used.
    ServiceCores,
}

impl Figure {
    /// All figures.
    pub const ALL: [Self; 14] = [
        Self::FailRatio,
        Self::MeanMs,
        Self::P99Ms,
        Self::GoodPerS,
        Self::OpenConnections,
        Self::ConnectionsPerRequest,
        Self::StatementsPerRequest,
        Self::RowsPerRequest,
        Self::DatabaseMsPerRequest,
        Self::CommitsPerRequest,
        Self::RowWaitMsPerRequest,
        Self::DeadlocksPerRequest,
        Self::RedisMsPerRequest,
        Self::ServiceCores,
    ];

    /// Its key in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::FailRatio => "fail_ratio",
            Self::MeanMs => "mean_ms",
            Self::P99Ms => "p99_ms",
            Self::GoodPerS => "good_per_s",
            Self::OpenConnections => "open_connections",
            Self::ConnectionsPerRequest => "connections_per_request",
            Self::StatementsPerRequest => "statements_per_request",
            Self::RowsPerRequest => "rows_per_request",
            Self::DatabaseMsPerRequest => "database_ms_per_request",
            Self::CommitsPerRequest => "commits_per_request",
            Self::RowWaitMsPerRequest => "row_wait_ms_per_request",
            Self::DeadlocksPerRequest => "deadlocks_per_request",
            Self::RedisMsPerRequest => "redis_ms_per_request",
            Self::ServiceCores => "service_cores",
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::FailRatio => text!("requests without a good answer"),
            Self::MeanMs => text!("mean time of good answers, ms"),
            Self::P99Ms => text!("99th percentile of good answers, ms"),
            Self::GoodPerS => text!("good answers per second"),
            Self::OpenConnections => text!("most open connections of the database"),
            Self::ConnectionsPerRequest => text!("connections opened per request"),
            Self::StatementsPerRequest => text!("statements per request"),
            Self::RowsPerRequest => text!("rows read per request"),
            Self::DatabaseMsPerRequest => text!("time of statements per request, ms"),
            Self::CommitsPerRequest => text!("commits per request"),
            Self::RowWaitMsPerRequest => text!("wait for rows per request, ms"),
            Self::DeadlocksPerRequest => text!("deadlocks per request"),
            Self::RedisMsPerRequest => text!("time of Redis per request, ms"),
            Self::ServiceCores => text!("processors used by the service"),
        }
    }

    /// Its value in a run; `None` if it is not known.
    pub(super) fn of(self, case: &Case<'_>) -> Option<f64> {
        let run = case.run;
        let times = run.aggregated.succeeded_latency_ms.as_ref();
        let per_request = |value: f64| value / case.requests.max(1.0);
        match self {
            Self::FailRatio => Some(run.bad_ratio()),
            Self::MeanMs => times.map(|times| times.mean),
            Self::P99Ms => times.map(|times| times.p99),
            Self::GoodPerS => Some(case.good_per_s()),
            Self::OpenConnections => case.database.map(|database| database.peak.open as f64),
            Self::ConnectionsPerRequest => case.counter("Connections").map(per_request),
            Self::StatementsPerRequest => case.statements().map(per_request),
            Self::RowsPerRequest => case.rows_read().map(per_request),
            Self::DatabaseMsPerRequest => case.database_time_s().map(|seconds| per_request(1e3 * seconds)),
            Self::CommitsPerRequest => case.counter("Com_commit").map(per_request),
            Self::RowWaitMsPerRequest => case.counter("Innodb_row_lock_time").map(per_request),
            Self::DeadlocksPerRequest => case.database?.deadlocks.map(|deadlocks| per_request(deadlocks as f64)),
            Self::RedisMsPerRequest => case.redis_time_s().map(|seconds| per_request(1e3 * seconds)),
            Self::ServiceCores => {
                let mut services = case.services().peekable();
                services.peek()?;
                Some(services.map(|service| service.cpu_cores).sum())
            }
        }
    }
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}
