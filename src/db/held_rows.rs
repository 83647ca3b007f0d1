//! Remembers for some seconds the rows that another transaction was found to hold.
//!
//! A row may be held for long: by a person's transaction, or by an instance that hangs. A request that waits for it
//! uses a connection, or the committer's time. So the row is waited for once, and then requested without waiting until
//! it is free. A row in high demand is held often but never for long: a row found held is only *suspect* at first. It
//! counts as held, and requests that need it are refused at once, after it was not free for a while.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{NewOrder, OrderId, ProductId, UserId};

/// How long a row may be found held before requests that need it are refused: many consecutive transactions of other
/// instances end within this time.
const GRACE: Duration = Duration::from_millis(500);

/// First and longest time for which requests that need a held row are refused without trying it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A row that was not requested for this long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(10);

/// Largest number of rows remembered; further rows are waited for as if they were unknown.
const MOST: usize = 10_000;

/// A row that transactions lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowId {
    /// Head of an order.
    Order(OrderId),
    /// A product, or its stock.
    Product(ProductId),
    /// A user, or the user's totals.
    User(UserId),
    /// An idempotency key.
    Key(String),
}

/// Known state of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// Not known to be held.
    Free,
    /// Was held when last requested: it may be requested, but not waited for.
    Suspect,
    /// Held for a while: requests that need it are refused.
    Held,
}

/// The remembered rows.
#[derive(Debug, Default)]
pub struct HeldRows {
    /// Number of remembered rows: nearly always 0, and then no caller takes the lock.
    count: AtomicUsize,
    rows: Mutex<HashMap<RowId, Sighting>>,
}

#[derive(Clone, Copy, Debug)]
struct Sighting {
    first: Instant,
    last: Instant,
    /// Requests that need the row are refused until then.
    refused_until: Instant,
    pause: Duration,
}

impl HeldRows {
    /// Whether no row is remembered.
    pub fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    /// State of a row.
    pub fn state(&self, row: &RowId) -> RowState {
        if self.is_empty() {
            return RowState::Free;
        }
        let now = Instant::now();
        match self.rows().get(row) {
            Some(sighting) if now < sighting.refused_until => RowState::Held,
            Some(sighting) if now < sighting.last + FORGOTTEN_AFTER => RowState::Suspect,
            _ => RowState::Free,
        }
    }

    /// State of an order: the worst of its stocks and its user.
    pub fn state_of_order(&self, order: &NewOrder) -> RowState {
        if self.is_empty() {
            return RowState::Free;
        }
        let rows = order.lines().iter().map(|line| RowId::Product(line.product_id));
        let states = rows.chain([RowId::User(order.user_id())]).map(|row| self.state(&row));
        states.fold(RowState::Free, RowState::worse)
    }

    /// Records that a row was held, and how long it was waited for; returns its new state.
    pub fn found_held(&self, row: RowId, waited: Duration) -> RowState {
        let now = Instant::now();
        let mut rows = self.rows();
        rows.retain(|_, sighting| now < sighting.last + FORGOTTEN_AFTER);
        let mut state = RowState::Free;
        if rows.len() < MOST || rows.contains_key(&row) {
            let first = now.checked_sub(waited).unwrap_or(now);
            let unseen = Sighting { first, last: now, refused_until: now, pause: FIRST_PAUSE };
            let sighting = rows.entry(row).or_insert(unseen);
            sighting.last = now;
            state = RowState::Suspect;
            if now - sighting.first >= GRACE {
                sighting.refused_until = now + sighting.pause;
                sighting.pause = (sighting.pause * 2).min(LONGEST_PAUSE);
                state = RowState::Held;
            }
        }
        self.count.store(rows.len(), Ordering::Relaxed);
        state
    }

    /// Records that a row was locked successfully.
    pub fn found_free(&self, row: &RowId) {
        if self.is_empty() {
            return;
        }
        let mut rows = self.rows();
        rows.remove(row);
        self.count.store(rows.len(), Ordering::Relaxed);
    }

    /// No code that holds the lock can panic in the middle of a change.
    fn rows(&self) -> MutexGuard<'_, HashMap<RowId, Sighting>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RowState {
    /// The worse of two states.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Held, _) | (_, Self::Held) => Self::Held,
            (Self::Suspect, _) | (_, Self::Suspect) => Self::Suspect,
            (Self::Free, Self::Free) => Self::Free,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u64) -> RowId {
        RowId::Product(ProductId::new(id))
    }

    #[tokio::test(start_paused = true)]
    async fn a_row_is_suspect_first_and_held_when_it_stays_so() {
        let held = HeldRows::default();
        assert_eq!(held.state(&row(1)), RowState::Free);
        assert_eq!(held.found_held(row(1), Duration::ZERO), RowState::Suspect);
        assert_eq!(held.state(&row(1)), RowState::Suspect);
        tokio::time::advance(Duration::from_millis(499)).await;
        assert_eq!(held.found_held(row(1), Duration::ZERO), RowState::Suspect);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(held.found_held(row(1), Duration::ZERO), RowState::Held);
        assert_eq!((held.state(&row(1)), held.state(&row(2))), (RowState::Held, RowState::Free));
        tokio::time::advance(Duration::from_millis(100)).await;
        assert_eq!(held.state(&row(1)), RowState::Suspect, "it may be asked for again");
        held.found_free(&row(1));
        assert_eq!(held.state(&row(1)), RowState::Free);
        assert!(held.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_row_is_asked_for_ever_more_seldom_and_forgotten_when_nobody_asks() {
        let held = HeldRows::default();
        let mut pauses = Vec::new();
        for _ in 0..6 {
            assert_eq!(held.found_held(row(1), Duration::from_secs(1)), RowState::Held);
            let started = Instant::now();
            while held.state(&row(1)) == RowState::Held {
                tokio::time::advance(Duration::from_millis(10)).await;
            }
            pauses.push(started.elapsed().as_millis());
        }
        assert_eq!(pauses, [100, 200, 400, 800, 1000, 1000]);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(held.state(&row(1)), RowState::Free);
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_stands_as_the_worst_of_its_rows() {
        let held = HeldRows::default();
        let order = |user, product| NewOrder::new(UserId::new(user), &[(ProductId::new(product), 1)]).unwrap();
        held.found_held(row(1), Duration::from_secs(1));
        held.found_held(RowId::User(UserId::new(7)), Duration::ZERO);
        assert_eq!(held.state_of_order(&order(7, 1)), RowState::Held);
        assert_eq!(held.state_of_order(&order(7, 2)), RowState::Suspect);
        assert_eq!(held.state_of_order(&order(8, 2)), RowState::Free);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded() {
        let held = HeldRows::default();
        for id in 0..=MOST as u64 {
            held.found_held(row(id), Duration::from_secs(1));
        }
        assert_eq!(held.rows().len(), MOST);
    }
}
