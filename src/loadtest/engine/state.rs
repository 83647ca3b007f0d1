//! The state of a run: what its workers share, what each of them records, and how many users are active.
//!
//! Workers write it and the collector reads it; it depends on neither.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::clockwork::{Clockwork, Gap, suspended};
use super::config::{Config, Load};
use crate::loadtest::recording::{Sample, Shard};
use crate::loadtest::scenario::Scenario;
use crate::net::{BodyBudget, NetError};

/// The state shared by all workers of a run.
#[derive(Debug)]
pub(in crate::loadtest) struct RunState {
    pub(in crate::loadtest) config: Config,
    pub(in crate::loadtest) scenario: Scenario,
    /// The addresses of the service; its name is resolved once.
    pub(super) addresses: Vec<SocketAddr>,
    /// Whether the service runs on this machine.
    pub(in crate::loadtest) same_machine: bool,
    /// Whether file handles allow fewer connections than were asked for.
    pub(in crate::loadtest) too_few_handles: bool,
    /// The memory for answers that users keep to look at them.
    pub(super) bodies: Arc<BodyBudget>,
    /// The Host header line, which every request has.
    pub(super) host_header: String,
    pub(in crate::loadtest) records: Vec<Arc<WorkerRecords>>,
    pub(in crate::loadtest) counts: Counts,
    pub(in crate::loadtest) started: Instant,
    /// The end of the warm-up: a request that was due before it is not counted.
    pub(in crate::loadtest) measured_from: Instant,
    users: AtomicUsize,
    nobody: Notify,
}

/// Counters of rare events, which need no shard.
#[derive(Debug, Default)]
pub(in crate::loadtest) struct Counts {
    reconnects: AtomicU64,
    missed: AtomicU64,
}

impl Counts {
    pub(super) fn count_reconnect(&self) {
        self.reconnects.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_missed(&self, requests: u64) {
        self.missed.fetch_add(requests, Ordering::Relaxed);
    }

    /// Connections opened after the warm-up by users that had one before.
    pub(in crate::loadtest) fn reconnects(&self) -> u64 {
        self.reconnects.load(Ordering::Relaxed)
    }

    /// Requests that were due after the warm-up and never sent.
    pub(in crate::loadtest) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}

/// The records of one worker, which the collector takes.
#[derive(Debug)]
pub(in crate::loadtest) struct WorkerRecords {
    pub(super) index: usize,
    measured_from: Instant,
    kept: Mutex<Kept>,
    in_flight: AtomicU64,
    exhausted: AtomicU64,
}

/// What a worker keeps behind its lock, which only the collector shares, once a second.
#[derive(Debug)]
struct Kept {
    shard: Shard,
    clockwork: Clockwork,
}

impl WorkerRecords {
    fn new(index: usize, groups: usize, measured_from: Instant) -> Self {
        let kept = Mutex::new(Kept { shard: Shard::new(groups), clockwork: Clockwork::start() });
        Self { index, measured_from, kept, in_flight: AtomicU64::new(0), exhausted: AtomicU64::new(0) }
    }

    /// Whether a request that was due at this instant counts: it was due after the warm-up.
    pub(super) fn measures(&self, due: Instant) -> bool {
        due >= self.measured_from
    }

    /// Counts a request as in flight if it was due after the warm-up. Call `end` on the guard when the request is
    /// completed.
    pub(super) fn send(&self, group: usize, due: Instant) -> InFlight<'_> {
        let in_flight = InFlight { records: self, group, due, over: false };
        in_flight.change(|awaited| awaited + 1);
        in_flight
    }

