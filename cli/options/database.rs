//! The options and the password for the database.

use anyhow::anyhow;
use storemgr::db::Address;
use storemgr::units::Secret;

use super::environment::secret;
use crate::failure::Failure;

/// The advice of every command if no database is configured.
pub(crate) const NOTHING_CONFIGURED: &str =
    "run `storemgr stack up` to start a private one, or set DB_HOST, DB_NAME, DB_USER and DB_PASSWORD";

/// The options of every command that talks to the database.
#[expect(clippy::struct_field_names, reason = "the flags carry the variables' names")]
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Database (the password: DB_PASSWORD or DB_PASSWORD_FILE)")]
pub(crate) struct DatabaseArgs {
    /// The host of MySQL or MariaDB
    #[arg(long, env = "DB_HOST", value_name = "HOST")]
    db_host: Option<String>,
    /// The port of the database server
    #[arg(long, env = "DB_PORT", value_name = "PORT", default_value_t = 3306)]
    db_port: u16,
    /// The name of the database
    #[arg(long, env = "DB_NAME", value_name = "NAME", default_value = "store")]
    db_name: String,
    /// The user of the database
    #[arg(long, env = "DB_USER", value_name = "USER", default_value = "store")]
    db_user: String,
}

impl DatabaseArgs {
    /// Whether a database host is configured.
    pub(crate) fn is_configured(&self) -> bool {
        self.db_host.as_deref().is_some_and(|host| !host.trim().is_empty())
    }

    /// The address with its password. It is an error if no host is configured or the password file cannot be read.
    pub(crate) fn address(&self) -> Result<Address, Failure> {
        let host = self.db_host.as_deref().map(str::trim).filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| Failure::usage(anyhow!("no database is configured: {NOTHING_CONFIGURED}")))?;
        Ok(Address {
            host: host.to_owned(),
            port: self.db_port,
            name: self.db_name.clone(),
            user: self.db_user.clone(),
            password: Secret::new(secret(&["DB_PASSWORD", "DB_PASS"])?.unwrap_or_default()),
        })
    }
}
