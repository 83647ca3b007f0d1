//! The options and the password for Redis.

use storemgr::cache::Address;
use storemgr::units::Secret;

use super::environment::secret;
use crate::failure::Failure;

/// The options of every command that talks to Redis.
#[expect(clippy::struct_field_names, reason = "the flags carry the variables' names")]
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Redis (a password, if any: REDIS_PASSWORD or REDIS_PASSWORD_FILE)")]
pub(crate) struct RedisArgs {
    /// The host of Redis; without it no report is cached
    #[arg(long, env = "REDIS_HOST", value_name = "HOST")]
    redis_host: Option<String>,
    /// The port of Redis
    #[arg(long, env = "REDIS_PORT", value_name = "PORT", default_value_t = 6379)]
    redis_port: u16,
    /// The number of the Redis database
    #[arg(long, env = "REDIS_DB", value_name = "NUMBER", default_value_t = 0)]
    redis_db: u32,
}

impl RedisArgs {
    /// The address with its password; `None` if no host is configured.
    pub(crate) fn address(&self) -> Result<Option<Address>, Failure> {
        let Some(host) = self.redis_host.as_deref().map(str::trim).filter(|host| !host.is_empty()) else {
            return Ok(None);
        };
        let password = secret(&["REDIS_PASSWORD"])?.map(Secret::new);
        Ok(Some(Address { host: host.to_owned(), port: self.redis_port, database: self.redis_db, password }))
    }
}
