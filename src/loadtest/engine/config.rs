//! What a run is asked to be.

use std::time::Duration;

use super::profile::{Profile, Stage};
use crate::loadtest::scenario::Scenario;
use crate::net::Target;
use crate::run_result::{Conditions, RateCondition};

/// A run.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the service answers.
    pub target: Target,
    /// How the load comes.
    pub load: Load,
    /// Before the run time: requests that are sent, but left out of the statistics.
    pub warm_up: Duration,
    /// How long requests are sent and counted. With stages this is not used: their durations add up to it.
    pub run_time: Duration,
    /// The longest wait for an answer, from the instant its request was due; then the connection is closed and the
    /// request has failed.
    pub timeout: Duration,
    /// After the run time: the longest wait for answers to requests in flight.
    pub stop_timeout: Duration,
    /// Where random numbers start: the same seed asks for the same things.
    pub seed: u64,
}

/// Where requests come from.
#[derive(Clone, Debug)]
pub enum Load {
    /// So many users, each of whom waits for an answer before the next request: a slow service is asked less.
    Users(Users),
    /// Requests that are due at their times, whether earlier ones were answered or not, as visitors of a public site come.
    Rate(Rate),
}

/// Closed users.
#[derive(Clone, Debug)]
pub struct Users {
    /// Users at the beginning: all there are when there are no stages.
    pub users: u32,
    /// Users started per second, when there are no stages.
    pub spawn_rate: f64,
    /// Where their number goes from there.
    pub stages: Vec<Stage>,
}

/// An open arrival rate.
#[derive(Clone, Debug)]
pub struct Rate {
    /// Requests per second at the beginning.
    pub per_second: f64,
    /// How they are spaced.
    pub arrivals: Arrivals,
    /// Where the rate goes from there.
    pub stages: Vec<Stage>,
    /// The most requests that are in flight at the same time, each on a connection of its own; what is due meanwhile
    /// waits, and its time counts.
    pub most_users: u32,
}

/// How arrivals are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// Evenly.
    Constant,
    /// At random, as independent visitors come: a Poisson process.
    Poisson,
}

impl Config {
    /// How the load goes over time, warm-up included.
    pub(in crate::loadtest) fn profile(&self) -> Profile {
        let (start, stages) = match &self.load {
            Load::Users(users) if users.stages.is_empty() => return Profile::spawn(users.users, users.spawn_rate),
            Load::Users(users) => (f64::from(users.users), &users.stages),
            Load::Rate(rate) => (rate.per_second, &rate.stages),
        };
        Profile::stages(start, self.warm_up, stages)
    }

    /// The conditions of a run that does this with a scenario.
    pub fn conditions(&self, scenario: &Scenario) -> Conditions {
        let (model, rate) = match &self.load {
            Load::Users(_) => ("closed", None),
            Load::Rate(rate) => {
                let arrivals = Some(rate.arrivals.name().to_owned());
                ("open", Some(RateCondition { per_second: rate.per_second, arrivals }))
            }
        };
        Conditions {
            host: Some(self.target.to_string()),
            model: Some(model.to_owned()),
            users: Some(self.most_users()),
            rate,
            stages: Some(self.load.stages().iter().map(|stage| (stage.lasts.as_secs_f64(), stage.level)).collect()),
            duration_s: Some(self.measured().as_secs_f64()),
            scenario: Some(scenario.summary()),
        }
    }

    /// How long requests are counted.
    pub fn measured(&self) -> Duration {
        match self.load.stages() {
            [] => self.run_time,
            stages => stages.iter().map(|stage| stage.lasts).sum(),
        }
    }

    /// Connections that there may be at the same time.
    pub fn most_users(&self) -> u32 {
        match &self.load {
            Load::Users(users) => {
                users.stages.iter().map(|stage| stage.level.round() as u32).chain([users.users]).max().unwrap_or(0)
            }
            Load::Rate(rate) => rate.most_users,
        }
    }
}

impl Arrivals {
    /// What it is called in results.
    pub(in crate::loadtest) fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson => "poisson",
        }
    }
}

impl Load {
    /// Where the load goes after its beginning.
    pub fn stages(&self) -> &[Stage] {
        match self {
            Self::Users(users) => &users.stages,
            Self::Rate(rate) => &rate.stages,
        }
    }
}

#[cfg(test)]
impl Config {
    /// A short run of so many users against nobody.
    pub(in crate::loadtest) fn small(users: u32) -> Self {
        Self {
            target: Target::loopback(1),
            load: Load::Users(Users { users, spawn_rate: 1.0, stages: Vec::new() }),
            warm_up: Duration::ZERO,
            run_time: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
            stop_timeout: Duration::ZERO,
            seed: 1,
        }
    }
}
