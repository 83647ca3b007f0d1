//! Orders that wait for the next batch: bounded, first come first served, refused at the door when the wait would be too
//! long.
//!
//! The wait is estimated as the batches ahead times the time that a batch takes, which is the queue over the drain rate
//! (Little's law) with the batch, not the order, as the unit: a batch of two hundred takes hardly longer than one of ten,
//! so a rate in orders per second would refuse a burst that a single batch can carry.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::OrderError;
use super::super::outcome::OrderMetrics;
use super::entry::Entry;

/// How much may wait, and how much goes into one transaction.
#[derive(Clone, Copy, Debug)]
pub struct QueueLimits {
    /// Orders waiting at once: what they take of memory, at about half a kilobyte each.
    pub orders: usize,
    /// The longest wait in the queue; an order that would wait longer is refused when it comes.
    pub wait: Duration,
    /// Orders in one transaction. More make the transaction longer, and the gain per order is gone long before.
    pub batch_orders: usize,
    /// Order lines in one transaction; a single order with more is a batch of its own.
    pub batch_lines: usize,
}

/// How much a batch's time counts against those before it.
const WEIGHT_OF_LATEST: f64 = 0.3;

/// The bounds of a batch's patience with rows that another transaction holds. It is everybody's time.
const LEAST_PATIENCE: Duration = Duration::from_millis(200);
const MOST_PATIENCE: Duration = Duration::from_secs(2);

/// The queue.
#[derive(Debug)]
pub(super) struct Queue {
    limits: QueueLimits,
    state: Mutex<State>,
    filled: Notify,
    metrics: OrderMetrics,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Entry>,
    /// Order lines in `waiting`.
    lines: usize,
    /// When the batch that is being written was taken.
    writing_since: Option<Instant>,
    /// When it was last seen to go on.
    progress: Option<Instant>,
    /// Seconds that a batch takes: an exponentially weighted average.
    batch_s: f64,
    closed: bool,
}

impl Queue {
    pub(super) fn new(limits: QueueLimits, metrics: OrderMetrics) -> Self {
        Self { limits, state: Mutex::default(), filled: Notify::new(), metrics }
    }

