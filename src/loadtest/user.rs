//! A closed user: send, wait for the answer, think, again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::ThinkTime;
use super::line::{Line, RECONNECT_PAUSE};
use super::worker::{Alive, Shared, Station};

/// How a user is told to leave.
#[derive(Debug, Default)]
pub(super) struct Leave {
    told: AtomicBool,
    wake: Notify,
}

impl Leave {
    /// After the answer that the user waits for; out of a pause at once.
    pub(super) fn tell(&self) {
        self.told.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }

    fn was_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }
}

/// Sends requests until the user is told to leave.
pub(super) async fn run(number: u64, shared: Arc<Shared>, station: Arc<Station>, leave: Arc<Leave>) {
    let _alive = Alive::new(&shared);
    let mut random = shared.random(number);
    let mut line = Line::new(number + 1);
    while !leave.was_told() {
        let next = line.ask(&shared, &station, &mut random, Instant::now()).await;
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
