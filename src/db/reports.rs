//! The two reports, each computed from all order lines or from the totals kept with every order.

use super::{DbError, Session};
use crate::domain::{Cents, ProductId, UserId};

impl Session {
    /// The most sold products, counted over all order lines.
    pub async fn scan_best_sellers(&mut self, limit: u32) -> Result<Vec<(ProductId, u64)>, DbError> {
        self.best_sellers(include_str!("../../sql/reports/scan_best_sellers.sql"), limit).await
    }

    /// The most sold products, from the totals in `stocks`.
    pub async fn kept_best_sellers(&mut self, limit: u32) -> Result<Vec<(ProductId, u64)>, DbError> {
        self.best_sellers(include_str!("../../sql/reports/kept_best_sellers.sql"), limit).await
    }

    /// The users who spent most, summed over all orders.
    pub async fn scan_highest_spenders(&mut self, limit: u32) -> Result<Vec<(UserId, Cents)>, DbError> {
        self.highest_spenders(include_str!("../../sql/reports/scan_highest_spenders.sql"), limit).await
    }

    /// The users who spent most, from the totals in `user_totals`.
    pub async fn kept_highest_spenders(&mut self, limit: u32) -> Result<Vec<(UserId, Cents)>, DbError> {
        self.highest_spenders(include_str!("../../sql/reports/kept_highest_spenders.sql"), limit).await
    }

    async fn best_sellers(&mut self, sql: &str, limit: u32) -> Result<Vec<(ProductId, u64)>, DbError> {
        let rows = self.rows::<(u64, u64)>(sql, (limit,)).await?;
        Ok(rows.into_iter().map(|(id, sold)| (ProductId::new(id), sold)).collect())
    }

    async fn highest_spenders(&mut self, sql: &str, limit: u32) -> Result<Vec<(UserId, Cents)>, DbError> {
        let rows = self.rows::<(u64, u64)>(sql, (limit,)).await?;
        Ok(rows.into_iter().map(|(id, cents)| (UserId::new(id), Cents::new(cents))).collect())
    }
}
