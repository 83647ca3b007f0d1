//! `storemgr migrate`: brings the schema up to date.

use std::time::Duration;

use storemgr::db::{self, Address, DbError, MigrateError, Session};
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
    report_faults(&address).await
}

/// The longest wait for the database while it is checked.
const CHECK_LIMIT: Duration = Duration::from_secs(10);

/// Tells what else keeps the store from working on this database. The schema is current all the same, so this is known
/// before an instance starts and answers every order with 503.
async fn report_faults(address: &Address) -> CommandResult {
    let faults = async { Session::connect(address, CHECK_LIMIT).await?.setup_faults().await };
    let faults = faults.await.map_err(Failure::could_not_run)?;
    for fault in &faults {
        process::tell(&format!("storemgr: the database is not set up for the store: {fault}"));
    }
    Ok(if faults.is_empty() { Exit::Good } else { Exit::Usage })
}

/// A migration that was changed after it ran, or a setting or a right that is missing, is a mistake in the deployment; the
/// rest is a database that does not work.
fn failure(error: MigrateError) -> Failure {
    match error {
        MigrateError::Changed { .. } | MigrateError::Database(DbError::WrongSetup { .. }) => Failure::usage(error),
        MigrateError::Database(_)
        | MigrateError::Busy { .. }
        | MigrateError::TableInUse { .. }
        | MigrateError::Statement { .. } => Failure::could_not_run(error),
    }
}
