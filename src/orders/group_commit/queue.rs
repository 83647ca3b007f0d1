//! The bounded first-in, first-out queue of orders for the next batch. An order is refused on arrival if its wait would
//! be too long.
//!
//! The estimated wait is the number of batches ahead times the duration of a batch. This is queue length over drain
//! rate (Little's law) with the batch, not the order, as the unit: a batch of two hundred takes hardly longer than one
//! of ten, so a rate in orders per second would refuse a burst that a single batch can carry.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::OrderError;
use super::super::outcome::OrderMetrics;
use super::entry::Entry;

/// Limits of the queue and of one batch.
#[derive(Clone, Copy, Debug)]
pub struct QueueLimits {
    /// Largest number of waiting orders. It bounds memory, at about half a kilobyte per order; lines beyond that have a
    /// bound of their own.
    pub orders: usize,
    /// Longest wait in the queue; an order that would wait longer is refused on arrival.
    pub wait: Duration,
    /// Orders in one transaction. More make it longer without a noticeable gain per order.
    pub batch_orders: usize,
    /// Order lines in one transaction; a single order with more forms its own batch.
    pub batch_lines: usize,
}

/// Largest number of order lines that wait. With the number of orders it bounds the memory of the queue, at 16 bytes per
/// line: 16 MB. A hundred of the largest orders have as many.
const MOST_LINES: usize = 1_000_000;

/// Weight of the latest batch in the average duration.
const WEIGHT_OF_LATEST: f64 = 0.3;

/// Bounds of a batch's wait for rows that another transaction holds. All queued orders wait for that time.
const LEAST_PATIENCE: Duration = Duration::from_millis(200);
const MOST_PATIENCE: Duration = Duration::from_secs(2);

/// The bounded queue of orders.
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
    /// When the batch being written was taken from the queue.
    writing_since: Option<Instant>,
    /// When that batch last made progress.
    progress: Option<Instant>,
    /// Duration of a batch in seconds: an exponentially weighted average.
    batch_s: f64,
    closed: bool,
}

impl Queue {
    pub(super) fn new(limits: QueueLimits, metrics: OrderMetrics) -> Self {
        Self { limits, state: Mutex::default(), filled: Notify::new(), metrics }
    }

