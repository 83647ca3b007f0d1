//! A closed user: sends a request, waits for the answer, thinks, and starts again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::connection::{RECONNECT_PAUSE, UserConnection};
use super::state::{RunState, UserGuard, WorkerRecords};
use crate::loadtest::scenario::ThinkTime;

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
pub(super) async fn run(number: u64, run: Arc<RunState>, records: Arc<WorkerRecords>, leave: Arc<LeaveSignal>) {
    let _alive = UserGuard::new(&run);
    let mut random = run.random(number);
    let mut connection = UserConnection::new(number + 1);
    while !leave.was_told() {
        let next = connection.request(&run, &records, &mut random, Instant::now()).await;
        let mut pause = pause(next.think_time, &mut random);
        if !next.connected {
            pause = pause.max(RECONNECT_PAUSE);
        }
        if !pause.is_zero() && tokio::time::timeout(pause, leave.wake.notified()).await.is_ok() {
            return;
        }
    }
}

fn pause(think_time: ThinkTime, random: &mut Pcg64Mcg) -> Duration {
    let ThinkTime { least, most } = think_time;
    if least >= most { least } else { random.random_range(least..=most) }
}
