//! Deleting an order: stock and totals go back, exactly once.

use tokio::time::Instant;

use super::attempts::{Failed, Tries};
use super::presence::presence;
use super::{OrderError, Orders};
use crate::db::{DbError, Presence};
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
        let deleted = async {
            let Some(order) = session.lock_order(id).await? else { return Ok(false) };
            let lines = session.order_lines(id).await?;
            session.give_back(&lines).await?;
            session.take_back_expense(order.user_id, order.total).await?;
            session.delete_order(id).await?;
            Ok::<_, DbError>(true)
        };
        let deleted = match deleted.await {
            Ok(true) => session.commit().await.map(|()| true),
            other => {
                session.rollback().await;
                other
            }
        };
        match deleted {
            Err(DbError::CommitUnknown) => {
                drop(session);
                match presence(&self.database, id).await? {
                    Presence::Present => Err(Failed::Again(OrderError::Database(DbError::Lost))),
                    // Gone, by this request or by another: either way it was there and is deleted.
                    Presence::Absent => Ok(true),
                }
            }
            Err(error) => Err(error.into()),
            Ok(deleted) => Ok(deleted),
        }
    }
}
