//! Makes a whole run: the load follows its profile, the generator sends, and results are added up, shown and written as
//! they come.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior};

use super::collect::{Collector, cores};
use super::control::Steering;
use super::engine::{Config, Generator, Load, RunState, handles_for, most_connections, raise_handles};
use super::judge::{Criteria, Threshold};
use super::output::{RunOutputs, Watch};
use super::scenario::Scenario;
use crate::net::{LeanConnection, NetError, Target, resolve};
use crate::run_result::{Conditions, RateCondition, RunResult};

/// How often results are added up and shown.
const TICK: Duration = Duration::from_secs(1);

/// The longest wait for the first connection: long enough for two lost SYN packets.
const REACH_PATIENCE: Duration = Duration::from_secs(5);

/// The longest wait for answers after an interrupt, when a person wants to go on.
const INTERRUPT_PATIENCE: Duration = Duration::from_secs(1);

/// Why a run could not start, or could not write its results.
#[derive(Debug, thiserror::Error)]
pub enum LoadTestError {
    /// The service does not accept connections.
    #[error("{target} cannot be reached: {error}. Is the service running there?")]
    Unreachable {
        /// The address that was tried.
        target: Target,
        /// The error of the last attempt.
        error: NetError,
    },
    /// There are too few file handles for a connection per user.
    #[error(
        "{users} users need {needed} file handles and this process may open {limit}: raise the limit with `ulimit -n \
         {needed}`, or use fewer users"
    )]
    TooFewHandles {
        /// The users asked for.
        users: u32,
        /// The file handles needed.
        needed: u64,
        /// The file handles allowed to this process.
        limit: u64,
    },
    /// A threshold names a route that the scenario does not have.
    #[error("the threshold {threshold:?} names no route of this run: the routes are {routes}")]
    UnknownRoute {
        /// The threshold as it was written.
        threshold: String,
        /// The routes of the scenario.
        routes: String,
    },
    /// A threshold compares checks where the scenario has none.
    #[error(
        "the threshold {threshold:?} compares checks, and {place} has none: give a task a check, or use fail_ratio"
    )]
    NoCheck {
        /// The threshold as it was written.
        threshold: String,
        /// The route, or `the scenario`.
        place: String,
    },
    /// A threshold on good or on all answers could also mean a route of that name.
    #[error(
        "the threshold {threshold:?} can mean the {word} answers of all routes or the route named {word}: give the route \
         another name"
    )]
    AmbiguousRoute {
        /// The threshold as it was written.
        threshold: String,
        /// `good` or `all`.
        word: &'static str,
    },
    /// The run was interrupted before the first request was sent.
    #[error("interrupted before the first request was sent")]
    Interrupted,
    /// The worker threads could not be started.
    #[error("the load generator cannot start: {0}")]
    Workers(#[from] io::Error),
    /// A result file could not be written.
    #[error("the results cannot be written: {0}")]
    Files(#[from] csv::Error),
}

/// How a run ended, ordered: a run ended as the larger of its phases did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// After its run time.
    Finished,
    /// Early, because it was interrupted.
    Interrupted,
}

/// The outcome of a run that was started.
#[derive(Debug)]
pub struct Finished {
    /// Its result.
    pub result: RunResult,
    /// Whether it was interrupted.
    pub ended: Ended,
    /// Why the CSV files are not complete; None if they are. The run goes on without them.
    pub unwritten: Option<LoadTestError>,
}

/// Runs a load test until its time is over or it is interrupted.
pub async fn run(
    mut config: Config,
    criteria: &Criteria,
    scenario: Scenario,
    outputs: RunOutputs<'_>,
    mut steering: Steering,
) -> Result<Finished, LoadTestError> {
    criteria.thresholds.iter().try_for_each(|threshold| check_threshold(threshold, &scenario))?;
    let too_few_handles = !allow_handles(&mut config)?;
    let (addresses, same_machine) = tokio::select! {
        reached = reach(&config.target) => reached?,
        () = steering.interrupted() => return Err(LoadTestError::Interrupted),
    };
    // There are not more workers than users, because a worker without a user has nothing to do.
    let workers = cores().min(config.most_users().max(1) as usize);
    let state = Arc::new(RunState::new(config, scenario, addresses, same_machine, too_few_handles, workers));
    let mut running = Running::start(state, criteria, outputs, steering)?;
    let sent = running.send_requests().await;
    let waited = running.await_answers(sent).await;
    let ended = sent.max(waited);
    running.abandon_answers().await;
    let mut result = running.result();
    result.complete = ended == Ended::Finished;
    criteria.compare(&mut result);
    Ok(Finished { result, ended, unwritten: running.watch.unwritten().map(LoadTestError::from) })
}

/// The conditions of a run with this configuration and a scenario, for comparison with other runs.
pub fn conditions(config: &Config, scenario: &Scenario) -> Conditions {
    let (model, rate) = match &config.load {
        Load::Users(_) => ("closed", None),
        Load::Rate(rate) => {
            let arrivals = Some(rate.arrivals.name().to_owned());
            ("open", Some(RateCondition { per_second: rate.per_second, arrivals }))
        }
    };
    Conditions {
        host: Some(config.target.to_string()),
        model: Some(model.to_owned()),
        users: Some(config.most_users()),
        rate,
        stages: Some(config.load.stages().iter().map(|stage| (stage.lasts.as_secs_f64(), stage.level)).collect()),
        duration_s: Some(config.measured().as_secs_f64()),
        scenario: Some(scenario.summary()),
    }
}

