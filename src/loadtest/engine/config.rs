//! The configuration of a run.

use std::time::Duration;

use super::profile::{Profile, Stage};
use crate::net::{Target, Way};

/// The target, load and times of a run. The scenario is given separately.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address of the service.
    pub target: Target,
    /// The way to it.
    pub way: Way,
    /// Users, or a rate of arrivals.
    pub load: Load,
    /// How long requests are sent before the run time without being counted.
    pub warm_up: Duration,
    /// How long requests are sent and counted. Ignored with stages, whose durations add up to it.
    pub run_time: Duration,
    /// How many requests are sent in all, after which the run is over; None without such an end.
    pub iterations: Option<u64>,
    /// How many users share one HTTP/2 connection, each with one request at a time; 1 for one each.
    pub streams: u32,
    /// The longest wait for an answer, from the instant its request was due. After it the request has failed and the
    /// connection is closed.
    pub timeout: Duration,
    /// The longest wait for outstanding answers after the run time.
    pub stop_timeout: Duration,
    /// The seed of all random numbers: the same seed sends the same requests, except for UUIDs.
    pub seed: u64,
}

/// Where requests come from: waiting users, or a rate of arrivals.
#[derive(Clone, Debug)]
pub enum Load {
    /// A number of users, each of whom waits for an answer before the next request: a slow service is sent fewer
    /// requests.
    Users(Users),
    /// Requests that are due at fixed times, whether earlier ones were answered or not, like visitors of a public site.
    Rate(Rate),
}

/// The load of a closed run.
#[derive(Clone, Debug)]
pub struct Users {
    /// The number of users at the start; without stages, for the whole run.
    pub users: u32,
    /// Users started per second; used only without stages.
    pub spawn_rate: f64,
    /// Changes of the number of users after the start.
    pub stages: Vec<Stage>,
}

/// The load of an open run.
#[derive(Clone, Debug)]
pub struct Rate {
    /// Requests per second at the start.
    pub per_second: f64,
    /// Their spacing in time.
    pub arrivals: Arrivals,
    /// Changes of the rate after the start.
    pub stages: Vec<Stage>,
    /// The most requests in flight at the same time, each on its own connection. A request that is due beyond that
    /// waits, and the wait is part of its response time.
    pub most_users: u32,
}

/// The spacing of arrivals in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// At equal intervals.
    Constant,
    /// At random, like independent visitors: a Poisson process.
    Poisson,
}

impl Config {
    /// The level of the load over time, including the warm-up.
    pub(super) fn profile(&self) -> Profile {
        let (start, stages) = match &self.load {
            Load::Users(users) if users.stages.is_empty() => return Profile::spawn(users.users, users.spawn_rate),
            Load::Users(users) => (f64::from(users.users), &users.stages),
            Load::Rate(rate) => (rate.per_second, &rate.stages),
        };
        Profile::stages(start, self.warm_up, stages)
    }

    /// How long requests are counted: the run time, or the sum of the stages.
    pub fn measured(&self) -> Duration {
        match self.load.stages() {
            [] => self.run_time,
            stages => stages.iter().map(|stage| stage.lasts).sum(),
        }
    }

    /// The most connections open at the same time.
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
    /// Its name in results.
    pub(in crate::loadtest) fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson => "poisson",
        }
    }
}

impl Load {
    /// The changes of the load after its start; empty if it stays constant.
    pub fn stages(&self) -> &[Stage] {
        match self {
            Self::Users(users) => &users.stages,
            Self::Rate(rate) => &rate.stages,
        }
    }
}

#[cfg(test)]
impl Config {
    /// A run of one second against a port where nothing listens.
    pub(in crate::loadtest) fn small(users: u32) -> Self {
        Self {
            target: Target::loopback(1),
            way: Way::default(),
            load: Load::Users(Users { users, spawn_rate: 1.0, stages: Vec::new() }),
            warm_up: Duration::ZERO,
            run_time: Duration::from_secs(1),
            iterations: None,
            streams: 1,
            timeout: Duration::from_secs(1),
            stop_timeout: Duration::ZERO,
            seed: 1,
        }
    }
}
