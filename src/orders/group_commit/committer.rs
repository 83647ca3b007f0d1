//! The committer: one transaction is always in flight while the next batch gathers.
//!
//! It runs on its own thread. On the shared runtime it would queue between two statements of a batch behind hundreds of
//! requests that are ready to run, while the database is idle.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use super::super::attempts::{Attempts, Failed};
use super::super::ids::OrderIds;
use super::super::outcome::OrderMetrics;
use super::super::{OrderError, held};
use super::batch::{Decided, decide, rows_wanted};
use super::entry::Entry;
use super::queue::Queue;
use crate::db::{BatchRows, Database, DbError, Effect, InterruptedCommit, Outcome, Patience, RowId, RowState, Session};
use crate::domain::{Cents, PlacedOrder, ProductId, UserId};

/// How long orders are put aside if a row they need may soon be free.
const DEFERRED_FOR: Duration = Duration::from_millis(50);

/// Interval of the search for expired orders while a batch takes long.
const SWEEP: Duration = Duration::from_millis(50);

/// Everything needed to write a batch.
#[derive(Debug)]
pub(super) struct Committer {
    pub(super) queue: Arc<Queue>,
    pub(super) database: Arc<Database>,
    pub(super) metrics: OrderMetrics,
    pub(super) ids: OrderIds,
    /// Number of batches left for which users are looked up before anything is written.
    pub(super) wary: AtomicU32,
    /// Looks up interrupted commits in the background, so that the next batch need not wait.
    pub(super) requests: Handle,
}

/// Number of batches for which users are looked up after one named an unknown user: the same client may send more.
const WARY_BATCHES: u32 = 100;

/// Longest wait for one attempt at a batch; each statement has its own, shorter limit.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(10);

/// An attempt that takes longer than this plus the limit of a commit is stuck: every step in it has a limit.
const BATCH_LIMIT: Duration = Duration::from_secs(20);

/// Answers to the orders of a batch, one each.
type Results = Vec<Result<PlacedOrder, OrderError>>;

/// Why a batch is not known to be committed.
enum Unwritten {
    /// Nothing was stored.
    Failed(Failed),
    /// Another transaction held rows for too long.
    RowsHeld,
    /// Another transaction held a key for too long: the first request with it has not ended.
    KeysHeld,
    /// A user does not exist, or would exceed the largest total, and users were not looked up. Nothing was stored.
    UnknownUser,
    /// COMMIT was not answered with OK; the results are valid if it took effect.
    Unknown(Results, Box<Unknown>),
}

/// A batch whose commit was interrupted, and one of its orders, which identifies it: all orders of a batch share one
/// outcome.
struct Unknown {
    interrupted: InterruptedCommit,
    first: Effect,
}

impl From<DbError> for Unwritten {
    fn from(error: DbError) -> Self {
        if matches!(error, DbError::LockTimeout) { Self::RowsHeld } else { Self::Failed(error.into()) }
    }
}

/// Time without progress after which a batch is given up.
fn batch_limit(database: &Database) -> Duration {
    BATCH_LIMIT + database.statement_timeout()
}

/// Time without progress after which the committer's thread itself is taken to be stuck.
pub(super) fn stuck_after(database: &Database) -> Duration {
    batch_limit(database) + Duration::from_secs(1)
}

/// State of the attempts at a part of a batch.
struct Course {
    patience: Patience,
    /// Whether an attempt waited for rows that other transactions may hold.
    waited: bool,
    /// Whether an attempt waited for keys.
    keys_held: bool,
}

impl Course {
    fn begins(patience: Patience) -> Self {
        Self { patience, waited: patience == Patience::SkipLocked, keys_held: false }
    }

    /// Whether its duration says more about other transactions than about the batch. Time spent waiting for them does not
    /// count in the estimate; time that the batch itself took does.
    fn was_disturbed(&self, results: &Results) -> bool {
        let held = |result: &Result<_, _>| matches!(result, Err(OrderError::RowsHeld | OrderError::InProgress));
        self.keys_held || (self.waited && results.iter().any(held))
    }
}

