//! Products, users and stock: what can be ordered, and by whom.
//!
//! A product that stands in an order, and a user who has orders, cannot be deleted; the rows that orders change
//! (stocks, user_totals) tell, and locking them keeps an order from slipping in between.

mod error;
mod products;
mod stocks;
mod users;

use std::sync::Arc;

use crate::db::{Database, DbError, Effect, Outcome, Session};

pub use error::CatalogError;

/// The catalog of the store.
#[derive(Debug)]
pub struct Catalog {
    database: Arc<Database>,
}

impl Catalog {
    /// The catalog in a database.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// Ends a transaction: commits what succeeded and is recognised by its effect, undoes what did not or changed nothing.
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

/// Something is stored by exactly one row.
fn unique(error: DbError) -> CatalogError {
    match error {
        DbError::Duplicate(key) if key == "users_email" => CatalogError::DuplicateEmail,
        error => error.into(),
    }
}
