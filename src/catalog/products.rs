//! Reading, changing and deleting products.

use tokio::time::Instant;

use super::write::unnamed_key;
use super::{Catalog, CatalogError};
use crate::db::{AnswerKind, DbError, Effect, KeptAnswer, RowId, RowWait};
use crate::domain::{ExpectedState, Fingerprint, Product, ProductChange, ProductId};

impl Catalog {
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
        self.locking_rows(&[RowId::Product(id)], deadline, |wait| self.try_delete_product(id, wait, deadline)).await
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

    /// Changes a product that is in the expected state; returns it as it is then.
    pub async fn change_product(
        &self,
        id: ProductId,
        change: &ProductChange,
        expected: &ExpectedState,
        deadline: Instant,
    ) -> Result<Product, CatalogError> {
        self.locking_rows(&[RowId::Product(id)], deadline, |wait| {
            self.try_change_product(id, change, expected, wait, deadline)
        })
        .await
    }

    async fn try_change_product(
        &self,
        id: ProductId,
        change: &ProductChange,
        expected: &ExpectedState,
        wait: RowWait,
        deadline: Instant,
    ) -> Result<Product, CatalogError> {
        let mut session = self.database.locking_session(deadline).await?;
        session.begin().await?;
        let changed = async {
            // Orders lock the stock first, and read the price with it.
            session.lock_stock(id, wait).await?.ok_or(CatalogError::NoSuchProduct(id))?;
            let product = session.lock_product(id, wait).await?.ok_or(CatalogError::NoSuchProduct(id))?;
            if !expected.is_met_by(&product) {
                return Err(CatalogError::ProductChanged(id));
            }
            let product = change.apply(product);
            session.change_product(&product).await?;
            let fingerprint = Fingerprint::of_parts("change", &[product.state().as_bytes()]);
            let (key, kind) = (unnamed_key(), AnswerKind::ProductChanged);
            let answer = KeptAnswer { key, fingerprint, kind, id: id.get(), value: 0 };
            session.keep_answer(&answer).await?;
            Ok((product, Some(Effect::Answered(answer))))
        };
        let changed = changed.await;
        self.finish(session, changed).await
    }
}