/// Writes batches until the queue is closed.
pub(super) async fn run(committer: Arc<Committer>) {
    let (queue, limit) = (Arc::clone(&committer.queue), batch_limit(&committer.database));
    supervise(&queue, limit, |batch| {
        // Only this task decrements it, and a batch that finds an unknown user starts over.
        committer.wary.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).ok();
        Arc::clone(&committer).write(batch)
    })
    .await;
}

/// Writes every batch of the queue. If a batch panics, or makes no progress within the limit, only that batch is lost:
/// its clients are told that the outcome is unknown, and the next batch begins.
async fn supervise<W>(queue: &Queue, limit: Duration, write: impl Fn(Vec<Entry>) -> W)
where
    W: Future<Output = bool> + Send + 'static,
{
    // The previous run may have ended in the middle of a batch.
    queue.written(None);
    while queue.filled().await {
        let batch = queue.take();
        if batch.is_empty() {
            continue;
        }
        let started = Instant::now();
        let mut writing = tokio::spawn(write(batch));
        let written = loop {
            match tokio::time::timeout(SWEEP, &mut writing).await {
                Ok(written) => break written.unwrap_or(false),
                Err(_) if queue.idle_for() > limit => {
                    tracing::error!("a batch of orders makes no progress and is given up: its outcome is not known");
                    writing.abort();
                    break false;
                }
                Err(_) => queue.refuse_expired(),
            }
        };
        queue.written(written.then(|| started.elapsed()));
    }
}

impl Committer {
    /// Writes a batch and answers its orders. Returns true if the whole batch was committed at once, so that its
    /// duration counts in the estimate. If one order may be at fault, the batch is halved until that order is alone.
    async fn write(self: Arc<Self>, batch: Vec<Entry>) -> bool {
        let mut whole = true;
        let (suspects, batch) = self.set_apart(batch).await;
        let mut parts = vec![(suspects, Patience::SkipLocked), (batch, Patience::Wait(self.queue.patience()))];
        parts.retain(|(part, _)| !part.is_empty());
        while let Some((mut part, first_patience)) = parts.pop() {
            let mut course = Course::begins(first_patience);
            match self.try_often(&mut part, &mut course).await {
                Ok(results) => {
                    whole &= !course.was_disturbed(&results);
                    self.answer_or_defer(part, results);
                }
                Err(Unwritten::Unknown(results, unknown)) => {
                    whole = false;
                    self.requests.spawn(look_up(Arc::clone(&self), part, results, *unknown));
                }
                Err(unwritten) => {
                    whole = false;
                    let error = unwritten.into_error();
                    if part.len() > 1 && may_be_one_orders_fault(&error) {
                        let second = part.split_off(part.len() / 2);
                        parts.extend([(second, first_patience), (part, first_patience)]);
                    } else {
                        refuse_all(part, &error, &self.metrics);
                    }
                }
            }
        }
        whole
    }

    /// Refuses orders whose row or key is held, and separates those that need a suspect row: they are tried by
    /// themselves, without waiting.
    async fn set_apart(&self, mut batch: Vec<Entry>) -> (Vec<Entry>, Vec<Entry>) {
        let rows = self.database.held_rows();
        if rows.is_empty() {
            return (Vec::new(), batch);
        }
        let mut others = Vec::with_capacity(batch.len());
        let mut suspects = Vec::new();
        for entry in batch.drain(..) {
            match held::standing(rows, &entry.order, entry.key.as_ref().map(|(key, _)| key)) {
                Ok(RowState::Free) => others.push(entry),
                Ok(_) => suspects.push(entry),
                Err(refused) => entry.answer(Err(refused), &self.metrics),
            }
        }
        // The statement that stores keys cannot skip a locked one.
        if suspects.iter().any(|entry| entry.key.is_some()) {
            drop(self.refuse_held_keys(&mut suspects, Duration::ZERO).await);
        }
        (suspects, others)
    }

