//! The threads that send: each has a runtime, users, connections and a shard of results of its own, so that a request
//! crosses no other core.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::arrivals::{self, Desk, Schedule};
use super::recorder::{Sample, Shard};
use super::scenario::Scenario;
use super::user::{self, Leave};
use super::{Config, Load};
use crate::net::NetError;

/// What all workers of a run share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) scenario: Scenario,
    /// Where the service answers; its name is resolved once.
    pub(super) addresses: Vec<SocketAddr>,
    /// Whether the service is on this same machine.
    pub(super) same_machine: bool,
    /// Whether file handles allow fewer connections than were asked for.
    pub(super) too_few_handles: bool,
    /// The one header that every request has.
    pub(super) host_header: String,
    pub(super) stations: Vec<Arc<Station>>,
    pub(super) counts: Counts,
    pub(super) started: Instant,
    /// When the warm-up is over: what was due before does not count.
    pub(super) measured_from: Instant,
    users: AtomicUsize,
    nobody: Notify,
}

/// What happens too seldom to need a shard.
#[derive(Debug, Default)]
pub(super) struct Counts {
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

    /// Connections opened after the warm-up by users who had had one before.
    pub(super) fn reconnects(&self) -> u64 {
        self.reconnects.load(Ordering::Relaxed)
    }

    /// Requests that were due after the warm-up and never sent.
    pub(super) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}

/// What one worker records.
#[derive(Debug)]
pub(super) struct Station {
    pub(super) index: usize,
    measured_from: Instant,
    shard: Mutex<Shard>,
    in_flight: AtomicU64,
    exhausted: AtomicU64,
}

impl Station {
    fn new(index: usize, groups: usize, measured_from: Instant) -> Self {
        let shard = Mutex::new(Shard::new(groups));
        Self { index, measured_from, shard, in_flight: AtomicU64::new(0), exhausted: AtomicU64::new(0) }
    }

    /// Whether what was due then counts.
    pub(super) fn measures(&self, due: Instant) -> bool {
        due >= self.measured_from
    }

    /// Counts a request as in flight, if it was due after the warm-up.
    pub(super) fn send(&self, group: usize, due: Instant) -> InFlight<'_> {
        let in_flight = InFlight { station: self, group, due, over: false };
        in_flight.change(|awaited| awaited + 1);
        in_flight
    }

    /// Requests whose answer is awaited, without those of the warm-up.
    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Counts a failure for want of file handles or ports, if the request was due after the warm-up.
    pub(super) fn count_exhausted(&self, due: Instant, error: &NetError) {
        if self.measures(due) && matches!(error, NetError::Exhausted { .. }) {
            self.exhausted.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Requests that failed because this machine had no file handle or local port left.
    pub(super) fn exhausted(&self) -> u64 {
        self.exhausted.load(Ordering::Relaxed)
    }

    /// Adds a request that is over.
    pub(super) fn record(&self, group: usize, due: Instant, sample: Sample) {
        self.lock().record(group, self.measures(due), sample);
    }

    /// Adds how late the generator came to a request that is due.
    pub(super) fn record_start(&self, due: Instant) {
        if self.measures(due) {
            self.lock().late_starts.record(due.elapsed());
        }
    }

    /// Takes everything recorded since the last time.
    pub(super) fn take(&self) -> Shard {
        self.lock().take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shard> {
        // A poisoned shard still holds whole results.
        self.shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request whose answer is awaited. Dropped with its user, before it was over, it counts as unanswered.
#[derive(Debug)]
pub(super) struct InFlight<'a> {
    station: &'a Station,
    group: usize,
    due: Instant,
    over: bool,
}

impl InFlight<'_> {
    /// It was answered or failed.
    pub(super) fn end(mut self) {
        self.over = true;
    }

    /// Only this worker's thread writes: no other core has to be asked.
    fn change(&self, change: impl Fn(u64) -> u64) {
        let Station { in_flight, .. } = self.station;
        if self.station.measures(self.due) {
            in_flight.store(change(in_flight.load(Ordering::Relaxed)), Ordering::Relaxed);
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.change(|awaited| awaited.saturating_sub(1));
        if !self.over {
            let measured = self.station.measures(self.due);
            self.station.lock().record_unanswered(self.group, measured, self.due.elapsed());
        }
    }
}

/// A user there is, until this is dropped.
pub(super) struct Alive(Arc<Shared>);

impl Alive {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        shared.users.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(shared))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if self.0.users.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.nobody.notify_one();
        }
    }
}

