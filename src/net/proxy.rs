//! A tunnel through an HTTP proxy (RFC 9110, section 9.3.6).

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::NetError;
use super::reply::{self, MOST_HEAD_BYTES};
use super::target::{InvalidTarget, Scheme, Target};
use crate::units::Secret;

/// An HTTP proxy.
#[derive(Clone, Debug)]
pub struct Proxy {
    pub(super) target: Target,
    authorization: Option<Secret>,
}

/// Why a text is not the address of a proxy.
#[derive(Debug, thiserror::Error)]
pub enum InvalidProxy {
    /// It is not a URL, or has a user in it.
    #[error(transparent)]
    Address(#[from] InvalidTarget),
    /// It has a scheme or a path that a proxy does not have.
    #[error("{0:?} is not the address of an HTTP proxy: write it like http://127.0.0.1:3128")]
    NotHttp(String),
    /// The authorization cannot be a header.
    #[error(
        "the authorization for the proxy is not valid in a header: write it as the proxy expects it, such as Basic and \
         user:password in base64"
    )]
    Authorization,
}

impl Proxy {
    /// Reads `http://host:port`. The authorization is the value of the header `Proxy-Authorization`.
    pub fn new(text: &str, authorization: Option<Secret>) -> Result<Self, InvalidProxy> {
        let target = Target::parse(text)?;
        if target.scheme() == Scheme::Https || !target.prefix().is_empty() {
            return Err(InvalidProxy::NotHttp(text.to_owned()));
        }
        let fits = |secret: &Secret| {
            let value = secret.reveal();
            !value.trim().is_empty() && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
        };
        if authorization.as_ref().is_some_and(|secret| !fits(secret)) {
            return Err(InvalidProxy::Authorization);
        }
        Ok(Self { target, authorization })
    }

    /// Asks the proxy for a tunnel to the target.
    pub(super) async fn tunnel(&self, stream: &mut TcpStream, target: &Target) -> Result<(), NetError> {
        let address = target.address();
        let mut request = format!("CONNECT {address} HTTP/1.1\r\nhost: {address}\r\n");
        if let Some(secret) = &self.authorization {
            request = format!("{request}proxy-authorization: {}\r\n", secret.reveal());
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await.map_err(|error| NetError::from_io(&error))?;
        let mut received = Vec::new();
        loop {
            let count = stream.read_buf(&mut received).await.map_err(|error| NetError::from_io(&error))?;
            if count == 0 {
                return Err(NetError::Proxy("the proxy closed the connection before it answered".to_owned()));
            }
            // A tunnel begins behind the head, like the answer to HEAD.
            while let Some(head) = reply::parse(&received, true)? {
                match head.status {
                    100..200 => drop(received.drain(..head.bytes)),
                    200..300 if received.len() == head.bytes => return Ok(()),
                    200..300 => return Err(NetError::Unasked),
                    407 => return Err(NetError::Proxy(self.wants_authorization())),
                    status => {
                        return Err(NetError::Proxy(format!(
                            "the proxy refused a connection to the service: {status}"
                        )));
                    }
                }
            }
            if received.len() > MOST_HEAD_BYTES {
                return Err(NetError::Malformed { why: "its head is too long" });
            }
        }
    }

    fn wants_authorization(&self) -> String {
        let why = if self.authorization.is_some() {
            "does not accept PROXY_AUTHORIZATION"
        } else {
            "asks for a password: set PROXY_AUTHORIZATION"
        };
        format!("the proxy {why} (407)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_no_proxy_has_is_refused() {
        assert!(Proxy::new("127.0.0.1:3128", None).is_ok());
        for text in ["https://proxy", "http://proxy/path", "http://user:pw@proxy", ""] {
            assert!(Proxy::new(text, None).is_err(), "{text}");
        }
    }

    #[test]
    fn an_authorization_that_is_no_header_is_refused_and_never_shown() {
        for text in ["", "  ", "Basic a\r\nx: y", "Basic \u{e9}"] {
            let error = Proxy::new("http://proxy", Some(Secret::new(text.to_owned()))).unwrap_err();
            assert!(matches!(error, InvalidProxy::Authorization), "{text:?}");
        }
        let proxy = Proxy::new("http://proxy", Some(Secret::new("Basic c2VjcmV0".to_owned()))).unwrap();
        assert!(!format!("{proxy:?}").contains("c2VjcmV0"), "{proxy:?}");
    }
}
