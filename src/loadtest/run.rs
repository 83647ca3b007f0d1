//! Makes a whole run: the load follows its profile, the generator sends, and results are added up, shown and written as
//! they come.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior};

use super::collect::{AskedLevel, Collector, UnjudgedResult, cores};
use super::control::{SteeredLoad, Steering, Told};
use super::engine::{Config, Generator, Load, Reached, RunState, handles_for, most_connections, raise_handles};
use super::judge::{Criteria, Threshold};
use super::output::{RunOutputs, Watch};
use super::scenario::Scenario;
use crate::net::{Dialer, Http2Connection, InvalidTls, LeanConnection, NetError, Target, Way};
use crate::run_result::{Conditions, JOURNEY, RateCondition, RunResult};

/// How often results are added up and shown.
const TICK: Duration = Duration::from_secs(1);

/// How often the loop that starts and stops users and adds up gives a sign of life.
const PULSE: Duration = Duration::from_millis(50);

/// The longest wait for the first connection: long enough for two lost SYN packets.
const REACH_PATIENCE: Duration = Duration::from_secs(5);

/// How often the name of the service is looked up again.
const LOOK_UP_EVERY: Duration = Duration::from_secs(30);

/// The longest wait for answers after an interrupt, when a person wants to go on.
const INTERRUPT_PATIENCE: Duration = Duration::from_secs(1);

/// The most users that a run may be given while it lasts.
const MOST_USERS: u32 = 1_000_000;

/// Why a run could not start, or could not write its results.
#[derive(Debug, thiserror::Error)]
pub enum LoadTestError {
    /// The service does not accept connections.
    #[error("{target} cannot be reached: {}", with_advice(error))]
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
    /// TLS cannot be used as it was asked for.
    #[error(transparent)]
    Tls(#[from] InvalidTls),
    /// The run was interrupted before the first request was sent.
    #[error("interrupted before the first request was sent")]
    Interrupted,
    /// The worker threads could not be started.
    #[error("the load generator cannot start: {0}")]
    Workers(io::Error),
    /// A result file could not be written.
    #[error("the results cannot be written: {0}")]
    Files(io::Error),
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
    let services = 1 + scenario.hosts().len() as u32;
    let too_few_handles = !allow_handles(&mut config, services)?;
    let steering_page = outputs.page.filter(|page| page.steers());
    if let Some(page) = steering_page {
        // Users may be added while the run lasts, as many as there are file handles for.
        page.allow_users(most_connections(MOST_USERS.saturating_mul(services)) / services);
    }
    let dialers = dialers(&config, &scenario)?;
    let reached = tokio::select! {
        reached = Box::pin(reach_all(&dialers)) => reached?,
        () = steering.interrupted() => return Err(LoadTestError::Interrupted),
    };
    // There are not more workers than users, because a worker without a user has nothing to do.
    let most_users = if steering_page.is_some() { MOST_USERS } else { config.most_users().max(1) };
    let workers = cores().min(most_users as usize);
    let state = Arc::new(RunState::new(config, scenario, dialers, reached, too_few_handles, workers));
    let _looking_up = LookingUp::start(&state);
    let mut running = Running::start(state, criteria, outputs, steering)?;
    let sent = running.send_requests().await;
    let waited = running.await_answers(sent).await;
    let ended = sent.max(waited);
    running.abandon_answers().await;
    running.watch.last_look().await;
    let mut result = running.result();
    result.complete = ended == Ended::Finished;
    criteria.compare(&mut result, running.ended_by_hand);
    Ok(Finished { result, ended, unwritten: running.watch.finish().map(LoadTestError::Files) })
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
        iterations: config.iterations,
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
    pulse: Interval,
    /// What the load is to be now.
    asked: AskedLevel,
    /// Whether it was changed since the start.
    steered: bool,
    /// Whether somebody ended it before its time was over.
    ended_by_hand: bool,
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
        let mut pulse = tokio::time::interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (generator, collector) =
            (Generator::start(&state).map_err(LoadTestError::Workers)?, Collector::start(&state));
        let asked = AskedLevel { level: generator.wanted_level(), paused: false };
        let watch = Watch::new(outputs);
        let (steered, ended_by_hand) = (false, false);
        Ok(Self { state, criteria, generator, collector, watch, steering, ticks, pulse, asked, steered, ended_by_hand })
    }

