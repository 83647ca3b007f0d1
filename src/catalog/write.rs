//! Writes with a key: each leaves one row under its key, in its own transaction, that says what was answered.
//!
//! A client that repeats a request with its key gets that answer again. A write without a key gets a name that no client
//! can send; its row is then only the proof that it was committed, if COMMIT was not answered.

use std::time::Duration;

use tokio::time::Instant;

use super::{Catalog, CatalogError, Change, Written};
use crate::db::{DbError, Effect, KeptAnswer, Outcome, RowId, RowState, RowWait, Session};
use crate::domain::{IdempotencyKey, KeyReused};

/// Largest number of attempts at a write that loses against others; they lock rows in one order, so it is rare.
const ATTEMPTS: u32 = 5;

/// A name for a write without a key, which no other write has.
pub(super) fn unnamed_key() -> IdempotencyKey {
    IdempotencyKey::unnamed(rand::random())
}

impl Catalog {
    /// Makes a change, or returns the answer of an earlier request with the same key and content.
    pub async fn write(
        &self,
        change: &Change,
        key: Option<&IdempotencyKey>,
        deadline: Instant,
    ) -> Result<Written, CatalogError> {
        let held = self.database.held_rows();
        let key_row = key.map(|key| RowId::Key(key.as_str().to_owned()));
        if key_row.as_ref().is_some_and(|row| held.state(row) == RowState::Held) {
            return Err(CatalogError::InProgress);
        }
        let rows = change.rows();
        let mut locking = self.database.row_locking(deadline, &rows)?;
        let mut attempts = ATTEMPTS;
        loop {
            attempts -= 1;
            match self.try_write(change, key, locking.wait(), deadline).await {
                Err(CatalogError::Database(DbError::LockTimeout)) if !rows.is_empty() => {
                    locking.wait_for(rows.clone()).await?;
                }
                Err(CatalogError::Database(DbError::Deadlock)) if attempts > 0 => {}
                Err(CatalogError::InProgress) => {
                    if let Some(row) = key_row {
                        held.found_held(row, Duration::ZERO);
                    }
                    return Err(CatalogError::InProgress);
                }
                ended => {
                    locking.had(&rows);
                    if let Some(row) = key_row {
                        held.found_free(&row);
                    }
                    return ended;
                }
            }
        }
    }

    async fn try_write(
        &self,
        change: &Change,
        key: Option<&IdempotencyKey>,
        wait: RowWait,
        deadline: Instant,
    ) -> Result<Written, CatalogError> {
        let mut session = self.database.locking_session(deadline).await?;
        if let Some(answered) = answered(&mut session, change, key).await? {
            return Ok(answered);
        }
        session.begin().await?;
        match apply_and_keep(&mut session, change, key, wait).await {
            Ok(answer) => {
                let written = Written { id: answer.id, quantity: answer.value, replayed: false };
                match self.database.commit(session, &Effect::Answered(answer)).await? {
                    Outcome::Committed => Ok(written),
                    Outcome::NotCommitted => Err(DbError::Lost.into()),
                }
            }
            Err(error) => {
                session.rollback().await;
                // An earlier request with this key may have done it meanwhile; its answer is then the answer to this one.
                match answered(&mut session, change, key).await {
                    Ok(Some(answered)) => Ok(answered),
                    Err(CatalogError::KeyReused(reused)) => Err(reused.into()),
                    _ => Err(error),
                }
            }
        }
    }
}

/// The stored answer of a key, if the key was used for the same request.
async fn answered(
    session: &mut Session,
    change: &Change,
    key: Option<&IdempotencyKey>,
) -> Result<Option<Written>, CatalogError> {
    let Some(key) = key else { return Ok(None) };
    let Some(found) = session.found_answer(key).await? else { return Ok(None) };
    if !found.answers(change.kind(), &change.fingerprint()) {
        return Err(KeyReused.into());
    }
    Ok(Some(Written { id: found.id, quantity: found.value, replayed: true }))
}

/// Runs all statements of a write except the commit. The key comes last, as in every transaction.
async fn apply_and_keep(
    session: &mut Session,
    change: &Change,
    key: Option<&IdempotencyKey>,
    wait: RowWait,
) -> Result<KeptAnswer, CatalogError> {
    let (id, value) = change.apply(session, wait).await?;
    let by_client = key.is_some();
    let key = key.cloned().unwrap_or_else(unnamed_key);
    let answer = KeptAnswer { key, fingerprint: change.fingerprint(), kind: change.kind(), id, value };
    match session.keep_answer(&answer).await {
        // Another request with this key has committed, or has not ended.
        Err(DbError::Duplicate(_) | DbError::LockTimeout) if by_client => Err(CatalogError::InProgress),
        kept => Ok(kept.map(|()| answer)?),
    }
}
