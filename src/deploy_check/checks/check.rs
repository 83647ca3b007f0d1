//! The type of a check: a name, an expectation, and a function that returns what it saw as data.

use std::pin::Pin;

use crate::deploy_check::files::Files;
use crate::deploy_check::finding::{CheckOutcome, Phase};
use crate::deploy_check::running_deployment::RunningDeployment;

/// One check; each is a constant in a file of its own.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The name, for tables and for `--only` and `--skip`; unique.
    pub id: &'static str,
    /// One sentence that says what a sound deployment shows.
    pub expected: &'static str,
    pub(in crate::deploy_check) probe: Probe,
}

impl Check {
    /// The phase in which the check is made; it follows from what it looks at.
    pub const fn phase(&self) -> Phase {
        match self.probe {
            Probe::Files(_) => Phase::Before,
            Probe::Running(_) => Phase::After,
        }
    }
}

/// The function of a check, by what it looks at.
#[derive(Clone, Copy, Debug)]
pub(in crate::deploy_check) enum Probe {
    /// Looks at the files of a deployment; nothing needs to run.
    Files(for<'a> fn(&'a Files) -> RunningCheck<'a>),
    /// Asks a running deployment.
    Running(for<'a> fn(&'a RunningDeployment) -> RunningCheck<'a>),
}

/// The future of a check that was started.
pub(in crate::deploy_check) type RunningCheck<'a> = Pin<Box<dyn Future<Output = CheckOutcome> + Send + 'a>>;

/// Runs a check's steps. `Err` is an outcome, too: it lets a step end the check early with `?`.
pub(super) async fn outcome_of(steps: impl Future<Output = Result<CheckOutcome, CheckOutcome>>) -> CheckOutcome {
    steps.await.unwrap_or_else(|early| early)
}

/// The same for a check that reads files only and has nothing to wait for.
pub(super) fn finished<'a>(result: Result<CheckOutcome, CheckOutcome>) -> RunningCheck<'a> {
    Box::pin(std::future::ready(result.unwrap_or_else(|early| early)))
}
