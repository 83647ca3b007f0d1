//! A whole run: the load follows its profile, workers send; results are written as they come.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::generator::{Meter, cores};
use super::live::Live;
use super::outputs::Outputs;
use super::profile::Profile;
use super::progress::Progress;
use super::recorder::{RouteStats, Shard, merge_all};
use super::summary::{Clock, Summary};
use super::throughput::{Tally, Throughput};
use super::timeline::Timeline;
use super::worker::{Shared, Worker};
use super::{Config, Load, Scenario};
use crate::net::{LeanConnection, NetError, Target, resolve};

/// How often results are added up.
const TICK: Duration = Duration::from_secs(1);

/// File handles a run needs besides one for each user.
const OTHER_HANDLES: u64 = 64;

/// How many times results are added up between two snapshots of the whole run: often enough that a run which is killed
/// loses little, seldom enough to cost nothing.
const TICKS_PER_SNAPSHOT: u32 = 10;

/// How often the number of users follows a slope.
const SLOPE_STEP: Duration = Duration::from_millis(5);

/// The longest wait for the first connection: two lost SYN packets.
const REACH_PATIENCE: Duration = Duration::from_secs(5);

/// Why a run did not begin, or could not write its results.
#[derive(Debug, thiserror::Error)]
pub enum LoadTestError {
    /// Nobody answers there.
    #[error("{target} cannot be reached: {error}. Is the service running there?")]
    Unreachable {
        /// Where.
        target: Target,
        /// Why.
        error: NetError,
    },
    /// A connection for each user needs a file handle.
    #[error(
        "{users} users need {needed} file handles and this process may open {limit}: raise the limit with `ulimit -n \
         {needed}`, or take fewer users"
    )]
    TooFewHandles {
        /// Users asked for.
        users: u32,
        /// Handles needed.
        needed: u64,
        /// Handles allowed.
        limit: u64,
    },
    /// A threshold is about a route that nobody asks for.
    #[error("the threshold {threshold:?} is about no route of this run: there are {routes}")]
    UnknownRoute {
        /// The threshold.
        threshold: String,
        /// The routes there are.
        routes: String,
    },
    /// Somebody ended it before it began.
    #[error("interrupted before the first request was sent")]
    Interrupted,
    /// The threads that send cannot be started.
    #[error("the load generator cannot start: {0}")]
    Workers(#[from] io::Error),
    /// A result file cannot be written.
    #[error("the results cannot be written: {0}")]
    Files(#[from] csv::Error),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// After its time.
    Finished,
    /// Before, because it was asked to.
    Interrupted,
}

/// A run that is over.
#[derive(Debug)]
pub struct Finished {
    /// What it did.
    pub summary: Summary,
    /// How it ended.
    pub ended: Ended,
    /// Why the result files are not complete, if they are not. The run goes on without them: a full disk must not cost
    /// the measurement.
    pub unwritten: Option<LoadTestError>,
}

/// Runs a load test until its time is over or `interrupt` resolves.
pub async fn run(
    mut config: Config,
    scenario: Scenario,
    outputs: Outputs<'_>,
    interrupt: impl Future<Output = ()> + Send,
) -> Result<Finished, LoadTestError> {
    let mut interrupt = std::pin::pin!(interrupt);
    check_thresholds(&config, &scenario)?;
    let too_few_handles = !allow_handles(&mut config)?;
    let (addresses, same_machine) = tokio::select! {
        reached = reach(&config.target) => reached?,
        () = &mut interrupt => return Err(LoadTestError::Interrupted),
    };
    // A worker without a user would have nothing to do.
    let workers = cores().min(config.most_users().max(1) as usize);
    let shared = Arc::new(Shared::new(config, scenario, addresses, same_machine, too_few_handles, workers));
    let mut running = Running::start(Arc::clone(&shared), outputs)?;
    let sent = running.send_requests(interrupt.as_mut()).await;
    let ended = match sent {
        Ended::Interrupted => running.await_answers(INTERRUPT_PATIENCE, std::future::pending()).await,
        Ended::Finished => running.await_answers(shared.config.stop_timeout, interrupt).await,
    };
    let ended = sent.max(ended);
    running.abandon_answers(ended).await;
    let mut summary = running.summary();
    summary.complete = ended == Ended::Finished;
    summary.comparison = running.outputs.baseline.as_ref().map(|baseline| baseline.compare(&summary));
    Ok(Finished { summary, ended, unwritten: running.unwritten })
}

/// After an interrupt a person wants to go on: requests in flight get this long.
const INTERRUPT_PATIENCE: Duration = Duration::from_secs(1);

/// A run under way.
struct Running<'a> {
    shared: Arc<Shared>,
    profile: Profile,
    workers: Vec<Worker>,
    /// Closed users who were started and have not been asked to leave.
    users: usize,
    /// Users ever started, so that each has random numbers of its own.
    numbers: u64,
    /// The most users there were.
    most_users: usize,
    meter: Meter,
    results: Shard,
    throughput: Throughput,
    /// What was recorded since the last tick, warm-up included.
    recent: Vec<RouteStats>,
    clock: Clock,
    outputs: Outputs<'a>,
    unwritten: Option<LoadTestError>,
    live: Live,
    ticked: u32,
    timeline: Timeline,
    /// When the last request could be sent, once that moment has come.
    stopped: Option<Instant>,
    collected: Instant,
    ticks: Interval,
}