    /// Appends an order, or returns it to be refused.
    pub(super) fn push(&self, entry: Entry) -> Result<(), Box<Entry>> {
        let mut state = self.state();
        let lines = state.lines + entry.order.lines().len();
        if state.waiting.len() >= self.limits.orders || lines > MOST_LINES {
            return Err(Box::new(entry));
        }
        let (wait, batch) = state.estimate(self.limits, entry.arrived);
        if wait > self.limits.wait || entry.arrived + wait + batch > entry.deadline {
            return Err(Box::new(entry));
        }
        state.lines = lines;
        state.waiting.push_back(entry);
        let first = state.waiting.len() == 1;
        drop(state);
        self.metrics.queued(1);
        if first {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Puts orders back at the front of the queue, in their order.
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

    /// Waits until the queue has an order; false once the queue is closed.
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

    /// Closes the queue: no order will be added.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.filled.notify_one();
    }

    /// Takes the next batch. Expired orders are refused; orders whose client has left are dropped.
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

    /// Refuses orders that expire while a batch takes long.
    pub(super) fn refuse_expired(&self) {
        let now = Instant::now();
        let mut state = self.state();
        let State { waiting, lines, .. } = &mut *state;
        let mut left = 0;
        // All orders may wait equally long, so the first one expires first.
        while waiting.front().is_some_and(|entry| entry.deadline <= now) {
            let Some(entry) = waiting.pop_front() else { break };
            *lines -= entry.order.lines().len();
            left += 1;
            entry.answer(Err(OrderError::Overloaded), &self.metrics);
        }
        drop(state);
        self.metrics.queued(-left);
    }

    /// How long a batch waits for rows that another transaction holds: several times the usual duration of a batch,
    /// since transactions of other instances take about as long.
    pub(super) fn patience(&self) -> Duration {
        seconds(4.0 * self.state().batch_s).clamp(LEAST_PATIENCE, MOST_PATIENCE)
    }

    /// Records progress of the batch being written.
    pub(super) fn progress(&self) {
        self.state().progress = Some(Instant::now());
    }

    /// Time since the last progress; zero if no order is waiting or being written.
    pub(super) fn idle_for(&self) -> Duration {
        let state = self.state();
        let since = match (state.writing_since, state.waiting.front()) {
            (Some(_), _) => state.progress,
            // If no batch is being written, the waiting orders wait for the committer to wake up.
            (None, Some(first)) => state.progress.max(Some(first.arrived)),
            (None, None) => None,
        };
        since.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// Records the end of a batch; `took` is its duration if it was committed, for the average.
    pub(super) fn written(&self, took: Option<Duration>) {
        let mut state = self.state();
        state.writing_since = None;
        state.progress = Some(Instant::now());
        if let Some(took) = took {
            state.batch_s += (took.as_secs_f64() - state.batch_s) * WEIGHT_OF_LATEST;
        }
    }

    /// No code that holds the lock can panic in the middle of a change.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Estimated wait of a new order until its batch begins, and the duration of that batch.
    fn estimate(&self, limits: QueueLimits, now: Instant) -> (Duration, Duration) {
        let Some(since) = self.writing_since else {
            // Nothing is being written, so the new order's batch begins at once, whatever the average is.
            return (Duration::ZERO, Duration::ZERO);
        };
        let running = (now - since).as_secs_f64();
        // A running batch that exceeds the average shows that batches take longer now.
        let batch = self.batch_s.max(running);
        let rest = if running < self.batch_s { self.batch_s - running } else { running };
        let ahead = (self.waiting.len() / limits.batch_orders).max(self.lines / limits.batch_lines) as f64;
        (seconds(rest + ahead * batch), seconds(batch))
    }
}

/// Converts seconds, never negative, to a duration; the bound keeps sums with instants in range.
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
        counted_queue().0
    }

    fn counted_queue() -> (Queue, Metrics) {
        let metrics = Metrics::new().unwrap();
        (Queue::new(LIMITS, OrderMetrics::new(&metrics)), metrics)
    }

    fn entry(lines: u64) -> (Entry, Answer) {
        let items: Vec<_> = (1..=lines).map(|product| (ProductId::new(product), 1)).collect();
        let order = NewOrder::new(UserId::new(1), &items).unwrap();
        let (reply, answer) = oneshot::channel();
        let now = Instant::now();
        (Entry { order, key: None, deadline: now + Duration::from_secs(10), arrived: now, reply }, answer)
    }

    /// Adds the given number of orders and returns the receivers of their answers.
    fn fill(queue: &Queue, orders: usize, lines: u64) -> Vec<Answer> {
        let push = |_| {
            let (entry, answer) = entry(lines);
            queue.push(entry).unwrap();
            answer
        };
        (0..orders).map(push).collect()
    }

    /// The number of orders that wait, and of their lines.
    fn waiting(queue: &Queue) -> (usize, usize) {
        let state = queue.state();
        (state.waiting.len(), state.lines)
    }

    /// A queue whose batches take this long, with one being written.
    fn busy(batch: Duration) -> (Queue, Vec<Answer>) {
        let queue = queue();
        for _ in 0..30 {
            queue.written(Some(batch));
        }
        let waiting = fill(&queue, 1, 1);
        assert_eq!(queue.take().len(), 1);
        (queue, waiting)
    }

    /// One whose batches take 250 ms to the instant, with one being written.
    fn busy_for_a_quarter() -> (Queue, Vec<Answer>) {
        let (queue, waiting) = busy(Duration::ZERO);
        queue.state().batch_s = 0.25;
        (queue, waiting)
    }

