//! A closed user: sends a request, waits for the answer, thinks, and starts again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::channel::Slot;
use super::connection::{RECONNECT_PAUSE, UserConnection};
use super::journey::make_next;
use super::state::{RunState, UserGuard, WorkerRecords};

/// The signal by which a user is told to leave.
#[derive(Debug, Default)]
pub(super) struct LeaveSignal {
    told: AtomicBool,
    wake: Notify,
}

impl LeaveSignal {
    /// Tells the user to leave: at once if it is pausing, else after the answer that it waits for.
    pub(super) fn tell(&self) {
        self.told.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }

    fn was_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }
}

/// Runs a user until it is told to leave.
pub(super) async fn run(
    number: u64,
    run: Arc<RunState>,
    records: Arc<WorkerRecords>,
    leave: Arc<LeaveSignal>,
    slot: Arc<Slot>,
) {
    let _alive = UserGuard::new(&run);
    let mut random = run.random(number);
    let mut connection = UserConnection::new(number + 1, &run, slot);
    let is_plain = run.scenario.is_plain();
    while !leave.was_told() && run.take_iteration() {
        let due = Instant::now();
        let next = if is_plain {
            connection.request(&run, &records, &mut random, due).await
        } else {
            // What a session needs is large, and most runs have none.
            Box::pin(make_next(&mut connection, &run, &records, &mut random, due)).await
        };
        let mut pause = next.think_time.draw(&mut random);
        if !next.connected {
            pause = pause.max(RECONNECT_PAUSE);
        }
        if !pause.is_zero() && tokio::time::timeout(pause, leave.wake.notified()).await.is_ok() {
            return;
        }
    }
}
