//! The two reports: best sellers and highest spenders.
//!
//! A report is computed from all order lines or from totals that orders keep up to date, and is served as computed or from
//! a cache. A cached report that is older than its time to live is still served at once, while one task refreshes it;
//! therefore reports are available while the database is not. At most one computation per report runs at a time.

mod best_sellers;
mod highest_spenders;
mod local_cache;
mod report;
mod report_cache;
mod shared_copy;
mod single_flight;
mod snapshot;

use std::sync::Arc;

use tokio::time::Instant;

use crate::cache::Cache;
use crate::db::Database;
use crate::metrics::Metrics;
use crate::wire::{BestSeller, HighestSpender};

use report_cache::ReportCache;

pub use report::{Config, MAX_ROWS, Report, ReportError, Source};

/// Both reports of the store.
#[derive(Debug)]
pub struct Reports {
    best_sellers: ReportCache<best_sellers::BestSellers>,
    highest_spenders: ReportCache<highest_spenders::HighestSpenders>,
}

impl Reports {
    /// Creates the reports on a database; without a cache, every request computes its report.
    pub fn new(database: &Arc<Database>, cache: Option<&Arc<Cache>>, config: Config, metrics: &Metrics) -> Self {
        Self {
            best_sellers: ReportCache::new(database, cache, config, metrics),
            highest_spenders: ReportCache::new(database, cache, config, metrics),
        }
    }

    /// Whether reports are computed in a task of their own, which continues when the requests that wait for it end.
    pub fn computes_elsewhere(&self) -> bool {
        self.best_sellers.is_cached() && self.highest_spenders.is_cached()
    }

    /// The first `limit` products by pieces sold, at most [`MAX_ROWS`].
    pub async fn best_sellers(&self, limit: u32, deadline: Instant) -> Result<Report<BestSeller>, ReportError> {
        self.best_sellers.report(limit, deadline).await
    }

    /// The first `limit` users by the sum of their orders, at most [`MAX_ROWS`].
    pub async fn highest_spenders(&self, limit: u32, deadline: Instant) -> Result<Report<HighestSpender>, ReportError> {
        self.highest_spenders.report(limit, deadline).await
    }
}
