//! The address of a Redis server.

use crate::units::Secret;

/// The address of a Redis server, and the database and password to use on it.
#[derive(Clone, Debug)]
pub struct Address {
    /// Host name or IP address, such as `127.0.0.1`.
    pub host: String,
    /// TCP port; 6379 by default.
    pub port: u16,
    /// The index of the database, from 0.
    pub database: u32,
    /// The password; `None` for a server that does not ask for one.
    pub password: Option<Secret>,
}

impl Address {
    pub(super) fn connection_info(&self) -> Result<redis::ConnectionInfo, redis::RedisError> {
        let mut settings = redis::RedisConnectionInfo::default().set_db(i64::from(self.database));
        if let Some(password) = &self.password {
            settings = settings.set_password(password.reveal());
        }
        let address = redis::ConnectionAddr::Tcp(self.host.clone(), self.port);
        Ok(redis::IntoConnectionInfo::into_connection_info(address)?.set_redis_settings(settings))
    }
}
