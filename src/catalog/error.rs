//! Reasons why a change to the catalog was refused or failed.

use crate::db::DbError;
use crate::domain::{KeyReused, MAX_PIECES, MAX_STOCK, ProductId};

/// Why a change to the catalog was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Another user already has this address.
    #[error("another user has this e-mail address")]
    DuplicateEmail,
    /// The product is part of an order.
    #[error("the product stands in orders: delete those first")]
    ProductInUse,
    /// The user has orders.
    #[error("the user has orders: delete those first")]
    UserInUse,
    /// The product that a request names in its body does not exist.
    #[error("there is no product {0}")]
    UnknownProduct(ProductId),
    /// The product that is to be changed does not exist.
    #[error("there is no product {0}")]
    NoSuchProduct(ProductId),
    /// The product is not in the state that the client has seen.
    #[error("product {0} has changed since it was read: read it again, and decide again")]
    ProductChanged(ProductId),
    /// More pieces would be taken than there are.
    #[error("product {product_id} has {available} in stock and {wanted} would be taken")]
    InsufficientStock {
        /// Number of the product.
        product_id: ProductId,
        /// Pieces in stock.
        available: u64,
        /// Pieces that would be taken.
        wanted: u64,
    },
    /// The stock would become larger than a stock may be.
    #[error("a stock is at most {MAX_STOCK}: product {0} would have more")]
    StockTooLarge(ProductId),
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The first request with this key has not ended yet.
    #[error("the first request with this Idempotency-Key is still being worked on: repeat it in a moment")]
    InProgress,
    /// The sum of stock and sold pieces would exceed the largest number that can be stored.
    #[error("{sold} pieces of product {product_id} are sold: there and sold together are at most {MAX_PIECES}")]
    TooManyPieces {
        /// Number of the product.
        product_id: ProductId,
        /// Pieces in orders.
        sold: u64,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}
