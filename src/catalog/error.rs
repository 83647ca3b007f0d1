//! Why something in the catalog was not changed.

use crate::db::DbError;
use crate::domain::{MAX_PIECES, ProductId};

/// Why something in the catalog was not changed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Another user has this address.
    #[error("another user has this e-mail address")]
    DuplicateEmail,
    /// The product stands in orders.
    #[error("the product stands in orders: delete those first")]
    ProductInUse,
    /// The user has orders.
    #[error("the user has orders: delete those first")]
    UserInUse,
    /// No such product.
    #[error("there is no product {0}")]
    UnknownProduct(ProductId),
    /// More pieces than can be kept count of.
    #[error("{sold} pieces of product {product_id} are sold: there and sold together are at most {MAX_PIECES}")]
    TooManyPieces {
        /// Which product.
        product_id: ProductId,
        /// How many stand in orders.
        sold: u64,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}
