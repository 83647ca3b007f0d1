//! Places orders: through group commit, or each in its own transaction by the retry loop below.
//!
//! An attempt is one transaction. It is retried a bounded number of times if nothing was stored and another attempt can
//! succeed: it lost against another transaction, its connection broke before the commit, or another request with the
//! same idempotency key won. If the connection breaks during the commit, the outcome is looked up, never guessed.

use std::time::Duration;

use tokio::time::Instant;

use super::attempts::{Attempts, Failed};
use super::replay::replayed;
use super::{OrderError, Orders, SingleOrderWriter, WriteStrategy, batched, held, per_item};
use crate::db::{DbError, Effect, Outcome, RowId, RowState, Session};
use crate::domain::{Cents, Fingerprint, IdempotencyKey, NewOrder, OrderId, PlacedOrder, PricedLine};

impl Orders {
    /// Places an order, or returns the stored answer if its idempotency key was used before.
    pub async fn place(
        &self,
        order: NewOrder,
        key: Option<IdempotencyKey>,
        deadline: Instant,
    ) -> Result<PlacedOrder, OrderError> {
        match &self.strategy {
            WriteStrategy::Single(writer) => {
                let result = self.place_alone(*writer, &order, key.as_ref(), deadline).await;
                self.metrics.count(&result);
                result
            }
            // Counted at the point of the answer, because this future is dropped early when the client disconnects.
            WriteStrategy::Grouped(group_commit) => group_commit.place(order, key, deadline).await,
        }
    }

    async fn place_alone(
        &self,
        writer: SingleOrderWriter,
        order: &NewOrder,
        key: Option<&IdempotencyKey>,
        deadline: Instant,
    ) -> Result<PlacedOrder, OrderError> {
        let rows = self.database.held_rows();
        if held::standing(rows, order, key)? == RowState::Suspect {
            // One request tries; the others are refused until it has an outcome.
            for row in held::rows_of(order).filter(|row| rows.state(row) == RowState::Suspect) {
                rows.found_held(row, Duration::ZERO);
            }
        }
        let mut attempts = Attempts::until(deadline);
        loop {
            match self.attempt(writer, order, key, deadline).await {
                Ok(placed) => {
                    held::rows_of(order).chain(key.map(held::key_row)).for_each(|row| rows.found_free(&row));
                    return Ok(placed);
                }
                Err(failed) => attempts.again_after(failed).await?,
            }
        }
    }

    async fn attempt(
        &self,
        writer: SingleOrderWriter,
        order: &NewOrder,
        key: Option<&IdempotencyKey>,
        deadline: Instant,
    ) -> Result<PlacedOrder, Failed> {
        let waiting = self.metrics.wait();
        let mut session = self.database.locking_session(deadline).await?;
        drop(waiting);
        if Instant::now() >= deadline {
            return Err(OrderError::Overloaded.into());
        }
        if let Some(answered) = answered(&mut session, order, key).await? {
            return Ok(answered);
        }
        let id = self.ids.next(&mut session).await?;
        let started = Instant::now();
        session.begin().await?;
        let placed = match self.write(writer, &mut session, id, order, key).await {
            Ok((lines, total)) => {
                let effect = Effect::OrderPlaced { id, user_id: order.user_id(), total, lines };
                match self.database.commit(session, &effect).await? {
                    Outcome::Committed => PlacedOrder { order_id: id, total, replayed: false },
                    Outcome::NotCommitted => return Err(Failed::Again(OrderError::Database(DbError::Lost))),
                }
            }
            Err(failed) => {
                session.rollback().await;
                if matches!(failed, Failed::Finally(OrderError::RowsHeld)) {
                    self.remember_held_rows(&mut session, order, started.elapsed()).await;
                }
                // Another request with this key may have taken the last piece; its answer is then the answer to this
                // request.
                return match answered(&mut session, order, key).await {
                    Ok(Some(answered)) => Ok(answered),
                    _ => Err(failed),
                };
            }
        };
        self.metrics.committed(1, started.elapsed());
        Ok(placed)
    }

    /// Finds out which rows of an order another transaction holds, and remembers them.
    async fn remember_held_rows(&self, session: &mut Session, order: &NewOrder, waited: Duration) {
        let products: Vec<_> = order.lines().iter().map(|line| line.product_id).collect();
        // If this cannot be found out, the next order waits for the rows again.
        let Ok((products, users)) = session.rows_held(&products, &[order.user_id()]).await else { return };
        let rows = products.into_iter().map(RowId::Product).chain(users.into_iter().map(RowId::User));
        for row in rows {
            self.database.held_rows().found_held(row, waited);
        }
    }

    async fn write(
        &self,
        writer: SingleOrderWriter,
        session: &mut Session,
        id: OrderId,
        order: &NewOrder,
        key: Option<&IdempotencyKey>,
    ) -> Result<(Vec<PricedLine>, Cents), Failed> {
        let written = match writer {
            SingleOrderWriter::PerItem => per_item::write(session, id, order).await,
            SingleOrderWriter::Batched => batched::write(session, id, order).await,
        };
        let (lines, total) = match written {
            // All other values were checked to be in range.
            Err(Failed::Finally(OrderError::Database(DbError::Data { .. }))) => {
                return Err(OrderError::UserTotalTooLarge(order.user_id()).into());
            }
            Err(Failed::Finally(OrderError::Database(DbError::Duplicate(_)))) => {
                self.ids.discard().await;
                return Err(Failed::Again(OrderError::Overloaded));
            }
            written => written?,
        };
        if let Some(key) = key {
            let waited = Instant::now();
            let stored = session.store_answer(key, Fingerprint::of(order), id, total).await;
            stored.map_err(|error| match error {
                DbError::Duplicate(_) => Failed::Again(OrderError::InProgress),
                DbError::LockTimeout => {
                    self.database.held_rows().found_held(held::key_row(key), waited.elapsed());
                    Failed::Finally(OrderError::InProgress)
                }
                error => error.into(),
            })?;
        }
        Ok((lines, total))
    }
}

/// The stored answer of an idempotency key, if the key was used for the same order.
async fn answered(
    session: &mut Session,
    order: &NewOrder,
    key: Option<&IdempotencyKey>,
) -> Result<Option<PlacedOrder>, Failed> {
    let Some(key) = key else { return Ok(None) };
    let Some(answer) = session.stored_answer(key).await? else { return Ok(None) };
    Ok(Some(replayed(&answer, &Fingerprint::of(order))?))
}
