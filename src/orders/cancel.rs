//! Deletes orders: stock and totals are given back exactly once.

use tokio::time::Instant;

use super::attempts::{Attempts, Failed};
use super::{OrderError, Orders};
use crate::db::{DbError, Effect, Outcome, RowId, RowWait, Session};
use crate::domain::OrderId;

impl Orders {
    /// Deletes an order; false if it does not exist or was already deleted.
    pub async fn cancel(&self, id: OrderId, deadline: Instant) -> Result<bool, OrderError> {
        let mut attempts = Attempts::until(deadline);
        let mut locking = self.database.row_locking(deadline, &[RowId::Order(id)])?;
        loop {
            match self.try_cancel(id, locking.wait(), deadline).await {
                Ok(Cancelled::Held(rows)) => locking.wait_for(rows).await?,
                Ok(ended) => {
                    locking.had(&[RowId::Order(id)]);
                    return Ok(matches!(ended, Cancelled::Deleted));
                }
                Err(failed) => attempts.again_after(failed).await?,
            }
        }
    }

    async fn try_cancel(&self, id: OrderId, wait: RowWait, deadline: Instant) -> Result<Cancelled, Failed> {
        let mut session = self.database.locking_session(deadline).await?;
        session.begin().await?;
        match give_back(&mut session, id, wait).await {
            Ok(Cancelled::Deleted) => {}
            other => {
                session.rollback().await;
                return Ok(other?);
            }
        }
        match self.database.commit(session, &Effect::OrderDeleted(id)).await? {
            Outcome::Committed => Ok(Cancelled::Deleted),
            Outcome::NotCommitted => Err(Failed::Again(OrderError::Database(DbError::Lost))),
        }
    }
}

/// Outcome of one attempt.
enum Cancelled {
    Deleted,
    /// The order does not exist.
    NotThere,
    /// Another transaction holds these rows; the attempt did not wait for them, or the wait timed out.
    Held(Vec<RowId>),
}

/// Runs all statements of the deletion except the commit.
async fn give_back(session: &mut Session, id: OrderId, wait: RowWait) -> Result<Cancelled, DbError> {
    let order = match session.lock_order(id, wait).await {
        Ok(Some(order)) => order,
        Ok(None) => return Ok(Cancelled::NotThere),
        Err(DbError::LockTimeout) => return Ok(Cancelled::Held(vec![RowId::Order(id)])),
        Err(error) => return Err(error),
    };
    let lines = session.order_lines(id).await?;
    match session.lock_rows_of(order.user_id, &lines, wait).await {
        Ok(held) if held.is_empty() => {}
        Ok(held) => return Ok(Cancelled::Held(held)),
        // The previous attempt, which did not wait, found out which rows these are.
        Err(DbError::LockTimeout) => return Ok(Cancelled::Held(Vec::new())),
        Err(error) => return Err(error),
    }
    session.give_back(&lines).await?;
    session.take_back_expense(order.user_id, order.total).await?;
    session.delete_order(id).await?;
    Ok(Cancelled::Deleted)
}
