//! Measures one subject in one round: starts it, runs the load and collects all figures.

use std::time::Duration;

use tokio::time::Instant;

use super::conditions::{LabConditions, OtherService, SPAWN_SECONDS};
use super::failover::{beside, count_orders, lose_primary};
use super::failure::RungFailure;
use super::ladder::Rung;
use super::measurement::{Failover, Measurement, ServerSide, UserLimit};
use super::store::{Deployment, Running, StoreStarter};
use super::watcher::{Watcher, unwatched};
use super::{Config, Event, Observer, burst, unloaded};
use crate::db::ServerCounters;
use crate::loadtest::{
    self, Criteria, Ended, Load, RunOutputs, Scenario, Search, SearchOutputs, Users, interrupted_by, steering,
};
use crate::net::{Target, Way};
use crate::observe::{Observing, Subject};
use crate::promql::Prometheus;
use crate::report::{self, Report, Span};
use crate::run_result::{LimitEnded, RecordedRun, RunResult};
use crate::units;

/// The time limits of a request and of the end of the load test, which are the defaults of `loadtest`.
const TIMEOUT: Duration = Duration::from_mins(1);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause before the load. It is long enough for Prometheus, which scrapes every second, to see everything before it,
/// even if one scrape fails.
const SETTLE: Duration = Duration::from_millis(2500);

/// How long a load is measured at a time in a search of another service.
const UNKNOWN_STEP: Duration = Duration::from_secs(30);

/// The first load of a search if connections linger: a few users are enough.
const LINGERING_START: u32 = 4;

/// The first load of a search if connections are pooled.
const POOLED_START: u32 = 500;

/// The highest load of a search. Beyond it, the result would depend on the machine and not on the rung.
const LIMIT_MOST: u32 = 20_000;

/// What is known of the loss of the primary.
#[derive(Debug)]
struct LossOfPrimary {
    failover: Failover,
    /// What the primary had counted when it was killed.
    last_counters: Option<ServerCounters>,
    /// The requests that the lab sent meanwhile, and how many of them failed.
    beside_the_load: (u64, u64),
}

/// Measures subjects. Holds everything that is the same for all of them.
#[derive(Debug)]
pub(super) struct RungRunner<'a> {
    pub(super) store: &'a StoreStarter<'a>,
    pub(super) scenario: &'a Scenario,
    pub(super) orders_alone: &'a Scenario,
}