impl Shared {
    /// A run that starts now, on so many workers.
    pub(super) fn new(
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
        let station = |index| Arc::new(Station::new(index, scenario.groups().len(), measured_from));
        Self {
            host_header: format!("host: {}\r\n", config.target.authority()),
            stations: (0..workers).map(station).collect(),
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

    /// Random numbers of a user's own, however many users there are.
    pub(super) fn random(&self, number: u64) -> Pcg64Mcg {
        Pcg64Mcg::seed_from_u64(self.config.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Whether requests come at a rate, so that they may be sent later than they were due.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.config.load, Load::Rate(_))
    }

    /// Users there are.
    pub(super) fn users(&self) -> usize {
        self.users.load(Ordering::SeqCst)
    }

    /// Resolves when there is nobody left.
    pub(super) async fn nobody(&self) {
        while self.users() > 0 {
            self.nobody.notified().await;
        }
    }
}

/// What a worker is told.
#[derive(Debug)]
enum Order {
    /// One more user, with this number.
    Start(u64),
    /// The user who started last leaves.
    Leave,
    /// No request is sent any more.
    Stop,
}

/// A thread that sends.
#[derive(Debug)]
pub(super) struct Worker {
    orders: mpsc::UnboundedSender<Order>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts a thread for one of the stations.
    pub(super) fn start(index: usize, shared: &Arc<Shared>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (orders, received) = mpsc::unbounded_channel();
        let shared = Arc::clone(shared);
        let thread = std::thread::Builder::new().name(format!("loadtest-{index}")).spawn(move || {
            runtime.block_on(work(index, shared, received));
            // Whoever still waits for an answer is dropped with the runtime.
        })?;
        Ok(Self { orders, thread })
    }

    pub(super) fn start_user(&self, number: u64) {
        // A worker that is gone has nobody to start.
        drop(self.orders.send(Order::Start(number)));
    }

    pub(super) fn let_one_leave(&self) {
        drop(self.orders.send(Order::Leave));
    }

    /// No request is sent any more; answers are still awaited.
    pub(super) fn stop(&self) {
        drop(self.orders.send(Order::Stop));
    }

    /// Ends it, whoever still waits.
    pub(super) fn end(self) {
        drop(self.orders);
        // A panic in a worker was printed when it happened.
        drop(self.thread.join());
    }
}

/// The timer by which a worker's lateness is measured.
const PROBE: Duration = Duration::from_millis(10);

async fn work(index: usize, shared: Arc<Shared>, mut orders: mpsc::UnboundedReceiver<Order>) {
    let station = Arc::clone(&shared.stations[index]);
    let probe = tokio::spawn(probe(Arc::clone(&station)));
    let mut users: Vec<Arc<Leave>> = Vec::new();
    let mut arrivals = Dispatcher::start(index, &shared, &station);
    while let Some(order) = orders.recv().await {
        match order {
            Order::Start(number) => {
                let leave = Arc::new(Leave::default());
                users.push(Arc::clone(&leave));
                tokio::spawn(user::run(number, Arc::clone(&shared), Arc::clone(&station), leave));
            }
            Order::Leave => users.pop().iter().for_each(|user| user.tell()),
            Order::Stop => {
                // Who only waits for the last answers is on time, whatever was before.
                probe.abort();
                users.drain(..).for_each(|user| user.tell());
                if let Some(arrivals) = &mut arrivals {
                    arrivals.stop(&station).await;
                }
            }
        }
    }
    probe.abort();
    if let Some(arrivals) = arrivals {
        shared.counts.count_missed(arrivals.desk.waiting(shared.measured_from));
    }
}

/// In a run at a rate: who hands out what is due.
struct Dispatcher {
    desk: Arc<Desk>,
    task: tokio::task::JoinHandle<io::Result<()>>,
    /// When the last one is due.
    until: Instant,
}

impl Dispatcher {
    fn start(index: usize, shared: &Arc<Shared>, station: &Arc<Station>) -> Option<Self> {
        let Load::Rate(rate) = &shared.config.load else { return None };
        let (desk, workers) = (Arc::new(Desk::default()), shared.stations.len());
        let random = shared.random(!(index as u64));
        let schedule = Schedule::new(shared.config.profile(), rate.arrivals, index, workers, random);
        let all = rate.most_users as usize;
        let most_users = all / workers + usize::from(index < all % workers);
        let until = shared.config.warm_up + shared.config.measured();
        let (own, own_station) = (Arc::clone(shared), Arc::clone(station));
        let dispatch = arrivals::dispatch(schedule, Arc::clone(&desk), own, own_station, most_users, until);
        Some(Self { desk, task: tokio::spawn(dispatch), until: shared.started + until })
    }

    /// At the end of the run everything that was due is handed out, however late; before it, what is not yet due is not.
    async fn stop(&mut self, station: &Station) {
        if Instant::now() < self.until {
            self.task.abort();
        }
        let failed = matches!((&mut self.task).await, Ok(Err(_)));
        if failed {
            // The one thing that can fail is a timer, for want of a file handle.
            station.exhausted.fetch_add(1, Ordering::Relaxed);
        }
        self.desk.close();
    }
}

/// Measures how late this worker comes to what is due.
async fn probe(station: Arc<Station>) {
    loop {
        let due = Instant::now() + PROBE;
        tokio::time::sleep_until(due).await;
        // The runtime's timers count in whole milliseconds.
        let late = due.elapsed().saturating_sub(Duration::from_millis(1));
        if station.measures(due) {
            station.lock().late_timers.record(late);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::Users;
    use crate::loadtest::scenario::Rendered;
    use crate::net::Target;

    fn config(users: u32) -> Config {
        Config {
            target: Target::loopback(1),
            load: Load::Users(Users { users, spawn_rate: 1.0, stages: Vec::new() }),
            warm_up: Duration::ZERO,
            run_time: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
            stop_timeout: Duration::ZERO,
            seed: 1,
            thresholds: Vec::new(),
        }
    }

    /// What the first user of a run sends first.
    fn first_path(scenario: &Scenario) -> String {
        let shared = Shared::new(config(1), scenario.clone(), Vec::new(), true, false, 1);
        let mut rendered = Rendered::default();
        shared.scenario.render(0, 1, &mut shared.random(0), &mut rendered);
        rendered.path().to_owned()
    }

    #[test]
    fn a_second_run_with_the_same_seed_has_other_uuids() {
        let scenario = |path: &str| {
            let text = format!("name = 'x'\n[[task]]\nname = 't'\npath = '{path}'");
            Scenario::parse(&text, "x.toml", std::path::Path::new("."), &[]).unwrap()
        };
        // The steps of a search are runs of one scenario.
        let keys = scenario("/{{uuid}}");
        assert_ne!(first_path(&keys), first_path(&keys));
        let numbers = scenario("/{{random(1, 1000000000)}}");
        assert_eq!(first_path(&numbers), first_path(&numbers));
    }

    #[tokio::test]
    async fn a_worker_that_only_waits_for_answers_is_not_timed() {
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let shared = Arc::new(Shared::new(config(0), scenario, Vec::new(), true, false, 1));
        let (orders, received) = mpsc::unbounded_channel();
        let worker = tokio::spawn(work(0, Arc::clone(&shared), received));
        let timed = async || {
            tokio::time::sleep(10 * PROBE).await;
            shared.stations[0].take().late_timers.count()
        };
        assert!(timed().await > 0);
        orders.send(Order::Stop).unwrap();
        // What was timed before the order was read.
        timed().await;
        assert_eq!(timed().await, 0);
        drop(orders);
        worker.await.unwrap();
    }

    #[test]
    fn what_was_due_in_the_warm_up_counts_nowhere() {
        let now = Instant::now();
        let station = Station::new(0, 1, now);
        let warm_up = now.checked_sub(Duration::from_millis(1)).unwrap();
        for (due, expected) in [(warm_up, 0), (now, 1)] {
            station.count_exhausted(due, &NetError::Exhausted { what: "file handles" });
            let in_flight = station.send(0, due);
            assert_eq!((station.exhausted(), station.in_flight()), (expected, expected));
            drop(in_flight);
            let taken = station.take();
            assert_eq!((station.in_flight(), taken.measured[0].unanswered.count()), (0, expected));
        }
        station.send(0, now).end();
        assert_eq!((station.in_flight(), station.take().measured[0].unanswered.count()), (0, 0), "it was answered");
    }
}