    /// Finds out which keys other transactions hold, remembers them, and answers their orders; true if there was any.
    async fn refuse_held_keys(&self, part: &mut Vec<Entry>, waited: Duration) -> Result<bool, DbError> {
        let (_, _, keys) = rows_wanted(part);
        let mut session = self.database.writer_session(Instant::now() + ATTEMPT_LIMIT).await?;
        session.begin().await?;
        let found = session.keys_held(&keys).await;
        session.rollback().await;
        let found: HashSet<_> = found?.into_iter().map(|key| key.as_str().to_owned()).collect();
        let rows = self.database.held_rows();
        for row in keys.into_iter().map(held::key_row) {
            match &row {
                RowId::Key(key) if found.contains(key) => drop(rows.found_held(row, waited)),
                free => rows.found_free(free),
            }
        }
        let is_held = |entry: &mut Entry| entry.key.as_ref().is_some_and(|(key, _)| found.contains(key.as_str()));
        let refused: Vec<_> = part.extract_if(.., is_held).collect();
        refuse_all(refused, &OrderError::InProgress, &self.metrics);
        Ok(!found.is_empty())
    }

    /// Answers the orders of a part. Orders whose rows may soon be free are queued again instead.
    fn answer_or_defer(&self, part: Vec<Entry>, results: Results) {
        let rows = self.database.held_rows();
        let mut deferred = Vec::new();
        for (entry, result) in part.into_iter().zip(results) {
            let held = matches!(result, Err(OrderError::RowsHeld));
            if held && rows.state_of_order(&entry.order) == RowState::Suspect {
                deferred.push(entry);
            } else {
                entry.answer(result, &self.metrics);
            }
        }
        if !deferred.is_empty() {
            let queue = Arc::clone(&self.queue);
            tokio::spawn(async move {
                tokio::time::sleep(DEFERRED_FOR).await;
                queue.put_back(deferred);
            });
        }
    }

    /// Repeats the attempt until another one cannot help. Orders that expire meanwhile are refused and removed. After a
    /// wait for rows of other transactions has timed out, such rows are skipped.
    async fn try_often(&self, part: &mut Vec<Entry>, course: &mut Course) -> Result<Results, Unwritten> {
        let mut attempts = Attempts::until(Instant::now() + ATTEMPT_LIMIT);
        let mut waited = Duration::ZERO;
        loop {
            let now = Instant::now();
            let expired: Vec<_> = part.extract_if(.., |entry| entry.deadline <= now).collect();
            refuse_all(expired, &OrderError::Overloaded, &self.metrics);
            if part.is_empty() {
                return Ok(Vec::new());
            }
            match self.attempt(part, course.patience, waited).await {
                Err(Unwritten::RowsHeld) if course.patience != Patience::SkipLocked => {
                    (course.patience, course.waited) = (Patience::SkipLocked, true);
                    waited = now.elapsed();
                }
                Err(Unwritten::KeysHeld) => {
                    course.keys_held = true;
                    let found = self.refuse_held_keys(part, now.elapsed()).await?;
                    if !found {
                        let failed = Failed::Again(OrderError::InProgress);
                        attempts
                            .again_after(failed)
                            .await
                            .map_err(|error| Unwritten::Failed(Failed::Finally(error)))?;
                    }
                }
                // From now on users are looked up, so this happens only once.
                Err(Unwritten::UnknownUser) => {}
                Err(Unwritten::Failed(failed)) => {
                    attempts.again_after(failed).await.map_err(|error| Unwritten::Failed(Failed::Finally(error)))?;
                }
                ended => return ended,
            }
        }
    }

    /// Runs one transaction. Orders that need skipped rows are refused and the other orders continue; `waited` is how
    /// long the rows were waited for before.
    async fn attempt(&self, part: &[Entry], patience: Patience, waited: Duration) -> Result<Results, Unwritten> {
        self.queue.progress();
        let mut session = self.database.writer_session(Instant::now() + ATTEMPT_LIMIT).await?;
        let ids = self.ids.next_several(&mut session, part.len()).await?;
        let started = Instant::now();
        let written = self.write_all(&mut session, part, ids, patience, waited).await;
        let Ok(Decided { results, rows }) = written else {
            session.rollback().await;
            return written.map(|decided| decided.results);
        };
        let Some(first) = first_order(&rows) else {
            session.rollback().await;
            return Ok(results);
        };
        match session.commit().await {
            Ok(()) => {
                self.metrics.committed(rows.orders.len(), started.elapsed());
                Ok(results)
            }
            Err(interrupted) => Err(Unwritten::Unknown(results, Box::new(Unknown { interrupted, first }))),
        }
    }

