//! `redis-reachable`: Redis accepts our connection and says what it is.

use crate::cache;
use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "redis-reachable",
    expected: "Redis answers",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let address = deployment.redis_address()?;
    let place = address.to_string();
    match cache::server_facts(address, deployment.timeout).await {
        Ok(facts) => Ok(CheckOutcome::pass(format!("Redis {} at {place}", facts.version))),
        Err(error) => Ok(CheckOutcome::fail(
            format!("{place}: {error}"),
            "see that Redis runs there; until it does, every report is computed by the database",
        )),
    }
}
