//! How a request locks rows that another transaction may hold: at once, by waiting with one of few permits, or not at
//! all.

use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::{Database, DbError, RowId, RowState, RowWait};

/// The attempts of one request. The first does not wait. The second does, but only a limited number of requests of an
/// instance wait at a time, so that held rows do not use up the pool. Rows that stayed locked through the wait are
/// remembered, and later requests do not wait for them.
#[derive(Debug)]
pub struct RowLocking<'a> {
    database: &'a Database,
    deadline: Instant,
    /// Rows that were not free at once, and the start of the wait for them.
    waiting: Option<(Vec<RowId>, Instant, Option<OwnedSemaphorePermit>)>,
}

impl Database {
    /// Prepares the attempts of a request that locks rows; an error at once if a row that it is known to need is held.
    pub fn row_locking(&self, deadline: Instant, rows: &[RowId]) -> Result<RowLocking<'_>, DbError> {
        if rows.iter().any(|row| self.held_rows().state(row) == RowState::Held) {
            return Err(DbError::LockTimeout);
        }
        Ok(RowLocking { database: self, deadline, waiting: None })
    }
}

impl RowLocking<'_> {
    /// Whether the next attempt waits for held rows.
    pub fn wait(&self) -> RowWait {
        if self.waiting.is_some() { RowWait::Yes } else { RowWait::No }
    }

    /// Called after an attempt that met held rows: returns when the next one may begin, or returns the error to refuse
    /// with. The caller holds no session meanwhile.
    pub async fn wait_for(&mut self, rows: Vec<RowId>) -> Result<(), DbError> {
        let held = self.database.held_rows();
        if let Some((first, since, _)) = self.waiting.take() {
            for row in first.into_iter().chain(rows) {
                held.found_held(row, since.elapsed());
            }
            return Err(DbError::LockTimeout);
        }
        for row in &rows {
            if held.state(row) != RowState::Free && held.found_held(row.clone(), Duration::ZERO) == RowState::Held {
                return Err(DbError::LockTimeout);
            }
        }
        let permit = self.database.wait_permit(self.deadline).await?;
        self.waiting = Some((rows, Instant::now(), permit));
        Ok(())
    }

    /// Called after an attempt that locked all its rows.
    pub fn had(self, rows: &[RowId]) {
        for row in rows.iter().chain(self.waiting.iter().flat_map(|(rows, ..)| rows)) {
            self.database.held_rows().found_free(row);
        }
    }
}
