//! `storemgr migrate`: brings the schema up to date.

use storemgr::db::{self, MigrateError};
use storemgr::process::Exit;

use crate::failure::{CommandResult, Failure};
use crate::options::DatabaseArgs;
use crate::output;

/// Bring the database schema up to date; safe to run from several places at once
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(crate) async fn run(args: Args) -> CommandResult {
    let address = args.database.address()?;
    let migrated = db::migrate(&address).await.map_err(failure)?;
    let sentence = if migrated.from == migrated.to {
        format!("The schema of {} is current (version {}).", address.name, migrated.to)
    } else {
        format!("The schema of {} went from version {} to {}.", address.name, migrated.from, migrated.to)
    };
    output::say(&sentence)?;
    Ok(Exit::Good)
}

/// A migration that was changed after it ran is a mistake in the program or the deployment; the rest is a database that
/// does not work.
fn failure(error: MigrateError) -> Failure {
    match error {
        MigrateError::Changed { .. } => Failure::usage(error),
        MigrateError::Database(_)
        | MigrateError::Busy { .. }
        | MigrateError::TableInUse { .. }
        | MigrateError::Statement { .. } => Failure::could_not_run(error),
    }
}
