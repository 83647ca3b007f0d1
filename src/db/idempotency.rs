//! The table of idempotency keys.

use std::time::Duration;

use super::{DbError, Session};
use crate::domain::{Cents, Fingerprint, IdempotencyKey, OrderId};

/// Stored answer to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// Hash of the order's content.
    pub fingerprint: [u8; 32],
    /// Number of the order.
    pub order_id: OrderId,
    /// The order's total.
    pub total: Cents,
}

impl StoredAnswer {
    pub(super) fn from_row((fingerprint, order_id, total): (Vec<u8>, u64, u64)) -> Result<Self, DbError> {
        let fingerprint = <[u8; 32]>::try_from(fingerprint)
            .map_err(|_| DbError::Unexpected("a fingerprint is not 32 bytes".to_owned()))?;
        Ok(Self { fingerprint, order_id: OrderId::new(order_id), total: Cents::new(total) })
    }
}

impl Session {
    /// The stored answer to a key; `None` if the key is unknown.
    pub async fn stored_answer(&mut self, key: &IdempotencyKey) -> Result<Option<StoredAnswer>, DbError> {
        let sql = "SELECT fingerprint, order_id, total_cents FROM idempotency_keys WHERE idempotency_key = ?";
        let row = self.row::<(Vec<u8>, u64, u64)>(sql, (key.as_str(),)).await?;
        row.map(StoredAnswer::from_row).transpose()
    }

    /// Stores the answer to a key. Waits while another transaction holds the same key; an existing key is a
    /// [`DbError::Duplicate`].
    pub async fn store_answer(
        &mut self,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
        order_id: OrderId,
        total: Cents,
    ) -> Result<(), DbError> {
        let sql = "INSERT INTO idempotency_keys (idempotency_key, fingerprint, order_id, total_cents, created_at) \
                   VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6))";
        self.change(sql, (key.as_str(), &fingerprint.as_bytes()[..], order_id.get(), total.get())).await?;
        Ok(())
    }

    /// Deletes at most `limit` keys older than `age`; returns how many were deleted.
    pub async fn forget_answers(&mut self, age: Duration, limit: u32) -> Result<u64, DbError> {
        let sql = "DELETE FROM idempotency_keys WHERE created_at < UTC_TIMESTAMP(6) - INTERVAL ? SECOND \
                   ORDER BY created_at LIMIT ?";
        self.change(sql, (age.as_secs(), limit)).await
    }
}
