//! Where the database may be: one server, or the members of a group.

use std::fmt;

use crate::net::{InvalidHost, host_and_port};

/// The address of one server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// Host name or IP address; an IPv6 address without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// The servers that may be asked, in the order in which they were given; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Servers(Vec<Server>);

/// Why a list of servers cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServers {
    /// The list is empty, or has an empty place.
    #[error("a host is missing: write host[:port], and a comma between two")]
    Missing,
    /// What follows the last colon is not a port.
    #[error("{0} is not a port: ports go from 1 to 65535")]
    Port(String),
}

impl Server {
    /// A server by its host and port.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    fn parse(text: &str, default_port: u16) -> Result<Self, InvalidServers> {
        let (host, port) = host_and_port(text, default_port)?;
        Ok(Self { host, port })
    }
}

impl From<InvalidHost> for InvalidServers {
    fn from(invalid: InvalidHost) -> Self {
        match invalid {
            InvalidHost::Host => Self::Missing,
            InvalidHost::Port(port) => Self::Port(port),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            return write!(formatter, "[{}]:{}", self.host, self.port);
        }
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

impl Servers {
    /// One server.
    pub fn one(host: impl Into<String>, port: u16) -> Self {
        Self(vec![Server::new(host, port)])
    }

    /// Servers of this machine, by their ports.
    pub fn on_loopback(ports: impl Iterator<Item = u16>) -> Self {
        Self(ports.map(|port| Server::new("127.0.0.1", port)).collect())
    }

    /// Reads `host[:port],host[:port]`; the port is the given one where none is written.
    pub fn parse(text: &str, default_port: u16) -> Result<Self, InvalidServers> {
        let servers = text.split(',').map(|one| Server::parse(one.trim(), default_port));
        servers.collect::<Result<_, _>>().map(Self)
    }

    /// All of them.
    pub fn all(&self) -> &[Server] {
        &self.0
    }
}

impl fmt::Display for Servers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        formatter.write_str(&places.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_hosts_and_perhaps_ports() {
        let read = |text| Servers::parse(text, 3306).map(|servers| servers.to_string());
        assert_eq!(read("db").unwrap(), "db:3306");
        assert_eq!(read("db1:1, db2 ,10.0.0.3:3").unwrap(), "db1:1, db2:3306, 10.0.0.3:3");
        assert_eq!(read("[::1]:7,fe80::2").unwrap(), "[::1]:7, [fe80::2]:3306");
        for text in ["", "db1,,db2", "db,", ":3306"] {
            assert_eq!(read(text), Err(InvalidServers::Missing), "{text:?}");
        }
        for (text, port) in [("db:x", "x"), ("db:0", "0"), ("db:65536", "65536"), ("[::1]:", "")] {
            assert_eq!(read(text), Err(InvalidServers::Port(port.to_owned())), "{text:?}");
        }
    }
}
