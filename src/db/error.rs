//! The driver's errors, translated once into what the rest of the program decides on.
//!
//! No message of the server goes further than the log: it may quote SQL and values.

use std::time::Duration;

use mysql_async::{DriverError, Error};

use crate::units;

/// Why a database operation failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DbError {
    /// 1040: the server has no connection left (1203, 1226: the account has none). The original's failure.
    #[error("the database refused a connection: Too many connections (1040)")]
    TooManyConnections,
    /// No connection could be made.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The account or the database is not known there, or the password is wrong.
    #[error("the database refused the account: {0}")]
    Refused(String),
    /// No connection of the pool became free in time.
    #[error("no database connection became free within {}", units::duration(*.after))]
    PoolTimeout {
        /// How long was waited.
        after: Duration,
    },
    /// The connection broke while a statement was on its way.
    #[error("the connection to the database broke")]
    Lost,
    /// A statement took longer than allowed, and its connection was given up.
    #[error("the database did not answer within {}", units::duration(*.after))]
    TimedOut {
        /// How long was waited.
        after: Duration,
    },
    /// The connection broke after COMMIT was sent: whether it happened must be looked up.
    #[error("the connection broke during the commit; its outcome is not known")]
    CommitUnknown,
    /// The transaction lost against another one and may be tried again: deadlock, serialization, certification.
    #[error("the transaction conflicted with another one")]
    Deadlock,
    /// A row stayed locked for longer than allowed.
    #[error("a row stayed locked by another transaction for too long")]
    LockTimeout,
    /// A unique key exists already; the name is the index's.
    #[error("the value exists already ({0})")]
    Duplicate(String),
    /// A table or a column is missing: the schema is not up to date.
    #[error("the database schema is not up to date: {0}")]
    SchemaMissing(String),
    /// Anything else the server says.
    #[error("the database refused a statement: {message} ({code})")]
    Server {
        /// MySQL's error number.
        code: u16,
        /// The server's words, for the log.
        message: String,
    },
    /// A row that does not have the shape the program expects, or a defect of the driver.
    #[error("the database answered something unexpected: {0}")]
    Unexpected(String),
}

/// The `kind` label of `db_errors_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// 1040.
    TooManyConnections,
    /// Not reachable, or the account refused.
    Unreachable,
    /// Broken connection.
    Lost,
    /// Statement over its time limit.
    Timeout,
    /// No free connection in time.
    PoolTimeout,
    /// Deadlock and its relatives.
    Deadlock,
    /// Lock wait timeout.
    LockTimeout,
    /// The rest.
    Other,
}

impl ErrorKind {
    /// Every kind, so that each counter exists from the start.
    pub const ALL: [Self; 8] = [
        Self::TooManyConnections,
        Self::Unreachable,
        Self::Lost,
        Self::Timeout,
        Self::PoolTimeout,
        Self::Deadlock,
        Self::LockTimeout,
        Self::Other,
    ];

    /// The label's value.
    pub const fn label(self) -> &'static str {
        match self {
            Self::TooManyConnections => "too_many_connections",
            Self::Unreachable => "unreachable",
            Self::Lost => "lost",
            Self::Timeout => "timeout",
            Self::PoolTimeout => "pool_timeout",
            Self::Deadlock => "deadlock",
            Self::LockTimeout => "lock_timeout",
            Self::Other => "other",
        }
    }
}

impl DbError {
    /// Which counter it belongs to.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TooManyConnections => ErrorKind::TooManyConnections,
            Self::Unreachable(_) | Self::Refused(_) => ErrorKind::Unreachable,
            Self::Lost | Self::CommitUnknown => ErrorKind::Lost,
            Self::TimedOut { .. } => ErrorKind::Timeout,
            Self::PoolTimeout { .. } => ErrorKind::PoolTimeout,
            Self::Deadlock => ErrorKind::Deadlock,
            Self::LockTimeout => ErrorKind::LockTimeout,
            Self::Duplicate(_) | Self::SchemaMissing(_) | Self::Server { .. } | Self::Unexpected(_) => ErrorKind::Other,
        }
    }

    /// Nobody answered at all.
    pub(super) fn no_answer() -> Self {
        Self::Unreachable("it did not answer in time".to_owned())
    }

    /// Whether the whole transaction may be tried again at once: nothing of it was stored, and it can succeed.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Deadlock)
    }

    /// From making a connection.
    pub(super) fn from_connect(error: Error) -> Self {
        match error {
            Error::Server(error) => match error.code {
                1040 | 1203 | 1226 => Self::TooManyConnections,
                1044 | 1045 | 1049 | 1130 | 1698 => Self::Refused(error.message),
                1053 | 1077 | 1079 => Self::Unreachable("it is shutting down".to_owned()),
                code => Self::Server { code, message: error.message },
            },
            Error::Io(error) => Self::Unreachable(match error {
                mysql_async::IoError::Io(error) => reason(&error),
            }),
            Error::Driver(DriverError::ConnectionClosed | DriverError::PoolDisconnected) => {
                Self::Unreachable("it closed the connection".to_owned())
            }
            error => Self::Unexpected(error.to_string()),
        }
    }

    /// From a statement on an open connection.
    pub(super) fn from_statement(error: Error) -> Self {
        match error {
            Error::Server(error) => match error.code {
                1062 => Self::Duplicate(duplicate_key(&error.message)),
                // 1020: MariaDB from 11.6.2, a row changed under snapshot isolation. 3101: Group Replication refused
                // the commit. 1180, 1213: deadlock, at COMMIT on Galera.
                1020 | 1180 | 1213 | 3101 => Self::Deadlock,
                1205 => Self::LockTimeout,
                1054 | 1146 => Self::SchemaMissing(error.message),
                // Killed, or the server is going down: the connection is of no more use.
                1053 | 1927 | 2006 | 2013 | 3169 | 4031 => Self::Lost,
                code => Self::Server { code, message: error.message },
            },
            Error::Io(_) | Error::Driver(DriverError::ConnectionClosed | DriverError::PacketOutOfOrder) => Self::Lost,
            error => Self::Unexpected(error.to_string()),
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

/// The index's name out of "Duplicate entry 'x' for key 'users.users_email'": the value itself is not repeated.
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
