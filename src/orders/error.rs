//! Why an order was not placed, or not deleted.

use crate::db::DbError;
use crate::domain::{MAX_USER_TOTAL, ProductId, UserId};

/// Why an order was not placed, or not deleted. Except for [`OrderError::OutcomeUnknown`], nothing of it was stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OrderError {
    /// Fewer pieces than ordered.
    #[error("product {product_id} has {available} in stock and {wanted} were ordered")]
    InsufficientStock {
        /// Which product.
        product_id: ProductId,
        /// How many there are.
        available: u64,
        /// How many were ordered.
        wanted: u32,
    },
    /// No such product.
    #[error("there is no product {0}")]
    UnknownProduct(ProductId),
    /// No such user.
    #[error("there is no user {0}")]
    UnknownUser(UserId),
    /// More than one order may cost.
    #[error(transparent)]
    TotalTooLarge(#[from] crate::domain::TotalTooLarge),
    /// The user's orders would together cost more than can be kept count of.
    #[error("the orders of user {0} cost at most {MAX_USER_TOTAL} together")]
    UserTotalTooLarge(UserId),
    /// The idempotency key belongs to another order.
    #[error("this Idempotency-Key was used for an order with other items: use a new key for a new order")]
    KeyReused,
    /// The first request with this key has not ended.
    #[error("the first request with this Idempotency-Key is still being worked on: repeat it in a moment")]
    InProgress,
    /// The deadline passed while the order waited, or other transactions kept winning.
    #[error("the store has more orders than it can take: try again in a moment")]
    Overloaded,
    /// Another transaction holds a row that the order needs.
    #[error("other requests hold the same rows: try again in a moment")]
    RowsHeld,
    /// The database failed before anything was committed.
    #[error(transparent)]
    Database(DbError),
    /// The database was lost during the commit and did not come back in time to say whether it happened.
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
