//! What goes wrong between us and a service, in words that group well in a table of failures.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::units;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The name has no address.
    #[error("the name {host} could not be resolved")]
    Unresolved {
        /// The name asked for.
        host: String,
    },
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// The connection could not be opened in time.
    #[error("no connection after {}", units::duration(*.after))]
    ConnectTimedOut {
        /// How long was waited.
        after: Duration,
    },
    /// The other side closed the connection in the middle.
    #[error("connection reset by the server")]
    Reset,
    /// The other side closed the connection before it answered.
    #[error("connection closed by the server before it answered")]
    Closed,
    /// The other side had closed a connection that was kept for the next request; nothing of that request was sent.
    #[error("the idle connection was closed by the server before anything was sent")]
    ClosedIdle,
    /// No whole answer in time.
    #[error("no answer after {}", units::duration(*.after))]
    TimedOut {
        /// How long was waited.
        after: Duration,
    },
    /// The answer is larger than the caller allows.
    #[error("the answer is larger than {}", units::bytes(*.limit))]
    TooLarge {
        /// The most bytes allowed.
        limit: u64,
    },
    /// This process has no file handles or ports left.
    #[error("this machine has no more {what}")]
    Exhausted {
        /// `file handles` or `local ports`.
        what: &'static str,
    },
    /// What came is no answer.
    #[error("the answer is not valid HTTP: {why}")]
    Malformed {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The request itself cannot be sent.
    #[error("the request is not valid HTTP: {0}")]
    Unsendable(String),
    /// Anything else, in the words of the operating system or of the protocol.
    #[error("{0}")]
    Other(String),
}

impl NetError {
    /// From a failed connect.
    pub(super) fn from_connect(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::AddrNotAvailable => Self::Exhausted { what: "local ports" },
            _ => Self::from_io(error),
        }
    }

    /// From a failed read or write.
    pub(super) fn from_io(error: &io::Error) -> Self {
        // EMFILE and ENFILE have no ErrorKind of their own.
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

    /// From a failed exchange.
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
