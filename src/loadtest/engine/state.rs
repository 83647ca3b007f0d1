//! The state of a run: what its workers share, what each of them records, and how many users are active.
//!
//! Workers write it and the collector reads it; it depends on neither.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use tokio::sync::Notify;
use tokio::time::Instant;
use url::Url;

use super::clockwork::{Clockwork, ControlClockwork, Gap, suspended};
use super::config::{Config, Load};
use crate::loadtest::recording::{JourneyEnd, JourneyTrace, Sample, Shard};
use crate::loadtest::scenario::Scenario;
use crate::net::{BodyBudget, Dialer, NetError};

/// The state shared by all workers of a run.
#[derive(Debug)]
pub(in crate::loadtest) struct RunState {
    pub(in crate::loadtest) config: Config,
    pub(in crate::loadtest) scenario: Scenario,
    /// Opens the connections to the service of the run, and counts them.
    pub(in crate::loadtest) dialer: Arc<Dialer>,
    /// That service, and behind it the others that the scenario names.
    pub(in crate::loadtest) services: Vec<Service>,
    /// What the first connection told.
    pub(in crate::loadtest) reached: Reached,
    /// Whether file handles allow fewer connections than were asked for.
    pub(in crate::loadtest) too_few_handles: bool,
    /// The memory for answers that users keep to look at them.
    pub(super) bodies: Arc<BodyBudget>,
    pub(in crate::loadtest) records: Vec<Arc<WorkerRecords>>,
    pub(in crate::loadtest) control: ControlClockwork,
    pub(in crate::loadtest) counts: Counts,
    pub(in crate::loadtest) started: Instant,
    /// The end of the warm-up: a request that was due before it is not counted.
    pub(in crate::loadtest) measured_from: Instant,
    users: AtomicUsize,
    nobody: Notify,
    /// The requests that may still be sent, if their number is limited.
    left: Option<AtomicU64>,
    /// Where their number is limited: the journeys that have not ended.
    unended: AtomicU64,
    all_sent: Notify,
}

/// A service that requests are sent to.
#[derive(Debug)]
pub(in crate::loadtest) struct Service {
    pub(in crate::loadtest) dialer: Arc<Dialer>,
    /// The Host header line, which every request has.
    pub(super) host_header: String,
    /// Scheme and authority, with which every URL begins.
    pub(super) origin: String,
    /// The same as a URL: to take an address apart anew for each request costs more than to change its path.
    pub(super) url: Option<Url>,
}

impl Service {
    fn new(dialer: Arc<Dialer>) -> Self {
        let target = dialer.target();
        let host_header = format!("host: {}\r\n", target.authority());
        let origin = format!("{}://{}", target.scheme().name(), target.authority());
        let url = Url::parse(&origin).ok();
        Self { dialer, host_header, origin, url }
    }

    /// What stands before every path of it.
    pub(super) fn prefix(&self) -> &str {
        self.dialer.target().prefix()
    }
}

/// What the first connection to the service told, before the first user started.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::loadtest) struct Reached {
    /// Whether the service runs on this machine.
    pub(in crate::loadtest) same_machine: bool,
    /// Whether the service sends something before it is asked. No answer of it can then be trusted, and each connection
    /// is listened to before its first request.
    pub(in crate::loadtest) speaks_first: bool,
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
    /// The records of requests that were due since the load was changed last.
    shard: Shard,
    clockwork: Clockwork,
    /// When the load was changed; empty in a run that nobody steers.
    changes: Vec<Instant>,
    /// Records of requests that were due under an earlier load, by the number of changes before.
    earlier: BTreeMap<usize, Shard>,
}

/// What a worker recorded since it was asked last.
#[derive(Debug)]
pub(in crate::loadtest) struct Taken {
    /// Requests that were due since the load was changed last.
    pub(in crate::loadtest) current: Shard,
    /// How often the load was changed before these.
    pub(in crate::loadtest) level: usize,
    /// Those that were due under an earlier load, by the number of changes before.
    pub(in crate::loadtest) earlier: BTreeMap<usize, Shard>,
}

impl Kept {
    /// The shard of the load under which a request was due.
    fn shard(&mut self, due: Instant) -> &mut Shard {
        match self.changes.last() {
            Some(change) if due < *change => {
                let level = self.changes.partition_point(|change| *change <= due);
                let groups = self.shard.measured.len();
                self.earlier.entry(level).or_insert_with(|| Shard::new(groups))
            }
            _ => &mut self.shard,
        }
    }
}

