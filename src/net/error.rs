//! The errors between us and a service, in words that group well in a table of failures.

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use super::tls;
use crate::units;

/// Why a request got no complete answer.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The name could not be resolved.
    #[error("the name {host} could not be resolved")]
    Unresolved {
        /// The name without its port.
        host: String,
    },
    /// The host refused the connection: no process listens on the port.
    #[error("connection refused")]
    Refused,
    /// The connection could not be opened in time.
    #[error("no connection after {}", units::duration(*.after))]
    ConnectTimedOut {
        /// The time limit that passed.
        after: Duration,
    },
    /// The server reset the connection.
    #[error("connection reset by the server")]
    Reset,
    /// The server closed the connection before the answer was complete.
    #[error("connection closed by the server before it answered")]
    Closed,
    /// The server closed the connection in the middle of the head of an answer.
    #[error("the head of the answer was cut short after {received} bytes")]
    HeadCutShort {
        /// The bytes of the head that came.
        received: usize,
    },
    /// The head of the answer came, but not its whole body.
    #[error("{status}, but {}", cut.sentence(*received, *promised))]
    CutShort {
        /// The status of the answer.
        status: u16,
        /// The bytes of the body that came, without the chunk lengths.
        received: u64,
        /// The bytes that the head had promised, if it promised a number.
        promised: Option<u64>,
        /// What ended it.
        cut: Cut,
    },
    /// All connections together keep as much of answers as they may, and this one has a long head.
    #[error("the heads and bodies of answers are larger than {} together", units::bytes(*.limit))]
    NoRoom {
        /// The most bytes of all connections.
        limit: u64,
    },
    /// The server closed an idle connection before anything of the next request was sent.
    #[error("the idle connection was closed by the server before anything was sent")]
    ClosedIdle,
    /// The answer was not complete in time.
    #[error("no answer after {}", units::duration(*.after))]
    TimedOut {
        /// The time limit that passed.
        after: Duration,
    },
    /// The answer is larger than the limit of the caller.
    #[error("the answer is larger than {}", units::bytes(*.limit))]
    TooLarge {
        /// The most bytes that the caller accepts.
        limit: u64,
    },
    /// This process has no file handle or port left.
    #[error("this machine has no more {what}")]
    Exhausted {
        /// `file handles` or `local ports`.
        what: &'static str,
    },
    /// TLS could not be used, in a sentence.
    #[error("{0}")]
    Tls(String),
    /// The proxy gave no tunnel, in a sentence.
    #[error("{0}")]
    Proxy(String),
    /// Bytes came that no request asked for, so no answer on this connection can be trusted.
    #[error("the service sent bytes that answer no request, so this connection was given up")]
    Unasked,
    /// The server says that it has not begun with the request (RFC 9113, section 8.7).
    #[error("the server refused the request without processing it ({0})")]
    Unprocessed(&'static str),
    /// The server ended an HTTP/2 connection, and did not begin with the request.
    #[error("the server ended the connection ({0})")]
    GoneAway(&'static str),
    /// The server ended one request on an HTTP/2 connection.
    #[error("the server reset the request ({0})")]
    StreamReset(&'static str),
    /// What came is not valid HTTP/2.
    #[error("the answer is not valid HTTP/2 ({0})")]
    NotHttp2(&'static str),
    /// An address of our own cannot be used.
    #[error("{address} cannot be used as our own address: {error}")]
    Unbindable {
        /// The address.
        address: IpAddr,
        /// The error of the operating system.
        error: String,
    },
    /// The answer is not valid HTTP.
    #[error("the answer is not valid HTTP: {why}")]
    Malformed {
        /// What is not valid, such as `it has two lengths`.
        why: &'static str,
    },
    /// The request is not valid HTTP and was not sent.
    #[error("the request is not valid HTTP: {0}")]
    Unsendable(String),
    /// Any other error, in the words of the operating system or of the protocol.
    #[error("{0}")]
    Other(String),
}

/// What ended the body of an answer before it was complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server closed the connection.
    Closed,
    /// The server reset the connection.
    Reset,
    /// The server ended the request alone, on an HTTP/2 connection, for this reason.
    StreamReset(&'static str),
    /// The body ended after fewer bytes than its head says, or went on after them, on an HTTP/2 connection.
    OtherLength,
    /// The time limit passed.
    TimedOut {
        /// The time limit.
        after: Duration,
    },
    /// What came is not valid, or the connection failed, in these words.
    Broken(String),
}

impl Cut {
    fn sentence(&self, received: u64, promised: Option<u64>) -> String {
        let bytes = match (received, promised) {
            (received, Some(promised)) => format!("{received} of {promised} bytes"),
            (1, None) => "1 byte".to_owned(),
            (received, None) => format!("{received} bytes"),
        };
        match self {
            Self::Closed => format!("the body was cut short after {bytes}"),
            Self::Reset => format!("the connection was reset after {bytes} of the body"),
            Self::StreamReset(reason) => format!("the server reset the request ({reason}) after {bytes} of the body"),
            Self::OtherLength => format!("the body has another length than its head says: {bytes} had come"),
            Self::TimedOut { after } => format!("the body had not ended after {}", units::duration(*after)),
            Self::Broken(why) => why.clone(),
        }
    }
}

impl From<NetError> for Cut {
    fn from(error: NetError) -> Self {
        match error {
            NetError::Closed => Self::Closed,
            NetError::Reset => Self::Reset,
            NetError::StreamReset(reason) => Self::StreamReset(reason),
            NetError::TimedOut { after } => Self::TimedOut { after },
            other => Self::Broken(other.to_string()),
        }
    }
}

impl NetError {
    /// Translates the error of a connect.
    pub(super) fn from_connect(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::AddrNotAvailable => Self::Exhausted { what: "local ports" },
            _ => Self::from_io(error),
        }
    }

    /// Translates the error of a connect to a Unix socket.
    pub(super) fn from_unix(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Other("there is no such socket".to_owned()),
            _ => Self::from_connect(error),
        }
    }

    /// Translates the error of choosing our own address.
    pub(super) fn from_bind(error: &io::Error, address: IpAddr) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::Exhausted { what: "local ports" },
            _ => match Self::from_io(error) {
                Self::Other(error) => Self::Unbindable { address, error },
                known => known,
            },
        }
    }

    /// Translates the error of a TLS handshake.
    pub(super) fn from_handshake(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Self::Tls("the server closed the connection in the TLS handshake".to_owned());
        }
        Self::from_io(error)
    }

    /// Says that it is the proxy, and not the service, that cannot be reached.
    pub(super) fn of_proxy(self) -> Self {
        match self {
            own @ (Self::Exhausted { .. } | Self::Unbindable { .. }) => own,
            error => Self::Proxy(format!("the proxy cannot be reached: {error}")),
        }
    }

    /// Translates the error of a read or write.
    pub(super) fn from_io(error: &io::Error) -> Self {
        if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Self::Tls(tls::sentence(error));
        }
        // EMFILE (24) and ENFILE (23) have no ErrorKind.
        if matches!(error.raw_os_error(), Some(23 | 24)) {
            return Self::Exhausted { what: "file handles" };
        }
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                Self::Reset
            }
            io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Other(error.to_string()),
        }
    }

    /// Translates the error of an exchange.
    pub(super) fn from_hyper(error: &hyper::Error) -> Self {
        if let Some(io) = error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
            return Self::from_io(io);
        }
        if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
            return Self::Closed;
        }
        if error.is_parse() {
            return Self::Other("the answer is not valid HTTP".to_owned());
        }
        Self::Other(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_cut_short_is_told_with_its_status_and_length() {
        let said = |promised, cut| NetError::CutShort { status: 500, received: 17, promised, cut }.to_string();
        assert_eq!(said(Some(100), Cut::Closed), "500, but the body was cut short after 17 of 100 bytes");
        assert_eq!(said(None, Cut::Closed), "500, but the body was cut short after 17 bytes");
        assert_eq!(said(Some(100), Cut::Reset), "500, but the connection was reset after 17 of 100 bytes of the body");
        let after = Duration::from_mins(1);
        assert_eq!(said(None, NetError::TimedOut { after }.into()), "500, but the body had not ended after 60.0 s");
        let malformed = NetError::Malformed { why: "a chunk is longer than it says" };
        assert_eq!(
            said(None, malformed.into()),
            "500, but the answer is not valid HTTP: a chunk is longer than it says"
        );
    }
}
