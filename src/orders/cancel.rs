//! Deleting an order: stock and totals go back, exactly once.

use tokio::time::Instant;

use super::attempts::{Failed, Tries};
use super::{OrderError, Orders};
use crate::db::{DbError, Effect, Outcome, Session};
use crate::domain::OrderId;

impl Orders {
    /// Deletes an order; false if there is no such order (any more).
    pub async fn cancel(&self, id: OrderId, deadline: Instant) -> Result<bool, OrderError> {
        let mut tries = Tries::until(deadline);
        loop {
            match self.try_cancel(id, deadline).await {
                Ok(deleted) => return Ok(deleted),
                Err(failed) => tries.again_after(failed).await?,
            }
        }
    }

    async fn try_cancel(&self, id: OrderId, deadline: Instant) -> Result<bool, Failed> {
        let mut session = self.database.session(deadline).await?;
        session.begin().await?;
        match give_back(&mut session, id).await {
            Ok(true) => {}
            other => {
                session.rollback().await;
                return Ok(other?);
            }
        }
        match self.database.commit(session, &Effect::OrderDeleted(id)).await? {
            Outcome::Committed => Ok(true),
            Outcome::NotCommitted => Err(Failed::Again(OrderError::Database(DbError::Lost))),
        }
    }
}

/// Everything but the commit; false if there is no such order.
async fn give_back(session: &mut Session, id: OrderId) -> Result<bool, DbError> {
    let Some(order) = session.lock_order(id).await? else { return Ok(false) };
    let lines = session.order_lines(id).await?;
    session.give_back(&lines).await?;
    session.take_back_expense(order.user_id, order.total).await?;
    session.delete_order(id).await?;
    Ok(true)
}
