//! Measures one subject in one round: starts it, runs the load and collects all figures.

use std::sync::Arc;
use std::time::Duration;

use super::conditions::{LabConditions, OtherService};
use super::ladder::Rung;
use super::measurement::{Measurement, ServerSide, UserLimit};
use super::silent_progress::SilentProgress;
use super::stop::Stop;
use super::watcher::{Watcher, unwatched};
use super::{Config, Event, LabError, Observer, burst, unloaded};
use crate::loadtest::{
    self, Criteria, Ended, Load, RunOutputs, Scenario, Search, SearchOutputs, Users, interrupted_by,
};
use crate::net::Target;
use crate::promql::Prometheus;
use crate::report::{self, Span};
use crate::run_result::{LimitEnded, RecordedRun, RunResult};
use crate::seed::{self, Counts, Plan};
use crate::stack::{self, Access, ProcessName, Stack, StackError, Status};
use crate::{cache, units};

/// The time within which all users start, in seconds.
const SPAWN_SECONDS: f64 = 5.0;

/// The time limits of a request and of the end of the load test, which are the defaults of `loadtest`.
const TIMEOUT: Duration = Duration::from_mins(1);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause before the load. It is long enough for Prometheus, which scrapes every second, to see everything before it,
/// even if one scrape fails.
const SETTLE: Duration = Duration::from_millis(2500);

/// The time limit of emptying Redis.
const CLEAR_LIMIT: Duration = Duration::from_secs(5);

/// The length and the first load of a search if connections linger. A load must last longer than they do (30 s) to be
/// affected by them, and a few users are enough.
const LINGERING_STEP: Duration = Duration::from_secs(30);
const LINGERING_START: u32 = 4;

/// The first load of a search if connections are pooled.
const POOLED_START: u32 = 500;

/// The highest load of a search. Beyond it, the result would depend on the machine and not on the rung.
const LIMIT_MOST: u32 = 20_000;

/// Why there is no measurement.
#[derive(Debug)]
pub(super) enum RungFailure {
    /// The lab was interrupted. Contains what was measured, if the load test had finished.
    Interrupted(Option<Box<Measurement>>),
    /// The subject could not be measured, for the reason in this sentence.
    Broken(String),
    /// The lab cannot continue at all.
    Fatal(LabError),
}

/// Measures subjects. Holds everything that is the same for all of them.
#[derive(Debug)]
pub(super) struct RungRunner<'a> {
    pub(super) config: &'a Config,
    pub(super) stack: &'a Stack,
    pub(super) plan: Plan,
    pub(super) scenario: &'a Scenario,
    pub(super) orders_alone: &'a Scenario,
    pub(super) stop: &'a Stop,
}

/// The running store of a rung.
struct Running {
    target: Target,
    /// Whether requests leave their database connections open.
    lingers: bool,
    access: Access,
    database_pid: Option<u32>,
}

