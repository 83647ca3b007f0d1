//! The options and the password for Redis.

use std::ffi::OsString;

use anyhow::anyhow;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, FromArgMatches};
use storemgr::cache::{Address, Place};
use storemgr::units::Secret;

use super::environment::secret;
use super::tls::{TlsFiles, TlsMode};
use crate::failure::Failure;

/// The options of every command that talks to Redis, as they hold together.
#[derive(Clone, Debug)]
pub(crate) struct RedisArgs(Options);

impl FromArgMatches for RedisArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut options = Options::from_arg_matches(matches)?;
        let is_typed = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
        // A flag counts more than a variable: the Sentinels may be those of a stack in this directory.
        if is_typed("redis_host") && !is_typed("redis_sentinels") {
            options.redis_sentinels = None;
        }
        Ok(Self(options))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for RedisArgs {
    fn augment_args(command: Command) -> Command {
        Options::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Options::augment_args_for_update(command)
    }
}

#[expect(clippy::struct_field_names, reason = "the flags carry the variables' names")]
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Redis (a password, if any: REDIS_PASSWORD or REDIS_PASSWORD_FILE)")]
struct Options {
    /// The host of Redis; without it no report is cached
    #[arg(long, env = "REDIS_HOST", value_name = "HOST")]
    redis_host: Option<String>,
    /// The port of Redis
    #[arg(long, env = "REDIS_PORT", value_name = "PORT", default_value_t = 6379)]
    redis_port: u16,
    /// The number of the Redis database
    #[arg(long, env = "REDIS_DB", value_name = "NUMBER", default_value_t = 0)]
    redis_db: u32,
    /// The account on Redis (ACL); without it the default one
    #[arg(long, env = "REDIS_USER", value_name = "USER")]
    redis_user: Option<String>,
    /// The Sentinels that know the master of a Redis with replicas; they replace --redis-host, unless that is
    /// given as a flag and they are not (their own password, if any:
    /// REDIS_SENTINEL_PASSWORD or REDIS_SENTINEL_PASSWORD_FILE)
    #[arg(long, env = "REDIS_SENTINELS", value_name = "HOST[:PORT],…")]
    redis_sentinels: Option<String>,
    /// The name under which the Sentinels watch the master
    #[arg(long, env = "REDIS_SENTINEL_NAME", value_name = "NAME", default_value = "storemgr")]
    redis_sentinel_name: String,
    /// Whether connections to Redis and its Sentinels are encrypted: off, require (nobody is checked), or verify (the
    /// certificate must be for the host, and signed by an authority of --redis-tls-ca)
    #[arg(long, env = "REDIS_TLS", value_name = "MODE", default_value = "off", value_parser = TlsMode::parse)]
    redis_tls: TlsMode,
    /// The certificates, in PEM, of the only authorities that may sign the server's; without it those of this system
    #[arg(long, env = "REDIS_TLS_CA", value_name = "FILE")]
    redis_tls_ca: Option<OsString>,
    /// Our certificate with its chain, in PEM, for a server that asks for one
    #[arg(long, env = "REDIS_TLS_CERT", value_name = "FILE")]
    redis_tls_cert: Option<OsString>,
    /// The private key of that certificate, in PEM
    #[arg(long, env = "REDIS_TLS_KEY", value_name = "FILE")]
    redis_tls_key: Option<OsString>,
}

impl RedisArgs {
    /// The address with its password; `None` if no host is configured.
    pub(crate) fn address(&self) -> Result<Option<Address>, Failure> {
        let Some(place) = self.place()? else { return Ok(None) };
        let Self(options) = self;
        let password = secret(&["REDIS_PASSWORD"])?.map(Secret::new);
        let files = TlsFiles { ca: &options.redis_tls_ca, cert: &options.redis_tls_cert, key: &options.redis_tls_key };
        let tls = files.options(options.redis_tls, "REDIS_TLS")?;
        let user = options.redis_user.clone().filter(|user| !user.trim().is_empty());
        Ok(Some(Address { place, database: options.redis_db, user, password, tls }))
    }

    fn place(&self) -> Result<Option<Place>, Failure> {
        let Self(options) = self;
        if let Some(list) = given(options.redis_sentinels.as_ref()) {
            let password = secret(&["REDIS_SENTINEL_PASSWORD"])?.filter(|text| !text.is_empty()).map(Secret::new);
            let place = Place::sentinels(list, options.redis_sentinel_name.trim(), password);
            let wrong = || {
                Failure::usage(anyhow!("REDIS_SENTINELS cannot be used: write host[:port], and a comma between two"))
            };
            return place.ok_or_else(wrong).map(Some);
        }
        Ok(given(options.redis_host.as_ref())
            .map(|host| Place::Server { host: host.to_owned(), port: options.redis_port }))
    }
}

/// What was given, without spaces around it; `None` if that is nothing.
fn given(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use clap::Args as _;

    use super::*;

    fn place(arguments: &[&str]) -> Option<Place> {
        let command = RedisArgs::augment_args(Command::new("storemgr"))
            .mut_arg("redis_sentinels", |arg| arg.env(None).default_value("s1,s2"));
        let matches = command.get_matches_from([&["storemgr"], arguments].concat());
        RedisArgs::from_arg_matches(&matches).unwrap().place().unwrap_or_else(|_| panic!("{arguments:?}"))
    }

    #[test]
    fn a_host_that_is_typed_counts_more_than_sentinels_that_are_not() {
        assert!(matches!(place(&[]), Some(Place::Sentinels { .. })));
        assert!(matches!(place(&["--redis-host", "r"]), Some(Place::Server { host, port: 6379 }) if host == "r"));
        let both = ["--redis-host", "r", "--redis-sentinels", "s3"];
        assert!(matches!(place(&both), Some(Place::Sentinels { sentinels, .. }) if sentinels.len() == 1));
    }
}
