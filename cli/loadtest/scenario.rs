//! The options for the scenario: a file or the built-in one, and its settings.

use std::path::{Path, PathBuf};

use anyhow::Context;
use storemgr::loadtest::{Scenario, StoreSize, ThinkTime};
use storemgr::units::Language;
use storemgr::{say, text};

use super::groups::{BUILT_IN_SCENARIO, NOT_WITH_RATE};
use crate::failure::Failure;
use crate::options::{name_and_value, token};

/// The options under the heading "Scenario".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Scenario")]
pub(crate) struct ScenarioArgs {
    /// The scenario: a TOML file of weighted tasks or journeys with checks of their answers, for any HTTP service, or - for
    /// standard input [default: the built-in store]
    #[arg(long, env = "STOREMGR_SCENARIO", value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Set one of the scenario's variables to another value; repeatable
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = name_and_value)]
    variables: Vec<(String, String)>,
    /// Print the built-in scenario, as a file to start from, and exit; with --import the one that is made
    #[arg(long)]
    print_scenario: bool,
    /// With --print-scenario: make a scenario of a HAR, an OpenAPI document, a Postman collection or curl commands; - for
    /// standard input
    #[arg(long, value_name = "FILE", requires = "print_scenario")]
    import: Option<PathBuf>,
    /// The pause between an answer and the next request: a range or one duration; 0 for none [default: the scenario's,
    /// 1s..2s in the built-in one]
    #[arg(long, env = "STOREMGR_THINK_TIME", value_name = "RANGE", value_parser = ThinkTime::parse,
          group = NOT_WITH_RATE)]
    think_time: Option<ThinkTime>,
    /// The number of products in the built-in scenario; their ids are 1 to COUNT [default: 10000, or fewer if the store
    /// says that it has fewer]
    #[arg(long, env = "STOREMGR_PRODUCTS", value_name = "COUNT",
          value_parser = clap::value_parser!(u64).range(1..=MOST), group = BUILT_IN_SCENARIO)]
    products: Option<u64>,
    /// The number of customers in the built-in scenario; their ids are 1 to COUNT [default: 1000, or fewer if the store
    /// says that it has fewer]
    #[arg(long, env = "STOREMGR_CUSTOMERS", value_name = "COUNT",
          value_parser = clap::value_parser!(u64).range(1..=MOST), group = BUILT_IN_SCENARIO)]
    customers: Option<u64>,
}

/// The products and customers that the built-in scenario asks for, as many as `storemgr seed` makes.
const USUAL_PRODUCTS: u64 = 10_000;
const USUAL_CUSTOMERS: u64 = 1_000;

/// The largest number that a scenario can hold: its numbers are signed 64-bit integers.
const MOST: u64 = i64::MAX as u64;

impl ScenarioArgs {
    /// Whether the built-in scenario is only printed.
    pub(crate) fn prints(&self) -> bool {
        self.print_scenario
    }

    /// The document that a scenario is made of, if one was given.
    pub(crate) fn imported(&self) -> Option<&Path> {
        self.import.as_deref()
    }

    /// Whether `--scenario` was given, so that options of the built-in scenario have no effect.
    pub(crate) fn is_of_a_file(&self) -> bool {
        self.scenario.is_some()
    }

    /// What the store has to be asked: the counts that nothing on the command line sets.
    pub(crate) fn unknown_size(&self) -> StoreSize {
        let is_unknown = |name: &str, given: Option<u64>| {
            !self.is_of_a_file() && given.is_none() && !self.variables.iter().any(|(known, _)| known == name)
        };
        StoreSize {
            products: is_unknown("products", self.products).then_some(USUAL_PRODUCTS),
            customers: is_unknown("customers", self.customers).then_some(USUAL_CUSTOMERS),
        }
    }

    /// Refuses a value that another one would replace.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (place, (name, _)) in self.variables.iter().enumerate() {
            if self.variables[..place].iter().any(|(before, _)| before == name) {
                return Err(format!("--var {name} is given twice: give each variable one value"));
            }
            let option = match name.as_str() {
                "products" => self.products,
                "customers" => self.customers,
                _ => None,
            };
            if !self.is_of_a_file() && option.is_some() {
                return Err(format!(
                    "--{name} (or STOREMGR_{}) and --var {name} set the same variable: leave one out",
                    name.to_uppercase()
                ));
            }
        }
        Ok(())
    }

    /// Reads the scenario. The built-in one asks for no more products and customers than `size` says that the store has.
    pub(crate) fn load(&self, size: StoreSize) -> Result<Scenario, Failure> {
        let loaded = match &self.scenario {
            Some(path) if path == Path::new("-") => {
                let text = std::io::read_to_string(std::io::stdin());
                let text = text.context("the scenario cannot be read from standard input").map_err(Failure::usage)?;
                Scenario::parse(&text, "standard input", Path::new("."), &self.variables)
            }
            Some(path) => Scenario::load(path, &self.variables),
            None => Scenario::store(
                self.products.or(size.products).unwrap_or(USUAL_PRODUCTS),
                self.customers.or(size.customers).unwrap_or(USUAL_CUSTOMERS),
                &self.variables,
            ),
        };
        let mut scenario = loaded.map_err(Failure::usage)?;
        // The token is the store's: what a file sends, and where to, is its author's to say ({{env.STOREMGR_TOKEN}}).
        if let (false, Some(token)) = (self.is_of_a_file(), token()?) {
            scenario.authorize(&token);
        }
        Ok(self.with_think_time(scenario))
    }

    /// Reads a further scenario, for which the variables and the think time hold as well.
    pub(crate) fn load_beside(&self, path: &Path) -> Result<Scenario, Failure> {
        let scenario = Scenario::load_beside(path, &self.variables).map_err(Failure::usage)?;
        Ok(self.with_think_time(scenario))
    }

    /// The scenario with the think time that was given.
    pub(crate) fn with_think_time(&self, mut scenario: Scenario) -> Scenario {
        if let Some(think_time) = self.think_time {
            scenario.set_think_time(think_time);
        }
        scenario
    }
}

/// Says that the built-in scenario asks for less than usual; None if it does not.
pub(crate) fn fewer(size: StoreSize, language: Language) -> Option<String> {
    let fewer = |count: Option<u64>, usual: u64, name: &'static str, option: &str| {
        let count = count.filter(|count| *count < usual)?;
        let (count, usual) = (language.count(count), language.count(usual));
        Some(say!(
            language,
            "The store has {count} {name}: requests ask for 1 to {count} and not for {usual} ({option} sets another number).",
            count,
            name = language.text(name),
            usual,
            option
        ))
    };
    let products = fewer(size.products, USUAL_PRODUCTS, text!("products"), "--products");
    let customers = fewer(size.customers, USUAL_CUSTOMERS, text!("users"), "--customers");
    let told: Vec<_> = products.into_iter().chain(customers).collect();
    (!told.is_empty()).then(|| told.join("\n"))
}
