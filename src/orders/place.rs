//! Placing an order: the frame around every writer.
//!
//! An attempt is one transaction. It is tried again, a bounded number of times, when nothing of it was stored and
//! another try can succeed: it lost against another transaction, its connection broke before the commit, or another
//! request with the same idempotency key won. When the connection breaks during the commit, the outcome is looked up,
//! never guessed.

use std::time::Duration;

use tokio::time::Instant;

use super::attempts::{Failed, Tries};
use super::{OrderError, Orders, Writer, batched, per_item};
use crate::db::{DbError, Presence, Session, StoredAnswer};
use crate::domain::{Cents, Fingerprint, IdempotencyKey, NewOrder, OrderId, PlacedOrder};

/// How long the outcome of an interrupted commit is looked for: a database that was killed needs some seconds for its
/// recovery, and most clients wait a minute.
const OUTCOME_LIMIT: Duration = Duration::from_secs(20);

/// The pause between two looks.
const OUTCOME_PAUSE: Duration = Duration::from_millis(100);

impl Orders {
    /// Places an order, or answers what the same key was answered before.
    pub async fn place(
        &self,
        order: &NewOrder,
        key: Option<&IdempotencyKey>,
        deadline: Instant,
    ) -> Result<PlacedOrder, OrderError> {
        let mut tries = Tries::until(deadline);
        let result = loop {
            match self.attempt(order, key, deadline).await {
                Ok(placed) => break Ok(placed),
                Err(failed) => {
                    if let Err(error) = tries.again_after(failed).await {
                        break Err(error);
                    }
                }
            }
        };
        self.metrics.count(&result);
        result
    }

    async fn attempt(
        &self,
        order: &NewOrder,
        key: Option<&IdempotencyKey>,
        deadline: Instant,
    ) -> Result<PlacedOrder, Failed> {
        let waiting = self.metrics.wait();
        let mut session = self.database.session(deadline).await?;
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
        let placed = match self.write(&mut session, id, order, key).await {
            Ok(total) => self.commit(session, id, total).await?,
            Err(failed) => {
                session.rollback().await;
                // Another request with this key may have taken the last piece and be the answer.
                return match answered(&mut session, order, key).await {
                    Ok(Some(answered)) => Ok(answered),
                    _ => Err(failed),
                };
            }
        };
        self.metrics.committed(started.elapsed());
        Ok(placed)
    }

    async fn write(
        &self,
        session: &mut Session,
        id: OrderId,
        order: &NewOrder,
        key: Option<&IdempotencyKey>,
    ) -> Result<Cents, Failed> {
        let written = match self.writer {
            Writer::PerItem => per_item::write(session, id, order).await,
            Writer::Batched => batched::write(session, id, order).await,
        };
        let total = match written {
            Err(Failed::Finally(OrderError::Database(DbError::Duplicate(_)))) => {
                self.ids.discard().await;
                return Err(Failed::Again(OrderError::Overloaded));
            }
            written => written?,
        };
        if let Some(key) = key {
            let stored = session.store_answer(key, Fingerprint::of(order), id, total).await;
            stored.map_err(|error| match error {
                DbError::Duplicate(_) => Failed::Again(OrderError::InProgress),
                DbError::LockTimeout => Failed::Finally(OrderError::InProgress),
                error => error.into(),
            })?;
        }
        Ok(total)
    }

    async fn commit(&self, mut session: Session, id: OrderId, total: Cents) -> Result<PlacedOrder, Failed> {
        let placed = PlacedOrder { order_id: id, total, replayed: false };
        match session.commit().await {
            Ok(()) => return Ok(placed),
            Err(DbError::CommitUnknown) => {}
            Err(error) => {
                session.rollback().await;
                return Err(error.into());
            }
        }
        drop(session);
        match self.presence(id).await? {
            Presence::Present => Ok(placed),
            Presence::Absent => Err(Failed::Again(OrderError::Database(DbError::Lost))),
        }
    }

    /// Whether an order whose commit was interrupted is there; looks until it knows or the limit passes.
    pub(super) async fn presence(&self, id: OrderId) -> Result<Presence, OrderError> {
        let deadline = Instant::now() + OUTCOME_LIMIT;
        while Instant::now() < deadline {
            if let Ok(mut session) = self.database.session(deadline).await
                && let Ok(presence) = session.presence(id).await
            {
                tracing::warn!(order_id = id.get(), ?presence, "a commit was interrupted, and its outcome looked up");
                return Ok(presence);
            }
            tokio::time::sleep(OUTCOME_PAUSE).await;
        }
        tracing::error!(
            order_id = id.get(),
            "a commit was interrupted, and its outcome could not be looked up in time"
        );
        Err(OrderError::OutcomeUnknown)
    }
}

/// What a key was answered before, if it was used for the same order.
async fn answered(
    session: &mut Session,
    order: &NewOrder,
    key: Option<&IdempotencyKey>,
) -> Result<Option<PlacedOrder>, Failed> {
    let Some(key) = key else { return Ok(None) };
    let Some(StoredAnswer { fingerprint, order_id, total }) = session.stored_answer(key).await? else {
        return Ok(None);
    };
    if &fingerprint != Fingerprint::of(order).as_bytes() {
        return Err(OrderError::KeyReused.into());
    }
    Ok(Some(PlacedOrder { order_id, total, replayed: true }))
}
