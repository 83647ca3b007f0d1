//! Deletes old idempotency keys.

use std::time::Duration;

use tokio::time::Instant;

use super::Orders;

/// Interval between two searches for old keys.
const INTERVAL: Duration = Duration::from_mins(1);

/// Keys deleted per statement: few enough that no order waits noticeably.
const STEP: u32 = 1_000;

/// Shortest age of a key that is deleted: its row may be needed to look up a commit, for up to 20 s.
const SHORTEST_AGE: Duration = Duration::from_mins(1);

/// Longest duration of one step.
const STEP_LIMIT: Duration = Duration::from_secs(5);

impl Orders {
    /// Deletes keys older than `age` until the future is dropped. Several instances may run it side by side; each then
    /// only runs a cheap query.
    pub async fn forget_old_keys(&self, age: Duration) {
        let mut ticks = tokio::time::interval(INTERVAL);
        // The first tick fires at once and is skipped, so that a starting store has no extra load.
        ticks.tick().await;
        loop {
            ticks.tick().await;
            while self.forget_step(age).await == Some(u64::from(STEP)) {}
        }
    }

    /// Runs one step; `None` if the database is unreachable, which is reported elsewhere.
    async fn forget_step(&self, age: Duration) -> Option<u64> {
        let mut session = self.database.session(Instant::now() + STEP_LIMIT).await.ok()?;
        session.forget_answers(age.max(SHORTEST_AGE), STEP).await.ok()
    }
}
