//! The address of a service: an `http://` URL taken apart.

use std::fmt;

/// The host, port and path prefix of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
    prefix: String,
}

/// Why a text is not the address of a service.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// It is an https address, and only plain HTTP is supported.
    #[error("{0:?} needs TLS, which storemgr does not speak: give an http:// address")]
    Tls(String),
    /// It is not a URL, or it has parts that the address of a service does not have.
    #[error("{0:?} is not the address of a service: write it like http://127.0.0.1:5000, with a port from 1 to 65535")]
    Malformed(String),
}

impl Target {
    /// Reads `http://host[:port][/prefix]`; the scheme may be left out, and the port is then 80 unless given.
    pub fn parse(text: &str) -> Result<Self, InvalidTarget> {
        let malformed = || InvalidTarget::Malformed(text.to_owned());
        let trimmed = text.trim();
        if trimmed.starts_with("https://") {
            return Err(InvalidTarget::Tls(text.to_owned()));
        }
        let bare = trimmed.strip_prefix("http://").unwrap_or(trimmed);
        let uri: hyper::Uri = format!("http://{bare}").parse().map_err(|_| malformed())?;
        let authority = uri.authority().ok_or_else(malformed)?;
        if bare.contains("://") || authority.as_str().contains('@') || uri.query().is_some() || uri.host() == Some("") {
            return Err(malformed());
        }
        // The URL library treats an invalid port as a missing one.
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => 80,
            Some(behind) => port(behind).ok_or_else(malformed)?,
            None => return Err(malformed()),
        };
        Ok(Self { host: authority.host().to_owned(), port, prefix: uri.path().trim_end_matches('/').to_owned() })
    }

    /// A service on this machine's loopback interface, 127.0.0.1.
    pub fn loopback(port: u16) -> Self {
        Self { host: "127.0.0.1".to_owned(), port, prefix: String::new() }
    }

    /// `host:port`, as the Host header and the resolver need it.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The host; an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port, from 1 to 65535.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path prefix, empty or starting with a slash.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}:{}{}", self.host, self.port, self.prefix)
    }
}

/// Reads a colon and a number from 1 to 65535.
fn port(text: &str) -> Option<u16> {
    let digits = text.strip_prefix(':').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok().filter(|port| *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, shown) in [
            ("http://localhost:5000", "http://localhost:5000"),
            ("localhost:5000/", "http://localhost:5000"),
            ("http://store", "http://store:80"),
            ("store:65535", "http://store:65535"),
            ("http://[::1]", "http://[::1]:80"),
            ("http://[::1]:5000/api/", "http://[::1]:5000/api"),
        ] {
            assert_eq!(Target::parse(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn refuses_addresses_that_are_not_plain_http() {
        assert!(matches!(Target::parse("https://store"), Err(InvalidTarget::Tls(_))));
        for text in ["", "http://", "ftp://store", "http://a b", "http://user:pw@store", "http://store?x=1", "store:0"]
        {
            assert!(matches!(Target::parse(text), Err(InvalidTarget::Malformed(_))), "{text:?}");
        }
    }

    #[test]
    fn refuses_an_invalid_port() {
        for port in ["", "0", "65536", "99999", "abc", "-5", "+5", "5000x"] {
            for host in ["127.0.0.1", "http://store", "http://[::1]"] {
                let text = format!("{host}:{port}");
                assert_eq!(Target::parse(&text), Err(InvalidTarget::Malformed(text.clone())));
            }
            let text = format!("http://store:{port}/api");
            assert_eq!(Target::parse(&text), Err(InvalidTarget::Malformed(text.clone())));
        }
    }
}
