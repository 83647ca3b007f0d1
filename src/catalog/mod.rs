//! Products, users and stock.
//!
//! A product in an order, and a user with orders, cannot be deleted. The rows that orders change (stocks, user_totals)
//! show this, and locking them prevents an order from being placed in between.

mod change;
mod error;
mod products;
mod stocks;
mod users;
mod write;

use std::sync::Arc;

use tokio::time::Instant;

use crate::db::{Database, DbError, Effect, Outcome, RowId, RowWait, Session};

pub use change::{Change, Written};
pub use error::CatalogError;

/// Products, users and stock in the database.
#[derive(Debug)]
pub struct Catalog {
    database: Arc<Database>,
}

impl Catalog {
    /// Uses the given database.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// Tries a write that locks these rows, first without waiting for them, until it does not lose them to another
    /// transaction. `attempt` is told how to wait.
    async fn locking_rows<T, Attempt>(
        &self,
        rows: &[RowId],
        deadline: Instant,
        attempt: impl Fn(RowWait) -> Attempt + Send + Sync,
    ) -> Result<T, CatalogError>
    where
        Attempt: Future<Output = Result<T, CatalogError>> + Send,
    {
        let mut locking = self.database.row_locking(deadline, rows)?;
        loop {
            match attempt(locking.wait()).await {
                Err(CatalogError::Database(DbError::LockTimeout)) => locking.wait_for(rows.to_vec()).await?,
                ended => {
                    locking.had(rows);
                    return ended;
                }
            }
        }
    }

    /// Ends a transaction: commits a change, whose effect identifies it in a lookup; undoes a failure or no change.
    async fn finish<T>(
        &self,
        mut session: Session,
        result: Result<(T, Option<Effect>), CatalogError>,
    ) -> Result<T, CatalogError> {
        let (value, effect) = match result {
            Ok((value, Some(effect))) => (value, effect),
            other => {
                session.rollback().await;
                return other.map(|(value, _)| value);
            }
        };
        match self.database.commit(session, &effect).await? {
            Outcome::Committed => Ok(value),
            Outcome::NotCommitted => Err(DbError::Lost.into()),
        }
    }
}
