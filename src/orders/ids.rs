//! Order numbers, reserved from the database in blocks.

use std::ops::Range;

use tokio::sync::Mutex;

use crate::db::{DbError, Session};
use crate::domain::OrderId;

/// Numbers reserved at a time: at thousands of orders a second a few round trips a second, and at most this many lost
/// when an instance ends.
const BLOCK: u64 = 1_000;

/// The numbers this instance has reserved and not used.
#[derive(Debug, Default)]
pub(super) struct OrderIds {
    free: Mutex<Range<u64>>,
}

impl OrderIds {
    /// The next number, never given before by any instance. Must not be called inside a transaction: the reservation has
    /// to be committed by itself, or others would wait for it.
    pub(super) async fn next(&self, session: &mut Session) -> Result<OrderId, DbError> {
        let mut free = self.free.lock().await;
        if free.is_empty() {
            let first = session.reserve_order_ids(BLOCK).await?;
            *free = first..first + BLOCK;
        }
        let id = free.start;
        free.start += 1;
        Ok(OrderId::new(id))
    }

    /// Gives the rest of the block up: somebody else has used numbers of it, as after the store was filled anew.
    pub(super) async fn discard(&self) {
        *self.free.lock().await = 0..0;
    }
}