    /// Puts an order at the end, or gives it back to be refused.
    pub(super) fn push(&self, entry: Entry) -> Result<(), Box<Entry>> {
        let mut state = self.state();
        if state.waiting.len() >= self.limits.orders {
            return Err(Box::new(entry));
        }
        let (wait, batch) = state.estimate(self.limits, entry.arrived);
        if wait > self.limits.wait || entry.arrived + wait + batch > entry.deadline {
            return Err(Box::new(entry));
        }
        state.lines += entry.order.lines().len();
        state.waiting.push_back(entry);
        let first = state.waiting.len() == 1;
        drop(state);
        self.metrics.queued(1);
        if first {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Puts orders back to where they came from, in their order.
    pub(super) fn put_back(&self, entries: Vec<Entry>) {
        self.metrics.queued(entries.len() as i64);
        let mut state = self.state();
        for entry in entries.into_iter().rev() {
            state.lines += entry.order.lines().len();
            state.waiting.push_front(entry);
        }
        drop(state);
        self.filled.notify_one();
    }

    /// The metrics of orders.
    pub(super) fn metrics(&self) -> &OrderMetrics {
        &self.metrics
    }

    /// Waits until an order is there; false when none will come any more.
    pub(super) async fn filled(&self) -> bool {
        loop {
            let filled = self.filled.notified();
            {
                let state = self.state();
                if !state.waiting.is_empty() || state.closed {
                    return !state.closed;
                }
            }
            filled.await;
        }
    }

    /// No order will come any more.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.filled.notify_one();
    }

    /// Takes the next batch. Orders whose time has passed are refused; those that nobody waits for any more are dropped.
    pub(super) fn take(&self) -> Vec<Entry> {
        let now = Instant::now();
        let mut state = self.state();
        let mut batch = Vec::with_capacity(state.waiting.len().min(self.limits.batch_orders));
        let mut lines = 0;
        let mut left = 0;
        while batch.len() < self.limits.batch_orders {
            let Some(next) = state.waiting.front() else { break };
            let more = next.order.lines().len();
            if !batch.is_empty() && lines + more > self.limits.batch_lines {
                break;
            }
            let Some(entry) = state.waiting.pop_front() else { break };
            state.lines -= more;
            left += 1;
            if entry.reply.is_closed() {
                continue;
            }
            if now + Duration::from_secs_f64(state.batch_s) > entry.deadline {
                entry.answer(Err(OrderError::Overloaded), &self.metrics);
                continue;
            }
            self.metrics.waited(now - entry.arrived);
            lines += more;
            batch.push(entry);
        }
        if !batch.is_empty() {
            state.writing_since = Some(now);
            state.progress = Some(now);
        }
        drop(state);
        self.metrics.queued(-left);
        batch
    }

    /// Refuses orders whose time passes while a batch takes long.
    pub(super) fn refuse_expired(&self) {
        let now = Instant::now();
        let mut state = self.state();
        let State { waiting, lines, .. } = &mut *state;
        let mut left = 0;
        // All wait equally long, so the first one's time passes first.
        while waiting.front().is_some_and(|entry| entry.deadline <= now) {
            let Some(entry) = waiting.pop_front() else { break };
            *lines -= entry.order.lines().len();
            left += 1;
            entry.answer(Err(OrderError::Overloaded), &self.metrics);
        }
        drop(state);
        self.metrics.queued(-left);
    }

    /// How long a batch waits for rows that another transaction holds: several times as long as the transactions of this
    /// store take, since those of another instance take about as long.
    pub(super) fn patience(&self) -> Duration {
        seconds(4.0 * self.state().batch_s).clamp(LEAST_PATIENCE, MOST_PATIENCE)
    }

    /// The batch that is being written goes on.
    pub(super) fn progress(&self) {
        self.state().progress = Some(Instant::now());
    }

    /// For how long what waits, or is being written, has not gone on; nothing if nobody waits for anything.
    pub(super) fn idle_for(&self) -> Duration {
        let state = self.state();
        let since = match (state.writing_since, state.waiting.front()) {
            (Some(_), _) => state.progress,
            // What waits while nothing is written waits for the committer to wake up.
            (None, Some(first)) => state.progress.max(Some(first.arrived)),
            (None, None) => None,
        };
        since.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// A batch has ended; `took` if it was committed, so that it says how long batches take.
    pub(super) fn written(&self, took: Option<Duration>) {
        let mut state = self.state();
        state.writing_since = None;
        state.progress = Some(Instant::now());
        if let Some(took) = took {
            state.batch_s += (took.as_secs_f64() - state.batch_s) * WEIGHT_OF_LATEST;
        }
    }

    /// Nothing that holds the lock can panic in the middle of a change.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How long a new order would wait for its batch to begin, and how long that batch would take.
    fn estimate(&self, limits: QueueLimits, now: Instant) -> (Duration, Duration) {
        let Some(since) = self.writing_since else {
            // Nothing is being written: whatever the last batches took, this one begins at once.
            return (Duration::ZERO, Duration::ZERO);
        };
        let running = (now - since).as_secs_f64();
        // A batch that takes longer than usual says that batches take longer now.
        let batch = self.batch_s.max(running);
        let rest = if running < self.batch_s { self.batch_s - running } else { running };
        let ahead = (self.waiting.len() / limits.batch_orders).max(self.lines / limits.batch_lines) as f64;
        (seconds(rest + ahead * batch), seconds(batch))
    }
}

/// A duration from seconds that are never negative; the bound keeps sums with instants in range.
fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0))
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::domain::{NewOrder, PlacedOrder, ProductId, UserId};
    use crate::metrics::Metrics;

    type Answer = oneshot::Receiver<Result<PlacedOrder, OrderError>>;

    const LIMITS: QueueLimits =
        QueueLimits { orders: 100, wait: Duration::from_millis(500), batch_orders: 10, batch_lines: 30 };

    fn queue() -> Queue {
        Queue::new(LIMITS, OrderMetrics::new(&Metrics::new().unwrap()))
    }

    fn entry(lines: u64) -> (Entry, Answer) {
        let items: Vec<_> = (1..=lines).map(|product| (ProductId::new(product), 1)).collect();
        let order = NewOrder::new(UserId::new(1), &items).unwrap();
        let (reply, answer) = oneshot::channel();
        let now = Instant::now();
        (Entry { order, key: None, deadline: now + Duration::from_secs(10), arrived: now, reply }, answer)
    }

    /// Lets so many orders in; gives those who wait for them.
    fn fill(queue: &Queue, orders: usize, lines: u64) -> Vec<Answer> {
        let push = |_| {
            let (entry, answer) = entry(lines);
            queue.push(entry).unwrap();
            answer
        };
        (0..orders).map(push).collect()
    }

    /// A store whose batches take this long, and one is being written.
    fn busy(batch: Duration) -> (Queue, Vec<Answer>) {
        let queue = queue();
        for _ in 0..30 {
            queue.written(Some(batch));
        }
        let waiting = fill(&queue, 1, 1);
        assert_eq!(queue.take().len(), 1);
        (queue, waiting)
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_is_bounded_in_orders_and_in_lines_and_a_large_order_stands_alone() {
        let queue = queue();
        let _waiting = [fill(&queue, 12, 1), fill(&queue, 4, 10), fill(&queue, 1, 31), fill(&queue, 1, 1)];
        let mut sizes = Vec::new();
        loop {
            let batch = queue.take();
            if batch.is_empty() {
                break;
            }
            sizes.push(batch.len());
        }
        assert_eq!(sizes, [10, 4, 2, 1, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_is_the_batches_ahead_times_their_time() {
        let (queue, _first) = busy(Duration::from_millis(200));
        // The one being written, then two full batches: 200 + 200 ms of wait for the third ten.
        let _waiting = fill(&queue, 20, 1);
        assert!(queue.push(entry(1).0).is_err(), "600 ms are too long");
        tokio::time::advance(Duration::from_millis(150)).await;
        assert!(queue.push(entry(1).0).is_ok(), "50 + 400 ms are not");
    }

    #[tokio::test(start_paused = true)]
    async fn lines_count_as_well_as_orders() {
        let (queue, _first) = busy(Duration::from_millis(200));
        let _waiting = fill(&queue, 4, 15);
        assert!(queue.push(entry(1).0).is_err(), "60 lines are two batches");
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_does_not_end_closes_the_door_and_an_idle_store_opens_it() {
        let (queue, _first) = busy(Duration::from_millis(5));
        tokio::time::advance(Duration::from_millis(600)).await;
        assert!(queue.push(entry(1).0).is_err());
        queue.written(None);
        assert!(queue.push(entry(1).0).is_ok(), "whatever was, nothing is being written now");
    }

    #[tokio::test(start_paused = true)]
    async fn what_expired_or_was_given_up_is_not_written() {
        let queue = queue();
        let mut waiting = fill(&queue, 3, 1);
        drop(waiting.remove(1));
        assert_eq!(queue.take().len(), 2, "one of three had hung up");
        let late = fill(&queue, 1, 1);
        tokio::time::advance(Duration::from_secs(11)).await;
        queue.refuse_expired();
        assert!(queue.take().is_empty());
        for answer in late {
            assert!(matches!(answer.await, Ok(Err(OrderError::Overloaded))));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_put_back_comes_first() {
        let queue = queue();
        let _first = fill(&queue, 2, 1);
        let batch = queue.take();
        let _second = fill(&queue, 1, 2);
        queue.put_back(batch);
        let lines: Vec<_> = queue.take().iter().map(|entry| entry.order.lines().len()).collect();
        assert_eq!(lines, [1, 1, 2]);
    }
}