impl RungRunner<'_> {
    /// Starts and measures a rung.
    pub(super) async fn rung(&self, rung: &Rung, observer: Observer<'_>) -> Result<Measurement, RungFailure> {
        let running = self.start(rung, observer).await?;
        observer(Event::Step("one request at a time"));
        let mut remarks = Vec::new();
        let asked = self.unless_stopped(unloaded::ask(&running.target, &running.access.database)).await?;
        let alone = asked.map_err(|reason| remarks.push(reason)).ok();
        self.unless_stopped(tokio::time::sleep(SETTLE)).await?;
        let watcher = Watcher::start(&running.access.database, running.database_pid).await;
        let watcher = watcher.map_err(|error| remarks.push(unwatched(error))).ok();
        let load = self.load(&running.target, observer).await?;
        let database = match watcher {
            Some(watcher) => watcher.finish().await.map_err(|error| remarks.push(error.to_string())).ok(),
            None => None,
        };
        observer(Event::Step("what Prometheus saw"));
        let mut measurement = Measurement { database, alone, remarks, ..Measurement::of(load) };
        let gathered = self.unless_stopped(seen(&running.access.prometheus, &measurement.load)).await;
        let Ok(gathered) = gathered else { return Err(interrupted(&measurement)) };
        measurement.server = gathered.map_err(|reason| measurement.remarks.push(reason)).ok();
        self.beyond(&running.target, Some(&running), &mut measurement, observer).await?;
        Ok(measurement)
    }

    /// Measures another service, of which only the routes are known.
    pub(super) async fn other(&self, other: &OtherService, observer: Observer<'_>) -> Result<Measurement, RungFailure> {
        let target = Target::parse(&other.url).map_err(|error| RungFailure::Fatal(error.into()))?;
        let load = self.load(&target, observer).await?;
        let mut measurement = Measurement::of(load);
        self.beyond(&target, None, &mut measurement, observer).await?;
        Ok(measurement)
    }

    /// Starts the rung's instances on the lab's stack and fills the store.
    async fn start(&self, rung: &Rung, observer: Observer<'_>) -> Result<Running, RungFailure> {
        observer(Event::Step("starting"));
        // Instances with the same setup as those of the rung before would otherwise keep running, with their connections.
        self.stack.stop_instances(&|_| {}).await.map_err(stack_failure)?;
        let stack_config = stack::Config {
            mysqld: self.config.conditions.mysqld.clone(),
            serve_options: rung.setup.options(),
            second_instance: rung.setup.two_instances,
            ..stack::Config::new(self.config.serve_program.clone())
        };
        let status = self.stack.up(&stack_config, &|_| {}, self.stop.asked()).await.map_err(stack_failure)?;
        let access = self.stack.access().map_err(stack_failure)?;
        let access = access.ok_or_else(|| RungFailure::Broken("the stack is gone again".to_owned()))?;
        observer(Event::Step("filling the store"));
        let filling = seed::run(&access.database, self.plan, true, Arc::new(SilentProgress));
        let filled = self.unless_stopped(filling).await?;
        filled.map_err(|error| RungFailure::Broken(format!("the store could not be filled: {error}")))?;
        // Reports that an earlier rung cached are about another store.
        let cleared = cache::clear(&access.cache, CLEAR_LIMIT).await;
        cleared.map_err(|error| RungFailure::Broken(format!("Redis could not be emptied: {error}")))?;
        let target = if rung.setup.two_instances { access.front.clone() } else { access.first_instance.clone() };
        let lingers = rung.setup.connections == "per-request";
        Ok(Running { target, lingers, access, database_pid: database_pid(&status) })
    }

    /// Runs the load test.
    async fn load(&self, target: &Target, observer: Observer<'_>) -> Result<RunResult, RungFailure> {
        let conditions = &self.config.conditions;
        let lasts = units::duration(conditions.run_time());
        observer(Event::Step(&format!("{} users for {lasts}", units::count(u64::from(conditions.users)))));
        let outputs = RunOutputs { show: self.config.show, ..RunOutputs::default() };
        let (config, criteria) = (load(conditions, target), Criteria::default());
        let run = |steering| loadtest::run(config, &criteria, self.scenario.clone(), outputs, steering);
        let ran = interrupted_by(self.stop.asked(), run).await;
        let finished = ran.map_err(|error| RungFailure::Broken(error.to_string()))?;
        match finished.ended {
            Ended::Finished => Ok(finished.result),
            Ended::Interrupted => Err(interrupted(&Measurement::of(finished.result))),
        }
    }

    /// Measures what comes after the load test: the burst and the search. If it is interrupted, what was measured before is
    /// kept.
    async fn beyond(
        &self,
        target: &Target,
        running: Option<&Running>,
        measurement: &mut Measurement,
        observer: Observer<'_>,
    ) -> Result<(), RungFailure> {
        let conditions = &self.config.conditions;
        if conditions.burst_s > 0 {
            let lasts = Duration::from_secs(conditions.burst_s);
            observer(Event::Step(&format!("orders as fast as they are answered for {}", units::duration(lasts))));
            let database = running.map(|running| &running.access.database);
            let scenario = self.orders_alone.clone();
            match burst::run(target, scenario, lasts, conditions.seed, database, self.stop).await {
                Ok(Some(burst)) => measurement.burst = Some(burst),
                Ok(None) => return Err(interrupted(measurement)),
                Err(reason) => measurement.remarks.push(format!("orders alone could not be measured: {reason}")),
            }
        }
        if conditions.find_limit {
            observer(Event::Step("searching the number of users that are served correctly"));
            let (search, start) = search(running.is_none_or(|running| running.lingers));
            let mut config = load(conditions, target);
            if let Load::Users(users) = &mut config.load {
                users.users = start;
            }
            let outputs = SearchOutputs { show: self.config.show, ..SearchOutputs::default() };
            let find = |steering| loadtest::find_limit(config, Vec::new(), self.scenario, search, outputs, steering);
            match interrupted_by(self.stop.asked(), find).await {
                Ok(found) if found.limit.ended == LimitEnded::Interrupted => return Err(interrupted(measurement)),
                Ok(found) => measurement.limit = Some(UserLimit::of(&found.limit)),
                Err(error) => measurement.remarks.push(format!("the limit could not be searched: {error}")),
            }
        }
        Ok(())
    }

    async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, RungFailure> {
        tokio::select! {
            result = work => Ok(result),
            () = self.stop.asked() => Err(RungFailure::Interrupted(None)),
        }
    }
}

