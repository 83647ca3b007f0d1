//! The options for the load: users or a rate, how long, in which stages.

use std::time::Duration;

use anyhow::anyhow;
use storemgr::loadtest::{Arrivals, Load, OrderedLoad, Rate, Stage, Users};

use super::groups::{NOT_WITH_FIND_LIMIT, NOT_WITH_ITERATIONS, NOT_WITH_RATE_OR_STAGE, NOT_WITH_STAGE, WITH_RATE};
use crate::failure::Failure;
use crate::options::duration;

/// Seconds within which all users start when no spawn rate is given: slow enough for a cold service to warm up, fast
/// enough to leave most of the run to the full load.
const DEFAULT_SPAWN_SECONDS: f64 = 5.0;

/// More users than this cannot be started per second.
const MOST_SPAWN_RATE: f64 = 1e6;

/// The number of users when none is given.
const DEFAULT_USERS: u32 = 10;

/// The most connections of a run at a rate when no number is given: enough for a stall of ten seconds at 1,000 requests
/// per second.
const DEFAULT_CONNECTIONS: u32 = 10_000;

/// The options under the heading "Load".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Load")]
pub(crate) struct LoadArgs {
    /// Users at the same time [default: 10]; with --rate, the most connections at the same time [default: 10000]
    #[arg(short, long, visible_alias = "vus", env = "STOREMGR_USERS", value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    users: Option<u32>,
    /// Users started per second [default: all within 5 seconds; with --iterations at once]
    #[arg(short = 'r', long, env = "STOREMGR_SPAWN_RATE", value_name = "RATE",
          groups = [NOT_WITH_FIND_LIMIT, NOT_WITH_RATE_OR_STAGE])]
    spawn_rate: Option<f64>,
    /// Requests per second that are due whether earlier ones were answered or not, instead of users who wait and think
    #[arg(long, env = "STOREMGR_RATE", value_name = "RATE")]
    rate: Option<f64>,
    /// With --rate: how requests are spaced in time
    #[arg(long, env = "STOREMGR_ARRIVALS", value_name = "HOW", value_enum, default_value_t = ArrivalsArg::Constant,
          group = WITH_RATE)]
    arrivals: ArrivalsArg,
    /// Change the load evenly to a number of users (with --rate: requests per second) within a time, e.g. 30s:50;
    /// repeatable
    #[arg(long = "stage", value_name = "DURATION:LEVEL",
          groups = [NOT_WITH_FIND_LIMIT, NOT_WITH_ITERATIONS])]
    stages: Vec<Stage>,
    /// How long to run, e.g. 90, 90s or 5m; not with --stage, whose durations add up [default: 60s; with --iterations 10m]
    #[arg(short = 't', long, visible_alias = "duration", env = "STOREMGR_RUN_TIME", value_name = "DURATION",
          value_parser = duration, groups = [NOT_WITH_FIND_LIMIT, NOT_WITH_STAGE])]
    run_time: Option<Duration>,
    /// How many requests to send in all, if the run time is not over before
    #[arg(long, env = "STOREMGR_ITERATIONS", value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..),
          group = NOT_WITH_FIND_LIMIT)]
    pub(super) iterations: Option<u64>,
    /// Before the run time, send requests for this long that are not counted
    #[arg(long, env = "STOREMGR_WARM_UP", value_name = "DURATION", default_value = "0", value_parser = duration,
          groups = [NOT_WITH_FIND_LIMIT, NOT_WITH_ITERATIONS])]
    pub(super) warm_up: Duration,
    /// After the run time, wait at most this long for outstanding answers
    #[arg(short = 's', long, env = "STOREMGR_STOP_TIMEOUT", value_name = "DURATION", default_value = "10s",
          value_parser = duration)]
    pub(super) stop_timeout: Duration,
    /// The seed of all random numbers: the same seed sends the same requests
    #[arg(long, env = "STOREMGR_SEED", value_name = "NUMBER", default_value_t = 1)]
    pub(super) seed: u64,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ArrivalsArg {
    /// Evenly
    Constant,
    /// At random, like independent visitors
    Poisson,
}

