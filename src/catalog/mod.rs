//! Products, users and stock: what can be ordered, and by whom.
//!
//! A product that stands in an order, and a user who has orders, cannot be deleted; the rows that orders change
//! (stocks, user_totals) tell, and locking them keeps an order from slipping in between.

mod error;
mod products;
mod stocks;
mod users;

use std::sync::Arc;

use crate::db::{Database, DbError, Session};

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
}

/// Ends a transaction: commits what succeeded, undoes what did not.
async fn finish<T>(session: &mut Session, result: Result<T, CatalogError>) -> Result<T, CatalogError> {
    let committed = match result {
        Ok(value) => session.commit().await.map(|()| value).map_err(CatalogError::from),
        Err(error) => Err(error),
    };
    if committed.is_err() {
        session.rollback().await;
    }
    committed
}

/// Something is stored by exactly one row.
fn unique(error: DbError) -> CatalogError {
    match error {
        DbError::Duplicate(key) if key == "users_email" => CatalogError::DuplicateEmail,
        error => error.into(),
    }
}
