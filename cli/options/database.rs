//! The options and the password for the database.

use std::ffi::OsString;

use anyhow::{Context, anyhow};
use storemgr::db::{Address, Servers};
use storemgr::units::Secret;

use super::environment::secret;
use super::tls::{TlsFiles, TlsMode};
use crate::failure::Failure;

/// The advice of every command if no database is configured.
pub(crate) const NOTHING_CONFIGURED: &str =
    "run `storemgr stack up` to start a private one, or set DB_HOST, DB_NAME, DB_USER and DB_PASSWORD";

/// The options of every command that talks to the database.
#[expect(clippy::struct_field_names, reason = "the flags carry the variables' names")]
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Database (the password: DB_PASSWORD or DB_PASSWORD_FILE)")]
pub(crate) struct DatabaseArgs {
    /// The host of MySQL or MariaDB, or members of a MySQL group, of which the one that takes writes is used
    #[arg(long, env = "DB_HOST", value_name = "HOST[:PORT],…")]
    db_host: Option<String>,
    /// The port of the database servers whose host has none
    #[arg(long, env = "DB_PORT", value_name = "PORT", default_value_t = 3306)]
    db_port: u16,
    /// The name of the database
    #[arg(long, env = "DB_NAME", value_name = "NAME", default_value = "store")]
    db_name: String,
    /// The user of the database
    #[arg(long, env = "DB_USER", value_name = "USER", default_value = "store")]
    db_user: String,
    /// Whether connections to the database are encrypted: off, require (the server is not checked), or verify (its
    /// certificate must be for its host, and signed by an authority of --db-tls-ca)
    #[arg(long, env = "DB_TLS", value_name = "MODE", default_value = "off", value_parser = TlsMode::parse)]
    db_tls: TlsMode,
    /// The certificates, in PEM, of the only authorities that may sign the server's; without it those that browsers trust
    #[arg(long, env = "DB_TLS_CA", value_name = "FILE")]
    db_tls_ca: Option<OsString>,
    /// Our certificate with its chain, in PEM, for a server that asks for one
    #[arg(long, env = "DB_TLS_CERT", value_name = "FILE")]
    db_tls_cert: Option<OsString>,
    /// The private key of that certificate, in PEM
    #[arg(long, env = "DB_TLS_KEY", value_name = "FILE")]
    db_tls_key: Option<OsString>,
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
        let servers = Servers::parse(host, self.db_port).context("DB_HOST cannot be used").map_err(Failure::usage)?;
        let files = TlsFiles { ca: &self.db_tls_ca, cert: &self.db_tls_cert, key: &self.db_tls_key };
        Ok(Address {
            servers,
            tls: files.options(self.db_tls, "DB_TLS")?,
            name: self.db_name.clone(),
            user: self.db_user.clone(),
            password: Secret::new(secret(&["DB_PASSWORD", "DB_PASS"])?.unwrap_or_default()),
        })
    }
}