    /// Runs all statements of a batch except the commit.
    async fn write_all(
        &self,
        session: &mut Session,
        part: &[Entry],
        ids: Range<u64>,
        patience: Patience,
        waited: Duration,
    ) -> Result<Decided, Unwritten> {
        let (products, users, keys) = rows_wanted(part);
        // Nearly all users exist, and writing their totals shows when one does not, so the lookup is skipped until that
        // happens.
        let wary = patience == Patience::SkipLocked || self.wary.load(Ordering::Relaxed) > 0;
        let mut locked = session.begin_batch(&products, if wary { &users } else { &[] }, &keys, patience).await?;
        if !wary {
            // Their totals are not known here; the statement that adds to them fails if one would be too large.
            locked.users = users.iter().map(|&user| (user, Cents::default())).collect();
        }
        let missing_products =
            missing(&products, |id| locked.offers.binary_search_by_key(id, |offer| offer.product_id));
        let missing_users = missing(&users, |id| locked.users.binary_search_by_key(id, |(user, _)| *user));
        let mut decided = decide(part, locked, ids);
        if !missing_products.is_empty() || !missing_users.is_empty() {
            // A held row looks like a missing one. A product must not be reported as unknown when it is only locked for
            // the moment.
            let held = session.rows_passed_over(&missing_products, &missing_users).await?;
            for result in &mut decided.results {
                refuse_as_held(result, &held);
            }
            self.remember(&held, waited);
        }
        if patience == Patience::SkipLocked {
            self.forget_free(&products, &missing_products, &users, &missing_users);
        }
        if decided.rows.orders.is_empty() {
            return Ok(decided);
        }
        match session.store_batch(&decided.rows, patience).await {
            Ok(true) => {}
            // A user does not exist, or would exceed the largest total; the lookup shows which one.
            Ok(false) | Err(DbError::Data { .. }) if !wary => {
                self.wary.store(WARY_BATCHES, Ordering::Relaxed);
                return Err(Unwritten::UnknownUser);
            }
            // The users were looked up and are locked, so this cannot happen.
            Ok(false) => return Err(Unwritten::Failed(Failed::Again(OrderError::Overloaded))),
            Err(DbError::Duplicate(_)) => {
                // Another writer has used numbers of this block.
                self.ids.discard().await;
                return Err(Unwritten::Failed(Failed::Again(OrderError::Overloaded)));
            }
            Err(error) => return Err(error.into()),
        }
        if !decided.rows.answers.is_empty() {
            session.store_answers(&decided.rows, patience).await.map_err(key_taken)?;
        }
        Ok(decided)
    }

    /// Remembers rows that another transaction holds, and how long they were waited for.
    fn remember(&self, (products, users): &(Vec<ProductId>, Vec<UserId>), waited: Duration) {
        if !users.is_empty() {
            // From now on users are locked together with the products, where the wait for them is short.
            self.wary.store(WARY_BATCHES, Ordering::Relaxed);
        }
        let products = products.iter().copied().map(RowId::Product);
        for row in products.chain(users.iter().copied().map(RowId::User)) {
            self.database.held_rows().found_held(row, waited);
        }
    }

    /// Forgets the rows that were locked successfully: those that are not missing.
    fn forget_free(&self, products: &[ProductId], no_products: &[ProductId], users: &[UserId], no_users: &[UserId]) {
        let rows = self.database.held_rows();
        if rows.is_empty() {
            return;
        }
        let products = products.iter().filter(|id| no_products.binary_search(id).is_err());
        let users = users.iter().filter(|id| no_users.binary_search(id).is_err());
        for row in products.copied().map(RowId::Product).chain(users.copied().map(RowId::User)) {
            rows.found_free(&row);
        }
    }
}

impl Unwritten {
    fn into_error(self) -> OrderError {
        match self {
            Self::Failed(Failed::Again(error) | Failed::Finally(error)) => error,
            Self::RowsHeld => OrderError::RowsHeld,
            Self::KeysHeld => OrderError::InProgress,
            Self::UnknownUser => OrderError::Overloaded,
            Self::Unknown(..) => OrderError::OutcomeUnknown,
        }
    }
}