/// The parameters of the search for the limit, and its first load. `lingers` tells whether requests leave connections open.
fn search(lingers: bool) -> (Search, u32) {
    let search = Search { most: LIMIT_MOST, ..Search::default() };
    if !lingers {
        return (search, POOLED_START);
    }
    let settle = LINGERING_STEP * 2 / 5;
    (Search { step: LINGERING_STEP, settle, rest: settle + LINGERING_STEP, ..search }, LINGERING_START)
}

/// The interruption with what was measured before it.
fn interrupted(measurement: &Measurement) -> RungFailure {
    RungFailure::Interrupted(Some(Box::new(measurement.clone())))
}

fn load(conditions: &LabConditions, target: &Target) -> loadtest::Config {
    let users = conditions.users;
    loadtest::Config {
        target: target.clone(),
        load: Load::Users(Users { users, spawn_rate: (f64::from(users) / SPAWN_SECONDS).max(1.0), stages: Vec::new() }),
        warm_up: Duration::ZERO,
        run_time: conditions.run_time(),
        timeout: TIMEOUT,
        stop_timeout: STOP_TIMEOUT,
        seed: conditions.seed,
    }
}

/// The plan for filling the store of a rung.
pub(super) fn plan(conditions: &LabConditions) -> Result<Plan, LabError> {
    let LabConditions { products, customers, history_orders, seed, .. } = *conditions;
    let counts = Counts { products, users: customers, stock: STOCK, orders: history_orders };
    Ok(Plan::new(counts, seed)?)
}

/// The stock of each product: more than any run can sell.
const STOCK: u64 = 1_000_000;

/// Asks Prometheus about a load test. An error is a sentence.
async fn seen(prometheus: &Target, load: &RunResult) -> Result<ServerSide, String> {
    let run = RecordedRun::try_from(load).map_err(|error| format!("the run cannot be reported on: {error}"))?;
    let client = Prometheus::new(prometheus.clone());
    let report = report::gather(&client, &Span::Run(Box::new(run)), &|| {}).await;
    report.map(|report| ServerSide::of(&report)).map_err(|error| error.to_string())
}

fn database_pid(status: &Status) -> Option<u32> {
    status.of(ProcessName::Database)?.pid
}

/// A missing program ends the lab; a process that does not start is the failure of this rung alone.
fn stack_failure(error: StackError) -> RungFailure {
    match error {
        StackError::Interrupted => RungFailure::Interrupted(None),
        error if error.is_usage() => RungFailure::Fatal(error.into()),
        error => RungFailure::Broken(error.to_string()),
    }
}