/// The run time when none is given.
const DEFAULT_RUN_TIME: Duration = Duration::from_mins(1);

/// The longest run that a number of requests ends, when no run time is given.
const LONGEST_OF_ITERATIONS: Duration = Duration::from_mins(10);

/// The load that was ordered on the page.
pub(super) fn ordered(load: OrderedLoad) -> Load {
    match load {
        OrderedLoad::Users { users, spawn_rate } => {
            let spawn_rate = spawn_rate.unwrap_or_else(|| usual_spawn_rate(users, DEFAULT_SPAWN_SECONDS));
            Load::Users(Users { users, spawn_rate, stages: Vec::new() })
        }
        OrderedLoad::Rate { per_second, at_random } => Load::Rate(Rate {
            per_second,
            arrivals: if at_random { Arrivals::Poisson } else { Arrivals::Constant },
            stages: Vec::new(),
            most_users: DEFAULT_CONNECTIONS,
        }),
    }
}

/// The spawn rate by which all users start within so many seconds.
fn usual_spawn_rate(users: u32, within: f64) -> f64 {
    (f64::from(users) / within).clamp(1.0, MOST_SPAWN_RATE)
}

impl LoadArgs {
    /// Whether anything says how much load there is to be, so that a run starts by itself.
    pub(super) fn is_given(&self) -> bool {
        self.users.is_some() || self.has_rate() || self.has_stages() || self.iterations.is_some()
    }

    /// How many users start per second, if the command line says so.
    pub(super) fn spawn_rate(&self) -> Option<f64> {
        self.spawn_rate
    }

    pub(super) fn run_time(&self) -> Duration {
        let default = if self.iterations.is_some() { LONGEST_OF_ITERATIONS } else { DEFAULT_RUN_TIME };
        self.run_time.unwrap_or(default)
    }

    pub(super) fn has_rate(&self) -> bool {
        self.rate.is_some()
    }

    pub(super) fn has_stages(&self) -> bool {
        !self.stages.is_empty()
    }

    /// Checks the options and makes the load of them.
    pub(super) fn load(&self) -> Result<Load, Failure> {
        let usage = |sentence: String| Err(Failure::usage(anyhow!(sentence)));
        let stages = self.stages.clone();
        if let Some(per_second) = self.rate {
            if !(0.0..=1e6).contains(&per_second) || (per_second <= 0.0 && stages.is_empty()) {
                return usage(format!(
                    "the rate must be above 0 and at most a million requests per second, not {per_second}"
                ));
            }
            let arrivals = match self.arrivals {
                ArrivalsArg::Constant => Arrivals::Constant,
                ArrivalsArg::Poisson => Arrivals::Poisson,
            };
            let most_users = self.users.unwrap_or(DEFAULT_CONNECTIONS);
            return Ok(Load::Rate(Rate { per_second, arrivals, stages, most_users }));
        }
        if !stages.is_empty() && self.users.is_none() && !self.warm_up.is_zero() {
            return usage("a warm-up needs users from the start: give --users beside --stage".to_owned());
        }
        // Stages start from 0 users unless --users is given.
        let users = self.users.unwrap_or(if stages.is_empty() { DEFAULT_USERS } else { 0 });
        // A number of requests may be sent before all users have started.
        let within = if self.iterations.is_some() { 0.0 } else { DEFAULT_SPAWN_SECONDS };
        let spawn_rate = self.spawn_rate.unwrap_or_else(|| usual_spawn_rate(users, within));
        if !(spawn_rate.is_finite() && spawn_rate > 0.0) {
            return usage(format!("the spawn rate must be a number above 0, not {spawn_rate}"));
        }
        Ok(Load::Users(Users { users, spawn_rate, stages }))
    }
}
