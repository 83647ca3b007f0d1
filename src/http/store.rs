//! The parts of a running store, which every handler receives.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Access;
use crate::catalog::Catalog;
use crate::db::Database;
use crate::metrics::Metrics;
use crate::orders::Orders;
use crate::read_models::Reports;

/// The parts of one running store, and whether it is draining.
#[derive(Debug)]
pub struct Store {
    pub(super) orders: Arc<Orders>,
    pub(super) catalog: Catalog,
    pub(super) reports: Reports,
    pub(super) database: Arc<Database>,
    pub(super) metrics: Metrics,
    /// The tokens that requests are asked for; every route is open without.
    pub(super) access: Option<Arc<Access>>,
    draining: AtomicBool,
}

impl Store {
    /// Makes a store that is not draining.
    pub fn new(
        orders: Arc<Orders>,
        catalog: Catalog,
        reports: Reports,
        database: Arc<Database>,
        metrics: Metrics,
    ) -> Self {
        Self { orders, catalog, reports, database, metrics, access: None, draining: AtomicBool::new(false) }
    }

    /// Asks requests for a token.
    #[must_use]
    pub fn with_access(self, access: Arc<Access>) -> Self {
        Self { access: Some(access), ..self }
    }

    /// From now on, the store is not ready, and every answer tells the client to close its connection.
    pub(super) fn start_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
