//! Rows that another transaction was found to hold, remembered for some seconds.
//!
//! A row may be held for long: by a person's transaction, by an instance that stands still. Whoever waits for it takes a
//! connection, or the committer's time, from everybody else; so it is waited for once, and then asked for without waiting
//! until it is free. A row that many want is held often and never for long: a row that was found held is only *suspect* at
//! first, and is called held, so that what needs it is refused at once, when it was not free for a while.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{NewOrder, OrderId, ProductId, UserId};

/// For how long a row may be found held before what needs it is refused: many transactions of other instances, one after
/// the other, end within it.
const GRACE: Duration = Duration::from_millis(500);

/// The first and the longest time for which what needs a held row is refused without asking for it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A row that nobody has asked for in so long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(10);

/// The most rows remembered; beyond it the others are waited for as if they were not known.
const MOST: usize = 10_000;

/// A row that transactions lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowId {
    /// An order's head.
    Order(OrderId),
    /// A product's stock, or the product.
    Product(ProductId),
    /// A user's totals, or the user.
    User(UserId),
    /// An idempotency key.
    Key(String),
}

/// How a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// Nothing is known against it.
    Free,
    /// It was held when it was last asked for: it may be asked for, and not waited for.
    Suspect,
    /// It has been held for a while: what needs it is refused.
    Held,
}

/// The rows that are remembered.
#[derive(Debug, Default)]
pub struct HeldRows {
    /// How many there are: nearly always none, and then nobody takes the lock.
    count: AtomicUsize,
    rows: Mutex<HashMap<RowId, Sighting>>,
}

#[derive(Clone, Copy, Debug)]
struct Sighting {
    first: Instant,
    last: Instant,
    /// What needs it is refused until then.
    refused_until: Instant,
    pause: Duration,
}

impl HeldRows {
    /// Whether no row is remembered.
    pub fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    /// How a row stands.
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

    /// How an order stands: as the worst of its stocks and its user.
    pub fn state_of_order(&self, order: &NewOrder) -> RowState {
        if self.is_empty() {
            return RowState::Free;
        }
        let rows = order.lines().iter().map(|line| RowId::Product(line.product_id));
        let states = rows.chain([RowId::User(order.user_id())]).map(|row| self.state(&row));
        states.fold(RowState::Free, RowState::worse)
    }

    /// A row was found held, after it was waited for so long; gives how it stands now.
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

    /// A row was had.
    pub fn found_free(&self, row: &RowId) {
        if self.is_empty() {
            return;
        }
        let mut rows = self.rows();
        rows.remove(row);
        self.count.store(rows.len(), Ordering::Relaxed);
    }

    /// Nothing that holds the lock can panic in the middle of a change.
    fn rows(&self) -> MutexGuard<'_, HashMap<RowId, Sighting>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RowState {
    /// The one of two that is further from free.
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