    /// An order that has to be answered within so many milliseconds, whoever waits for it.
    fn due_in(milliseconds: u64) -> Entry {
        let (mut entry, _) = entry(1);
        entry.deadline = entry.arrived + Duration::from_millis(milliseconds);
        entry
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
        let _waiting = fill(&queue, 4, 10);
        assert_eq!(queue.take().len(), 3, "as many lines as a batch may have");
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_is_the_batches_ahead_times_their_time() {
        let (queue, _first) = busy(Duration::from_millis(200));
        // The batch being written, then two full batches: 200 + 200 ms of wait for the third ten.
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
    async fn the_largest_orders_fill_the_queue_by_their_lines() {
        let limits = QueueLimits { wait: Duration::from_hours(1), ..LIMITS };
        let queue = Queue::new(QueueLimits { orders: 1_000, ..limits }, OrderMetrics::new(&Metrics::new().unwrap()));
        let largest = MOST_LINES / 100;
        let _waiting = fill(&queue, 100, largest as u64);
        assert!(queue.push(entry(1).0).is_err(), "the memory of its lines has a bound");
        queue.take();
        assert!(queue.push(entry(1).0).is_ok());
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

    #[tokio::test(start_paused = true)]
    async fn the_number_of_waiting_orders_is_bounded() {
        let queue = queue();
        let _waiting = fill(&queue, LIMITS.orders, 1);
        assert!(queue.push(entry(1).0).is_err());
        queue.take();
        assert!(queue.push(entry(1).0).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_that_would_be_answered_too_late_is_refused_on_arrival() {
        let (queue, _first) = busy(Duration::from_millis(200));
        assert!(queue.push(due_in(350)).is_err(), "it would wait for 200 ms and be written in another 200");
        assert!(queue.push(due_in(450)).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_that_is_answered_at_the_last_instant_is_taken() {
        let (queue, _writing) = busy_for_a_quarter();
        assert!(queue.push(due_in(499)).is_err());
        assert!(queue.push(due_in(500)).is_ok(), "250 ms of wait and 250 of writing");
        let _waiting = fill(&queue, 9, 1);
        assert!(queue.push(entry(1).0).is_ok(), "the limit of the wait is 500 ms, and so long it waits");
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_has_taken_its_time_may_take_as_long_again() {
        let (queue, _writing) = busy_for_a_quarter();
        tokio::time::advance(Duration::from_millis(250)).await;
        assert!(queue.push(due_in(499)).is_err(), "250 ms of wait and 250 of writing");
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_whose_batch_would_end_too_late_is_refused_when_it_is_taken() {
        let (queue, _first) = busy(Duration::from_millis(200));
        let mut waiting = fill(&queue, 2, 1);
        queue.written(None);
        let (mut late, answer) = entry(1);
        late.deadline = late.arrived + Duration::from_millis(100);
        queue.put_back(vec![late]);
        waiting.push(answer);
        assert_eq!(queue.take().len(), 2);
        assert!(matches!(waiting.pop().unwrap().await, Ok(Err(OrderError::Overloaded))));
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_whose_batch_ends_at_its_deadline_is_written() {
        let queue = queue();
        let _waiting = fill(&queue, 1, 1);
        queue.state().batch_s = 10.0;
        assert_eq!(queue.take().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_expires_at_its_deadline_and_not_before() {
        let queue = queue();
        let _waiting = fill(&queue, 2, 1);
        tokio::time::advance(Duration::from_secs(10) - Duration::from_millis(1)).await;
        queue.refuse_expired();
        assert_eq!(waiting(&queue), (2, 2));
        tokio::time::advance(Duration::from_millis(1)).await;
        queue.refuse_expired();
        assert_eq!(waiting(&queue), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn what_left_the_queue_is_counted_no_more_and_its_wait_is_measured() {
        let (queue, metrics) = counted_queue();
        let depth = || metrics.order_queue_depth.get();
        let _waiting = fill(&queue, 12, 2);
        assert_eq!(depth(), 12);
        tokio::time::advance(Duration::from_secs(2)).await;
        let batch = queue.take();
        assert_eq!((batch.len(), depth(), waiting(&queue)), (10, 2, (2, 4)));
        let waits = &metrics.order_queue_wait_seconds;
        assert_eq!((waits.get_sample_count(), waits.get_sample_sum()), (10, 20.0));
        queue.put_back(batch);
        assert_eq!((depth(), waiting(&queue)), (12, (12, 24)));
        tokio::time::advance(Duration::from_secs(10)).await;
        queue.refuse_expired();
        assert_eq!((depth(), waiting(&queue)), (0, (0, 0)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_committer_is_woken_by_orders_and_by_the_end() {
        let queue = queue();
        let patience = Duration::from_mins(1);
        let woken = async || tokio::time::timeout(patience, queue.filled()).await.ok();
        assert_eq!(woken().await, None, "an empty queue has nothing to do");
        // The committer waits already when something happens.
        let later = async |act: Box<dyn FnOnce() + '_>| {
            tokio::time::sleep(Duration::from_secs(1)).await;
            act();
        };
        let (order, _answer) = entry(1);
        let put_back = later(Box::new(|| queue.put_back(vec![order])));
        assert_eq!(tokio::join!(woken(), put_back).0, Some(true));
        queue.take();
        queue.written(None);
        let pushed = later(Box::new(|| drop(queue.push(entry(1).0))));
        assert_eq!(tokio::join!(woken(), pushed).0, Some(true));
        queue.take();
        let closed = later(Box::new(|| queue.close()));
        assert_eq!(tokio::join!(woken(), closed).0, Some(false));
        assert_eq!(woken().await, Some(false), "and it stays closed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_waits_for_held_rows_in_proportion_to_what_batches_take() {
        let patience = |batch| busy(Duration::from_millis(batch)).0.patience();
        assert_eq!(patience(5), LEAST_PATIENCE);
        let usual = patience(200);
        assert!(usual > Duration::from_millis(790) && usual <= Duration::from_millis(800), "{usual:?}");
        assert_eq!(patience(900), MOST_PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_standstill_counts_from_the_last_progress_or_the_arrival() {
        let queue = queue();
        let second = Duration::from_secs(1);
        tokio::time::advance(second).await;
        assert_eq!(queue.idle_for(), Duration::ZERO, "nothing is to be done");
        let _waiting = fill(&queue, 2, 1);
        tokio::time::advance(second).await;
        assert_eq!(queue.idle_for(), second, "nobody takes what waits");
        queue.take();
        assert_eq!(queue.idle_for(), Duration::ZERO);
        tokio::time::advance(2 * second).await;
        assert_eq!(queue.idle_for(), 2 * second, "the batch stands still");
        queue.progress();
        assert_eq!(queue.idle_for(), Duration::ZERO);
        tokio::time::advance(second).await;
        queue.written(None);
        let _more = fill(&queue, 1, 1);
        assert_eq!(queue.idle_for(), Duration::ZERO);
        tokio::time::advance(second).await;
        assert_eq!(queue.idle_for(), second);
    }

    #[tokio::test(start_paused = true)]
    async fn an_empty_batch_is_not_being_written() {
        let (queue, _first) = busy(Duration::from_secs(2));
        queue.written(None);
        assert!(queue.take().is_empty());
        assert!(queue.push(entry(1).0).is_ok());
        assert_eq!(queue.idle_for(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn the_average_follows_the_latest_batches() {
        let queue = queue();
        let second = Some(Duration::from_secs(1));
        queue.written(second);
        assert!((queue.state().batch_s - 0.3).abs() < 1e-9);
        queue.written(second);
        assert!((queue.state().batch_s - 0.51).abs() < 1e-9);
        queue.written(None);
        assert!((queue.state().batch_s - 0.51).abs() < 1e-9, "what was not committed says nothing");
    }
}
