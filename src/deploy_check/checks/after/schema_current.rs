//! `schema-current`: every migration that this program knows is applied.

use crate::db::SchemaState;
use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "schema-current",
    expected: "the schema this program knows, unchanged",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let state = deployment.session().await?.schema_state().await;
    let state = state.map_err(|error| CheckOutcome::fail(error.to_string(), "see the database's log"))?;
    Ok(match state {
        SchemaState::Current { version } => CheckOutcome::pass(format!("version {version}")),
        SchemaState::Behind { version, needed } => CheckOutcome::fail(
            format!("version {version}, and {needed} is needed"),
            "run `storemgr migrate`, or start an instance, which does the same",
        ),
        SchemaState::Changed { version } => CheckOutcome::fail(
            format!("migration {version} is not the one this program knows"),
            "deploy the program that belongs to this database, or restore the migration's file",
        ),
    })
}
