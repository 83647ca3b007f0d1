//! `schema-current`: every migration that this program knows is applied, and the account may write.

use crate::db::SchemaState;
use crate::deploy_check::checks::{Check, Probe, settle};
use crate::deploy_check::finding::Outcome;
use crate::deploy_check::surroundings::Surroundings;

pub(crate) const CHECK: Check = Check {
    id: "schema-current",
    expected: "the schema this program knows, unchanged, and the rights and settings to write",
    probe: Probe::Running(|surroundings| Box::pin(settle(check(surroundings)))),
};

async fn check(surroundings: &Surroundings) -> Result<Outcome, Outcome> {
    let mut session = surroundings.session().await?;
    let state = session.schema_state().await;
    let state = state.map_err(|error| Outcome::fail(error.to_string(), "see the database's log"))?;
    Ok(match state {
        SchemaState::Current { version } => match session.setup_faults().await {
            Ok(faults) if faults.is_empty() => Outcome::pass(format!("version {version}")),
            Ok(faults) => Outcome::fail(faults.join("; "), "correct it: the store answers 503 until then"),
            Err(error) => Outcome::fail(error.to_string(), "see the database's log"),
        },
        SchemaState::Behind { version, needed } => Outcome::fail(
            format!("version {version}, and {needed} is needed"),
            "run `storemgr migrate`, or start an instance, which does the same",
        ),
        SchemaState::Changed { version } => Outcome::fail(
            format!("migration {version} is not the one this program knows"),
            "deploy the program that belongs to this database, or restore the migration's file",
        ),
    })
}
