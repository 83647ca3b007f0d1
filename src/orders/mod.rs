//! Orders: placed once, durably, never from stock that is not there.
//!
//! What an accepted order promises: it is committed, once; its total is the sum of its lines at the prices of that
//! moment; the stock went down by exactly its lines and never below zero. What a refusal promises: nothing of it was
//! stored. All writers keep these promises and pass the same tests; they differ in speed alone.
//!
//! Locks are taken in the same order everywhere (an order being deleted, then stocks by product, then the user's totals,
//! then the idempotency key), so that transactions wait for each other in a line and not in a circle.

mod attempts;
mod batched;
mod cancel;
mod error;
mod expiry;
mod ids;
mod outcome;
mod per_item;
mod place;
mod pricing;

use std::sync::Arc;

use tokio::time::Instant;

use crate::db::{Database, DbError};
use crate::domain::{Order, OrderId};
use crate::metrics::Metrics;

pub use error::OrderError;

/// How orders are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// One query per article, one commit per order: the original's first way.
    PerItem,
    /// One query for all of an order's articles, one commit per order.
    Batched,
}

impl Writer {
    /// Its name on the command line and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PerItem => "per-item",
            Self::Batched => "batched",
        }
    }
}

/// The orders of the store.
#[derive(Debug)]
pub struct Orders {
    database: Arc<Database>,
    writer: Writer,
    ids: ids::OrderIds,
    metrics: outcome::OrderMetrics,
}

impl Orders {
    /// Orders in a database, written in one of the ways.
    pub fn new(database: Arc<Database>, writer: Writer, metrics: &Metrics) -> Self {
        Self { database, writer, ids: ids::OrderIds::default(), metrics: outcome::OrderMetrics::new(metrics) }
    }

    /// Reads an order.
    pub async fn find(&self, id: OrderId, deadline: Instant) -> Result<Option<Order>, DbError> {
        self.database.session(deadline).await?.order(id).await
    }
}
