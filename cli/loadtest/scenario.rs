//! The options for the scenario: a file or the built-in one, and its settings.

use std::path::PathBuf;

use storemgr::loadtest::{STORE_SCENARIO, Scenario, ThinkTime};
use storemgr::process::Exit;

use super::groups::BUILT_IN_SCENARIO;
use crate::failure::{CommandResult, Failure};
use crate::options::name_and_value;
use crate::output;

/// The options under the heading "Scenario".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Scenario")]
pub(crate) struct ScenarioArgs {
    /// The scenario: a TOML file of weighted tasks with checks of their answers, for any HTTP/1.1 service [default: the
    /// built-in store]
    #[arg(long, env = "STOREMGR_SCENARIO", value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Set one of the scenario's variables to another value; repeatable
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = name_and_value)]
    variables: Vec<(String, String)>,
    /// Print the built-in scenario, as a file to start from, and exit
    #[arg(long)]
    print_scenario: bool,
    /// The pause between an answer and the next request: a range or one duration; 0 for none [default: the scenario's,
    /// 1s..2s in the built-in one]
    #[arg(long, env = "STOREMGR_THINK_TIME", value_name = "RANGE", value_parser = ThinkTime::parse)]
    think_time: Option<ThinkTime>,
    /// The number of products in the built-in scenario; their ids are 1 to COUNT
    #[arg(long, env = "STOREMGR_PRODUCTS", value_name = "COUNT", default_value_t = 10_000,
          value_parser = clap::value_parser!(u64).range(1..=MOST), group = BUILT_IN_SCENARIO)]
    products: u64,
    /// The number of customers in the built-in scenario; their ids are 1 to COUNT
    #[arg(long, env = "STOREMGR_CUSTOMERS", value_name = "COUNT", default_value_t = 1_000,
          value_parser = clap::value_parser!(u64).range(1..=MOST), group = BUILT_IN_SCENARIO)]
    customers: u64,
}

/// The largest number that a scenario can hold: its numbers are signed 64-bit integers.
const MOST: u64 = i64::MAX as u64;

impl ScenarioArgs {
    /// Prints the built-in scenario if `--print-scenario` was given.
    pub(crate) fn print(&self) -> Option<CommandResult> {
        self.print_scenario.then(|| output::write(STORE_SCENARIO.as_bytes()).map(|()| Exit::Good))
    }

    /// Whether `--scenario` was given, so that options of the built-in scenario have no effect.
    pub(crate) fn is_of_a_file(&self) -> bool {
        self.scenario.is_some()
    }

    pub(crate) fn load(&self) -> Result<Scenario, Failure> {
        let loaded = match &self.scenario {
            Some(path) => Scenario::load(path, &self.variables),
            None => Scenario::store(self.products, self.customers, &self.variables),
        };
        let mut scenario = loaded.map_err(Failure::usage)?;
        if let Some(think_time) = self.think_time {
            scenario.set_think_time(think_time);
        }
        Ok(scenario)
    }
}
