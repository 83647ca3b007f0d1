//! The same key again.

use super::OrderError;
use crate::db::StoredAnswer;
use crate::domain::{Fingerprint, PlacedOrder};

/// What a key was answered before, if it was used for the same order.
pub(super) fn replayed(answer: &StoredAnswer, fingerprint: &Fingerprint) -> Result<PlacedOrder, OrderError> {
    if &answer.fingerprint != fingerprint.as_bytes() {
        return Err(OrderError::KeyReused);
    }
    Ok(PlacedOrder { order_id: answer.order_id, total: answer.total, replayed: true })
}
