//! What may be chosen on the page where runs are started from it.

use std::path::PathBuf;

use storemgr::loadtest::Scenario;
use storemgr::net::Target;

use super::scenario::ScenarioArgs;
use crate::failure::Failure;
use crate::options::target;

/// More options under the heading "In a browser".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "In a browser")]
pub(crate) struct ChoiceArgs {
    /// Further services that a run which is started from the page may put under load, separated by commas
    #[arg(long, value_name = "URL", value_delimiter = ',', value_parser = target, requires = "page")]
    page_hosts: Vec<Target>,
    /// Further scenarios that a run which is started from the page may send, separated by commas; --think-time holds for them as
    /// well, and --var for the variables that they have
    #[arg(long, value_name = "FILE", value_delimiter = ',', requires = "page")]
    page_scenarios: Vec<PathBuf>,
}

impl ChoiceArgs {
    /// The services beside that of `--host`.
    pub(super) fn hosts(&self) -> &[Target] {
        &self.page_hosts
    }

    /// The files of further scenarios.
    pub(super) fn scenario_files(&self) -> &[PathBuf] {
        &self.page_scenarios
    }

    /// Reads the further scenarios, beside that of the command line.
    pub(super) fn scenarios(&self, first: &ScenarioArgs) -> Result<Vec<Scenario>, Failure> {
        self.page_scenarios.iter().map(|path| first.load_beside(path)).collect()
    }

    /// Refuses choices that nobody could make, because the command line starts the run.
    pub(super) fn check(&self, starts_from_the_page: bool) -> Result<(), String> {
        let named =
            [("--page-hosts", self.page_hosts.is_empty()), ("--page-scenarios", self.page_scenarios.is_empty())];
        match named.into_iter().find(|(_, is_empty)| !is_empty && !starts_from_the_page) {
            Some((option, _)) => Err(format!(
                "{option} has no effect where the command line starts the run: leave out users, rate, stages and iterations"
            )),
            None => Ok(()),
        }
    }
}
