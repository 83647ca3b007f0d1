//! Trying again: when, how often, after which pause.

use std::time::Duration;

use rand::RngExt;
use tokio::time::Instant;

use super::OrderError;
use crate::db::DbError;

/// How often an order is tried. Deadlocks are rare by the order of locks; a dozen in a row mean overload.
const ATTEMPTS: u32 = 12;

/// The longest pause between two tries, in milliseconds; the real one is random, so that losers do not meet again.
const PAUSE_MS: u64 = 20;

/// How one attempt ended when it did not place the order.
pub(super) enum Failed {
    /// Nothing was stored, and another attempt can succeed.
    Again(OrderError),
    /// Final.
    Finally(OrderError),
}

impl From<OrderError> for Failed {
    fn from(error: OrderError) -> Self {
        Self::Finally(error)
    }
}

impl From<DbError> for Failed {
    fn from(error: DbError) -> Self {
        let again = error.is_conflict() || matches!(error, DbError::Lost);
        let error = OrderError::from(error);
        if again { Self::Again(error) } else { Self::Finally(error) }
    }
}

/// Counts the tries of one order.
pub(super) struct Attempts {
    left: u32,
    deadline: Instant,
}

impl Attempts {
    pub(super) fn until(deadline: Instant) -> Self {
        Self { left: ATTEMPTS, deadline }
    }

    /// Pauses before the next try, or gives the error back if there is none.
    pub(super) async fn again_after(&mut self, failed: Failed) -> Result<(), OrderError> {
        self.left -= 1;
        match failed {
            Failed::Again(_) if self.left > 0 && Instant::now() < self.deadline => {
                let pause = rand::rng().random_range(0..=PAUSE_MS);
                tokio::time::sleep(Duration::from_millis(pause)).await;
                Ok(())
            }
            Failed::Again(error) | Failed::Finally(error) => Err(error),
        }
    }
}
