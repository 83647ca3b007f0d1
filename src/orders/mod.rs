//! Orders: each is placed once and durably, and never exceeds the stock.
//!
//! An accepted order is committed exactly once; its total is the sum of its lines at the prices of that moment; the
//! stock was reduced by exactly its lines and never below zero. A refused order stored nothing. All writers keep these
//! guarantees and pass the same tests; they differ only in speed.
//!
//! Locks are taken in the same order everywhere (an order being deleted, then stocks by product, then the user's
//! totals, then the idempotency key), so that transactions cannot wait for each other in a circle.

mod attempts;
mod batched;
mod cancel;
mod error;
mod expiry;
mod group_commit;
mod held;
mod ids;
mod outcome;
mod per_item;
mod place;
mod pricing;
mod replay;

use std::io;
use std::sync::Arc;

use tokio::time::Instant;

use crate::db::{Database, DbError, OrderHead};
use crate::domain::{Order, OrderCursor, OrderId, UserId};
use crate::metrics::Metrics;

pub use error::OrderError;
pub use group_commit::QueueLimits;

/// How orders are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// One query per article and one commit per order, as in the first version of the original program.
    PerItem,
    /// One query for all articles of an order, and one commit per order.
    Batched,
    /// Many orders in one transaction.
    GroupCommit,
}

impl Writer {
    /// Name on the command line and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PerItem => "per-item",
            Self::Batched => "batched",
            Self::GroupCommit => "group-commit",
        }
    }
}

/// Writes one order in a transaction of its own.
#[derive(Clone, Copy, Debug)]
enum SingleOrderWriter {
    PerItem,
    Batched,
}

#[derive(Debug)]
enum WriteStrategy {
    Single(SingleOrderWriter),
    Grouped(group_commit::GroupCommit),
}

/// The orders of the store.
#[derive(Debug)]
pub struct Orders {
    database: Arc<Database>,
    strategy: WriteStrategy,
    ids: ids::OrderIds,
    metrics: outcome::OrderMetrics,
}

impl Orders {
    /// Orders in a database, written by the given writer; the limits apply to group commit only. Must be called inside
    /// a runtime. Fails if the thread of group commit cannot be started.
    pub fn new(database: Arc<Database>, writer: Writer, limits: QueueLimits, metrics: &Metrics) -> io::Result<Self> {
        let metrics = outcome::OrderMetrics::new(metrics);
        let strategy = match writer {
            Writer::PerItem => WriteStrategy::Single(SingleOrderWriter::PerItem),
            Writer::Batched => WriteStrategy::Single(SingleOrderWriter::Batched),
            Writer::GroupCommit => WriteStrategy::Grouped(group_commit::GroupCommit::start(
                Arc::clone(&database),
                limits,
                metrics.clone(),
            )?),
        };
        Ok(Self { database, strategy, ids: ids::OrderIds::default(), metrics })
    }

    /// Orders whose committer stands still.
    #[cfg(test)]
    pub(crate) fn without_committer(database: Arc<Database>, limits: QueueLimits, metrics: &Metrics) -> Self {
        let metrics = outcome::OrderMetrics::new(metrics);
        let group_commit = group_commit::GroupCommit::without_committer(Arc::clone(&database), limits, metrics.clone());
        let strategy = WriteStrategy::Grouped(group_commit);
        Self { database, strategy, ids: ids::OrderIds::default(), metrics }
    }

    /// Whether orders are written by a separate task, which continues when the caller stops waiting.
    pub fn writes_elsewhere(&self) -> bool {
        matches!(self.strategy, WriteStrategy::Grouped(_))
    }

    /// Whether orders are waiting and the committer makes no progress.
    pub fn is_stuck(&self) -> bool {
        matches!(&self.strategy, WriteStrategy::Grouped(group_commit) if group_commit.is_stuck())
    }

    /// Reads an order with its lines; `None` if it does not exist.
    pub async fn find(&self, id: OrderId, deadline: Instant) -> Result<Option<Order>, DbError> {
        self.database.session(deadline).await?.order(id).await
    }

    /// Reads the heads of a user's orders, newest first, from after the given place; `None` if there is no such user.
    pub async fn of_user(
        &self,
        user_id: UserId,
        after: Option<&OrderCursor>,
        limit: u32,
        deadline: Instant,
    ) -> Result<Option<Vec<OrderHead>>, DbError> {
        let mut session = self.database.session(deadline).await?;
        let orders = session.orders_of(user_id, after, limit).await?;
        let exists = !orders.is_empty() || session.user(user_id).await?.is_some();
        Ok(exists.then_some(orders))
    }
}