impl RungRunner<'_> {
    /// Starts and measures a rung.
    pub(super) async fn rung(&self, rung: &Rung, observer: Observer<'_>) -> Result<Measurement, RungFailure> {
        let deployment = Deployment::from(rung.setup);
        let running = self.store.start(deployment.clone(), observer).await?;
        observer(Event::Step("one request at a time"));
        let mut remarks = Vec::new();
        let asked = self.store.unless_stopped(unloaded::ask(&running.target, &running.access.database)).await?;
        let alone = asked.map_err(|reason| remarks.push(reason)).ok();
        // The load begins with nothing left of these requests: connections that they left open would count as its own.
        let mut running = self.store.start_instances(deployment.clone()).await?;
        self.store.unless_stopped(tokio::time::sleep(SETTLE)).await?;
        let watcher = Watcher::start(&running.access.database, &running.database_pids()).await;
        let watcher = watcher.map_err(|error| remarks.push(unwatched(error))).ok();
        let observing = match self.store.stack.subjects(&running.target).await {
            Ok(subjects) => self.observe(&subjects, &mut remarks).await,
            Err(error) => {
                remarks.push(error.to_string());
                None
            }
        };
        let (load, loss) =
            Box::pin(self.load_of_rung(rung, &running, observing.as_ref(), &mut remarks, observer)).await?;
        drop(observing);
        let last_counters = loss.as_ref().and_then(|loss| loss.last_counters);
        let database = match watcher {
            Some(watcher) => watcher.finish(last_counters).await.map_err(|error| remarks.push(unwatched(error))).ok(),
            None => None,
        };
        observer(Event::Step("what Prometheus saw"));
        let mut measurement = Measurement { database, alone, remarks, ..Measurement::of(load) };
        measurement.failover = loss.as_ref().map(|loss| loss.failover.clone());
        let gathered = self.store.unless_stopped(reported(&running.access.prometheus, &measurement.load)).await;
        let Ok(gathered) = gathered else { return Err(interrupted(&measurement)) };
        let report = gathered.map_err(|reason| measurement.remarks.push(reason)).ok();
        measurement.server = report.as_ref().map(ServerSide::of);
        if let Some((server, loss)) = measurement.server.as_mut().zip(loss) {
            let (requests, failures) = loss.beside_the_load;
            server.without(requests, failures, measurement.load.requests);
        }
        measurement.report = report.map(Box::new);
        if measurement.failover.is_some() && self.store.config.conditions.burst_s > 0 {
            running = self.mended(running, deployment, &mut measurement, observer).await?;
        }
        self.burst((&running.target, Way::default()), Some(&running), &mut measurement, observer).await?;
        Ok(measurement)
    }

    /// Runs the load test of a rung. Where the database is a group, its primary is killed in the middle.
    async fn load_of_rung(
        &self,
        rung: &Rung,
        running: &Running,
        observing: Option<&Observing>,
        remarks: &mut Vec<String>,
        observer: Observer<'_>,
    ) -> Result<(RunResult, Option<LossOfPrimary>), RungFailure> {
        let load = async {
            let load = Box::pin(self.load(&running.target, Way::default(), observing, observer)).await?;
            Ok::<_, RungFailure>((load, Instant::now()))
        };
        if !rung.setup.is_group() {
            return Ok((load.await?.0, None));
        }
        let database = &running.access.database;
        let before = count_orders(database).await.map_err(|reason| remarks.push(reason)).ok();
        let killing = lose_primary(self.store, running, self.store.config.conditions.run_time() / 2);
        let ((load, ended), outcome) = Box::pin(beside(load, killing)).await?;
        let loss = match outcome {
            Ok(loss) => loss,
            // What is measured next notices it as well.
            Err(RungFailure::Interrupted(_)) => return Ok((load, None)),
            Err(RungFailure::Broken(reason)) => {
                remarks.push(format!("the primary could not be killed: {reason}"));
                return Ok((load, None));
            }
            Err(fatal @ RungFailure::Fatal(_)) => return Err(fatal),
        };
        let after = match before {
            Some(_) => count_orders(database).await.map_err(|reason| remarks.push(reason)).ok(),
            None => None,
        };
        let stored = before.zip(after).map(|(before, after)| after.saturating_sub(before));
        let failover = loss.figures(&load, stored);
        let beside_the_load = loss.answered_until(ended);
        Ok((load, Some(LossOfPrimary { failover, last_counters: loss.last_counters, beside_the_load })))
    }

    /// Starts the server again that was killed, so that what follows is measured of all of them. If that fails, the others go
    /// on.
    async fn mended(
        &self,
        running: Running,
        deployment: Deployment,
        measurement: &mut Measurement,
        observer: Observer<'_>,
    ) -> Result<Running, RungFailure> {
        observer(Event::Step("starting the killed server again"));
        match self.store.up(deployment).await {
            Ok(mended) => Ok(mended),
            Err(RungFailure::Broken(reason)) => {
                measurement.remarks.push(format!("all servers together after the load: {reason}"));
                Ok(running)
            }
            Err(RungFailure::Interrupted(_)) => Err(interrupted(measurement)),
            Err(fatal @ RungFailure::Fatal(_)) => Err(fatal),
        }
    }

    /// Measures another service, of which only the routes are known.
    pub(super) async fn other(&self, other: &OtherService, observer: Observer<'_>) -> Result<Measurement, RungFailure> {
        let target = Target::parse(&other.url).map_err(|error| RungFailure::Fatal(error.into()))?;
        let mut remarks = Vec::new();
        let observing = self.observe(&self.store.config.observe, &mut remarks).await;
        let load = Box::pin(self.load(&target, other.way(), observing.as_ref(), observer)).await?;
        drop(observing);
        let mut measurement = Measurement { remarks, ..Measurement::of(load) };
        self.burst((&target, other.way()), None, &mut measurement, observer).await?;
        Ok(measurement)
    }

    /// Searches how many users a rung serves correctly. It begins with nothing left of the load before it: connections that a
    /// burst left open would count as those of the first loads of the search.
    pub(super) async fn limit_of_rung(&self, rung: &Rung, observer: Observer<'_>) -> Result<UserLimit, RungFailure> {
        let running = self.store.start(Deployment::from(rung.setup), observer).await?;
        self.store.unless_stopped(tokio::time::sleep(SETTLE)).await?;
        let instances = running.instances().filter_map(|(_, address)| Target::parse(address).ok()).collect();
        let start = if running.lingers { LINGERING_START } else { POOLED_START };
        let search = Search { instances, ..Search::default() };
        self.limit((&running.target, Way::default()), search, start, observer).await
    }

    /// Searches how many users another service serves correctly. It does not tell what piles up in it, so that each load is
    /// held for longer than connections usually linger.
    pub(super) async fn limit_of_other(
        &self,
        other: &OtherService,
        observer: Observer<'_>,
    ) -> Result<UserLimit, RungFailure> {
        let target = Target::parse(&other.url).map_err(|error| RungFailure::Fatal(error.into()))?;
        let search = Search::with_step(UNKNOWN_STEP);
        observer(Event::Step("waiting until what the load left has gone"));
        self.store.unless_stopped(tokio::time::sleep(search.rest)).await?;
        self.limit((&target, other.way()), search, LINGERING_START, observer).await
    }

    async fn limit(
        &self,
        (target, way): (&Target, Way),
        search: Search,
        start: u32,
        observer: Observer<'_>,
    ) -> Result<UserLimit, RungFailure> {
        let conditions = &self.store.config.conditions;
        observer(Event::Step("searching the number of users that are served correctly"));
        let most = conditions.limit_most.unwrap_or(LIMIT_MOST);
        let search = Search { most, ..search };
        let mut config = load(conditions, target, way);
        if let Load::Users(users) = &mut config.load {
            users.users = start.min(most);
        }
        let Config { show, language, .. } = *self.store.config;
        let outputs = SearchOutputs { show, language, ..SearchOutputs::default() };
        let find =
            |steering| Box::pin(loadtest::find_limit(config, Vec::new(), self.scenario, search, outputs, steering));
        match interrupted_by(self.store.stop.asked(), find).await {
            Ok(found) if found.limit.ended == LimitEnded::Interrupted => Err(RungFailure::Interrupted(None)),
            Ok(found) => Ok(UserLimit::of(&found.limit)),
            Err(error) => Ok(UserLimit::not_found(error.to_string())),
        }
    }

    /// Begins to watch these parts of the service. What cannot be watched is a remark.
    async fn observe(&self, subjects: &[Subject], remarks: &mut Vec<String>) -> Option<Observing> {
        if subjects.is_empty() {
            return None;
        }
        Observing::start(subjects).await.map_err(|error| remarks.push(error.to_string())).ok()
    }

    /// Runs the load test.
    async fn load(
        &self,
        target: &Target,
        way: Way,
        observing: Option<&Observing>,
        observer: Observer<'_>,
    ) -> Result<RunResult, RungFailure> {
        let conditions = &self.store.config.conditions;
        let lasts = units::duration(conditions.run_time());
        observer(Event::Step(&format!("{} users for {lasts}", units::count(u64::from(conditions.users)))));
        let Config { show, language, .. } = *self.store.config;
        let page = self.store.config.page.as_deref();
        let outputs = RunOutputs { show, language, page, observing, ..RunOutputs::default() };
        let (config, criteria) = (load(conditions, target, way), Criteria::default());
        let (controller, steering) = steering();
        if let Some(page) = page {
            page.begin(controller.clone(), false, Vec::new());
        }
        let run = Box::pin(loadtest::run(config, &criteria, self.scenario.clone(), outputs, steering));
        let finished = match controller.interrupts(self.store.stop.asked(), run).await {
            Ok(finished) => finished,
            Err(error) => {
                if let Some(page) = page {
                    page.refuse(&language.retold(&error.to_string()));
                }
                return Err(RungFailure::Broken(error.to_string()));
            }
        };
        if let Some(page) = page {
            page.end(finished.result.clone()).await;
        }
        match finished.ended {
            Ended::Finished => Ok(finished.result),
            Ended::Interrupted => Err(interrupted(&Measurement::of(finished.result))),
        }
    }

    /// Sends orders alone after the load test. If it is interrupted, what was measured before is kept.
    async fn burst(
        &self,
        service: (&Target, Way),
        running: Option<&Running>,
        measurement: &mut Measurement,
        observer: Observer<'_>,
    ) -> Result<(), RungFailure> {
        let conditions = &self.store.config.conditions;
        if conditions.burst_s == 0 {
            return Ok(());
        }
        let lasts = Duration::from_secs(conditions.burst_s);
        observer(Event::Step(&format!("orders as fast as they are answered for {}", units::duration(lasts))));
        let database = running.map(|running| &running.access.database);
        let scenario = self.orders_alone.clone();
        match burst::run(service, scenario, lasts, conditions.seed, database, self.store.stop).await {
            Ok(Some(burst)) => measurement.burst = Some(burst),
            Ok(None) => return Err(interrupted(measurement)),
            Err(reason) => measurement.remarks.push(format!("orders alone could not be measured: {reason}")),
        }
        Ok(())
    }
}

/// The interruption with what was measured before it.
fn interrupted(measurement: &Measurement) -> RungFailure {
    RungFailure::Interrupted(Some(Box::new(measurement.clone())))
}

fn load(conditions: &LabConditions, target: &Target, way: Way) -> loadtest::Config {
    let users = conditions.users;
    loadtest::Config {
        target: target.clone(),
        way,
        load: Load::Users(Users { users, spawn_rate: (f64::from(users) / SPAWN_SECONDS).max(1.0), stages: Vec::new() }),
        warm_up: Duration::ZERO,
        run_time: conditions.run_time(),
        iterations: None,
        streams: 1,
        timeout: TIMEOUT,
        stop_timeout: STOP_TIMEOUT,
        seed: conditions.seed,
    }
}

/// Asks Prometheus about a load test. An error is a sentence.
pub(super) async fn reported(prometheus: &Target, load: &RunResult) -> Result<Report, String> {
    let run = RecordedRun::try_from(load).map_err(|error| format!("the run cannot be reported on: {error}"))?;
    let client = Prometheus::new(prometheus.clone());
    let report = report::gather(&client, &Span::Run(Box::new(run)), &|| {}).await;
    report.map_err(|error| error.to_string())
}