/// The error for a key in use: the other request with it has committed, or has not ended.
fn key_taken(error: DbError) -> Unwritten {
    match error {
        DbError::Duplicate(_) => Unwritten::Failed(Failed::Again(OrderError::InProgress)),
        DbError::LockTimeout => Unwritten::KeysHeld,
        error => error.into(),
    }
}

/// The requested items that were not found.
fn missing<Id: Copy>(wanted: &[Id], place: impl Fn(&Id) -> Result<usize, usize>) -> Vec<Id> {
    wanted.iter().copied().filter(|id| place(id).is_err()).collect()
}

/// Replaces an unknown product or user by [`OrderError::RowsHeld`] if the row exists and another transaction holds it.
fn refuse_as_held(result: &mut Result<PlacedOrder, OrderError>, (products, users): &(Vec<ProductId>, Vec<UserId>)) {
    let held = match result {
        Err(OrderError::UnknownProduct(id)) => products.contains(id),
        Err(OrderError::UnknownUser(id)) => users.contains(id),
        _ => false,
    };
    if held {
        *result = Err(OrderError::RowsHeld);
    }
}

/// Whether a single order may have caused this error, so that the rest of the batch can succeed without it.
fn may_be_one_orders_fault(error: &OrderError) -> bool {
    match error {
        OrderError::Overloaded | OrderError::InProgress => true,
        OrderError::Database(error) => {
            matches!(error, DbError::Data { .. } | DbError::Defect { .. } | DbError::Unexpected(_))
        }
        _ => false,
    }
}

fn answer(part: Vec<Entry>, results: Results, metrics: &OrderMetrics) {
    for (entry, result) in part.into_iter().zip(results) {
        entry.answer(result, metrics);
    }
}

fn refuse_all(part: Vec<Entry>, error: &OrderError, metrics: &OrderMetrics) {
    for entry in part {
        entry.answer(Err(error.clone()), metrics);
    }
}

/// The first order that a batch stores; `None` if it stores none.
fn first_order(rows: &BatchRows) -> Option<Effect> {
    let &(id, user_id, total) = rows.orders.first()?;
    let lines = rows.lines.iter().take_while(|(order, _)| *order == id).map(|&(_, line)| line).collect();
    Some(Effect::OrderPlaced { id, user_id, total, lines })
}

