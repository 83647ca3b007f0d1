//! The load generator: starts the workers and adjusts the number of users over time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::profile::Profile;
use super::state::RunState;
use super::worker::Worker;
use crate::loadtest::control::SteeredLoad;

/// How often the number of users is adjusted while it changes.
const SLOPE_STEP: Duration = Duration::from_millis(5);

/// The running workers and the users that were started on them.
#[derive(Debug)]
pub(in crate::loadtest) struct Generator {
    run: Arc<RunState>,
    profile: Profile,
    workers: Vec<Worker>,
    /// Users of a closed run that were started and not told to leave.
    users: usize,
    /// The number of users ever started; each gets its own random numbers.
    numbers: u64,
    /// The highest number of users at any time.
    most_users: usize,
}

impl Generator {
    /// Starts the workers of a run. A closed run has no users yet.
    pub(in crate::loadtest) fn start(run: &Arc<RunState>) -> io::Result<Self> {
        let workers = (0..run.records.len()).map(|index| Worker::start(index, run)).collect::<Result<_, _>>()?;
        let (profile, run) = (run.config.profile(), Arc::clone(run));
        Ok(Self { run, profile, workers, users: 0, numbers: 0, most_users: 0 })
    }

    /// Starts users, or tells users to leave, until their number is that of the profile `now` seconds after the start.
    pub(in crate::loadtest) fn follow_profile(&mut self, now: f64) {
        if self.run.is_open() {
            return;
        }
        // Rounding may put a whole level slightly below its value.
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

    /// Changes the course of the load from `now` on, in seconds after the start, and begins another level.
    pub(in crate::loadtest) fn steer(&mut self, now: f64, load: Option<SteeredLoad>) {
        match load {
            Some(SteeredLoad { level, per_second }) => self.profile.steer(now, level, per_second),
            None => self.profile.resume(now, &self.run.config.profile()),
        }
        // Users who leave at once send nothing in the new level, and those who come nothing in the old one.
        if (self.profile.level(now) as usize) < self.users {
            self.follow_profile(now);
        }
        self.workers.iter().for_each(Worker::begin_level);
        if self.run.is_open() {
            self.workers.iter().for_each(|worker| worker.follow(self.profile.clone()));
        }
    }

    /// The level to which the load leads: users, or requests per second.
    pub(in crate::loadtest) fn wanted_level(&self) -> f64 {
        self.profile.last_level()
    }

    /// The level to which the load leads that was planned.
    pub(in crate::loadtest) fn planned_level(&self) -> f64 {
        self.run.config.profile().last_level()
    }

    /// What the load was between two instants, in seconds after the start: the level at the first of them, and the stages
    /// that repeat it.
    pub(in crate::loadtest) fn as_stages(&self, from: f64, to: f64) -> (f64, Vec<(f64, f64)>) {
        self.profile.as_stages(from, to)
    }

    /// The highest level so far.
    pub(in crate::loadtest) fn highest_level(&self, now: f64) -> f64 {
        self.profile.highest(now)
    }

    /// When the number of users changes next. None if it never does, or so late that an Instant cannot hold it.
    pub(in crate::loadtest) fn next_change(&self, now: f64) -> Option<Instant> {
        if self.run.is_open() {
            return None;
        }
        let change = Duration::try_from_secs_f64(self.profile.next_change(now)?).ok()?;
        let soonest = Duration::from_secs_f64(now) + SLOPE_STEP;
        self.run.started.checked_add(change.max(soonest))
    }

    /// Updates the highest number of users. In a run at a rate, users appear as they are needed.
    pub(in crate::loadtest) fn count_users(&mut self) {
        self.most_users = self.most_users.max(self.run.users());
    }

    /// The highest number of users at any time; in a run at a rate, of connections.
    pub(in crate::loadtest) fn most_users(&self) -> usize {
        self.most_users
    }

    /// Tells the workers to send no more requests. Outstanding answers are still awaited.
    pub(in crate::loadtest) fn stop(&self) {
        self.workers.iter().for_each(Worker::stop);
    }

    /// Ends the workers, and with them the users that still wait for an answer.
    pub(in crate::loadtest) async fn end(&mut self) {
        let workers = std::mem::take(&mut self.workers);
        // Joining threads blocks for a moment, so it is done on a blocking thread. A panic was printed when it
        // happened.
        drop(tokio::task::spawn_blocking(|| workers.into_iter().for_each(Worker::end)).await);
    }
}
