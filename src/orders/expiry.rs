//! Forgetting old idempotency keys.

use std::time::Duration;

use tokio::time::Instant;

use super::Orders;

/// How often old keys are looked for.
const INTERVAL: Duration = Duration::from_mins(1);

/// Keys deleted in one statement: few enough that nobody waits for them.
const STEP: u32 = 1_000;

/// The longest that one step may take.
const STEP_LIMIT: Duration = Duration::from_secs(5);

impl Orders {
    /// Deletes keys older than `age`, for as long as it is polled. Several instances do it side by side; that costs
    /// nothing but a look.
    pub async fn forget_old_keys(&self, age: Duration) {
        let mut ticks = tokio::time::interval(INTERVAL);
        // The first tick is at once; a store that has just started has better things to do.
        ticks.tick().await;
        loop {
            ticks.tick().await;
            while self.forget_step(age).await == Some(u64::from(STEP)) {}
        }
    }

    /// One step; nothing if the database is away, which others report.
    async fn forget_step(&self, age: Duration) -> Option<u64> {
        let mut session = self.database.session(Instant::now() + STEP_LIMIT).await.ok()?;
        session.forget_answers(age, STEP).await.ok()
    }
}
