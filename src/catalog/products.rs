//! Creating, reading and deleting products.

use tokio::time::Instant;

use super::{Catalog, CatalogError};
use crate::db::{DbError, Effect, RowId, RowWait};
use crate::domain::{NewProduct, Product, ProductId};

impl Catalog {
    /// Stores a product, with an empty stock.
    pub async fn add_product(&self, new: &NewProduct, deadline: Instant) -> Result<ProductId, CatalogError> {
        let mut session = self.database.locking_session(deadline).await?;
        session.begin().await?;
        let added = session.insert_product(new).await.map_err(CatalogError::from);
        let added = added.map(|id| (id, Some(Effect::ProductAdded(id, new.clone()))));
        self.finish(session, added).await
    }

    /// Reads a product; `None` if there is no such product.
    pub async fn product(&self, id: ProductId, deadline: Instant) -> Result<Option<Product>, DbError> {
        self.database.session(deadline).await?.product(id).await
    }

    /// Reads up to `limit` products whose numbers are greater than `after`, sorted by number.
    pub async fn products_after(&self, after: u64, limit: u32, deadline: Instant) -> Result<Vec<Product>, DbError> {
        self.database.session(deadline).await?.products_after(after, limit).await
    }

    /// Deletes a product and its stock; false if there is no such product.
    pub async fn delete_product(&self, id: ProductId, deadline: Instant) -> Result<bool, CatalogError> {
        let rows = [RowId::Product(id)];
        let mut locking = self.database.row_locking(deadline, &rows)?;
        loop {
            match self.try_delete_product(id, locking.wait(), deadline).await {
                Err(CatalogError::Database(DbError::LockTimeout)) => locking.wait_for(rows.to_vec()).await?,
                ended => {
                    locking.had(&rows);
                    return ended;
                }
            }
        }
    }

    async fn try_delete_product(&self, id: ProductId, wait: RowWait, deadline: Instant) -> Result<bool, CatalogError> {
        let mut session = self.database.locking_session(deadline).await?;
        session.begin().await?;
        let deleted = async {
            match session.lock_stock(id, wait).await? {
                None => Ok((false, None)),
                Some(stock) if stock.quantity_sold > 0 => Err(CatalogError::ProductInUse),
                Some(_) => {
                    session.delete_product(id).await?;
                    Ok((true, Some(Effect::ProductDeleted(id))))
                }
            }
        };
        let deleted = deleted.await;
        self.finish(session, deleted).await
    }
}
