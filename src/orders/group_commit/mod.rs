//! `group-commit`: many orders in one transaction.
//!
//! Orders wait in a bounded queue; a committer writes one batch while the next gathers. There is no timer: a single
//! order forms a batch at once, and batches grow with the load. Each order of a batch is accepted or refused on its
//! own.

mod batch;
mod committer;
mod entry;
mod queue;

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::ids::OrderIds;
use super::outcome::OrderMetrics;
use super::{OrderError, held};
use crate::db::Database;
use crate::domain::{Fingerprint, IdempotencyKey, NewOrder, PlacedOrder};
use committer::Committer;
use entry::Entry;
use queue::Queue;

pub use queue::QueueLimits;

/// The queue and the thread that empties it until this is dropped.
#[derive(Debug)]
pub(super) struct GroupCommit {
    queue: Arc<Queue>,
    database: Arc<Database>,
    /// Time without progress after which it counts as stuck; longer than the committer's own limit for a batch.
    stuck_after: Duration,
}

impl GroupCommit {
    /// Starts the committer. Must be called inside the runtime that the requests run in.
    pub(super) fn start(database: Arc<Database>, limits: QueueLimits, metrics: OrderMetrics) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(limits, metrics.clone()));
        let stuck_after = committer::stuck_after(&database);
        let requests = Handle::current();
        let committer = Arc::new(Committer {
            queue: Arc::clone(&queue),
            database: Arc::clone(&database),
            metrics,
            ids: OrderIds::default(),
            wary: AtomicU32::new(0),
            requests,
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let work = move || runtime.block_on(keep_running(|| committer::run(Arc::clone(&committer))));
        std::thread::Builder::new().name("committer".to_owned()).spawn(work)?;
        Ok(Self { queue, database, stuck_after })
    }

    /// A queue whose committer was never started, as if its thread stood still.
    #[cfg(test)]
    pub(super) fn without_committer(database: Arc<Database>, limits: QueueLimits, metrics: OrderMetrics) -> Self {
        let stuck_after = committer::stuck_after(&database);
        Self { queue: Arc::new(Queue::new(limits, metrics)), database, stuck_after }
    }

    /// Whether orders are waiting and the committer's thread makes no progress.
    pub(super) fn is_stuck(&self) -> bool {
        self.queue.idle_for() > self.stuck_after
    }

    /// Waits for the outcome of an order; an order that cannot be served in time is refused at once.
    pub(super) async fn place(
        &self,
        order: NewOrder,
        key: Option<IdempotencyKey>,
        deadline: Instant,
    ) -> Result<PlacedOrder, OrderError> {
        if let Err(refused) = held::standing(self.database.held_rows(), &order, key.as_ref()) {
            let refused = Err(refused);
            self.queue.metrics().count(&refused);
            return refused;
        }
        let key = key.map(|key| (key, Fingerprint::of(&order)));
        let (reply, outcome) = oneshot::channel();
        let entry = Entry { order, key, deadline, arrived: Instant::now(), reply };
        if let Err(entry) = self.queue.push(entry) {
            entry.answer(Err(OrderError::Overloaded), self.queue.metrics());
        }
        // No answer means that the committer failed during the batch: whether it had committed is not known.
        outcome.await.unwrap_or(Err(OrderError::OutcomeUnknown))
    }
}

impl Drop for GroupCommit {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Runs the committer until it ends by itself. A defect that ends it otherwise costs only the batch being written: it is
/// started again for the next ones.
async fn keep_running<R>(start: impl Fn() -> R)
where
    R: Future<Output = ()> + Send + 'static,
{
    while tokio::spawn(start()).await.is_err() {
        tracing::error!("the committer failed by a defect and begins anew");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_committer_that_panics_begins_anew() {
        let starts = AtomicUsize::new(0);
        keep_running(|| {
            let start = starts.fetch_add(1, Ordering::Relaxed);
            async move { assert_eq!(start, 2, "expected by this test") }
        })
        .await;
        assert_eq!(starts.into_inner(), 3, "it panicked twice");
    }
}
