//! Where the database is and how it may be used.

use std::time::Duration;

use mysql_async::{Opts, OptsBuilder};

use crate::units::Secret;

/// Where the database is and who asks.
#[derive(Clone, Debug)]
pub struct Address {
    /// Host name or IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The database (schema) inside the server.
    pub name: String,
    /// The account.
    pub user: String,
    /// The account's password; may be empty.
    pub password: Secret,
}

/// How requests come by a connection.
#[derive(Clone, Copy, Debug)]
pub enum ConnectionMode {
    /// At most `size` connections, shared; who waits longer than `wait` is refused.
    Pool {
        /// The most connections of this process.
        size: usize,
        /// How many of them only [`super::Database::writer_session`] takes, so that reading never keeps it waiting.
        for_writer: usize,
        /// The longest wait for a free one, connecting included.
        wait: Duration,
    },
    /// A new connection for every request, left open and idle for `linger` after it: the original's defect, kept as an
    /// experiment. An engine made per request does this: nobody closes its connection until it is collected.
    PerRequest {
        /// How long a finished request's connection stays open.
        linger: Duration,
        /// The longest wait for the connection to be made.
        wait: Duration,
    },
}

/// Everything a [`super::Database`] needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it is.
    pub address: Address,
    /// How connections are come by.
    pub connections: ConnectionMode,
    /// The longest a single statement may take; then its connection is given up.
    pub statement_timeout: Duration,
    /// How long a statement waits for a row that another transaction holds.
    pub lock_wait_timeout: Duration,
}

/// The largest statement sent: 10,000 order lines are half a mebibyte. MariaDB's default limit is 16 MiB, MySQL's 64.
const MAX_PACKET: usize = 16 << 20;

/// After so many idle seconds the server ends a session of a pool, and undoes its transaction: an instance that stands
/// still, or whose connection was cut without a word, must not keep rows from others for longer. The pool itself closes
/// connections that are idle for less (`pool.rs`).
const IDLE_LIMIT_S: u64 = 6;

/// The same within a transaction, where the server can tell (MariaDB): no transaction of ours pauses for so long.
const IDLE_TRANSACTION_LIMIT_S: u64 = 5;

/// How long the server waits for the rest of a statement that it has begun to read, and for an answer to be taken.
const TRANSFER_LIMIT_S: u64 = 8;

/// What the server's own idle limit is by default: a tool may think for long between two statements.
const TOOL_IDLE_LIMIT_S: u64 = 28_800;

/// When the kernel begins to ask whether the other side of an idle connection is still there: sooner than the tables of
/// most firewalls forget it.
const KEEPALIVE: Duration = Duration::from_secs(10);

impl Config {
    /// The same database, for a connection that may be idle for long.
    pub(super) fn for_tool(&self, limit: Duration) -> Self {
        let connections = ConnectionMode::PerRequest { linger: Duration::ZERO, wait: limit };
        Self { address: self.address.clone(), connections, statement_timeout: limit, lock_wait_timeout: limit }
    }

    pub(super) fn options(&self) -> Opts {
        let address = &self.address;
        OptsBuilder::default()
            .ip_or_hostname(address.host.clone())
            .tcp_port(address.port)
            .db_name(Some(address.name.clone()))
            .user(Some(address.user.clone()))
            .pass(Some(address.password.reveal().to_owned()))
            // A socket would be asked for with an extra connection, and is out of reach of containers.
            .prefer_socket(false)
            .tcp_nodelay(true)
            .tcp_keepalive(Some(KEEPALIVE))
            // Both are given so that the driver does not ask for them on every connect.
            .max_allowed_packet(Some(MAX_PACKET))
            .wait_timeout(Some(self.idle_limit_s().unwrap_or(TOOL_IDLE_LIMIT_S) as usize))
            .into()
    }

    /// After how many idle seconds the server ends a session; nothing for a tool's, which is a connection of its own
    /// that is closed at once.
    fn idle_limit_s(&self) -> Option<u64> {
        match self.connections {
            ConnectionMode::Pool { .. } => Some(IDLE_LIMIT_S),
            ConnectionMode::PerRequest { linger: Duration::ZERO, .. } => None,
            // It is left behind idle on purpose, for that long.
            ConnectionMode::PerRequest { linger, .. } => Some(linger.as_secs() + IDLE_LIMIT_S),
        }
    }

    /// Everything that the statements rely on, whatever the server's defaults are; to be sent in one round trip.
    pub(super) fn session_settings(&self) -> String {
        let lock_wait_s = self.lock_wait_timeout.as_secs().max(1);
        let mut settings = vec![
            // A single statement is a transaction of its own: a server may begin one for every session and leave it open.
            "autocommit = 1".to_owned(),
            // How long a statement waits for a row.
            format!("innodb_lock_wait_timeout = {lock_wait_s}"),
            // The same for a table: behind LOCK TABLES, or behind an ALTER that waits itself.
            format!("lock_wait_timeout = {lock_wait_s}"),
            // Times are written and read without a zone.
            "time_zone = '+00:00'".to_owned(),
            // Strict: a value that does not fit is an error, and never another value.
            "sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION'".to_owned(),
            // Affected rows, numbers and all text are as here, whoever else the server serves.
            "sql_safe_updates = 0".to_owned(),
            "sql_select_limit = 18446744073709551615".to_owned(),
            "foreign_key_checks = 1, unique_checks = 1".to_owned(),
        ];
        let mut mariadb = Vec::new();
        if let Some(idle_limit_s) = self.idle_limit_s() {
            settings.push(format!("wait_timeout = {idle_limit_s}"));
            settings.push(format!("net_read_timeout = {TRANSFER_LIMIT_S}, net_write_timeout = {TRANSFER_LIMIT_S}"));
            mariadb.push(format!(", idle_transaction_timeout = {IDLE_TRANSACTION_LIMIT_S}"));
        }
        // Statements have their own limit on this side, and what the server cuts off by itself is an error to us.
        mariadb.push(", max_statement_time = 0".to_owned());
        // READ COMMITTED: no gap locks, so orders of different products never wait for each other, and it is what
        // replicated groups ask for. READ WRITE: a server may begin transactions read-only by default.
        format!(
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE; SET SESSION {} /*M! {} */",
            settings.join(", "),
            mariadb.join("")
        )
    }
}
