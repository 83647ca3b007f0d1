//! Reasons why a change to the catalog was refused or failed.

use crate::db::DbError;
use crate::domain::{MAX_PIECES, ProductId};

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
    /// The product does not exist.
    #[error("there is no product {0}")]
    UnknownProduct(ProductId),
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