struct Running<'a> {
    state: Arc<RunState>,
    criteria: &'a Criteria,
    generator: Generator,
    collector: Collector,
    watch: Watch<'a>,
    steering: Steering,
    ticks: Interval,
}

impl<'a> Running<'a> {
    fn start(
        state: Arc<RunState>,
        criteria: &'a Criteria,
        outputs: RunOutputs<'a>,
        steering: Steering,
    ) -> Result<Self, LoadTestError> {
        let mut ticks = tokio::time::interval_at(state.started + TICK, TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (generator, collector) = (Generator::start(&state)?, Collector::start(&state));
        Ok(Self { state, criteria, generator, collector, watch: Watch::new(outputs), steering, ticks })
    }

    /// Lets the load follow its profile and adds results up until the run time is over or the run is interrupted.
    async fn send_requests(&mut self) -> Ended {
        let measured_from = self.state.measured_from;
        let mut over = std::pin::pin!(tokio::time::sleep_until(measured_from + self.state.config.measured()));
        let mut warm = std::pin::pin!(tokio::time::sleep_until(measured_from));
        let mut warming_up = true;
        let ended = loop {
            // The clock is read once for both calls: a change between two readings would be missed.
            let now = self.state.started.elapsed().as_secs_f64();
            self.generator.follow_profile(now);
            let next_change = self.generator.next_change(now);
            let due = async {
                match next_change {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.steering.interrupted() => break Ended::Interrupted,
                () = &mut over => break Ended::Finished,
                () = &mut warm, if warming_up => {
                    warming_up = false;
                    self.collector.begin_measuring();
                }
                _ = self.ticks.tick() => self.tick(),
                () = due => {}
            }
        };
        self.collector.end_measuring();
        self.generator.stop();
        ended
    }

    /// Waits for outstanding answers, at most for the stop time-out or until an interrupt. After an interrupt the wait
    /// is short.
    async fn await_answers(&mut self, sent: Ended) -> Ended {
        let interrupted = sent == Ended::Interrupted;
        let patience = if interrupted { INTERRUPT_PATIENCE } else { self.state.config.stop_timeout };
        let mut over = std::pin::pin!(tokio::time::sleep(patience));
        let state = Arc::clone(&self.state);
        loop {
            tokio::select! {
                () = self.steering.interrupted(), if !interrupted => return Ended::Interrupted,
                () = &mut over => return Ended::Finished,
                _ = self.ticks.tick() => self.tick(),
                () = state.nobody() => return Ended::Finished,
            }
        }
    }

    /// Ends the users that still wait, and adds up the last results.
    async fn abandon_answers(&mut self) {
        self.generator.end().await;
        self.watch.end_live();
        self.tick();
    }

    /// Adds up what was recorded since the last tick, shows it and writes it.
    fn tick(&mut self) {
        self.generator.count_users();
        let watch = &mut self.watch;
        self.collector.tick(|progress| watch.tick(progress));
        if self.watch.wants_snapshot() {
            let result = self.result();
            self.watch.write_snapshot(&result);
        }
    }

    /// The judged result of the run so far.
    fn result(&self) -> RunResult {
        let counted = self.collector.result(self.generator.most_users());
        let mut result = self.criteria.judge(counted, self.state.too_few_handles);
        self.watch.tag(&mut result);
        result
    }
}

/// Opens one connection before the first user starts, so that a wrong address is reported at once and not as a table of
/// failures. Gives the addresses of the service, and whether it runs on this machine.
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

/// Refuses a threshold on a route that the scenario does not have, on checks where there are none, and one that has two
/// meanings.
fn check_threshold(threshold: &Threshold, scenario: &Scenario) -> Result<(), LoadTestError> {
    let routes: Vec<_> = scenario.groups().iter().map(|group| (group.method.as_str(), group.route.as_str())).collect();
    let about = |(method, route): (&str, &str)| threshold.route().is_none() || threshold.is_about(method, route);
    if !routes.iter().copied().any(about) {
        let routes: Vec<_> = routes.iter().map(|(method, route)| format!("{method} {route}")).collect();
        return Err(LoadTestError::UnknownRoute { threshold: threshold.to_string(), routes: routes.join(", ") });
    }
    if let Some(word) = threshold.first_word().filter(|word| routes.iter().any(|(_, route)| route == word)) {
        return Err(LoadTestError::AmbiguousRoute { threshold: threshold.to_string(), word });
    }
    let has_checks = || (0..routes.len()).any(|group| about(routes[group]) && scenario.has_checks(group));
    if threshold.is_about_checks() && !has_checks() {
        let place = threshold.route().unwrap_or("the scenario").to_owned();
        return Err(LoadTestError::NoCheck { threshold: threshold.to_string(), place });
    }
    Ok(())
}

/// Raises the limit of file handles. Users need one each, so too few are an error; at a rate, the number of connections
/// is reduced instead. Gives whether there are as many connections as were asked for.
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
