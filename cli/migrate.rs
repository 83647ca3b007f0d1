//! `storemgr migrate`: brings the schema up to date.

use storemgr::db::{self, MigrateError};
use storemgr::process::{self, Exit, LogFormat};

use crate::failure::{CommandResult, Failure};
use crate::options::DatabaseArgs;
use crate::output;

/// Bring the database schema up to date while the store works; safe to run again after being killed, and from several places
/// at once
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(crate) async fn run(args: Args) -> CommandResult {
    let address = args.database.address()?;
    // What is applied, and what is waited for, is told while it happens.
    process::init_log(LogFormat::Text, "info").map_err(|sentence| Failure::usage(anyhow::anyhow!(sentence)))?;
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