    /// Lets the load follow its profile and adds results up until the run time is over or the run is interrupted.
    async fn send_requests(&mut self) -> Ended {
        let measured_from = self.state.measured_from;
        let mut over = std::pin::pin!(tokio::time::sleep_until(measured_from + self.state.config.measured()));
        let mut warm = std::pin::pin!(tokio::time::sleep_until(measured_from));
        let mut warming_up = true;
        let ended = loop {
            // Whatever holds the loop up, such as a slow disk under a result file, delays users.
            self.state.control.beat();
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
                told = self.steering.told() => match told {
                    Told::Interrupted => {
                        self.ended_by_hand = true;
                        break Ended::Interrupted;
                    }
                    Told::Stopped => {
                        self.ended_by_hand = true;
                        break Ended::Finished;
                    }
                    Told::Paused => self.change(AskedLevel { level: 0.0, paused: true }, Some(SteeredLoad::NOTHING)),
                    Told::Load(load) => {
                        let level = load.map_or(self.generator.planned_level(), |load| load.level);
                        self.change(AskedLevel { level, paused: false }, load);
                    }
                },
                () = &mut over => break Ended::Finished,
                () = self.state.all_sent() => break Ended::Finished,
                () = &mut warm, if warming_up => {
                    warming_up = false;
                    self.collector.begin_measuring();
                }
                _ = self.ticks.tick() => self.tick(),
                _ = self.pulse.tick() => {}
                () = due => {}
            }
        };
        self.steering.end();
        self.collector.end_measuring();
        self.generator.stop();
        ended
    }

    /// Changes the load from now on; None is the load that was planned. What is measured from now on is a level of its own.
    fn change(&mut self, asked: AskedLevel, load: Option<SteeredLoad>) {
        if !self.collector.begin_level(self.asked, asked) {
            return;
        }
        (self.asked, self.steered) = (asked, true);
        self.generator.steer(self.state.started.elapsed().as_secs_f64(), load);
    }

    /// Waits for outstanding answers, at most for the stop time-out or until an interrupt. After an interrupt the wait
    /// is short.
    async fn await_answers(&mut self, sent: Ended) -> Ended {
        let interrupted = sent == Ended::Interrupted;
        let patience = if interrupted { INTERRUPT_PATIENCE } else { self.state.config.stop_timeout };
        let mut over = std::pin::pin!(tokio::time::sleep(patience));
        let state = Arc::clone(&self.state);
        loop {
            self.state.control.beat();
            tokio::select! {
                () = self.steering.interrupted(), if !interrupted => return Ended::Interrupted,
                () = &mut over => return Ended::Finished,
                _ = self.ticks.tick() => self.tick(),
                _ = self.pulse.tick() => {}
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
        let (snapshot, page) = (self.watch.wants_snapshot(), self.watch.is_looked_at());
        if snapshot || page {
            let result = self.result();
            if snapshot {
                self.watch.write_snapshot(&result);
            }
            if page {
                self.watch.show_page(result);
            }
        }
    }

    /// The judged result of the run so far.
    fn result(&self) -> RunResult {
        let mut counted = self.collector.result(self.generator.most_users());
        if self.steered {
            self.tell_course(&mut counted);
        }
        let mut result = self.criteria.judge(counted, self.state.too_few_handles);
        self.watch.tag(&mut result);
        result
    }

    /// Says of a run that was steered what its load was, by the stages that repeat it.
    fn tell_course(&self, UnjudgedResult(result): &mut UnjudgedResult) {
        let from = self.state.config.warm_up.as_secs_f64();
        let to = from + result.duration_s;
        let (start, stages) = self.generator.as_stages(from, to);
        result.stages = stages;
        if let Some(rate) = &mut result.rate {
            rate.per_second = start;
        } else {
            (result.start_users, result.spawn_rate) = (Some(start.floor() as u32), None);
            result.users = self.generator.highest_level(to).round() as u32;
        }
    }
}

/// What opens the connections to the service of the run and to the others of the scenario. The place to connect to
/// instead, and the Unix socket, are those of the first.
fn dialers(config: &Config, scenario: &Scenario) -> Result<Vec<Dialer>, InvalidTls> {
    let other_way = Way { connect_to: None, unix: None, ..config.way.clone() };
    let others = scenario.hosts().iter().map(|host| Dialer::new(&host.target, &other_way));
    std::iter::once(Dialer::new(&config.target, &config.way)).chain(others).collect()
}

/// Reaches every service of the scenario. Gives what the first told.
async fn reach_all(dialers: &[Dialer]) -> Result<Reached, LoadTestError> {
    let mut first = None;
    for dialer in dialers {
        let reached = reach(dialer).await?;
        first.get_or_insert(reached);
    }
    Ok(first.unwrap_or_default())
}

/// Opens one connection before the first user starts, so that a wrong address or certificate is reported at once and not
/// as a table of failures. Listens for a while: a server tells that it refuses our certificate after the handshake (RFC
/// 8446, section 4.4.2.4), and one that is not for HTTP may speak first.
async fn reach(dialer: &Dialer) -> Result<Reached, LoadTestError> {
    let reach = async {
        dialer.look_up().await?;
        let caller = dialer.caller();
        if dialer.speaks_http2() {
            let connection = Http2Connection::try_out(dialer, &caller).await?;
            return Ok(Reached { same_machine: connection.is_local(), speaks_first: false });
        }
        let mut connection = LeanConnection::open(dialer, &caller, &Arc::default()).await?;
        let same_machine = connection.is_local();
        match connection.listen().await {
            // A server may close a connection that is not used; the next one is.
            Ok(()) | Err(NetError::Closed | NetError::Reset) => Ok(Reached { same_machine, speaks_first: false }),
            Err(NetError::Unasked) => Ok(Reached { same_machine, speaks_first: true }),
            Err(error) => Err(error),
        }
    };
    let after = REACH_PATIENCE;
    let reached = tokio::time::timeout(after, reach).await.unwrap_or(Err(NetError::ConnectTimedOut { after }));
    reached.map_err(|error| LoadTestError::Unreachable { target: dialer.target().clone(), error })
}

/// Why a service cannot be reached, and what to do about it where the error does not say so itself.
fn with_advice(error: &NetError) -> String {
    match error {
        NetError::Refused | NetError::ConnectTimedOut { .. } | NetError::Reset | NetError::Closed => {
            format!("{error}. Is the service running there?")
        }
        _ => error.to_string(),
    }
}

/// Looks the name of the service up again and again, until it is dropped.
struct LookingUp(tokio::task::JoinHandle<()>);

impl LookingUp {
    fn start(run: &Arc<RunState>) -> Self {
        let run = Arc::clone(run);
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK_UP_EVERY).await;
                // If the name cannot be looked up now, its addresses stay as they are.
                for service in &run.services {
                    drop(service.dialer.look_up().await);
                }
            }
        }))
    }
}

