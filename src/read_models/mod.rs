//! The two reports: best sellers and highest spenders.
//!
//! A report comes from all order lines or from totals kept with the orders, and is answered as computed or out of a
//! cache. From the cache it may be old: older than its time to live it is still served, at once, while one task
//! refreshes it; so it is also served when the database is away. One computation at a time, however many ask.

mod best_sellers;
mod desk;
mod flight;
mod highest_spenders;
mod near;
mod snapshot;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::cache::Cache;
use crate::db::{Database, DbError, Session};
use crate::metrics::Metrics;
use crate::wire::{BestSeller, HighestSpender};

use desk::Desk;

/// Where a report is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// All order lines.
    Scan,
    /// Totals kept with the orders.
    ReadModel,
}

impl Source {
    /// Its name on the command line and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::ReadModel => "read-model",
        }
    }
}

/// The most rows of a report; what is computed and cached, whatever number a request asks for.
pub const MAX_ROWS: u32 = 100;

/// How reports are made.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Where from.
    pub source: Source,
    /// How long a cached report counts as fresh.
    pub time_to_live: Duration,
    /// The longest that computing one may take.
    pub compute_limit: Duration,
}

/// Why there is no report. Shared by all who waited for the same computation.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReportError {
    /// The database failed.
    #[error(transparent)]
    Database(Arc<DbError>),
    /// The computation ended without a result: a defect.
    #[error("the report was not computed")]
    Abandoned,
}

/// A report's rows, and how old they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report<Row> {
    /// The rows, the first one first.
    pub rows: Vec<Row>,
    /// Since they were computed.
    pub age: Duration,
}

/// One kind of report: its name, its row, how it is computed.
trait Kind: Send + Sync + 'static {
    /// The name in metrics and in the cache.
    const NAME: &'static str;
    /// One row, as it stands on the wire.
    type Row: Clone + Send + Sync + serde::Serialize + serde::de::DeserializeOwned + 'static;
    /// Reads up to [`MAX_ROWS`] rows.
    fn compute(session: &mut Session, source: Source) -> impl Future<Output = Result<Vec<Self::Row>, DbError>> + Send;
}

/// Both reports of the store.
#[derive(Debug)]
pub struct Reports {
    best_sellers: Desk<best_sellers::BestSellers>,
    highest_spenders: Desk<highest_spenders::HighestSpenders>,
}

impl Reports {
    /// The reports over a database, with a cache or without.
    pub fn new(database: &Arc<Database>, cache: Option<&Arc<Cache>>, config: Config, metrics: &Metrics) -> Self {
        Self {
            best_sellers: Desk::new(database, cache, config, metrics),
            highest_spenders: Desk::new(database, cache, config, metrics),
        }
    }

    /// Whether reports are computed by a task that nobody's waiting ends.
    pub fn computes_elsewhere(&self) -> bool {
        self.best_sellers.is_cached() && self.highest_spenders.is_cached()
    }

    /// The products sold most.
    pub async fn best_sellers(&self, limit: u32, deadline: Instant) -> Result<Report<BestSeller>, ReportError> {
        self.best_sellers.report(limit, deadline).await
    }

    /// The users who spent most.
    pub async fn highest_spenders(&self, limit: u32, deadline: Instant) -> Result<Report<HighestSpender>, ReportError> {
        self.highest_spenders.report(limit, deadline).await
    }
}
