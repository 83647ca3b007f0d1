//! How orders are treated that need rows which another transaction holds.

use super::OrderError;
use crate::db::{HeldRows, RowId, RowState};
use crate::domain::{IdempotencyKey, NewOrder};

/// State of an order according to the known state of its rows and its key: free, suspect, or the error to refuse it
/// with.
pub(super) fn standing(
    rows: &HeldRows,
    order: &NewOrder,
    key: Option<&IdempotencyKey>,
) -> Result<RowState, OrderError> {
    if rows.is_empty() {
        return Ok(RowState::Free);
    }
    let key = key.map_or(RowState::Free, |key| rows.state(&key_row(key)));
    match (key, rows.state_of_order(order)) {
        (RowState::Held, _) => Err(OrderError::InProgress),
        (_, RowState::Held) => Err(OrderError::RowsHeld),
        (key, order) => Ok(key.worse(order)),
    }
}

/// Row of an idempotency key.
pub(super) fn key_row(key: &IdempotencyKey) -> RowId {
    RowId::Key(key.as_str().to_owned())
}

/// Rows that an order locks: its products and its user.
pub(super) fn rows_of(order: &NewOrder) -> impl Iterator<Item = RowId> {
    let products = order.lines().iter().map(|line| RowId::Product(line.product_id));
    products.chain([RowId::User(order.user_id())])
}
