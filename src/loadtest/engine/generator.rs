//! The load generator: its workers, and how many users there are from one moment to the next.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::profile::Profile;
use super::state::RunState;
use super::worker::Worker;

/// How often the number of users follows a slope.
const SLOPE_STEP: Duration = Duration::from_millis(5);

/// A generator that sends.
#[derive(Debug)]
pub(in crate::loadtest) struct Generator {
    run: Arc<RunState>,
    profile: Profile,
    workers: Vec<Worker>,
    /// Closed users who were started and have not been asked to leave.
    users: usize,
    /// Users ever started, so that each has random numbers of its own.
    numbers: u64,
    /// The most users there were.
    most_users: usize,
}

impl Generator {
    /// Starts the workers of a run; in a closed run there is nobody yet.
    pub(in crate::loadtest) fn start(run: &Arc<RunState>) -> io::Result<Self> {
        let workers = (0..run.records.len()).map(|index| Worker::start(index, run)).collect::<Result<_, _>>()?;
        let (profile, run) = (run.config.profile(), Arc::clone(run));
        Ok(Self { run, profile, workers, users: 0, numbers: 0, most_users: 0 })
    }

    /// After so many seconds: starts users who are due, and lets those go whom the profile no longer has.
    pub(in crate::loadtest) fn follow_profile(&mut self, now: f64) {
        if self.run.is_open() {
            return;
        }
        // A level that is a whole number may be computed a hair below it.
        let wanted = (self.profile.level(now) + 1e-6).floor() as usize;
        while self.users < wanted {
            self.workers[self.users % self.workers.len()].start_user(self.numbers);
            self.users += 1;
            self.numbers += 1;
        }
        while self.users > wanted {
            self.users -= 1;
            self.workers[self.users % self.workers.len()].let_one_leave();
        }
        self.most_users = self.most_users.max(self.users);
    }

    /// When the number of users next changes. Nothing when it does not, or so late that no clock can say when.
    pub(in crate::loadtest) fn next_change(&self, now: f64) -> Option<Instant> {
        if self.run.is_open() {
            return None;
        }
        let change = Duration::try_from_secs_f64(self.profile.next_change(now)?).ok()?;
        let soonest = Duration::from_secs_f64(now) + SLOPE_STEP;
        self.run.started.checked_add(change.max(soonest))
    }

    /// Looks how many users there are. At a rate they come as they are needed.
    pub(in crate::loadtest) fn count_users(&mut self) {
        self.most_users = self.most_users.max(self.run.users());
    }

    /// The most users there were; at a rate, the most connections.
    pub(in crate::loadtest) fn most_users(&self) -> usize {
        self.most_users
    }

    /// No request is sent any more; answers are still awaited.
    pub(in crate::loadtest) fn stop(&self) {
        self.workers.iter().for_each(Worker::stop);
    }

    /// Ends the users who still wait, and the workers with them.
    pub(in crate::loadtest) async fn end(&mut self) {
        let workers = std::mem::take(&mut self.workers);
        // Joining threads blocks, if only for a moment. A panic was printed when it happened.
        drop(tokio::task::spawn_blocking(|| workers.into_iter().for_each(Worker::end)).await);
    }
}
