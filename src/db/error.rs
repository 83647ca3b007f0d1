//! Translates the driver's errors into the cases that the rest of the program distinguishes.
//!
//! Messages of the server go only to the log, because they may quote SQL and values.

use std::time::Duration;

use mysql_async::{DriverError, Error};

use super::error_codes::{Entry, Meaning, entry_of};
use crate::units;

/// Why a database operation failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DbError {
    /// 1040: the server has no connection left (1203, 1226: the account has none). The failure of the original program.
    #[error("the database refused a connection: Too many connections (1040)")]
    TooManyConnections,
    /// No connection could be made.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The account is unknown or locked, or its password is wrong or has expired.
    #[error("the database refused the account: {0}")]
    Refused(String),
    /// No connection of the pool became free in time.
    #[error("no database connection became free within {}", units::duration(*.after))]
    PoolTimeout {
        /// How long the request waited.
        after: Duration,
    },
    /// The connection broke during a statement.
    #[error("the connection to the database broke")]
    Lost,
    /// A statement took longer than allowed, and its connection was given up.
    #[error("the database did not answer within {}", units::duration(*.after))]
    TimedOut {
        /// How long the statement ran before it was given up.
        after: Duration,
    },
    /// The connection broke after COMMIT was sent: whether it took effect must be looked up.
    #[error("the connection broke during the commit; its outcome is not known")]
    CommitUnknown,
    /// The transaction lost against another one and may be retried: deadlock, serialization, certification.
    #[error("the transaction conflicted with another one")]
    Deadlock,
    /// A row stayed locked for longer than allowed.
    #[error("a row stayed locked by another transaction for too long")]
    LockTimeout,
    /// The session to be ended no longer exists.
    #[error("there is no such session")]
    NoSuchSession,
    /// A unique key already exists; the name is that of the index.
    #[error("the value exists already ({0})")]
    Duplicate(String),
    /// A table or a column is missing: the schema is not up to date.
    #[error("the database schema is not up to date: {0}")]
    SchemaMissing(String),
    /// One of the server's own time limits ended a statement.
    #[error("the database ended a statement by its own time limit ({code})")]
    StatementLimit {
        /// MySQL's error number.
        code: u16,
    },
    /// The server does not take work now: it is read-only, full, shutting down, or refused for an unknown reason.
    #[error("the database is not available: {reason} ({code}: {message}); {advice}")]
    Unavailable {
        /// MySQL's error number.
        code: u16,
        /// What happened, in our own words.
        reason: &'static str,
        /// Advice for the operator.
        advice: &'static str,
        /// The server's message, for the log only.
        message: String,
    },
    /// The server is not set up for this program: a right, the database or a setting is missing.
    #[error("the database is not set up for this program: {reason} ({code}: {message}); {advice}")]
    WrongSetup {
        /// MySQL's error number.
        code: u16,
        /// What is wrong, in our own words.
        reason: &'static str,
        /// Advice for the operator.
        advice: &'static str,
        /// The server's message, for the log only.
        message: String,
    },
    /// A value does not fit its column.
    #[error("a value does not fit its column: {message} ({code})")]
    Data {
        /// MySQL's error number.
        code: u16,
        /// The server's message, for the log only.
        message: String,
    },
    /// A statement of this program is wrong.
    #[error("the database refused a statement: {message} ({code})")]
    Defect {
        /// MySQL's error number.
        code: u16,
        /// The server's message, for the log only.
        message: String,
    },
    /// A row does not have the expected shape, or the driver has a defect.
    #[error("the database answered something unexpected: {0}")]
    Unexpected(String),
}

/// The `kind` label of `db_errors_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// 1040.
    TooManyConnections,
    /// No connection could be made.
    Unreachable,
    /// Reachable, but not taking work: read-only, full, shutting down, or an unknown reason.
    Unavailable,
    /// The account, a right, the database, the schema or a setting is not as required.
    Setup,
    /// The connection broke, or the statement was interrupted from outside.
    Lost,
    /// A statement exceeded its time limit, ours or the server's.
    Timeout,
    /// No connection of the pool became free in time.
    PoolTimeout,
    /// Deadlock, serialization failure or certification failure.
    Deadlock,
    /// Another transaction holds the row.
    LockTimeout,
    /// A value does not fit its column.
    Data,
    /// A wrong statement, or a result of unexpected shape: a defect of this program.
    Defect,
}

impl ErrorKind {
    /// Every kind, so that each counter exists from the start.
    pub const ALL: [Self; 11] = [
        Self::TooManyConnections,
        Self::Unreachable,
        Self::Unavailable,
        Self::Setup,
        Self::Lost,
        Self::Timeout,
        Self::PoolTimeout,
        Self::Deadlock,
        Self::LockTimeout,
        Self::Data,
        Self::Defect,
    ];

    /// The label's value.
    pub const fn label(self) -> &'static str {
        match self {
            Self::TooManyConnections => "too_many_connections",
            Self::Unreachable => "unreachable",
            Self::Unavailable => "unavailable",
            Self::Setup => "setup",
            Self::Lost => "lost",
            Self::Timeout => "timeout",
            Self::PoolTimeout => "pool_timeout",
            Self::Deadlock => "deadlock",
            Self::LockTimeout => "lock_timeout",
            Self::Data => "data",
            Self::Defect => "defect",
        }
    }
}

