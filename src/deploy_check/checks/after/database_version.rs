//! `database-version`: the database has a version that the SQL is written for and tested on.

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "database-version",
    expected: "MySQL 8.4 or newer, or MariaDB 10.11 or newer",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let facts = deployment.session().await?.server_facts().await;
    let facts = facts.map_err(|error| CheckOutcome::fail(error.to_string(), "see the database's log"))?;
    // The version that MariaDB reports contains its name; MySQL's does not.
    let kind = if facts.is_mariadb() { "" } else { "MySQL " };
    let seen = format!("{kind}{}", facts.version);
    if facts.is_supported() {
        return Ok(CheckOutcome::pass(seen));
    }
    Ok(CheckOutcome::fail(seen, "upgrade the database; storemgr is not tested on this version"))
}
