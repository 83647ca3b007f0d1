//! Order numbers, reserved from the database in blocks.

use std::ops::Range;

use tokio::sync::Mutex;

use crate::db::{DbError, Session};
use crate::domain::OrderId;

/// Numbers reserved at a time. At ten thousand orders a second this is one round trip a second; at most this many
/// numbers are lost when an instance ends.
const BLOCK: u64 = 10_000;

/// The numbers that this instance has reserved and not used yet.
#[derive(Debug, Default)]
pub(super) struct OrderIds {
    free: Mutex<Range<u64>>,
}

impl OrderIds {
    /// The next number, never returned before by any instance. Must not be called inside a transaction: the reservation
    /// has to be committed by itself, or other instances would wait for it.
    pub(super) async fn next(&self, session: &mut Session) -> Result<OrderId, DbError> {
        let ids = self.next_several(session, 1).await?;
        Ok(OrderId::new(ids.start))
    }

    /// Like `next` for several consecutive numbers. Unused numbers are lost, and a block with fewer left is
    /// discarded.
    pub(super) async fn next_several(&self, session: &mut Session, count: usize) -> Result<Range<u64>, DbError> {
        let count = count as u64;
        let mut free = self.free.lock().await;
        if free.end - free.start < count {
            let block = BLOCK.max(count);
            let first = session.reserve_order_ids(block).await?;
            *free = first..first + block;
        }
        let ids = free.start..free.start + count;
        free.start = ids.end;
        Ok(ids)
    }

    /// Discards the rest of the block: another writer has used its numbers, for example after the store was filled
    /// again.
    pub(super) async fn discard(&self) {
        *self.free.lock().await = 0..0;
    }
}