impl WorkerRecords {
    fn new(index: usize, groups: usize, measured_from: Instant) -> Self {
        let (shard, clockwork) = (Shard::new(groups), Clockwork::start());
        let kept = Mutex::new(Kept { shard, clockwork, changes: Vec::new(), earlier: BTreeMap::new() });
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

    /// Begins a journey that is due at this instant: gives its guard.
    pub(super) fn begin_journey(&self, journey: (usize, usize), due: Instant) -> OnTheWay<'_> {
        let (thought, thought_through, trace) = (Duration::ZERO, 0, JourneyTrace::default());
        OnTheWay { records: self, journey, due, thought, thought_through, trace, over: false }
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
    pub(in crate::loadtest) fn record(&self, group: usize, due: Instant, over: Instant, sample: Sample) {
        let measured = self.measures(due);
        let mut kept = self.lock();
        kept.clockwork.observe(over);
        let touched = measured && kept.clockwork.touched(due);
        if touched {
            kept.clockwork.count_touched();
        }
        let shard = kept.shard(due);
        if touched {
            shard.record_touched(group, &sample);
        }
        shard.record(group, measured, sample);
    }

    /// A sign of life of this worker, so that a standstill before it is noticed.
    pub(in crate::loadtest) fn beat(&self) {
        let suspended = suspended();
        let mut kept = self.lock();
        // The clock is read while the lock is held, so that no later reading comes before it.
        kept.clockwork.beat(Instant::now(), suspended);
    }

    /// The number of standstills of this worker up to now.
    fn standstills(&self) -> usize {
        let mut kept = self.lock();
        kept.clockwork.observe(Instant::now());
        kept.clockwork.gaps().len()
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
    pub(in crate::loadtest) fn take(&self) -> Taken {
        let mut kept = self.lock();
        let (current, earlier) = (kept.shard.take(), std::mem::take(&mut kept.earlier));
        Taken { current, level: kept.changes.len(), earlier }
    }

    /// Notes that the load was changed: requests that are due from now on are recorded apart from those before. It is for the
    /// worker itself to call, between two of its commands, so that no request comes in between.
    pub(super) fn begin_level(&self, at: Instant) {
        let mut kept = self.lock();
        let (before, level) = (kept.shard.take(), kept.changes.len());
        match kept.earlier.entry(level) {
            Entry::Vacant(place) => drop(place.insert(before)),
            Entry::Occupied(mut place) => place.get_mut().merge(before),
        }
        kept.changes.push(at);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        // A poisoned shard still holds complete results.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Guard for a journey on its way. If it is dropped before `end` was called, because its user was dropped, the journey
/// counts as unfinished.
#[derive(Debug)]
pub(super) struct OnTheWay<'a> {
    records: &'a WorkerRecords,
    /// Its index, and how many steps it has.
    journey: (usize, usize),
    due: Instant,
    /// The pauses so far, in which the user was thinking.
    thought: Duration,
    /// The standstills in these pauses, which are no part of its time.
    thought_through: usize,
    pub(super) trace: JourneyTrace,
    over: bool,
}

impl OnTheWay<'_> {
    /// Pauses. What passes meanwhile is no part of the journey's time.
    pub(super) async fn think(&mut self, pause: Duration) {
        if pause.is_zero() {
            return;
        }
        let (before, begun) = (self.records.standstills(), Instant::now());
        tokio::time::sleep(pause).await;
        self.thought += begun.elapsed();
        self.thought_through += self.records.standstills() - before;
    }

    /// Records the journey as ended.
    pub(super) fn end(mut self, end: JourneyEnd) {
        self.over = true;
        self.record(end);
    }

    fn record(&self, end: JourneyEnd) {
        let measured = self.records.measures(self.due);
        let mut kept = self.records.lock();
        // The clock is read while the lock is held, so that no later reading comes before it.
        let over = Instant::now();
        kept.clockwork.observe(over);
        let took = over.saturating_duration_since(self.due).saturating_sub(self.thought);
        if measured && kept.clockwork.ended_since(self.due) > self.thought_through {
            kept.shard.record_touched_journey(self.journey.0, (end, took));
        }
        kept.shard.record_journey(self.journey, measured, (end, took), &self.trace);
    }
}

impl Drop for OnTheWay<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.record(JourneyEnd::Unfinished);
        }
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
            self.records.lock().shard(self.due).record_unanswered(self.group, measured, self.due.elapsed());
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
        dialers: Vec<Dialer>,
        reached: Reached,
        too_few_handles: bool,
        workers: usize,
    ) -> Self {
        scenario.begin_run();
        let services: Vec<_> = dialers.into_iter().map(|dialer| Service::new(Arc::new(dialer))).collect();
        let started = Instant::now();
        let measured_from = started + config.warm_up;
        let records = |index| Arc::new(WorkerRecords::new(index, scenario.groups().len(), measured_from));
        Self {
            bodies: Arc::default(),
            records: (0..workers).map(records).collect(),
            control: ControlClockwork::start(),
            counts: Counts::default(),
            users: AtomicUsize::new(0),
            nobody: Notify::new(),
            left: config.iterations.map(AtomicU64::new),
            unended: AtomicU64::new(config.iterations.unwrap_or(u64::MAX)),
            all_sent: Notify::new(),
            config,
            scenario,
            dialer: Arc::clone(&services[0].dialer),
            services,
            reached,
            too_few_handles,
            started,
            measured_from,
        }
    }

    /// The random number generator of a user. It depends only on the seed and the user's number.
    pub(super) fn random(&self, number: u64) -> Pcg64Mcg {
        Pcg64Mcg::seed_from_u64(self.config.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Takes one of the requests that may still be sent. False if none is left.
    pub(super) fn take_iteration(&self) -> bool {
        let Some(left) = &self.left else { return true };
        let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        // A journey goes on sending after it was begun, so it is the end of the last one that counts.
        if !matches!(taken, Ok(2..)) && self.scenario.journeys().is_empty() {
            self.all_sent.notify_one();
        }
        taken.is_ok()
    }

    /// Counts a journey that has ended. Its requests are then all sent.
    pub(super) fn end_iteration(&self) {
        if self.unended.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.all_sent.notify_one();
        }
    }

    /// Waits until as many requests were begun as the run may send; for ever if their number is not limited.
    pub(in crate::loadtest) async fn all_sent(&self) {
        self.all_sent.notified().await;
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
impl RunState {
    /// A run that was not started.
    pub(in crate::loadtest) fn for_tests(config: Config, scenario: Scenario, workers: usize) -> Self {
        let dialer = Dialer::new(&config.target, &config.way).unwrap();
        Self::new(config, scenario, vec![dialer], Reached::default(), false, workers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::scenario::Rendered;

    /// The path of the first request of the first user.
    fn first_path(scenario: &Scenario) -> String {
        let run = RunState::for_tests(Config::small(1), scenario.clone(), 1);
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
    fn a_request_is_recorded_under_the_load_in_which_it_was_due() {
        let at = |seconds| Instant::now() + Duration::from_secs(seconds);
        let (start, first, second) = (at(0), at(10), at(20));
        let records = WorkerRecords::new(0, 1, start);
        let record = |due| records.record(0, due, at(30), Sample::of(5, 10, None));
        record(start);
        records.begin_level(first);
        (0..2).for_each(|_| record(first));
        records.begin_level(second);
        (0..3).for_each(|_| record(second));
        record(start);
        drop(records.send(0, first));
        let taken = records.take();
        let count = |shard: &Shard| (shard.measured[0].requests(), shard.measured[0].unanswered.count());
        assert_eq!(count(&taken.current), (3, 0));
        assert_eq!(
            taken.earlier.iter().map(|(level, shard)| (*level, count(shard))).collect::<Vec<_>>(),
            [(0, (2, 0)), (1, (2, 1))]
        );
        assert!(records.take().earlier.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_standstill_touches_a_journey_but_not_the_thought_in_it() {
        let records = WorkerRecords::new(0, 1, Instant::now());
        let still = || tokio::time::advance(Duration::from_secs(6));
        let touched = |records: &WorkerRecords| {
            let taken = records.take().current;
            let stats = &taken.journeys[0];
            assert_eq!(stats.journeys(), 1);
            (stats.touched.succeeded.count(), stats.touched.failed.count())
        };
        let begin = || records.begin_journey((0, 1), Instant::now());
        begin().end(JourneyEnd::Succeeded);
        assert_eq!(touched(&records), (0, 0));
        for (end, expected) in [(JourneyEnd::Succeeded, (1, 0)), (JourneyEnd::Failed, (0, 1))] {
            let mut way = begin();
            way.trace.steps.push(crate::loadtest::recording::StepTrace::default());
            still().await;
            way.end(end);
            assert_eq!(touched(&records), expected);
        }
        // The clock of the test jumps to the end of the pause, which is a standstill to whoever beats no pulse.
        let mut way = begin();
        way.think(Duration::from_secs(3)).await;
        assert_eq!(records.gaps().len(), 3);
        way.end(JourneyEnd::Succeeded);
        assert_eq!(touched(&records), (0, 0), "it was in thought");
        let mut way = begin();
        way.think(Duration::from_secs(3)).await;
        still().await;
        way.end(JourneyEnd::Succeeded);
        assert_eq!(touched(&records), (1, 0));
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
            let taken = records.take().current;
            assert_eq!((records.in_flight(), taken.measured[0].unanswered.count()), (0, expected));
        }
        records.send(0, now).end();
        assert_eq!(
            (records.in_flight(), records.take().current.measured[0].unanswered.count()),
            (0, 0),
            "it was answered"
        );
    }
}
