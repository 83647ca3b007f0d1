//! Translates the driver's errors into the cases that the rest of the program distinguishes.
//!
//! Messages of the server go only to the log, because they may quote SQL and values.

use std::time::Duration;

use mysql_async::{DriverError, Error, IoError, TlsError};

use super::error_codes::{Entry, Meaning, entry_of};
use crate::net::{self, TlsNames};
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
    #[error("the database is not available: {reason} ({}); {advice}", coded(*.code, .message))]
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

    /// No server answered.
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

    /// None of the servers takes writes; the text names each with its reason.
    pub(super) fn nowhere(obstacles: &str) -> Self {
        Self::Unavailable {
            code: 0,
            reason: "no server of DB_HOST takes writes",
            advice: "look at the state of the group's members, and whether DB_HOST names them",
            message: obstacles.to_owned(),
        }
    }

    /// Whether another server of the same group may do what this one did not: this one is gone, or does not take work.
    pub(super) fn may_lie_elsewhere(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Unavailable { .. } | Self::Lost)
    }

    /// Translates an error of connecting.
    pub(super) fn from_connect(error: Error) -> Self {
        match error {
            Error::Server(error) if matches!(error.code, 1045 | 1130 | 1698 | 3118 | 4151 | 1820 | 1862) => {
                Self::Refused(error.message)
            }
            Error::Server(error) => Self::from_server(error.code, error.message),
            Error::Io(IoError::Io(error)) => Self::Unreachable(reason(&error)),
            Error::Io(IoError::Tls(TlsError::Tls(error))) => Self::Unreachable(in_words(&error)),
            Error::Io(IoError::Tls(error)) => Self::Unreachable(format!("TLS cannot be used: {error}")),
            Error::Driver(DriverError::NoClientSslFlagFromServer) => Self::Unreachable(NO_TLS.to_owned()),
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

/// The server's number and message; what this program found by itself has no number.
fn coded(code: u16, message: &str) -> String {
    if code == 0 { message.to_owned() } else { format!("{code}: {message}") }
}

/// The sentence for a server without TLS.
const NO_TLS: &str = "it offers no TLS, and DB_TLS asks for it: give the server a certificate, or set DB_TLS to off";

/// The variables of the database's TLS.
const TLS_NAMES: TlsNames =
    TlsNames { authority: "DB_TLS_CA", certificate: "DB_TLS_CERT", key: "DB_TLS_KEY", in_clear: "plain text" };

/// An error of TLS in words that say what to do.
fn in_words(error: &rustls::Error) -> String {
    net::tls_sentence(error, TLS_NAMES)
}

/// The reason in plain words: that of TLS, which the error may contain, or the operating system's.
fn reason(error: &std::io::Error) -> String {
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return in_words(error);
    }
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
    use mysql_async::ServerError;

    use super::*;

    fn server(code: u16) -> Error {
        Error::Server(ServerError { code, message: "'x' for key 't.k'".to_owned(), state: "HY000".to_owned() })
    }

    fn broken(kind: std::io::ErrorKind) -> Error {
        Error::Io(IoError::Io(kind.into()))
    }

    #[test]
    fn the_index_is_named_and_the_value_is_not() {
        let mysql = "Duplicate entry 'ada@example.com' for key 'users.users_email'";
        let mariadb = "Duplicate entry 'ada@example.com' for key 'users_email'";
        assert_eq!([duplicate_key(mysql), duplicate_key(mariadb)], ["users_email", "users_email"]);
        assert_eq!(duplicate_key("gibberish"), "");
    }

    #[test]
    fn what_the_operating_system_says_is_said_in_plain_words() {
        let refused = std::io::Error::from_raw_os_error(111);
        let told = DbError::from_connect(Error::Io(IoError::Io(refused))).to_string();
        assert_eq!(told, "the database cannot be reached: connection refused");
    }

    #[test]
    fn what_tls_says_is_said_with_what_to_do() {
        let expired = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let of_stream = std::io::Error::other(expired.clone());
        for error in [Error::Io(IoError::Tls(TlsError::Tls(expired))), Error::Io(IoError::Io(of_stream))] {
            let told = DbError::from_connect(error).to_string();
            assert!(told.starts_with("the database cannot be reached: ") && told.contains("expired"), "{told}");
        }
    }

    #[test]
    fn the_number_of_the_server_is_told_and_no_other() {
        let told = DbError::from_statement(server(1290)).to_string();
        assert!(told.contains("1290: 'x' for key 't.k'"), "{told}");
        let told = DbError::nowhere("127.0.0.1:3306 is read-only").to_string();
        assert!(told.contains("127.0.0.1:3306 is read-only") && !told.contains("0: "), "{told}");
    }

    #[test]
    fn each_meaning_has_its_error_its_counter_and_its_consequence() {
        use ErrorKind as Kind;
        // The counter; whether the transaction may be retried at once; whether the connection, and whether every
        // connection to that server, is unusable; whether another server of the group may do it.
        for (code, kind, retried, connection, server_too, elsewhere) in [
            (1064, Some(Kind::Defect), false, false, false, false),
            (1264, Some(Kind::Data), false, false, false, false),
            (1062, None, false, false, false, false),
            (1205, Some(Kind::LockTimeout), false, false, false, false),
            (1213, Some(Kind::Deadlock), true, false, false, false),
            (2013, Some(Kind::Lost), false, true, false, true),
            (1094, None, false, false, false, false),
            (3024, Some(Kind::Timeout), false, true, false, false),
            (1040, Some(Kind::TooManyConnections), false, false, false, false),
            (1146, Some(Kind::Setup), false, false, false, false),
            (1142, Some(Kind::Setup), false, true, true, false),
            (1290, Some(Kind::Unavailable), false, true, true, true),
            (65_535, Some(Kind::Unavailable), false, true, true, true),
        ] {
            let error = DbError::from_statement(server(code));
            let seen = (
                error.kind(),
                error.is_conflict(),
                error.spoils_connection(),
                error.spoils_server(),
                error.may_lie_elsewhere(),
            );
            assert_eq!(seen, (kind, retried, connection, server_too, elsewhere), "{code}: {error:?}");
        }
        assert!(matches!(DbError::from_statement(server(1062)), DbError::Duplicate(name) if name == "k"));
        assert!(matches!(DbError::from_statement(server(1094)), DbError::NoSuchSession));
    }

    #[test]
    fn what_this_program_finds_by_itself_is_counted_as_what_it_is() {
        let after = Duration::from_secs(1);
        for (error, kind, connection) in [
            (DbError::CommitUnknown, ErrorKind::Lost, false),
            (DbError::TimedOut { after }, ErrorKind::Timeout, true),
            (DbError::PoolTimeout { after }, ErrorKind::PoolTimeout, false),
            (DbError::no_answer(), ErrorKind::Unreachable, false),
            (DbError::wrong_setup("r", "a"), ErrorKind::Setup, true),
            (DbError::Unexpected(String::new()), ErrorKind::Defect, true),
        ] {
            assert_eq!((error.kind(), error.spoils_connection()), (Some(kind), connection), "{error:?}");
        }
        assert!(DbError::no_answer().to_string().ends_with("it did not answer in time"));
    }

    #[test]
    fn a_broken_connection_is_lost_and_one_that_cannot_be_made_is_unreachable() {
        for error in [
            broken(std::io::ErrorKind::ConnectionReset),
            Error::Driver(DriverError::ConnectionClosed),
            Error::Driver(DriverError::PacketOutOfOrder),
        ] {
            assert!(matches!(DbError::from_statement(error), DbError::Lost));
        }
        let unexpected = DbError::from_statement(Error::Driver(DriverError::PoolDisconnected));
        assert!(matches!(unexpected, DbError::Unexpected(_)), "{unexpected:?}");
        for (error, reason) in [
            (broken(std::io::ErrorKind::ConnectionRefused), "connection refused"),
            (broken(std::io::ErrorKind::ConnectionReset), "it closed the connection"),
            (broken(std::io::ErrorKind::UnexpectedEof), "it closed the connection"),
            (broken(std::io::ErrorKind::TimedOut), "timed out"),
            (Error::Driver(DriverError::ConnectionClosed), "it closed the connection"),
            (Error::Driver(DriverError::PoolDisconnected), "it closed the connection"),
        ] {
            let seen = DbError::from_connect(error);
            assert!(matches!(&seen, DbError::Unreachable(text) if text == reason), "{seen:?}");
        }
        let unexpected = DbError::from_connect(Error::Driver(DriverError::PacketOutOfOrder));
        assert!(matches!(unexpected, DbError::Unexpected(_)), "{unexpected:?}");
        for code in [1045, 1130, 1698, 3118, 4151, 1820, 1862] {
            assert!(matches!(DbError::from_connect(server(code)), DbError::Refused(_)), "{code}");
        }
        assert!(matches!(DbError::from_connect(server(1040)), DbError::TooManyConnections));
    }

    #[test]
    fn every_kind_has_a_label_of_its_own() {
        let labels: std::collections::BTreeSet<_> = ErrorKind::ALL.iter().map(|kind| kind.label()).collect();
        assert_eq!(labels.len(), ErrorKind::ALL.len());
        let named =
            |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(labels.iter().all(|label| named(label)), "{labels:?}");
    }
}
