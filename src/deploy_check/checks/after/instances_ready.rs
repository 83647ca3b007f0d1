//! `instances-ready`: every instance is ready to take requests.

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "instances-ready",
    expected: "every instance answers GET /ready with 200",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let instances = deployment.instance_targets()?;
    let (mut ready, mut failures) = (Vec::new(), Vec::new());
    for instance in instances {
        match deployment.get(instance, "/ready").await {
            Ok(_) => ready.push(instance.to_string()),
            // instances-live reports it.
            Err(_) if deployment.get(instance, "/live").await.is_err() => {}
            Err(reason) => failures.push(format!("{instance}: {reason}")),
        }
    }
    if ready.is_empty() && failures.is_empty() {
        return Err(CheckOutcome::skip("no instance answers", "see instances-live"));
    }
    if failures.is_empty() {
        return Ok(CheckOutcome::pass(ready.join(", ")));
    }
    if let Some(other) = deployment.database_fault().await {
        return Err(CheckOutcome::skip(failures.join("\n"), format!("see {other}")));
    }
    Ok(CheckOutcome::fail(failures.join("\n"), "the instance says what it waits for; its log says more"))
}
