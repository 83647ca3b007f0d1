//! A whole run: users start, run, stop; results are written as they come.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::files::CsvFiles;
use super::generator::Probe;
use super::live::Live;
use super::progress::Progress;
use super::recorder::{Recorder, RouteStats, aggregated, merge_all};
use super::summary::{Clock, Summary};
use super::timeline::Timeline;
use super::user::{self, Counts, Phase, Shared};
use super::{Config, Scenario};
use crate::net::{Connection, Limits, NetError, Target};

/// How often results are added up.
const TICK: Duration = Duration::from_secs(1);

/// File handles a run needs besides one for each user.
const OTHER_HANDLES: u64 = 64;

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

/// Runs a load test until its time is over or `interrupt` resolves; shows it on standard error if `show` says so.
pub async fn run(
    config: Config,
    scenario: Scenario,
    files: Option<CsvFiles>,
    show: bool,
    interrupt: impl Future<Output = ()> + Send,
) -> Result<Finished, LoadTestError> {
    let mut interrupt = std::pin::pin!(interrupt);
    allow_handles(config.users)?;
    check_reachable(&config.target).await?;
    let recorder = Recorder::new(scenario.groups().len());
    let shared = Arc::new(Shared { recorder, config, scenario, counts: Counts::default() });
    let probe = Probe::start();
    let clock = Clock::start();
    let mut running = Running::new(Arc::clone(&shared), files, show);
    let sent = running.send_requests(interrupt.as_mut()).await;
    let ended = match sent {
        Ended::Interrupted => running.await_answers(INTERRUPT_PATIENCE, std::future::pending()).await,
        Ended::Finished => running.await_answers(shared.config.stop_timeout, interrupt).await,
    };
    running.abandon_answers().await;
    let times = clock.stop(running.sending());
    let cost = probe.finish(aggregated(&running.totals).requests(), &shared.counts);
    let mut summary = Summary::new(&shared, running.started_users, &running.totals, &times, cost);
    summary.timeline = running.timeline.points().to_vec();
    Ok(Finished { summary, ended: sent.max(ended), unwritten: running.unwritten })
}

/// After an interrupt a person wants to go on: requests in flight get this long.
const INTERRUPT_PATIENCE: Duration = Duration::from_secs(1);

/// A run under way.
struct Running {
    shared: Arc<Shared>,
    phase: watch::Sender<Phase>,
    users: JoinSet<()>,
    started_users: usize,
    totals: Vec<RouteStats>,
    files: Option<CsvFiles>,
    unwritten: Option<LoadTestError>,
    live: Live,
    timeline: Timeline,
    started: Instant,
    /// When the last request could be sent, once that moment has come.
    stopped: Option<Instant>,
    collected: Instant,
    ticks: Interval,
}

impl Running {
    fn new(shared: Arc<Shared>, files: Option<CsvFiles>, show: bool) -> Self {
        let started = Instant::now();
        let mut ticks = tokio::time::interval_at(started + TICK, TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            shared,
            phase: watch::Sender::new(Phase::Running),
            users: JoinSet::new(),
            started_users: 0,
            totals: Vec::new(),
            files,
            unwritten: None,
            live: Live::new(show),
            timeline: Timeline::start(),
            started,
            stopped: None,
            collected: started,
            ticks,
        }
    }

    /// For how long requests have been sent, or were.
    fn sending(&self) -> Duration {
        self.stopped.unwrap_or_else(Instant::now) - self.started
    }

    /// Starts users and adds results up until the run time is over.
    async fn send_requests(&mut self, mut interrupt: Pin<&mut impl Future<Output = ()>>) -> Ended {
        let over = tokio::time::sleep(self.shared.config.run_time);
        let mut over = std::pin::pin!(over);
        let ended = loop {
            let next_user = self.next_start();
            let due = async {
                match next_user {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = &mut interrupt => break Ended::Interrupted,
                () = &mut over => break Ended::Finished,
                _ = self.ticks.tick() => self.collect(),
                () = due => self.start_due_users(),
            }
        };
        self.stopped = Some(Instant::now());
        self.phase.send_replace(Phase::Stopping);
        ended
    }

    /// Waits for the answers to requests in flight, unless that takes too long or somebody interrupts.
    async fn await_answers(&mut self, patience: Duration, interrupt: impl Future<Output = ()>) -> Ended {
        let mut interrupt = std::pin::pin!(interrupt);
        let over = tokio::time::sleep(patience);
        let mut over = std::pin::pin!(over);
        loop {
            tokio::select! {
                () = &mut interrupt => return Ended::Interrupted,
                () = &mut over => return Ended::Finished,
                _ = self.ticks.tick() => self.collect(),
                joined = self.users.join_next() => if joined.is_none() { return Ended::Finished },
            }
        }
    }

    /// Ends the users who still wait, and adds up the last results.
    async fn abandon_answers(&mut self) {
        self.phase.send_replace(Phase::Stopped);
        while self.users.join_next().await.is_some() {}
        self.live.end();
        self.collect();
    }

    /// When the next user is due: users start evenly, the first one at once. Nothing when all have started, or when the
    /// next one is due so late that no clock can say when.
    fn next_start(&self) -> Option<Instant> {
        let config = &self.shared.config;
        if self.started_users >= config.users as usize {
            return None;
        }
        let after = Duration::try_from_secs_f64(self.started_users as f64 / config.spawn_rate).ok()?;
        self.started.checked_add(after)
    }

    fn start_due_users(&mut self) {
        while self.next_start().is_some_and(|due| due <= Instant::now()) {
            self.users.spawn(user::run(self.started_users, Arc::clone(&self.shared), self.phase.subscribe()));
            self.started_users += 1;
        }
    }

    /// Adds up what was recorded since the last time; shows it and writes it.
    fn collect(&mut self) {
        let recent = self.shared.recorder.take();
        merge_all(&mut self.totals, recent.clone());
        let (now, sending) = (Instant::now(), self.sending());
        let mut progress = Progress::new(&self.shared.scenario, &self.totals, &recent);
        progress.window = now - self.collected;
        progress.sending = sending;
        progress.users = self.users.len();
        self.collected = now;
        if let Some(files) = &mut self.files
            && let Err(error) = files.write(&progress)
        {
            self.unwritten = Some(error.into());
            self.files = None;
        }
        self.timeline.add(&progress, now - self.started);
        self.live.tick(&progress);
    }
}

/// One connection before the first user: a wrong address is told at once, not as a table of failures.
async fn check_reachable(target: &Target) -> Result<(), LoadTestError> {
    let opened = Connection::open(target, Limits::default()).await;
    opened.map(drop).map_err(|error| LoadTestError::Unreachable { target: target.clone(), error })
}

/// Raises this process's own limit of file handles as far as it may.
fn allow_handles(users: u32) -> Result<(), LoadTestError> {
    let needed = u64::from(users) + OTHER_HANDLES;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|limit| limit >= needed) {
        return Ok(());
    }
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let limit = if raised { maximum } else { current };
    match limit {
        Some(limit) if limit < needed => Err(LoadTestError::TooFewHandles { users, needed, limit }),
        _ => Ok(()),
    }
}
