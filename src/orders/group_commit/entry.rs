//! What waits in the queue.

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::super::OrderError;
use super::super::outcome::OrderMetrics;
use crate::domain::{Fingerprint, IdempotencyKey, NewOrder, PlacedOrder};

/// An order on its way, and who waits for it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) order: NewOrder,
    pub(super) key: Option<(IdempotencyKey, Fingerprint)>,
    /// When the answer must be there.
    pub(super) deadline: Instant,
    pub(super) arrived: Instant,
    pub(super) reply: oneshot::Sender<Result<PlacedOrder, OrderError>>,
}

impl Entry {
    /// Counts what became of the order and answers whoever waits; one who has left does not mind.
    pub(super) fn answer(self, result: Result<PlacedOrder, OrderError>, metrics: &OrderMetrics) {
        metrics.count(&result);
        drop(self.reply.send(result));
    }
}