impl DbError {
    /// The counter that it belongs to; `None` for errors that are answers and no failures.
    pub fn kind(&self) -> Option<ErrorKind> {
        Some(match self {
            Self::TooManyConnections => ErrorKind::TooManyConnections,
            Self::Unreachable(_) => ErrorKind::Unreachable,
            Self::Unavailable { .. } => ErrorKind::Unavailable,
            Self::Refused(_) | Self::SchemaMissing(_) | Self::WrongSetup { .. } => ErrorKind::Setup,
            Self::Lost | Self::CommitUnknown => ErrorKind::Lost,
            Self::TimedOut { .. } | Self::StatementLimit { .. } => ErrorKind::Timeout,
            Self::PoolTimeout { .. } => ErrorKind::PoolTimeout,
            Self::Deadlock => ErrorKind::Deadlock,
            Self::LockTimeout => ErrorKind::LockTimeout,
            Self::Data { .. } => ErrorKind::Data,
            Self::Defect { .. } | Self::Unexpected(_) => ErrorKind::Defect,
            Self::Duplicate(_) | Self::NoSuchSession => return None,
        })
    }

    /// Whether no server answered at all.
    pub(super) fn no_answer() -> Self {
        Self::Unreachable("it did not answer in time".to_owned())
    }

    /// Whether the whole transaction may be retried at once: nothing of it was stored, and it can succeed.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Deadlock)
    }

    /// Whether its connection is unusable: it is broken, in an unknown state, or leads to a server that does not take
    /// work, while another connection may lead to one that does.
    pub(super) fn spoils_connection(&self) -> bool {
        match self {
            Self::Lost | Self::TimedOut { .. } | Self::StatementLimit { .. } | Self::Unexpected(_) => true,
            other => other.spoils_server(),
        }
    }

    /// Whether every connection to that server is unusable, because it does not take work.
    pub(super) fn spoils_server(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::WrongSetup { .. })
    }

    /// Translates an error of connecting.
    pub(super) fn from_connect(error: Error) -> Self {
        match error {
            Error::Server(error) if matches!(error.code, 1045 | 1130 | 1698 | 3118 | 4151 | 1820 | 1862) => {
                Self::Refused(error.message)
            }
            Error::Server(error) => Self::from_server(error.code, error.message),
            Error::Io(error) => Self::Unreachable(match error {
                mysql_async::IoError::Io(error) => reason(&error),
            }),
            Error::Driver(DriverError::ConnectionClosed | DriverError::PoolDisconnected) => {
                Self::Unreachable("it closed the connection".to_owned())
            }
            error => Self::Unexpected(error.to_string()),
        }
    }

    /// Translates an error of a statement on an open connection.
    pub(super) fn from_statement(error: Error) -> Self {
        match error {
            Error::Server(error) => Self::from_server(error.code, error.message),
            Error::Io(_) | Error::Driver(DriverError::ConnectionClosed | DriverError::PacketOutOfOrder) => Self::Lost,
            error => Self::Unexpected(error.to_string()),
        }
    }

    /// A wrong set-up that this program found by itself, without an error of the server.
    pub(super) fn wrong_setup(reason: &'static str, advice: &'static str) -> Self {
        Self::WrongSetup { code: 0, reason, advice, message: String::new() }
    }

    fn from_server(code: u16, message: String) -> Self {
        let &Entry { meaning, reason, advice, .. } = entry_of(code);
        match meaning {
            Meaning::Defect => Self::Defect { code, message },
            Meaning::Data => Self::Data { code, message },
            Meaning::Duplicate => Self::Duplicate(duplicate_key(&message)),
            Meaning::RowHeld => Self::LockTimeout,
            Meaning::Conflict => Self::Deadlock,
            Meaning::ConnectionLost => Self::Lost,
            Meaning::NoSuchSession => Self::NoSuchSession,
            Meaning::StatementLimit => Self::StatementLimit { code },
            Meaning::TooManyConnections => Self::TooManyConnections,
            Meaning::SchemaMissing => Self::SchemaMissing(message),
            Meaning::WrongSetup => Self::WrongSetup { code, reason, advice, message },
            Meaning::Unavailable => Self::Unavailable { code, reason, advice, message },
        }
    }
}

/// The operating system's reason in plain words.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset => {
            "it closed the connection".to_owned()
        }
        _ => error.to_string(),
    }
}

/// The name of the index from "Duplicate entry 'x' for key 'users.users_email'"; the value is not repeated.
fn duplicate_key(message: &str) -> String {
    let name = message.rsplit('\'').nth(1).unwrap_or_default();
    name.rsplit('.').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_named_and_the_value_is_not() {
        let mysql = "Duplicate entry 'ada@example.com' for key 'users.users_email'";
        let mariadb = "Duplicate entry 'ada@example.com' for key 'users_email'";
        assert_eq!([duplicate_key(mysql), duplicate_key(mariadb)], ["users_email", "users_email"]);
        assert_eq!(duplicate_key("gibberish"), "");
    }
}
