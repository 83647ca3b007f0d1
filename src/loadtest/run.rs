//! A whole run: users start, run, stop; results are written as they come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use super::files::CsvFiles;
use super::generator::Probe;
use super::live::Live;
use super::recorder::{Recorder, RouteStats, aggregated, merge_all};
use super::summary::{Clock, Summary};
use super::user::{self, Phase, Shared};
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// After its time.
    Finished,
    /// Before, because it was asked to.
    Interrupted,
}

/// Runs a load test until its time is over or `interrupt` resolves; shows it on standard error if `show` says so.
pub async fn run(
    config: Config,
    scenario: Scenario,
    mut files: Option<CsvFiles>,
    show: bool,
    interrupt: impl Future<Output = ()> + Send,
) -> Result<(Summary, Ended), LoadTestError> {
    allow_handles(config.users)?;
    check_reachable(&config.target).await?;
    let shared = Arc::new(Shared {
        recorder: Recorder::new(scenario.tasks().len()),
        config,
        scenario,
        connections: AtomicU64::new(0),
        users_started: AtomicU64::new(0),
        abandoned: AtomicU64::new(0),
    });
    let probe = Probe::start();
    let clock = Clock::start();
    let (phase, watching) = watch::channel(Phase::Running);
    let mut running = Running {
        shared: Arc::clone(&shared),
        watching,
        users: JoinSet::new(),
        totals: Vec::new(),
        live: Live::new(show),
        started: Instant::now(),
    };
    let ended = running.until_over(files.as_mut(), interrupt).await?;
    let ran = running.started.elapsed();
    phase.send_replace(Phase::Stopping);
    let patience = if ended == Ended::Finished { shared.config.stop_timeout } else { INTERRUPT_PATIENCE };
    let waited = tokio::time::timeout(patience, running.users_end()).await;
    phase.send_replace(Phase::Stopped);
    if waited.is_err() {
        running.users_end().await;
    }
    running.collect(files.as_mut(), None)?;
    running.live.clear();
    let cost = probe.finish(aggregated(&running.totals).requests());
    let summary = Summary::new(&shared, &running.totals, &clock.stop(ran), cost);
    Ok((summary, ended))
}

/// After an interrupt a person wants to go on: requests in flight get this long.
const INTERRUPT_PATIENCE: Duration = Duration::from_secs(1);

/// A run under way.
struct Running {
    shared: Arc<Shared>,
    watching: watch::Receiver<Phase>,
    users: JoinSet<()>,
    totals: Vec<RouteStats>,
    live: Live,
    started: Instant,
}

impl Running {
    /// Starts users and adds results up until the run time is over.
    async fn until_over(
        &mut self,
        mut files: Option<&mut CsvFiles>,
        interrupt: impl Future<Output = ()> + Send,
    ) -> Result<Ended, LoadTestError> {
        let mut interrupt = std::pin::pin!(interrupt);
        let over = tokio::time::sleep(self.shared.config.run_time);
        let mut over = std::pin::pin!(over);
        let mut ticks = tokio::time::interval_at(self.started + TICK, TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let next_user = self.next_start();
            tokio::select! {
                () = &mut interrupt => return Ok(Ended::Interrupted),
                () = &mut over => return Ok(Ended::Finished),
                _ = ticks.tick() => self.collect(files.as_deref_mut(), Some(self.users.len()))?,
                () = tokio::time::sleep_until(next_user), if self.users.len() < self.shared.config.users as usize => {
                    self.start_due_users();
                }
            }
        }
    }

    /// When the next user is due: users start evenly, the first one at once.
    fn next_start(&self) -> Instant {
        self.started + Duration::from_secs_f64(self.users.len() as f64 / self.shared.config.spawn_rate)
    }

    fn start_due_users(&mut self) {
        while self.users.len() < self.shared.config.users as usize && self.next_start() <= Instant::now() {
            let number = self.users.len();
            self.shared.users_started.fetch_add(1, Ordering::Relaxed);
            self.users.spawn(user::run(number, Arc::clone(&self.shared), self.watching.clone()));
        }
    }

    async fn users_end(&mut self) {
        while self.users.join_next().await.is_some() {}
    }

    /// Adds up what was recorded since the last time; shows it and writes it.
    fn collect(&mut self, files: Option<&mut CsvFiles>, users: Option<usize>) -> Result<(), LoadTestError> {
        let window = self.shared.recorder.take();
        merge_all(&mut self.totals, window.clone());
        if let Some(files) = files {
            let elapsed = self.started.elapsed();
            files.write(
                &self.shared.scenario,
                &self.totals,
                &window,
                users.unwrap_or(0),
                elapsed,
                SystemTime::now(),
            )?;
        }
        if let Some(users) = users {
            self.live.tick(&self.shared.scenario, &self.totals, &window, users, self.started.elapsed());
        }
        Ok(())
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
