//! Reading and setting stock.

use tokio::time::Instant;

use super::{Catalog, CatalogError};
use crate::db::{DbError, Effect, RowId, RowWait};
use crate::domain::{MAX_PIECES, ProductId, Stock, StockLevel};

impl Catalog {
    /// Sets the number of available pieces of a product.
    pub async fn set_stock(&self, id: ProductId, quantity: u64, deadline: Instant) -> Result<(), CatalogError> {
        let rows = [RowId::Product(id)];
        let mut locking = self.database.row_locking(deadline, &rows)?;
        loop {
            match self.try_set_stock(id, quantity, locking.wait(), deadline).await {
                Err(CatalogError::Database(DbError::LockTimeout)) => locking.wait_for(rows.to_vec()).await?,
                ended => {
                    locking.had(&rows);
                    return ended;
                }
            }
        }
    }

    async fn try_set_stock(
        &self,
        id: ProductId,
        quantity: u64,
        wait: RowWait,
        deadline: Instant,
    ) -> Result<(), CatalogError> {
        let mut session = self.database.locking_session(deadline).await?;
        session.begin().await?;
        let set = async {
            let stock = session.lock_stock(id, wait).await?.ok_or(CatalogError::UnknownProduct(id))?;
            if quantity + stock.quantity_sold > MAX_PIECES {
                return Err(CatalogError::TooManyPieces { product_id: id, sold: stock.quantity_sold });
            }
            session.set_stock(id, quantity).await?;
            let [before, after] = [stock.quantity, quantity].map(|quantity| quantity + stock.quantity_sold);
            Ok(((), Some(Effect::StockSet { product_id: id, before, after })))
        };
        let set = set.await;
        self.finish(session, set).await
    }

    /// Reads a product's stock; `None` if there is no such product.
    pub async fn stock(&self, id: ProductId, deadline: Instant) -> Result<Option<Stock>, DbError> {
        self.database.session(deadline).await?.stock(id).await
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
