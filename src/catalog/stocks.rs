//! Reading stock, setting it, and moving it by an amount.

use tokio::time::Instant;

use super::{Catalog, CatalogError};
use crate::db::{DbError, RowWait, Session};
use crate::domain::{MAX_PIECES, MAX_STOCK, ProductId, Stock, StockLevel};

impl Catalog {
    /// Reads a product's stock; `None` if there is no such product.
    pub async fn stock(&self, id: ProductId, deadline: Instant) -> Result<Option<Stock>, DbError> {
        self.database.session(deadline).await?.stock(id).await
    }

    /// Reads these products with their stock; those that do not exist are missing.
    pub async fn stock_levels_of(&self, ids: &[ProductId], deadline: Instant) -> Result<Vec<StockLevel>, DbError> {
        self.database.session(deadline).await?.stock_levels_of(ids).await
    }

    /// Reads up to `limit` products with their stock whose numbers are greater than `after`.
    pub async fn stock_levels_after(
        &self,
        after: u64,
        limit: u32,
        deadline: Instant,
    ) -> Result<Vec<StockLevel>, DbError> {
        self.database.session(deadline).await?.stock_levels_after(after, limit).await
    }
}

/// Sets the number of pieces in stock, inside the caller's transaction.
pub(super) async fn set_to(
    session: &mut Session,
    product_id: ProductId,
    quantity: u64,
    wait: RowWait,
) -> Result<(), CatalogError> {
    let stock = session.lock_stock(product_id, wait).await?.ok_or(CatalogError::UnknownProduct(product_id))?;
    if quantity + stock.quantity_sold > MAX_PIECES {
        return Err(CatalogError::TooManyPieces { product_id, sold: stock.quantity_sold });
    }
    Ok(session.set_stock(product_id, quantity).await?)
}

/// Adds pieces to the stock or takes some, inside the caller's transaction; returns the pieces afterwards.
pub(super) async fn move_by(
    session: &mut Session,
    product_id: ProductId,
    change: i64,
    wait: RowWait,
) -> Result<u64, CatalogError> {
    let stock = session.lock_stock(product_id, wait).await?.ok_or(CatalogError::NoSuchProduct(product_id))?;
    let quantity = stock.quantity.checked_add_signed(change).ok_or(CatalogError::InsufficientStock {
        product_id,
        available: stock.quantity,
        wanted: change.unsigned_abs(),
    })?;
    if quantity > MAX_STOCK && change > 0 {
        return Err(CatalogError::StockTooLarge(product_id));
    }
    if quantity + stock.quantity_sold > MAX_PIECES {
        return Err(CatalogError::TooManyPieces { product_id, sold: stock.quantity_sold });
    }
    session.set_stock(product_id, quantity).await?;
    Ok(quantity)
}
