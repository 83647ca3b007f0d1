//! The options for what is watched while the load lasts.

use std::path::Path;

use storemgr::net::Target;
use storemgr::observe::{Observing, Subject};
use storemgr::process;
use storemgr::stack::Stack;

use super::groups::NOT_WITH_FIND_LIMIT;
use crate::failure::Failure;
use crate::options::observed_subjects;

/// The options under the heading "Observation".
#[derive(Debug, clap::Args)]
#[command(
    next_help_heading = "Observation (passwords, if any: OBSERVE_DB_PASSWORD and OBSERVE_REDIS_PASSWORD, or each with _FILE)"
)]
pub(crate) struct ObserveArgs {
    /// Watch a part of the service from outside while the load lasts, and say what explains its failures:
    /// mysql://user@host:port/database, redis://host:port or pid:NUMBER; repeatable. Nothing is changed there. A private
    /// stack of this directory is watched by itself
    #[arg(long, value_name = "WHAT", group = NOT_WITH_FIND_LIMIT)]
    observe: Vec<Subject>,
    /// Watch nothing, not even a private stack
    #[arg(long, conflicts_with = "observe", group = NOT_WITH_FIND_LIMIT)]
    no_observe: bool,
}

impl ObserveArgs {
    /// Begins to watch what was asked for, or else the private stack if it is under load; `None` if there is nothing to watch.
    pub(super) async fn start(&self, target: &Target) -> Result<Option<Observing>, Failure> {
        if !self.observe.is_empty() {
            let subjects = observed_subjects(&self.observe)?;
            return Observing::start(&subjects).await.map(Some).map_err(Failure::could_not_run);
        }
        if self.no_observe {
            return Ok(None);
        }
        let Ok(stack) = Stack::open(Path::new(".")) else { return Ok(None) };
        // Nobody asked for it, so that it must not end the run.
        Ok(observe_stack(&stack, target).await.unwrap_or_else(|error| {
            process::tell(&format!("storemgr: the private stack is not observed: {error}"));
            None
        }))
    }
}

/// Begins to watch the private stack if it is under load.
async fn observe_stack(stack: &Stack, target: &Target) -> anyhow::Result<Option<Observing>> {
    let subjects = stack.subjects(target).await?;
    Ok(if subjects.is_empty() { None } else { Some(Observing::start(&subjects).await?) })
}
