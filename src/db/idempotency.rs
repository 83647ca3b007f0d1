//! The table of idempotency keys.

use std::time::Duration;

use super::{DbError, Session};
use crate::domain::{Cents, Fingerprint, IdempotencyKey, OrderId};

/// Stored answer to the key of an order.
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
        let fingerprint = fingerprint_of(fingerprint)?;
        Ok(Self { fingerprint, order_id: OrderId::new(order_id), total: Cents::new(total) })
    }
}

fn fingerprint_of(bytes: Vec<u8>) -> Result<[u8; 32], DbError> {
    <[u8; 32]>::try_from(bytes).map_err(|_| DbError::Unexpected("a fingerprint is not 32 bytes".to_owned()))
}

/// What was written under a key that is not an order's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// A product was added.
    ProductAdded,
    /// A user was added.
    UserAdded,
    /// A stock was set.
    StockSet,
    /// A stock was moved by an amount.
    StockMoved,
    /// A product was changed.
    ProductChanged,
}

impl AnswerKind {
    /// The value of the column `answer_kind`; 0 is an order.
    const fn stored(self) -> u8 {
        match self {
            Self::ProductAdded => 1,
            Self::UserAdded => 2,
            Self::StockSet => 3,
            Self::StockMoved => 4,
            Self::ProductChanged => 5,
        }
    }
}

/// The row that a write other than an order leaves under its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The key.
    pub key: IdempotencyKey,
    /// Hash of the request's content.
    pub fingerprint: Fingerprint,
    /// What was written.
    pub kind: AnswerKind,
    /// The number of what was written.
    pub id: u64,
    /// The number that was answered beside it, or 0.
    pub value: u64,
}

/// What is stored under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundAnswer {
    fingerprint: [u8; 32],
    kind: u8,
    /// The number of what was written.
    pub id: u64,
    /// The number that was answered beside it, or 0.
    pub value: u64,
}

impl FoundAnswer {
    /// Whether it answers a request of this kind and content.
    pub fn answers(&self, kind: AnswerKind, fingerprint: &Fingerprint) -> bool {
        self.kind == kind.stored() && self.fingerprint == *fingerprint.as_bytes()
    }
}

impl Session {
    /// The stored answer to the key of an order; `None` if the key is unknown.
    pub async fn stored_answer(&mut self, key: &IdempotencyKey) -> Result<Option<StoredAnswer>, DbError> {
        let sql = "SELECT fingerprint, order_id, total_cents FROM idempotency_keys WHERE idempotency_key = ?";
        let row = self.row::<(Vec<u8>, u64, u64)>(sql, (key.as_str(),)).await?;
        row.map(StoredAnswer::from_row).transpose()
    }

    /// Stores the answer to the key of an order. Waits while another transaction holds the same key; an existing key is a
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

    /// What is stored under a key, whatever its kind; `None` if the key is unknown.
    pub async fn found_answer(&mut self, key: &IdempotencyKey) -> Result<Option<FoundAnswer>, DbError> {
        self.answer_of(
            "SELECT fingerprint, answer_kind, order_id, total_cents FROM idempotency_keys WHERE idempotency_key = ?",
            key,
        )
        .await
    }

    /// Whether this answer is stored. Locks its row, so a transaction that has stored it and not ended is waited for.
    pub(super) async fn lock_answer(&mut self, answer: &KeptAnswer) -> Result<bool, DbError> {
        let sql = "SELECT fingerprint, answer_kind, order_id, total_cents FROM idempotency_keys \
                   WHERE idempotency_key = ? FOR UPDATE";
        let found = self.answer_of(sql, &answer.key).await?;
        let same = |found: FoundAnswer| (found.id, found.value) == (answer.id, answer.value);
        Ok(found.is_some_and(|found| found.answers(answer.kind, &answer.fingerprint) && same(found)))
    }

    async fn answer_of(&mut self, sql: &str, key: &IdempotencyKey) -> Result<Option<FoundAnswer>, DbError> {
        let row = self.row::<(Vec<u8>, u8, u64, u64)>(sql, (key.as_str(),)).await?;
        let found = |(fingerprint, kind, id, value)| {
            Ok(FoundAnswer { fingerprint: fingerprint_of(fingerprint)?, kind, id, value })
        };
        row.map(found).transpose()
    }

    /// Stores the answer of a write other than an order. Waits while another transaction holds the same key; an existing
    /// key is a [`DbError::Duplicate`].
    pub async fn keep_answer(&mut self, answer: &KeptAnswer) -> Result<(), DbError> {
        let sql = "INSERT INTO idempotency_keys \
                   (idempotency_key, fingerprint, order_id, total_cents, created_at, answer_kind) \
                   VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6), ?)";
        let fingerprint = &answer.fingerprint.as_bytes()[..];
        let values = (answer.key.as_str(), fingerprint, answer.id, answer.value, answer.kind.stored());
        self.change(sql, values).await?;
        Ok(())
    }

    /// Deletes at most `limit` keys older than `age`; returns how many were deleted.
    pub async fn forget_answers(&mut self, age: Duration, limit: u32) -> Result<u64, DbError> {
        let sql = "DELETE FROM idempotency_keys WHERE created_at < UTC_TIMESTAMP(6) - INTERVAL ? SECOND \
                   ORDER BY created_at LIMIT ?";
        self.change(sql, (age.as_secs(), limit)).await
    }
}
