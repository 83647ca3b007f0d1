//! `schema-current`: every migration that this program knows is applied.

use crate::db::SchemaState;
use crate::deploy_check::checks::{Check, Probe, settle};
use crate::deploy_check::finding::Outcome;
use crate::deploy_check::surroundings::Surroundings;

pub(crate) const CHECK: Check = Check {
    id: "schema-current",
    expected: "the schema this program knows, unchanged",
    probe: Probe::Running(|surroundings| Box::pin(settle(check(surroundings)))),
};

async fn check(surroundings: &Surroundings) -> Result<Outcome, Outcome> {
    let state = surroundings.session().await?.schema_state().await;
    let state = state.map_err(|error| Outcome::fail(error.to_string(), "see the database's log"))?;
    Ok(match state {
        SchemaState::Current { version } => Outcome::pass(format!("version {version}")),
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
