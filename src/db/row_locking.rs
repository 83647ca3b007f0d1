//! How a transaction of a request comes by rows that another one may hold: at once, or by waiting as one of few, or not.

use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::{Database, DbError, RowId, RowState, RowWait};

/// The tries of one request. The first does not wait; the second does, and only so many requests of an instance do at a
/// time, so that rows that are held do not take the pool from everybody. Rows that were waited for in vain are
/// remembered, and then not waited for.
#[derive(Debug)]
pub struct RowLocking<'a> {
    database: &'a Database,
    deadline: Instant,
    /// The rows that were not to be had at once, and since when they are waited for.
    waiting: Option<(Vec<RowId>, Instant, Option<OwnedSemaphorePermit>)>,
}

impl Database {
    /// The tries of a request that locks rows; refuses it at once if one of those that it is known to need is held.
    pub fn row_locking(&self, deadline: Instant, rows: &[RowId]) -> Result<RowLocking<'_>, DbError> {
        if rows.iter().any(|row| self.held_rows().state(row) == RowState::Held) {
            return Err(DbError::LockTimeout);
        }
        Ok(RowLocking { database: self, deadline, waiting: None })
    }
}

impl RowLocking<'_> {
    /// Whether the next try waits.
    pub fn wait(&self) -> RowWait {
        if self.waiting.is_some() { RowWait::Yes } else { RowWait::No }
    }

    /// After a try that met held rows: returns when the next one may begin, or gives the error to refuse with. The
    /// caller holds no session meanwhile.
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

    /// After a try that had its rows.
    pub fn had(self, rows: &[RowId]) {
        for row in rows.iter().chain(self.waiting.iter().flat_map(|(rows, ..)| rows)) {
            self.database.held_rows().found_free(row);
        }
    }
}
