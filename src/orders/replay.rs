//! Answers to repeated idempotency keys.

use super::OrderError;
use crate::db::StoredAnswer;
use crate::domain::{Fingerprint, KeyReused, PlacedOrder};

/// The stored answer of an idempotency key, if the key was used for the same order.
pub(super) fn replayed(answer: &StoredAnswer, fingerprint: &Fingerprint) -> Result<PlacedOrder, OrderError> {
    if &answer.fingerprint != fingerprint.as_bytes() {
        return Err(KeyReused.into());
    }
    Ok(PlacedOrder { order_id: answer.order_id, total: answer.total, replayed: true })
}