impl Drop for LookingUp {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Refuses a threshold on a route that the scenario does not have, on checks where there are none, and one that has two
/// meanings.
fn check_threshold(threshold: &Threshold, scenario: &Scenario) -> Result<(), LoadTestError> {
    let groups = scenario.groups().iter().map(|group| (group.method.as_str(), group.route.as_str()));
    let journeys = scenario.journeys().iter().map(|journey| (JOURNEY, journey.name.as_str()));
    let routes: Vec<_> = groups.chain(journeys).collect();
    let about = |(method, route): (&str, &str)| threshold.route().is_none() || threshold.is_about(method, route);
    if !routes.iter().copied().any(about) {
        let routes: Vec<_> = routes.iter().map(|(method, route)| format!("{method} {route}")).collect();
        return Err(LoadTestError::UnknownRoute { threshold: threshold.to_string(), routes: routes.join(", ") });
    }
    if let Some(word) = threshold.first_word().filter(|word| routes.iter().any(|(_, route)| route == word)) {
        return Err(LoadTestError::AmbiguousRoute { threshold: threshold.to_string(), word });
    }
    let has_checks = || (0..scenario.groups().len()).any(|group| about(routes[group]) && scenario.has_checks(group));
    if threshold.is_about_checks() && !has_checks() {
        let place = threshold.route().unwrap_or("the scenario").to_owned();
        return Err(LoadTestError::NoCheck { threshold: threshold.to_string(), place });
    }
    Ok(())
}

/// Raises the limit of file handles. Users need one each, so too few are an error; at a rate, the number of connections
/// is reduced instead. A user may have a connection to each of so many `services`. Gives whether there are as many
/// connections as were asked for.
fn allow_handles(config: &mut Config, services: u32) -> Result<bool, LoadTestError> {
    let users = config.most_users();
    let connections = users.saturating_mul(services);
    let Err(limit) = raise_handles(connections) else { return Ok(true) };
    match &mut config.load {
        Load::Users(_) => Err(LoadTestError::TooFewHandles { users, needed: handles_for(connections), limit }),
        Load::Rate(rate) => {
            rate.most_users = (most_connections(connections) / services).max(1);
            Ok(false)
        }
    }
}
