//! `schema-current`: every migration that this program knows is applied, and the account may write.

use crate::db::SchemaState;
use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "schema-current",
    expected: "the schema this program knows, unchanged, and the rights and settings to write",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let mut session = deployment.session().await?;
    let state = session.schema_state().await;
    let state = state.map_err(|error| CheckOutcome::fail(error.to_string(), "see the database's log"))?;
    Ok(match state {
        SchemaState::Current { version } => match session.setup_faults().await {
            Ok(faults) if faults.is_empty() => CheckOutcome::pass(format!("version {version}")),
            Ok(faults) => CheckOutcome::fail(faults.join("; "), "correct it: the store answers 503 until then"),
            Err(error) => CheckOutcome::fail(error.to_string(), "see the database's log"),
        },
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
