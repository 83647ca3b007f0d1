//! Entries of the queue.

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::super::OrderError;
use super::super::outcome::OrderMetrics;
use crate::domain::{Fingerprint, IdempotencyKey, NewOrder, PlacedOrder};

/// A queued order and the channel for its answer.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) order: NewOrder,
    pub(super) key: Option<(IdempotencyKey, Fingerprint)>,
    /// When the answer must have been sent.
    pub(super) deadline: Instant,
    pub(super) arrived: Instant,
    pub(super) reply: oneshot::Sender<Result<PlacedOrder, OrderError>>,
}

impl Entry {
    /// Counts the outcome of the order and sends the answer; it is ignored if the client has left.
    pub(super) fn answer(self, result: Result<PlacedOrder, OrderError>, metrics: &OrderMetrics) {
        metrics.count(&result);
        drop(self.reply.send(result));
    }
}
