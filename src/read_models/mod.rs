//! The two reports: best sellers and highest spenders.
//!
//! A report comes from all order lines or from totals kept with the orders, and is answered as computed or out of a
//! cache. From the cache it may be old: older than its time to live it is still served, at once, while one task
//! refreshes it; so it is also served when the database is away. One computation at a time, however many ask.

mod best_sellers;
mod highest_spenders;
mod local_cache;
mod report;
mod report_cache;
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
    /// The reports over a database, with a cache or without.
    pub fn new(database: &Arc<Database>, cache: Option<&Arc<Cache>>, config: Config, metrics: &Metrics) -> Self {
        Self {
            best_sellers: ReportCache::new(database, cache, config, metrics),
            highest_spenders: ReportCache::new(database, cache, config, metrics),
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
