//! What a run is asked to be.

use std::time::Duration;

use super::profile::{Profile, Stage};
use super::threshold::Threshold;
use crate::net::Target;
use crate::units;

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
    /// What must hold of the figures.
    pub thresholds: Vec<Threshold>,
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

/// A pause drawn evenly from a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThinkTime {
    /// The shortest.
    pub least: Duration,
    /// The longest.
    pub most: Duration,
}

impl Config {
    /// How the load goes over time, warm-up included.
    pub(super) fn profile(&self) -> Profile {
        let (start, stages) = match &self.load {
            Load::Users(users) if users.stages.is_empty() => return Profile::spawn(users.users, users.spawn_rate),
            Load::Users(users) => (f64::from(users.users), &users.stages),
            Load::Rate(rate) => (rate.per_second, &rate.stages),
        };
        Profile::stages(start, self.warm_up, stages)
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
    pub(super) fn name(self) -> &'static str {
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

impl Default for ThinkTime {
    /// A person who looks at a page before the next click.
    fn default() -> Self {
        Self { least: Duration::from_secs(1), most: Duration::from_secs(2) }
    }
}

impl ThinkTime {
    /// Reads a range like `1s..2s`, or one duration.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (least, most) = text.split_once("..").unwrap_or((text, text));
        let read = |text| units::parse_duration(text).map_err(|error| error.to_string());
        let (least, most) = (read(least)?, read(most)?);
        if least > most {
            return Err("the range goes from the shorter to the longer, e.g. 1s..2s".to_owned());
        }
        Ok(Self { least, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn think_times_are_read_as_people_write_them() {
        let range = |least, most| ThinkTime { least: Duration::from_millis(least), most: Duration::from_millis(most) };
        assert_eq!(ThinkTime::parse("1s..2s"), Ok(range(1_000, 2_000)));
        assert_eq!(ThinkTime::parse("500ms"), Ok(range(500, 500)));
        assert_eq!(ThinkTime::parse("0"), Ok(range(0, 0)));
        assert!(ThinkTime::parse("2s..1s").is_err() && ThinkTime::parse("fast").is_err());
    }
}
