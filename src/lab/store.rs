//! The store of one measurement: fresh instances on the lab's own stack, and a database that is filled anew.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use super::conditions::LabConditions;
use super::failure::RungFailure;
use super::ladder::{PER_REQUEST, Setup};
use super::silent_progress::SilentProgress;
use super::stop::Stop;
use super::{Config, Event, LabError, Observer};
use crate::cache;
use crate::net::Target;
use crate::seed::{self, Counts, Plan};
use crate::stack::{self, Access, Balance, Stack, Status};

/// The time limit of emptying Redis.
const CLEAR_LIMIT: Duration = Duration::from_secs(5);

/// How long one process may take to answer where there is a group: three servers start on one machine at the same time, and
/// one that was killed gets what it has missed.
const GROUP_START: Duration = Duration::from_mins(3);

/// The stock of each product: more than any run can sell.
const STOCK: u64 = 1_000_000;

/// Every rung is measured without tokens, whatever the environment says of other instances.
const OPEN_TO_ALL: &str = "--tokens-file=";

/// Starts stores. Holds everything that is the same for all of them.
#[derive(Debug)]
pub(super) struct StoreStarter<'a> {
    pub(super) config: &'a Config,
    pub(super) stack: &'a Stack,
    pub(super) plan: Plan,
    pub(super) stop: &'a Stop,
}

/// How a store is deployed.
#[derive(Clone, Debug)]
pub(super) struct Deployment {
    /// The options of the instances that the rungs differ in.
    pub(super) setup: Setup,
    /// More options of the instances.
    pub(super) more_options: Vec<OsString>,
    /// The number of instances. One alone is asked directly, several through nginx.
    pub(super) instances: u8,
    /// How nginx chooses an instance.
    pub(super) balance: Balance,
}

/// A running store.
pub(super) struct Running {
    pub(super) target: Target,
    /// Whether requests leave their database connections open.
    pub(super) lingers: bool,
    pub(super) access: Access,
    status: Status,
}

impl Running {
    /// The processes of the database servers.
    pub(super) fn database_pids(&self) -> Vec<u32> {
        let servers = self.status.processes.iter().filter(|process| process.name.is_database());
        servers.filter_map(|process| process.pid).collect()
    }

    /// The process and the address of each instance, in order.
    pub(super) fn instances(&self) -> impl Iterator<Item = (u32, &str)> {
        let instances = self.status.processes.iter().filter(|process| process.name.is_instance());
        instances.filter_map(|process| Some((process.pid?, process.address.as_deref()?)))
    }
}

impl From<Setup> for Deployment {
    /// The deployment of a rung.
    fn from(setup: Setup) -> Self {
        let instances = if setup.two_instances { 2 } else { 1 };
        Self { setup, more_options: Vec::new(), instances, balance: Balance::default() }
    }
}

impl StoreStarter<'_> {
    /// Starts instances on the lab's stack and fills the store.
    pub(super) async fn start(&self, deployment: Deployment, observer: Observer<'_>) -> Result<Running, RungFailure> {
        observer(Event::Step("starting"));
        let running = self.start_instances(deployment).await?;
        observer(Event::Step("filling the store"));
        let filling = seed::run(&running.access.database, self.plan, true, Arc::new(SilentProgress));
        let filled = self.unless_stopped(filling).await?;
        filled.map_err(|error| RungFailure::Broken(format!("the store could not be filled: {error}")))?;
        // Reports that an earlier rung cached are about another store.
        let cleared = cache::clear(&running.access.cache, CLEAR_LIMIT).await;
        cleared.map_err(|error| RungFailure::Broken(format!("Redis could not be emptied: {error}")))?;
        Ok(running)
    }

    /// Starts instances in place of those that run, if any: with them go all connections that they have left open.
    pub(super) async fn start_instances(&self, deployment: Deployment) -> Result<Running, RungFailure> {
        // Instances with the same options would otherwise keep running.
        self.stack.stop_instances(&|_| {}).await?;
        self.up(deployment).await
    }

    /// Starts what of a deployment does not run. Instances with its options keep running, and so do servers.
    pub(super) async fn up(&self, deployment: Deployment) -> Result<Running, RungFailure> {
        let Deployment { setup, more_options, instances, balance } = deployment;
        let usual = stack::Config::new(self.config.serve_program.clone());
        let stack_config = stack::Config {
            mysqld: self.config.conditions.mysqld.clone(),
            serve_options: setup.options().into_iter().chain(more_options).chain([OPEN_TO_ALL.into()]).collect(),
            instances,
            replicas: setup.servers,
            balance,
            start_timeout: if setup.is_group() { GROUP_START } else { usual.start_timeout },
            ..usual
        };
        let status = self.stack.up(&stack_config, &|_| {}, self.stop.asked()).await?;
        let access = self.stack.access()?;
        let access = access.ok_or_else(|| RungFailure::Broken("the stack is gone again".to_owned()))?;
        let target = if instances > 1 { access.front.clone() } else { access.first_instance.clone() };
        let lingers = setup.connections == PER_REQUEST;
        Ok(Running { target, lingers, access, status })
    }

    /// Does some work unless the lab is asked to stop before it ends.
    pub(super) async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, RungFailure> {
        tokio::select! {
            result = work => Ok(result),
            () = self.stop.asked() => Err(RungFailure::Interrupted(None)),
        }
    }
}

/// The plan for filling the store.
pub(super) fn plan(conditions: &LabConditions) -> Result<Plan, LabError> {
    let LabConditions { products, customers, history_orders, seed, .. } = *conditions;
    let counts = Counts { products, users: customers, stock: STOCK, orders: history_orders };
    Ok(Plan::new(counts, seed)?)
}
