//! Products, users and stock.
//!
//! A product in an order, and a user with orders, cannot be deleted. The rows that orders change (stocks, user_totals)
//! show this, and locking them prevents an order from being placed in between.

mod error;
mod products;
mod stocks;
mod users;

use std::sync::Arc;

use crate::db::{Database, DbError, Effect, Outcome, Session};

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

/// Translates a duplicate address; all other errors are failures of the database.
fn unique(error: DbError) -> CatalogError {
    match error {
        DbError::Duplicate(key) if key == "users_email" => CatalogError::DuplicateEmail,
        error => error.into(),
    }
}
