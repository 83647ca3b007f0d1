//! Commits: an OK means committed, and every other answer means *unknown* until the outcome has been looked up.
//!
//! An error in answer to COMMIT proves nothing: routers in front of a database, and some clusters, return one after the
//! transaction was made durable. So every write is treated the same way: the connection is given up, its session is
//! ended on the server, and the rows that the write would have left are looked up.
//!
//! The lookup is a locking read in a transaction. A plain read is no proof: it could find nothing while the server is
//! still committing, and a router that splits reads from writes sends it to a replica. The locking read waits for the
//! holder of the row, so it answers after the transaction has ended; a server that does not take writes refuses it.

use std::time::Duration;

use tokio::time::Instant;

use super::interrupted_commit::InterruptedCommit;
use super::{Database, DbError, RowWait, Session};
use crate::domain::{Cents, NewProduct, NewUser, OrderId, PricedLine, ProductId, UserId};

/// How long the outcome is looked up: a database that was killed needs some seconds for its recovery, and most clients
/// wait a minute.
const LIMIT: Duration = Duration::from_secs(20);

/// Pause between two lookups.
const PAUSE: Duration = Duration::from_millis(100);

/// The rows that a committed transaction leaves, by which it is recognised.
#[derive(Clone, Debug)]
pub enum Effect {
    /// An order with this user, total and lines. The number alone is not enough: it may have been used again after the
    /// store was filled anew.
    OrderPlaced {
        /// Number of the order.
        id: OrderId,
        /// User who placed the order.
        user_id: UserId,
        /// Sum of its lines.
        total: Cents,
        /// Its lines, sorted by product.
        lines: Vec<PricedLine>,
    },
    /// The order no longer exists. It did exist, and numbers are used once, so it was deleted, by this transaction or a
    /// concurrent one, and the stock was given back once.
    OrderDeleted(OrderId),
    /// A user with this number and these values.
    UserAdded(UserId, NewUser),
    /// The user no longer exists.
    UserDeleted(UserId),
    /// A product with this number and these values; other products may have the same SKU.
    ProductAdded(ProductId, NewProduct),
    /// The product no longer exists.
    ProductDeleted(ProductId),
    /// The stock was set.
    ///
    /// The sum of pieces in stock and pieces sold changes only when a stock is set, so it identifies the change,
    /// whatever was sold or given back since. If the sum is neither the old nor the new one, another request has set
    /// the stock since; this one then counts as done and replaced at once, which cannot be told from having come first.
    StockSet {
        /// Number of the product.
        product_id: ProductId,
        /// Pieces in stock plus pieces sold, before the change.
        before: u64,
        /// Pieces in stock plus pieces sold, after the change.
        after: u64,
    },
}

/// Outcome of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was committed.
    Committed,
    /// It was not committed and will not be: nothing of it was stored.
    NotCommitted,
}

impl Database {
    /// Commits a session's transaction. If the answer is not OK, the outcome is looked up; the error is
    /// [`DbError::CommitUnknown`] if the database does not come back in time.
    pub async fn commit(&self, session: Session, effect: &Effect) -> Result<Outcome, DbError> {
        match session.commit().await {
            Ok(()) => Ok(Outcome::Committed),
            Err(interrupted) => self.look_up(interrupted, effect).await,
        }
    }

    /// Looks up the outcome of a transaction whose COMMIT was interrupted, until it is known or the limit passes.
    pub async fn look_up(&self, interrupted: InterruptedCommit, effect: &Effect) -> Result<Outcome, DbError> {
        let InterruptedCommit { session: mut name, reason } = interrupted;
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline {
            // A session that has not finished its COMMIT would keep its rows locked, and the lookup would wait for it.
            if let Some(lost) = &name
                && self.control.try_end(lost).await.is_ok()
            {
                name = None;
            }
            if let Ok(mut session) = self.locking_session(deadline).await
                && let Ok(outcome) = session.outcome(effect).await
            {
                tracing::warn!(%reason, ?effect, ?outcome, "a commit was interrupted, and its outcome looked up");
                return Ok(outcome);
            }
            tokio::time::sleep(PAUSE).await;
        }
        tracing::error!(%reason, ?effect, "a commit was interrupted, and its outcome could not be looked up in time");
        Err(DbError::CommitUnknown)
    }
}

impl Session {
    /// Looks for the rows that a transaction would have left, in a transaction that locks what it reads.
    async fn outcome(&mut self, effect: &Effect) -> Result<Outcome, DbError> {
        self.begin().await?;
        let committed = self.is_there(effect).await;
        self.rollback().await;
        Ok(if committed? { Outcome::Committed } else { Outcome::NotCommitted })
    }

    async fn is_there(&mut self, effect: &Effect) -> Result<bool, DbError> {
        match effect {
            Effect::OrderPlaced { id, user_id, total, lines } => {
                let Some(head) = self.lock_order(*id, RowWait::Yes).await? else { return Ok(false) };
                Ok(head.user_id == *user_id && head.total == *total && self.order_lines(*id).await? == *lines)
            }
            Effect::OrderDeleted(id) => Ok(self.lock_order(*id, RowWait::Yes).await?.is_none()),
            Effect::UserAdded(id, new) => {
                let user = self.lock_user(*id).await?;
                Ok(user.is_some_and(|user| user.name == new.name() && user.email == new.email()))
            }
            Effect::UserDeleted(id) => Ok(self.lock_user(*id).await?.is_none()),
            Effect::ProductAdded(id, new) => {
                let product = self.lock_product(*id).await?;
                Ok(product.is_some_and(|product| {
                    product.name == new.name() && product.sku == new.sku() && product.price == new.price()
                }))
            }
            Effect::ProductDeleted(id) => Ok(self.lock_product(*id).await?.is_none()),
            Effect::StockSet { product_id, before, after } => {
                let Some(row) = self.lock_stock(*product_id, RowWait::Yes).await? else { return Ok(true) };
                let sum = row.quantity + row.quantity_sold;
                Ok(sum == *after || sum != *before)
            }
        }
    }
}
