//! Commits: OK is done, and everything else is *not known* until it has been looked up.
//!
//! An error in answer to COMMIT says nothing: routers in front of a database, and some clusters, answer one after the
//! transaction was made durable. So there is one way for every write: the connection is given up, its session is ended on
//! the server, and the rows that the write would have left are looked for.
//!
//! The look is a locking read in a transaction. Plain reads are no proof: one could say "no" while the server is still
//! committing, and a router that splits reads from writes sends it to a replica. The locking read waits for whoever holds
//! the row, so it answers when the transaction has ended; and a server that does not take writes refuses it.

use std::time::Duration;

use tokio::time::Instant;

use super::interrupted_commit::InterruptedCommit;
use super::{Database, DbError, RowWait, Session};
use crate::domain::{Cents, NewProduct, NewUser, OrderId, PricedLine, ProductId, UserId};

/// How long the outcome is looked for: a database that was killed needs some seconds for its recovery, and most clients
/// wait a minute.
const LIMIT: Duration = Duration::from_secs(20);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// What a transaction leaves when it is committed: by this it is recognised.
#[derive(Clone, Debug)]
pub enum Effect {
    /// An order with this user, total and lines. The number alone would not do: it may have been given anew after the
    /// store was filled again.
    OrderPlaced {
        /// Its number.
        id: OrderId,
        /// Who ordered.
        user_id: UserId,
        /// Its total.
        total: Cents,
        /// Its lines, in the order of products.
        lines: Vec<PricedLine>,
    },
    /// The order is not there any more. It was there, and numbers are given once: gone means deleted, by this
    /// transaction or by one at the same time, and the stock was given back once.
    OrderDeleted(OrderId),
    /// A user with this number and these values.
    UserAdded(UserId, NewUser),
    /// The user is not there any more.
    UserDeleted(UserId),
    /// A product with this number and these values; others may have the same SKU.
    ProductAdded(ProductId, NewProduct),
    /// The product is not there any more.
    ProductDeleted(ProductId),
    /// The stock was set.
    ///
    /// Pieces there and pieces sold together change by setting a stock and by nothing else, so the sum tells, whatever
    /// was sold or given back since. When the sum is neither the one before nor the one after, somebody else has set the
    /// stock since; this one counts as done and replaced at once, which nobody can tell from having come first.
    StockSet {
        /// Which product.
        product_id: ProductId,
        /// Pieces there and sold together, before.
        before: u64,
        /// The same, after.
        after: u64,
    },
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was committed.
    Committed,
    /// It was not, and will not be: nothing of it was stored.
    NotCommitted,
}

impl Database {
    /// Commits a session's transaction. If that is not answered with OK, the outcome is looked up; it is a
    /// [`DbError::CommitUnknown`] when the database does not come back in time to tell.
    pub async fn commit(&self, session: Session, effect: &Effect) -> Result<Outcome, DbError> {
        match session.commit().await {
            Ok(()) => Ok(Outcome::Committed),
            Err(interrupted) => self.look_up(interrupted, effect).await,
        }
    }

    /// What became of a transaction whose COMMIT was interrupted: looks until it knows or the limit passes.
    pub async fn look_up(&self, interrupted: InterruptedCommit, effect: &Effect) -> Result<Outcome, DbError> {
        let InterruptedCommit { session: mut name, reason } = interrupted;
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline {
            // A session that still waits for its COMMIT would keep its rows, and the look would wait for it.
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
    /// Looks for what a transaction would have left, in a transaction that reads what it locks.
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
