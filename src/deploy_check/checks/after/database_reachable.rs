//! `database-reachable`: the database accepts a connection of the store's account.

use crate::db::Session;
use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "database-reachable",
    expected: "the database accepts a connection of the store's account",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let address = deployment.database_address()?;
    let place = address.servers.to_string();
    match Session::connect(address, deployment.timeout).await {
        Ok(_) => Ok(CheckOutcome::pass(format!("{place}, database {}, as {}", address.name, address.user))),
        Err(error) => Ok(CheckOutcome::fail(
            format!("{place}: {error}"),
            "see that the database runs there, and that DB_USER, DB_PASSWORD and DB_NAME are those of this deployment",
        )),
    }
}
