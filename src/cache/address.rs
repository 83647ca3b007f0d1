//! Where Redis is.

use crate::units::Secret;

/// Where Redis is.
#[derive(Clone, Debug)]
pub struct Address {
    /// Host name or IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The number of the database.
    pub database: u32,
    /// The password, if one is asked for.
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