    /// The number of requests in flight, without those of the warm-up.
    pub(in crate::loadtest) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Counts a failure caused by a lack of file handles or ports, if the request was due after the warm-up.
    pub(super) fn count_exhausted(&self, due: Instant, error: &NetError) {
        if self.measures(due) && matches!(error, NetError::Exhausted { .. }) {
            self.exhausted.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a timer that could not be made or set because no file handle was left.
    pub(super) fn count_failed_timer(&self) {
        self.exhausted.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of requests that failed because this machine had no file handle or local port left.
    pub(in crate::loadtest) fn exhausted(&self) -> u64 {
        self.exhausted.load(Ordering::Relaxed)
    }

    /// Records a request that was due and over at these instants.
    pub(super) fn record(&self, group: usize, due: Instant, over: Instant, sample: Sample) {
        let measured = self.measures(due);
        let mut kept = self.lock();
        let Kept { shard, clockwork } = &mut *kept;
        clockwork.observe(over);
        if measured && clockwork.touched(due) {
            clockwork.count_touched();
            shard.record_touched(group, &sample);
        }
        shard.record(group, measured, sample);
    }

    /// A sign of life of this worker, so that a standstill before it is noticed.
    pub(super) fn beat(&self) {
        let suspended = suspended();
        let mut kept = self.lock();
        // The clock is read while the lock is held, so that no later reading comes before it.
        kept.clockwork.beat(Instant::now(), suspended);
    }

    /// The standstills of this worker so far.
    pub(in crate::loadtest) fn gaps(&self) -> Vec<Gap> {
        self.lock().clockwork.gaps().to_vec()
    }

    /// Records how late the generator reached a request that was due at this instant.
    pub(super) fn record_start(&self, due: Instant) {
        if self.measures(due) {
            self.lock().shard.late_starts.record(due.elapsed());
        }
    }

    /// Records how late a timer fired.
    pub(super) fn record_timer(&self, due: Instant, late: Duration) {
        if self.measures(due) {
            self.lock().shard.late_timers.record(late);
        }
    }

    /// Takes everything that was recorded since the last call.
    pub(in crate::loadtest) fn take(&self) -> Shard {
        self.lock().shard.take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        // A poisoned shard still holds complete results.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Guard for a request in flight. If it is dropped before `end` was called, because its user was dropped, the request
/// counts as unanswered.
#[derive(Debug)]
pub(super) struct InFlight<'a> {
    records: &'a WorkerRecords,
    group: usize,
    due: Instant,
    over: bool,
}

impl InFlight<'_> {
    /// Marks the request as completed: answered or failed.
    pub(in crate::loadtest) fn end(mut self) {
        self.over = true;
    }

    /// Only this worker's thread writes the counter, so no atomic addition is needed.
    fn change(&self, change: impl Fn(u64) -> u64) {
        let WorkerRecords { in_flight, .. } = self.records;
        if self.records.measures(self.due) {
            in_flight.store(change(in_flight.load(Ordering::Relaxed)), Ordering::Relaxed);
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.change(|awaited| awaited.saturating_sub(1));
        if !self.over {
            let measured = self.records.measures(self.due);
            self.records.lock().shard.record_unanswered(self.group, measured, self.due.elapsed());
        }
    }
}

/// Guard that counts a user as active until it is dropped.
pub(super) struct UserGuard(Arc<RunState>);

impl UserGuard {
    pub(in crate::loadtest) fn new(run: &Arc<RunState>) -> Self {
        run.users.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(run))
    }
}

impl Drop for UserGuard {
    fn drop(&mut self) {
        if self.0.users.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.nobody.notify_one();
        }
    }
}

impl RunState {
    /// The state of a run that starts now, on this many workers.
    pub(in crate::loadtest) fn new(
        config: Config,
        mut scenario: Scenario,
        addresses: Vec<SocketAddr>,
        same_machine: bool,
        too_few_handles: bool,
        workers: usize,
    ) -> Self {
        scenario.begin_run();
        let started = Instant::now();
        let measured_from = started + config.warm_up;
        let records = |index| Arc::new(WorkerRecords::new(index, scenario.groups().len(), measured_from));
        Self {
            host_header: format!("host: {}\r\n", config.target.authority()),
            bodies: Arc::default(),
            records: (0..workers).map(records).collect(),
            counts: Counts::default(),
            users: AtomicUsize::new(0),
            nobody: Notify::new(),
            config,
            scenario,
            addresses,
            same_machine,
            too_few_handles,
            started,
            measured_from,
        }
    }

    /// The random number generator of a user. It depends only on the seed and the user's number.
    pub(super) fn random(&self, number: u64) -> Pcg64Mcg {
        Pcg64Mcg::seed_from_u64(self.config.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Whether requests come at a rate, so that they may be sent later than they were due.
    pub(in crate::loadtest) fn is_open(&self) -> bool {
        matches!(self.config.load, Load::Rate(_))
    }

    /// The number of active users.
    pub(in crate::loadtest) fn users(&self) -> usize {
        self.users.load(Ordering::SeqCst)
    }

    /// Resolves when no user is active any more.
    pub(in crate::loadtest) async fn nobody(&self) {
        while self.users() > 0 {
            self.nobody.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::scenario::Rendered;

    /// The path of the first request of the first user.
    fn first_path(scenario: &Scenario) -> String {
        let run = RunState::new(Config::small(1), scenario.clone(), Vec::new(), true, false, 1);
        let mut rendered = Rendered::default();
        run.scenario.render(0, 1, &mut run.random(0), &mut rendered);
        rendered.path().to_owned()
    }

    #[test]
    fn a_second_run_with_the_same_seed_has_other_uuids() {
        let scenario = |path: &str| {
            let text = format!("name = 'x'\n[[task]]\nname = 't'\npath = '{path}'");
            Scenario::parse(&text, "x.toml", std::path::Path::new("."), &[]).unwrap()
        };
        // The steps of a search run the same scenario.
        let keys = scenario("/{{uuid}}");
        assert_ne!(first_path(&keys), first_path(&keys));
        let numbers = scenario("/{{random(1, 1000000000)}}");
        assert_eq!(first_path(&numbers), first_path(&numbers));
    }

    #[test]
    fn requests_due_in_the_warm_up_are_not_counted() {
        let now = Instant::now();
        let records = WorkerRecords::new(0, 1, now);
        let warm_up = now.checked_sub(Duration::from_millis(1)).unwrap();
        for (due, expected) in [(warm_up, 0), (now, 1)] {
            records.count_exhausted(due, &NetError::Exhausted { what: "file handles" });
            let in_flight = records.send(0, due);
            assert_eq!((records.exhausted(), records.in_flight()), (expected, expected));
            drop(in_flight);
            let taken = records.take();
            assert_eq!((records.in_flight(), taken.measured[0].unanswered.count()), (0, expected));
        }
        records.send(0, now).end();
        assert_eq!((records.in_flight(), records.take().measured[0].unanswered.count()), (0, 0), "it was answered");
    }
}
