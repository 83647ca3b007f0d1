//! What a check is: a name, what it expects, and a function that looks and never fails.

use std::pin::Pin;

use crate::deploy_check::files::Files;
use crate::deploy_check::finding::{CheckOutcome, Phase};
use crate::deploy_check::running_deployment::RunningDeployment;

/// One check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Its name.
    pub id: &'static str,
    /// What it expects to see, one sentence.
    pub expected: &'static str,
    pub(in crate::deploy_check) probe: Probe,
}

impl Check {
    /// When it can be made.
    pub const fn phase(&self) -> Phase {
        match self.probe {
            Probe::Files(_) => Phase::Before,
            Probe::Running(_) => Phase::After,
        }
    }
}

/// What a check looks at, and how.
#[derive(Clone, Copy, Debug)]
pub(in crate::deploy_check) enum Probe {
    /// The files of a deployment.
    Files(for<'a> fn(&'a Files) -> RunningCheck<'a>),
    /// What runs.
    Running(for<'a> fn(&'a RunningDeployment) -> RunningCheck<'a>),
}

/// A check under way.
pub(in crate::deploy_check) type RunningCheck<'a> = Pin<Box<dyn Future<Output = CheckOutcome> + Send + 'a>>;

/// Runs a check's steps: an early end is an outcome too.
pub(super) async fn settle(steps: impl Future<Output = Result<CheckOutcome, CheckOutcome>>) -> CheckOutcome {
    steps.await.unwrap_or_else(|early| early)
}

/// The same for a check that only reads: nothing to wait for.
pub(super) fn told<'a>(result: Result<CheckOutcome, CheckOutcome>) -> RunningCheck<'a> {
    Box::pin(std::future::ready(result.unwrap_or_else(|early| early)))
}
