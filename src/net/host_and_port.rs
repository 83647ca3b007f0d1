//! The host and the port of a server, as they are written in options and variables.

/// Why a text is not `host[:port]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidHost {
    /// There is no host, or it is not one.
    Host,
    /// What follows the host is not a port.
    Port(String),
}

/// Reads `host[:port]`; the port is the usual one where none is written. An IPv6 address is in brackets if a port follows,
/// and is given without them.
pub fn host_and_port(text: &str, usual: u16) -> Result<(String, u16), InvalidHost> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(InvalidHost::Host)?;
            let port = rest.strip_prefix(':');
            if port.is_none() && !rest.is_empty() {
                return Err(InvalidHost::Port(rest.to_owned()));
            }
            (host, port)
        }
        None if text.matches(':').count() > 1 => (text, None),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() || host.contains(|letter: char| letter.is_whitespace() || "[]".contains(letter)) {
        return Err(InvalidHost::Host);
    }
    let Some(port) = port else { return Ok((host.to_owned(), usual)) };
    let number = Some(port).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    let number = number.and_then(|port| port.parse().ok()).filter(|port| *port > 0);
    Ok((host.to_owned(), number.ok_or_else(|| InvalidHost::Port(port.to_owned()))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_with_or_without_its_port() {
        for (text, host, port) in [
            ("db", "db", 3306),
            ("db:1", "db", 1),
            ("127.0.0.1:65535", "127.0.0.1", 65535),
            ("::1", "::1", 3306),
            ("[::1]", "::1", 3306),
            ("[fe80::1]:33", "fe80::1", 33),
        ] {
            assert_eq!(host_and_port(text, 3306), Ok((host.to_owned(), port)), "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in ["", ":3306", "[]", "[]:1", "[::1", "db 1", "[::1]]:1"] {
            assert!(host_and_port(text, 3306).is_err(), "{text}");
        }
        for (text, port) in
            [("db:", ""), ("db:x", "x"), ("db:0", "0"), ("db:+1", "+1"), ("db:65536", "65536"), ("[::1]x", "x")]
        {
            assert_eq!(host_and_port(text, 3306), Err(InvalidHost::Port(port.to_owned())), "{text}");
        }
    }
}