impl<'a> Running<'a> {
    fn start(shared: Arc<Shared>, outputs: Outputs<'a>) -> Result<Self, LoadTestError> {
        let mut ticks = tokio::time::interval_at(shared.started + TICK, TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let workers =
            (0..shared.stations.len()).map(|index| Worker::start(index, &shared)).collect::<Result<_, _>>()?;
        Ok(Self {
            profile: shared.config.profile(),
            workers,
            users: 0,
            numbers: 0,
            most_users: 0,
            meter: Meter::start(),
            results: Shard::new(shared.scenario.groups().len()),
            throughput: Throughput::default(),
            recent: Vec::new(),
            clock: Clock::start(),
            unwritten: None,
            live: Live::new(outputs.show),
            outputs,
            ticked: 0,
            timeline: Timeline::start(),
            stopped: None,
            collected: shared.started,
            ticks,
            shared,
        })
    }

    /// For how long requests have been sent that count, or were.
    fn measuring(&self) -> Duration {
        self.stopped.unwrap_or_else(Instant::now).saturating_duration_since(self.shared.measured_from)
    }

    /// For how long requests were sent before that.
    fn warming_up(&self) -> Duration {
        let until = self.stopped.unwrap_or_else(Instant::now).min(self.shared.measured_from);
        until - self.shared.started
    }

    /// Lets the load follow its profile and adds results up until the run time is over.
    async fn send_requests(&mut self, mut interrupt: Pin<&mut impl Future<Output = ()>>) -> Ended {
        let measured_from = self.shared.measured_from;
        let mut over = std::pin::pin!(tokio::time::sleep_until(measured_from + self.shared.config.measured()));
        let mut warm = std::pin::pin!(tokio::time::sleep_until(measured_from));
        let mut warming_up = true;
        let ended = loop {
            // One reading of the clock for both: a change between two of them would never be seen.
            let now = self.shared.started.elapsed().as_secs_f64();
            self.follow_profile(now);
            let next_change = self.next_change(now);
            let due = async {
                match next_change {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = &mut interrupt => break Ended::Interrupted,
                () = &mut over => break Ended::Finished,
                () = &mut warm, if warming_up => {
                    warming_up = false;
                    self.begin_measuring();
                }
                _ = self.ticks.tick() => self.collect(),
                () = due => {}
            }
        };
        self.end_measuring();
        self.workers.iter().for_each(Worker::stop);
        ended
    }

    /// The warm-up is over.
    fn begin_measuring(&mut self) {
        self.gather();
        self.throughput.begin(&self.results);
        self.meter = Meter::start();
    }

    /// No request is sent any more: what comes from here on says nothing about the load.
    fn end_measuring(&mut self) {
        self.stopped = Some(Instant::now());
        self.meter.stop();
        self.gather();
        self.throughput.end(&self.results);
    }

    /// Waits for the answers to requests in flight, unless that takes too long or somebody interrupts.
    async fn await_answers(&mut self, patience: Duration, interrupt: impl Future<Output = ()>) -> Ended {
        let mut interrupt = std::pin::pin!(interrupt);
        let mut over = std::pin::pin!(tokio::time::sleep(patience));
        loop {
            let shared = Arc::clone(&self.shared);
            tokio::select! {
                () = &mut interrupt => return Ended::Interrupted,
                () = &mut over => return Ended::Finished,
                _ = self.ticks.tick() => self.collect(),
                () = shared.nobody() => return Ended::Finished,
            }
        }
    }

    /// Ends the users who still wait, and adds up the last results.
    async fn abandon_answers(&mut self, ended: Ended) {
        let workers = std::mem::take(&mut self.workers);
        // Joining threads blocks, if only for a moment. A panic was printed when it happened.
        drop(tokio::task::spawn_blocking(|| workers.into_iter().for_each(Worker::end)).await);
        self.live.end(ended == Ended::Interrupted);
        self.collect();
    }

    /// After so many seconds: starts users who are due, and lets those go whom the profile no longer has.
    fn follow_profile(&mut self, now: f64) {
        if self.shared.is_open() {
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
    fn next_change(&self, now: f64) -> Option<Instant> {
        if self.shared.is_open() {
            return None;
        }
        let change = Duration::try_from_secs_f64(self.profile.next_change(now)?).ok()?;
        let soonest = Duration::from_secs_f64(now) + SLOPE_STEP;
        self.shared.started.checked_add(change.max(soonest))
    }

    /// Adds up what was recorded since the last time.
    fn gather(&mut self) {
        for station in &self.shared.stations {
            let taken = station.take();
            // Whoever watches wants to see the warm-up as well; the totals go without it.
            merge_all(&mut self.recent, taken.warm_up.clone());
            merge_all(&mut self.recent, taken.measured.clone());
            self.results.merge(taken);
        }
    }

    /// Adds up what was recorded; shows what came since the last tick and writes it.
    fn collect(&mut self) {
        self.gather();
        let recent = std::mem::take(&mut self.recent);
        self.most_users = self.most_users.max(self.shared.users());
        let now = Instant::now();
        let mut progress = Progress::new(&self.shared.scenario, &self.results.measured, &recent);
        progress.over = self.throughput.measured(&self.results);
        progress.window = now - self.collected;
        progress.sending = self.measuring();
        progress.lasts = self.shared.config.measured();
        progress.warming_up = now < self.shared.measured_from;
        progress.users = self.shared.users();
        self.collected = now;
        if let Some(files) = &mut self.outputs.csv
            && let Err(error) = files.write(&progress)
        {
            self.unwritten = Some(error.into());
            self.outputs.csv = None;
        }
        if let Some(exporter) = self.outputs.exporter {
            exporter.add(&self.shared.scenario, &recent, progress.users);
        }
        self.timeline.add(&progress, now - self.shared.started);
        self.live.tick(&progress);
        self.ticked += 1;
        if self.ticked.is_multiple_of(TICKS_PER_SNAPSHOT) {
            self.write_snapshot();
        }
    }

    fn write_snapshot(&mut self) {
        if let Some(mut snapshot) = self.outputs.snapshot.take() {
            snapshot(&self.summary());
            self.outputs.snapshot = Some(snapshot);
        }
    }

    /// What the run has done so far.
    fn summary(&self) -> Summary {
        let times = self.clock.read(self.measuring(), self.warming_up());
        let (results, throughput) = (&self.results, &self.throughput);
        let cost = self.meter.cost(results, Tally::sum(&throughput.measured(results)).requests, &self.shared);
        let mut summary = Summary::new(&self.shared, self.most_users, results, throughput, &times, cost);
        summary.timeline = self.timeline.points().to_vec();
        summary.tags.clone_from(&self.outputs.tags);
        summary
    }
}

/// One connection before the first user: a wrong address is told at once, not as a table of failures. Gives where the
/// service is, and whether that is this machine.
async fn reach(target: &Target) -> Result<(Vec<SocketAddr>, bool), LoadTestError> {
    let reach = async {
        let addresses = resolve(target).await?;
        let local = LeanConnection::open(&addresses).await?.is_local();
        Ok((addresses, local))
    };
    let after = REACH_PATIENCE;
    let reached = tokio::time::timeout(after, reach).await.unwrap_or(Err(NetError::ConnectTimedOut { after }));
    reached.map_err(|error| LoadTestError::Unreachable { target: target.clone(), error })
}

fn check_thresholds(config: &Config, scenario: &Scenario) -> Result<(), LoadTestError> {
    let routes: Vec<_> = scenario.groups().iter().map(|group| (group.method.as_str(), group.route.as_str())).collect();
    for threshold in config.thresholds.iter().filter(|threshold| threshold.route().is_some()) {
        if !routes.iter().any(|(method, route)| threshold.is_about(method, route)) {
            let routes: Vec<_> = routes.iter().map(|(method, route)| format!("{method} {route}")).collect();
            return Err(LoadTestError::UnknownRoute { threshold: threshold.to_string(), routes: routes.join(", ") });
        }
    }
    Ok(())
}

/// Users need a file handle each; connections of a rate are as many as there can be. Whether that is as many as were asked
/// for.
fn allow_handles(config: &mut Config) -> Result<bool, LoadTestError> {
    let users = config.most_users();
    let Err(limit) = raise_handles(users) else { return Ok(true) };
    match &mut config.load {
        Load::Users(_) => Err(LoadTestError::TooFewHandles { users, needed: handles_for(users), limit }),
        Load::Rate(rate) => {
            rate.most_users = most_connections(users).max(1);
            Ok(false)
        }
    }
}

/// How many of so many connections this process may open.
pub(super) fn most_connections(wanted: u32) -> u32 {
    match raise_handles(wanted) {
        Ok(()) => wanted,
        Err(limit) => u32::try_from(limit.saturating_sub(OTHER_HANDLES)).unwrap_or(wanted).min(wanted),
    }
}

fn handles_for(connections: u32) -> u64 {
    u64::from(connections) + OTHER_HANDLES
}

/// Raises this process's own limit of file handles as far as it may, if so many connections need it. Fails with the
/// limit, if that is not far enough.
fn raise_handles(connections: u32) -> Result<(), u64> {
    let needed = handles_for(connections);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|limit| limit >= needed) {
        return Ok(());
    }
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    (if raised { maximum } else { current }).filter(|limit| *limit < needed).map_or(Ok(()), Err)
}
