//! Where Redis is.

use storemgr::cache::Address;
use storemgr::units::Secret;

use super::environment::secret;
use crate::failure::Failure;

/// The options of every command that talks to Redis.
#[expect(clippy::struct_field_names, reason = "the flags carry the variables' names")]
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Redis (a password, if any: REDIS_PASSWORD or REDIS_PASSWORD_FILE)")]
pub(crate) struct RedisArgs {
    /// Host of Redis; without it nothing is cached
    #[arg(long, env = "REDIS_HOST", value_name = "HOST")]
    redis_host: Option<String>,
    /// Port
    #[arg(long, env = "REDIS_PORT", value_name = "PORT", default_value_t = 6379)]
    redis_port: u16,
    /// Database number
    #[arg(long, env = "REDIS_DB", value_name = "NUMBER", default_value_t = 0)]
    redis_db: u32,
}

impl RedisArgs {
    /// The address, or nothing when no host is configured.
    pub(crate) fn address(&self) -> Result<Option<Address>, Failure> {
        let Some(host) = self.redis_host.as_deref().map(str::trim).filter(|host| !host.is_empty()) else {
            return Ok(None);
        };
        let password = secret(&["REDIS_PASSWORD"])?.map(Secret::new);
        Ok(Some(Address { host: host.to_owned(), port: self.redis_port, database: self.redis_db, password }))
    }
}
