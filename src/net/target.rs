//! The address of a service: an `http://` or `https://` URL taken apart.

use std::fmt;

/// The scheme, host, port and path prefix of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    scheme: Scheme,
    host: String,
    port: u16,
    prefix: String,
}

/// How a service is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// As it is, on port 80 unless the address says otherwise.
    Http,
    /// With TLS, on port 443 unless the address says otherwise.
    Https,
}

/// Why a text is not the address of a service.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// It has a name or a password before the host, which would be shown wherever the address is.
    #[error(
        "an address with a user or a password in it is not taken, because it would be shown: send an Authorization \
         header instead"
    )]
    Credentials,
    /// It is not a URL, or it has parts that the address of a service does not have.
    #[error("{0:?} is not the address of a service: write it like http://127.0.0.1:5000, with a port from 1 to 65535")]
    Malformed(String),
}

impl Scheme {
    /// `http` or `https`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Target {
    /// Reads `http[s]://host[:port][/prefix]`; without a scheme it is `http`, and without a port that of the scheme.
    pub fn parse(text: &str) -> Result<Self, InvalidTarget> {
        let (target, path) = Self::split(text)?;
        if path.contains('?') || path.parse::<hyper::http::uri::PathAndQuery>().is_err() {
            return Err(InvalidTarget::Malformed(text.to_owned()));
        }
        Ok(Self { prefix: path.trim_end_matches('/').to_owned(), ..target })
    }

    /// Reads the URL of one resource: gives the service, without a prefix, and the path with its query.
    pub fn parse_url(text: &str) -> Result<(Self, String), InvalidTarget> {
        let (target, path) = Self::split(text)?;
        Ok((target, path))
    }

    fn split(text: &str) -> Result<(Self, String), InvalidTarget> {
        let malformed = || InvalidTarget::Malformed(text.to_owned());
        let (scheme, bare) = scheme(text.trim());
        // The path of one resource may have placeholders, which no URL library reads.
        let end = bare.find(['/', '?', '#']).unwrap_or(bare.len());
        let (authority, path) = bare.split_at(end);
        if authority.contains('@') {
            return Err(InvalidTarget::Credentials);
        }
        let authority: hyper::http::uri::Authority = authority.parse().map_err(|_| malformed())?;
        if path.contains("://") || path.contains('#') || authority.host().is_empty() {
            return Err(malformed());
        }
        // The URL library treats an invalid port as a missing one.
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => scheme.port(),
            Some(behind) => port(behind).ok_or_else(malformed)?,
            None => return Err(malformed()),
        };
        let slash = if path.starts_with('/') { "" } else { "/" };
        let path = format!("{slash}{path}");
        Ok((Self { scheme, host: authority.host().to_owned(), port, prefix: String::new() }, path))
    }

    /// A service on this machine's loopback interface, 127.0.0.1, without TLS.
    pub fn loopback(port: u16) -> Self {
        Self { scheme: Scheme::Http, host: "127.0.0.1".to_owned(), port, prefix: String::new() }
    }

    /// Whether it is spoken to with TLS, or without.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host, and the port unless it is that of the scheme, as the Host header has them (RFC 9110, section 7.2).
    pub fn authority(&self) -> String {
        if self.port == self.scheme.port() { self.host.clone() } else { self.address() }
    }

    /// The host and the port, which is always there.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The host; an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host as resolvers and certificates have it: an IPv6 address without brackets.
    pub fn host_name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
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
        write!(formatter, "{}://{}{}", self.scheme.name(), self.address(), self.prefix)
    }
}

/// Takes the scheme off a URL. Schemes are written in any case (RFC 3986, section 3.1).
fn scheme(text: &str) -> (Scheme, &str) {
    for scheme in [Scheme::Http, Scheme::Https] {
        let name = scheme.name();
        if let Some((start, rest)) = text.split_at_checked(name.len())
            && start.eq_ignore_ascii_case(name)
            && let Some(bare) = rest.strip_prefix("://")
        {
            return (scheme, bare);
        }
    }
    (Scheme::Http, text)
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
            ("https://shop.example/", "https://shop.example:443"),
            ("HTTPS://shop.example:80", "https://shop.example:80"),
        ] {
            assert_eq!(Target::parse(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_the_address_of_a_service() {
        for text in ["", "http://", "https://", "ftp://store", "http://a b", "http://store?x=1", "store:0"] {
            assert!(matches!(Target::parse(text), Err(InvalidTarget::Malformed(_))), "{text:?}");
        }
        for text in ["http://user:pw@store", "https://token@store/x", "user:pw@store"] {
            let error = Target::parse(text).unwrap_err();
            assert_eq!(error, InvalidTarget::Credentials, "{text:?}");
            assert!(!error.to_string().contains("pw") && !error.to_string().contains("token"), "{error}");
        }
    }

    #[test]
    fn the_host_header_has_no_port_that_the_scheme_implies() {
        for (text, authority, address) in [
            ("http://name", "name", "name:80"),
            ("http://name:443", "name:443", "name:443"),
            ("https://name:443/x", "name", "name:443"),
            ("https://name:80", "name:80", "name:80"),
            ("http://[::1]", "[::1]", "[::1]:80"),
        ] {
            let target = Target::parse(text).unwrap();
            assert_eq!((target.authority().as_str(), target.address().as_str()), (authority, address), "{text}");
        }
        assert_eq!(Target::parse("http://[::1]").unwrap().host_name(), "::1");
    }

    #[test]
    fn the_url_of_a_resource_is_a_service_and_a_path() {
        for (text, service, path) in [
            ("https://shop.example/items?page=2&x=%20", "https://shop.example:443", "/items?page=2&x=%20"),
            ("shop.example:8080", "http://shop.example:8080", "/"),
            ("http://shop.example/a/", "http://shop.example:80", "/a/"),
            ("http://shop.example?page=2", "http://shop.example:80", "/?page=2"),
            ("http://shop.example/{{random(1, 9)}}", "http://shop.example:80", "/{{random(1, 9)}}"),
        ] {
            let (target, found) = Target::parse_url(text).unwrap();
            assert_eq!((target.to_string().as_str(), found.as_str()), (service, path), "{text}");
        }
        assert!(Target::parse_url("ftp://x/y").is_err());
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
