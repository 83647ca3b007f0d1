//! Retries: when, how often, and after which pause.

use std::time::Duration;

use rand::RngExt;
use tokio::time::Instant;

use super::OrderError;
use crate::db::DbError;

/// Largest number of attempts per order. The locking order makes deadlocks rare; a dozen in a row mean overload.
const ATTEMPTS: u32 = 12;

/// Longest pause between two attempts, in milliseconds; the pause is random, so that the losers do not collide again.
const PAUSE_MS: u64 = 20;

/// Outcome of an attempt that did not place the order.
pub(super) enum Failed {
    /// Nothing was stored, and another attempt can succeed.
    Again(OrderError),
    /// Another attempt cannot succeed.
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

/// Counts the attempts of one order.
pub(super) struct Attempts {
    left: u32,
    deadline: Instant,
}

impl Attempts {
    pub(super) fn until(deadline: Instant) -> Self {
        Self { left: ATTEMPTS, deadline }
    }

    /// Pauses before the next attempt, or returns the error if none is left.
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
