//! The errors between us and a service, in words that group well in a table of failures.

use std::error::Error;
use std::io;
use std::time::Duration;

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

impl NetError {
    /// Translates the error of a connect.
    pub(super) fn from_connect(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::AddrNotAvailable => Self::Exhausted { what: "local ports" },
            _ => Self::from_io(error),
        }
    }

    /// Translates the error of a read or write.
    pub(super) fn from_io(error: &io::Error) -> Self {
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
