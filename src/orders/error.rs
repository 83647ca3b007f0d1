//! Reasons why an order was not placed or deleted.

use crate::db::DbError;
use crate::domain::{MAX_USER_TOTAL, ProductId, UserId};

/// Why an order was not placed or deleted. Except for [`OrderError::OutcomeUnknown`], nothing of it was stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OrderError {
    /// The stock has fewer pieces than ordered.
    #[error("product {product_id} has {available} in stock and {wanted} were ordered")]
    InsufficientStock {
        /// Number of the product.
        product_id: ProductId,
        /// Pieces in stock.
        available: u64,
        /// Pieces ordered.
        wanted: u32,
    },
    /// The order names a product that does not exist.
    #[error("there is no product {0}")]
    UnknownProduct(ProductId),
    /// The order names a user who does not exist.
    #[error("there is no user {0}")]
    UnknownUser(UserId),
    /// The total exceeds the largest amount of one order.
    #[error(transparent)]
    TotalTooLarge(#[from] crate::domain::TotalTooLarge),
    /// The sum of the user's orders would exceed the largest total that can be stored.
    #[error("the orders of user {0} cost at most {MAX_USER_TOTAL} together")]
    UserTotalTooLarge(UserId),
    /// The idempotency key belongs to another request.
    #[error(transparent)]
    KeyReused(#[from] crate::domain::KeyReused),
    /// The first request with this key has not ended yet.
    #[error("the first request with this Idempotency-Key is still being worked on: repeat it in a moment")]
    InProgress,
    /// The deadline passed while the order waited, or every attempt lost against other transactions.
    #[error("the store has more orders than it can take: try again in a moment")]
    Overloaded,
    /// Another transaction holds a row that the order needs.
    #[error("other requests hold the same rows: try again in a moment")]
    RowsHeld,
    /// The database failed before anything was committed.
    #[error(transparent)]
    Database(DbError),
    /// The connection was lost during the commit, and the outcome could not be looked up in time.
    #[error(
        "the database did not say whether the order was stored: repeat the request with the same Idempotency-Key, or \
         look before you order again"
    )]
    OutcomeUnknown,
}

impl From<DbError> for OrderError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::CommitUnknown => Self::OutcomeUnknown,
            DbError::LockTimeout => Self::RowsHeld,
            DbError::Deadlock | DbError::PoolTimeout { .. } => Self::Overloaded,
            error => Self::Database(error),
        }
    }
}