/// Answers a batch whose commit was interrupted as soon as its outcome is known, or returns it for another attempt.
async fn look_up(committer: Arc<Committer>, part: Vec<Entry>, results: Results, unknown: Unknown) {
    let metrics = &committer.metrics;
    match committer.database.look_up(unknown.interrupted, &unknown.first).await {
        Ok(Outcome::Committed) => answer(part, results, metrics),
        Ok(Outcome::NotCommitted) => committer.queue.put_back(part),
        // A refused order stored nothing, whatever the outcome of the commit.
        Err(error) => {
            let error = OrderError::from(error);
            let results = results.into_iter().map(|result| result.and(Err(error.clone()))).collect();
            answer(part, results, metrics);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::oneshot;

    use super::super::QueueLimits;
    use super::*;
    use crate::domain::{NewOrder, OrderId};
    use crate::metrics::Metrics;

    const LIMIT: Duration = Duration::from_secs(5);

    /// Puts an order into the queue and returns the receiver of its answer.
    fn push(queue: &Queue) -> oneshot::Receiver<Result<PlacedOrder, OrderError>> {
        try_push(queue).unwrap()
    }

    /// The same; `None` if it is refused at the door.
    fn try_push(queue: &Queue) -> Option<oneshot::Receiver<Result<PlacedOrder, OrderError>>> {
        let order = NewOrder::new(UserId::new(1), &[(ProductId::new(1), 1)]).unwrap();
        let (reply, answer) = oneshot::channel();
        let now = Instant::now();
        let entry = Entry { order, key: None, deadline: now + Duration::from_mins(1), arrived: now, reply };
        queue.push(entry).is_ok().then_some(answer)
    }

    /// Runs a committer whose first batch ends as given and whose other batches are written.
    async fn first_batch<W>(first: impl Fn(Vec<Entry>) -> W + Send + Sync + 'static) -> Arc<Queue>
    where
        W: Future<Output = bool> + Send + 'static,
    {
        let limits = QueueLimits { orders: 9, wait: Duration::from_secs(9), batch_orders: 9, batch_lines: 9 };
        let metrics = OrderMetrics::new(&Metrics::new().unwrap());
        let queue = Arc::new(Queue::new(limits, metrics.clone()));
        let supervised = Arc::clone(&queue);
        let count = AtomicUsize::new(0);
        tokio::spawn(async move {
            supervise(&supervised, LIMIT, |batch| {
                let metrics = metrics.clone();
                let odd = (count.fetch_add(1, Ordering::Relaxed) == 0).then(|| first(Vec::new()));
                async move {
                    if let Some(odd) = odd {
                        return odd.await;
                    }
                    let placed = PlacedOrder { order_id: OrderId::new(1), total: Cents::default(), replayed: false };
                    let results = batch.iter().map(|_| Ok(placed)).collect();
                    answer(batch, results, &metrics);
                    true
                }
            })
            .await;
        });
        let answer = push(&queue);
        assert!(answer.await.is_err(), "whether it was stored is not known");
        queue
    }

    #[test]
    fn a_wait_for_other_transactions_is_no_measure_of_a_batch() {
        let placed = || Ok(PlacedOrder { order_id: OrderId::new(1), total: Cents::default(), replayed: false });
        let all_placed = vec![placed(), placed()];
        let one_held = vec![placed(), Err(OrderError::RowsHeld)];
        let mut course = Course::begins(Patience::Wait(Duration::from_millis(200)));
        assert!(!course.was_disturbed(&all_placed));
        course.waited = true;
        assert!(course.was_disturbed(&one_held));
        assert!(!course.was_disturbed(&all_placed), "the rows became free: it was the batch that took long");
        course.keys_held = true;
        assert!(course.was_disturbed(&all_placed));
        assert!(Course::begins(Patience::SkipLocked).was_disturbed(&one_held));
    }

    /// The door: whether orders are let in while the next batch is written.
    #[tokio::test(start_paused = true)]
    async fn a_batch_that_was_disturbed_does_not_raise_the_expected_wait() {
        for (undisturbed, let_in) in [(false, true), (true, false)] {
            let limits = QueueLimits { wait: Duration::from_secs(1), orders: 9, batch_orders: 9, batch_lines: 9 };
            let queue = Arc::new(Queue::new(limits, OrderMetrics::new(&Metrics::new().unwrap())));
            let supervised = Arc::clone(&queue);
            tokio::spawn(async move {
                supervise(&supervised, Duration::from_mins(10), |batch| async move {
                    tokio::time::sleep(Duration::from_secs(4)).await;
                    drop(batch);
                    undisturbed
                })
                .await;
            });
            drop(push(&queue).await);
            tokio::time::sleep(Duration::from_millis(10)).await;
            let _written = push(&queue);
            tokio::time::sleep(Duration::from_millis(10)).await;
            assert_eq!(try_push(&queue).is_some(), let_in, "undisturbed: {undisturbed}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_panics_costs_itself_alone() {
        let queue = first_batch(|_| async { panic!("a defect") }).await;
        assert!(push(&queue).await.unwrap().is_ok());
        assert_eq!(queue.idle_for(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_hangs_is_given_up_and_the_door_opens_again() {
        let started = Instant::now();
        let queue = first_batch(|_| async { std::future::pending().await }).await;
        assert!(started.elapsed() > LIMIT && started.elapsed() < LIMIT * 2, "{:?}", started.elapsed());
        assert!(push(&queue).await.unwrap().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn orders_that_nobody_takes_show_that_the_committer_stands_still() {
        let limits = QueueLimits { orders: 9, wait: Duration::from_secs(9), batch_orders: 9, batch_lines: 9 };
        let queue = Queue::new(limits, OrderMetrics::new(&Metrics::new().unwrap()));
        assert_eq!(queue.idle_for(), Duration::ZERO, "nobody waits");
        let _answer = push(&queue);
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(queue.idle_for(), Duration::from_secs(7));
        queue.take();
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(queue.idle_for(), Duration::from_secs(2));
        // Orders that arrive later do not hide it.
        let _other = push(&queue);
        assert_eq!(queue.idle_for(), Duration::from_secs(2));
    }
}
