//! Commits: an OK means committed, and every other answer means *unknown* until the outcome has been looked up.
//!
//! An error in answer to COMMIT proves nothing: routers in front of a database, and some clusters, return one after the
//! transaction was made durable. So every write is treated the same way: the connection is given up, its session is
//! ended on the server, and the rows that the write would have left are looked up.
//!
//! The lookup is a locking read in a transaction. A plain read is no proof: it could find nothing while the server is
//! still committing, and a router that splits reads from writes sends it to a replica. The locking read waits for the
//! holder of the row, so it answers after the transaction has ended; a server that does not take writes refuses it.
//!
//! In a group of servers the lookup may be answered by another one than that of the COMMIT. A member becomes the primary
//! after everything that its predecessor got an agreement on was delivered to it, and the lookup waits until it was applied.

use std::time::Duration;

use tokio::time::Instant;

use super::interrupted_commit::InterruptedCommit;
use super::{Database, DbError, KeptAnswer, RowWait, Session};
use crate::domain::{Cents, OrderId, PricedLine, ProductId, UserId};

/// How long the outcome is looked up: a database that was killed needs some seconds for its recovery, and most clients
/// wait a minute.
const LIMIT: Duration = Duration::from_secs(20);

/// The same in a group, which needs some ten seconds, or more on a busy machine, until it has another primary.
const GROUP_LIMIT: Duration = Duration::from_secs(40);

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
    /// The user no longer exists.
    UserDeleted(UserId),
    /// The product no longer exists.
    ProductDeleted(ProductId),
    /// The answer is stored under its key, in the same transaction as what it answers. What was changed may have been
    /// changed again since, by others, so it does not identify the transaction; the row of its key does.
    Answered(KeptAnswer),
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
        let deadline = Instant::now() + if self.control.may_move() { GROUP_LIMIT } else { LIMIT };
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
        let in_group = self.read_all_certified().await?;
        self.begin().await?;
        let committed = self.is_there(effect).await;
        self.rollback().await;
        let committed = committed?;
        if in_group && !committed {
            self.confirm_membership().await?;
        }
        Ok(if committed { Outcome::Committed } else { Outcome::NotCommitted })
    }

    /// Makes this session see, at the beginning of each transaction, whatever the majority of its group has agreed on, even
    /// if this member has not applied it yet. Returns false on a server without group replication.
    ///
    /// The session is not used for anything else afterwards: its connection is closed.
    async fn read_all_certified(&mut self) -> Result<bool, DbError> {
        if self.group_consistency().await?.is_none() {
            return Ok(false);
        }
        self.use_once();
        self.run("SET SESSION group_replication_consistency = 'BEFORE'").await?;
        Ok(true)
    }

    /// Fails unless this member belongs to the majority at this moment. A primary that was cut off or stood still, and was
    /// replaced, undoes what it had not got an agreement on, although the others have: its locks are gone then, and what it
    /// reads looks as if nothing had been committed. To begin a transaction that sees all that was agreed on needs the
    /// majority.
    async fn confirm_membership(&mut self) -> Result<(), DbError> {
        self.begin().await?;
        let seen = self.run("SELECT COUNT(*) FROM id_blocks FOR UPDATE").await;
        self.rollback().await;
        seen
    }

    async fn is_there(&mut self, effect: &Effect) -> Result<bool, DbError> {
        match effect {
            Effect::OrderPlaced { id, user_id, total, lines } => {
                let Some(head) = self.lock_order(*id, RowWait::Yes).await? else { return Ok(false) };
                Ok(head.user_id == *user_id && head.total == *total && self.order_lines(*id).await? == *lines)
            }
            Effect::OrderDeleted(id) => Ok(self.lock_order(*id, RowWait::Yes).await?.is_none()),
            Effect::UserDeleted(id) => Ok(self.lock_user(*id).await?.is_none()),
            Effect::ProductDeleted(id) => Ok(self.lock_product(*id, RowWait::Yes).await?.is_none()),
            Effect::Answered(answer) => self.lock_answer(answer).await,
        }
    }
}
