//! The address of a Redis server, or of the Sentinels that know it.

use std::fmt;

use redis::{ClientTlsConfig, ConnectionAddr, RedisError, TlsCertificates};

use crate::net::{TlsOptions, host_and_port};
use crate::units::Secret;

/// Where a Redis is, and the database and account to use on it.
#[derive(Clone, Debug)]
pub struct Address {
    /// The server itself, or who knows it.
    pub place: Place,
    /// The index of the database, from 0.
    pub database: u32,
    /// The name of the account (ACL); `None` for the default one.
    pub user: Option<String>,
    /// The password; `None` for a server that does not ask for one.
    pub password: Option<Secret>,
    /// How connections are encrypted and servers are checked, the Sentinels too; `None` for connections in clear.
    pub tls: Option<TlsOptions>,
}

/// Where a Redis is.
#[derive(Clone, Debug)]
pub enum Place {
    /// One server.
    Server {
        /// Host name or IP address, such as `127.0.0.1`.
        host: String,
        /// TCP port; 6379 by default.
        port: u16,
    },
    /// The master that Sentinels name.
    Sentinels {
        /// Host and port of each.
        sentinels: Vec<(String, u16)>,
        /// The name under which they watch the master.
        name: String,
        /// Their own password; `None` if they ask for none.
        password: Option<Secret>,
    },
}

/// The port of a Sentinel where none is written.
const SENTINEL_PORT: u16 = 26_379;

impl Place {
    /// Sentinels from `host[:port],host[:port]`; `None` if a place of the list is empty or a port is not one.
    pub fn sentinels(list: &str, name: &str, password: Option<Secret>) -> Option<Self> {
        let one = |text: &str| host_and_port(text.trim(), SENTINEL_PORT).ok();
        let sentinels = list.split(',').map(one).collect::<Option<_>>()?;
        Some(Self::Sentinels { sentinels, name: name.to_owned(), password })
    }
}

impl Address {
    /// A server without an account, in clear.
    pub fn server(host: impl Into<String>, port: u16, database: u32) -> Self {
        Self { place: Place::Server { host: host.into(), port }, database, user: None, password: None, tls: None }
    }

    /// The address of a host, with TLS if it is asked for.
    pub(super) fn of_host(&self, host: &str, port: u16) -> ConnectionAddr {
        match &self.tls {
            None => ConnectionAddr::Tcp(host.to_owned(), port),
            Some(tls) => {
                ConnectionAddr::TcpTls { host: host.to_owned(), port, insecure: tls.insecure, tls_params: None }
            }
        }
    }

    /// The account and the database.
    pub(super) fn settings(&self) -> redis::RedisConnectionInfo {
        let mut settings = redis::RedisConnectionInfo::default().set_db(i64::from(self.database));
        if let Some(user) = &self.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &self.password {
            settings = settings.set_password(password.reveal());
        }
        settings
    }

    /// The certificates, read from their files; `None` without TLS.
    pub(super) fn certificates(&self) -> Result<Option<TlsCertificates>, RedisError> {
        let Some(tls) = &self.tls else { return Ok(None) };
        let client_tls = match &tls.identity {
            None => None,
            Some((chain, key)) => {
                Some(ClientTlsConfig { client_cert: std::fs::read(chain)?, client_key: std::fs::read(key)? })
            }
        };
        let root_cert = tls.authorities.as_ref().map(std::fs::read).transpose()?;
        Ok(Some(TlsCertificates { client_tls, root_cert }))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Server { host, port } => write!(formatter, "{host}:{port}"),
            Place::Sentinels { sentinels, name, .. } => {
                let places: Vec<_> = sentinels.iter().map(|(host, port)| format!("{host}:{port}")).collect();
                write!(formatter, "{name}, as known to the Sentinels {}", places.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentinels_are_a_list_of_hosts_and_perhaps_ports() {
        let read = |list| {
            let place = Place::sentinels(list, "reports", None)?;
            Some(Address { place, ..Address::server("", 0, 0) }.to_string())
        };
        assert_eq!(read("a:1, b").unwrap(), "reports, as known to the Sentinels a:1, b:26379");
        for list in ["", "a,", ":1", "a:x", "a:99999"] {
            assert_eq!(read(list), None, "{list:?}");
        }
    }
}
