//! The memory that the request bodies of all connections may take together.
//!
//! The size of one body and the number of connections are limited, but their product is more memory than a machine has.
//! So a body takes everything beyond its first few kilobytes from one budget, as its bytes arrive, and gives it back
//! when its request is answered. The first kilobytes are free, so that clients who fill the budget do not block
//! ordinary orders.

use std::sync::Arc;

use prometheus::IntGauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The first bytes of each body, which are not counted: enough for an order of a hundred lines.
const FREE: usize = 4 * 1024;

/// The bytes taken from the budget at a time: so few that a slowly sent body holds little more than what has arrived.
const STEP: usize = 64 * 1024;

/// The budget, in bytes, that all bodies share.
#[derive(Debug)]
pub(super) struct BodyBudget {
    /// One permit for each [`STEP`] that is left.
    steps: Arc<Semaphore>,
    used: IntGauge,
}

/// The part of the budget that one body has taken; it is given back on drop.
#[derive(Debug, Default)]
pub(super) struct Share {
    taken: Option<OwnedSemaphorePermit>,
    used: Option<IntGauge>,
}

impl BodyBudget {
    /// A budget of `bytes` bytes; `used` shows how many of them are taken.
    pub(super) fn new(bytes: usize, used: IntGauge) -> Self {
        Self { steps: Arc::new(Semaphore::new(bytes / STEP)), used }
    }

    /// Lets a body grow to `length` bytes. Returns false if the budget is spent.
    pub(super) fn grow(&self, share: &mut Share, length: usize) -> bool {
        let taken = share.taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let needed = length.saturating_sub(FREE).div_ceil(STEP);
        let more = needed.saturating_sub(taken);
        if more == 0 {
            return true;
        }
        let Ok(permits) = Arc::clone(&self.steps).try_acquire_many_owned(more as u32) else { return false };
        match &mut share.taken {
            Some(taken) => taken.merge(permits),
            taken => *taken = Some(permits),
        }
        share.used.get_or_insert_with(|| self.used.clone()).add((more * STEP) as i64);
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let (Some(used), Some(taken)) = (&self.used, &self.taken) {
            used.sub((taken.num_permits() * STEP) as i64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bodies_are_free_and_large_ones_give_back_what_they_took() {
        let used = IntGauge::new("used", "used").unwrap();
        let budget = BodyBudget::new(3 * STEP, used.clone());
        let (mut small, mut large, mut other) = (Share::default(), Share::default(), Share::default());
        assert!(budget.grow(&mut small, FREE));
        assert_eq!(used.get(), 0);
        assert!(
            budget.grow(&mut large, FREE + 1) && budget.grow(&mut large, STEP) && budget.grow(&mut large, 2 * STEP)
        );
        assert_eq!(used.get(), 2 * STEP as i64);
        assert!(budget.grow(&mut other, STEP));
        assert!(!budget.grow(&mut other, 2 * STEP) && budget.grow(&mut small, FREE));
        drop(large);
        assert_eq!(used.get(), STEP as i64);
        assert!(budget.grow(&mut other, 2 * STEP));
        drop(other);
        assert_eq!(used.get(), 0);
    }
}
