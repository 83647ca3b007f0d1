//! `instances-live`: every instance answers `GET /live`.

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "instances-live",
    expected: "every instance answers GET /live",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let instances = deployment.instance_targets()?;
    let mut failures = Vec::new();
    for instance in instances {
        match deployment.get(instance, "/live").await {
            Ok(_) => {}
            Err(reason) => failures.push(format!("{instance}: {reason}")),
        }
    }
    if failures.is_empty() {
        let names: Vec<_> = instances.iter().map(ToString::to_string).collect();
        return Ok(CheckOutcome::pass(names.join(", ")));
    }
    Ok(CheckOutcome::fail(failures.join("\n"), "start it, or take it out of STOREMGR_INSTANCES"))
}
