//! Address of the database, and limits on its use.

use std::time::Duration;

use mysql_async::{ClientIdentity, Opts, OptsBuilder, SslOpts};

use super::servers::{Server, Servers};
use crate::net::TlsOptions;
use crate::units::Secret;

/// Address of the database, and the account to use.
#[derive(Clone, Debug)]
pub struct Address {
    /// The server, or members of a group, of which the one that takes writes is used.
    pub servers: Servers,
    /// How connections are encrypted and the server is checked; `None` for connections in clear.
    pub tls: Option<TlsOptions>,
    /// Name of the database (schema) on the server.
    pub name: String,
    /// Name of the account.
    pub user: String,
    /// Password of the account; may be empty.
    pub password: Secret,
}

/// How requests get a connection.
#[derive(Clone, Copy, Debug)]
pub enum ConnectionMode {
    /// At most `size` shared connections; a request that waits longer than `wait` is refused.
    Pool {
        /// Largest number of connections of this process.
        size: usize,
        /// How many of them are reserved for [`super::Database::writer_session`], so that readers never keep it
        /// waiting.
        for_writer: usize,
        /// Longest wait for a free connection, including the time to connect.
        wait: Duration,
    },
    /// A new connection for every request, which stays open and idle for `linger` afterwards. This reproduces the
    /// defect of the original program as an experiment: with one engine per request, connections stay open until the
    /// engine is collected.
    PerRequest {
        /// How long the connection of a finished request stays open.
        linger: Duration,
        /// Longest wait for connecting.
        wait: Duration,
    },
}

/// Settings of a [`super::Database`].
#[derive(Clone, Debug)]
pub struct Config {
    /// Address and account.
    pub address: Address,
    /// How requests get a connection.
    pub connections: ConnectionMode,
    /// Longest duration of a single statement; after that its connection is given up.
    pub statement_timeout: Duration,
    /// Longest wait of a statement for a row that another transaction holds.
    pub lock_wait_timeout: Duration,
}

/// Largest statement sent. 10,000 order lines take half a mebibyte; MariaDB's default limit is 16 MiB, MySQL's 64.
const MAX_PACKET: usize = 16 << 20;

/// Idle seconds after which the server ends a session of a pool and undoes its transaction. An instance that hangs, or
/// whose connection was cut silently, must not hold rows for longer. The pool itself closes connections after a shorter
/// idle time (`pool.rs`).
const IDLE_LIMIT_S: u64 = 6;

/// The idle limit within a transaction, where the server has one (MariaDB): no transaction of ours pauses this long.
const IDLE_TRANSACTION_LIMIT_S: u64 = 5;

/// How long the server waits for the rest of a statement that it has begun to read, and for its answer to be read.
const TRANSFER_LIMIT_S: u64 = 8;

/// The server's default idle limit: a tool may compute for long between two statements.
const TOOL_IDLE_LIMIT_S: u64 = 28_800;

/// Idle time before the kernel sends keep-alive probes: shorter than the idle limit of most firewalls.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// The driver's options for TLS. Where authorities are given, it would trust those that are built in beside them.
fn encryption(tls: &TlsOptions) -> SslOpts {
    let authorities: Vec<_> = tls.authorities.iter().map(|path| path.clone().into()).collect();
    let identity = tls.identity.clone();
    SslOpts::default()
        .with_disable_built_in_roots(!authorities.is_empty())
        .with_root_certs(authorities)
        .with_client_identity(identity.map(|(chain, key)| ClientIdentity::new(chain.into(), key.into())))
        .with_danger_accept_invalid_certs(tls.insecure)
}

impl Config {
    /// The same database, for a connection that may be idle for long.
    pub(super) fn for_tool(&self, limit: Duration) -> Self {
        let connections = ConnectionMode::PerRequest { linger: Duration::ZERO, wait: limit };
        Self { address: self.address.clone(), connections, statement_timeout: limit, lock_wait_timeout: limit }
    }

    /// What connections to all servers have in common. The server is left out.
    pub(super) fn options(&self) -> Opts {
        let address = &self.address;
        OptsBuilder::default()
            .ssl_opts(address.tls.as_ref().map(encryption))
            .db_name(Some(address.name.clone()))
            .user(Some(address.user.clone()))
            .pass(Some(address.password.reveal().to_owned()))
            // Asking for a socket takes an extra connection, and containers cannot reach it.
            .prefer_socket(false)
            .tcp_nodelay(true)
            .tcp_keepalive(Some(KEEPALIVE))
            // Both are set so that the driver does not query them on every connect.
            .max_allowed_packet(Some(MAX_PACKET))
            .wait_timeout(Some(self.idle_limit_s().unwrap_or(TOOL_IDLE_LIMIT_S) as usize))
            .into()
    }

    /// The options of a connection to one server.
    pub(super) fn options_for(common: &Opts, server: &Server) -> OptsBuilder {
        OptsBuilder::from_opts(common.clone()).ip_or_hostname(server.host.clone()).tcp_port(server.port)
    }

    /// Idle seconds after which the server ends a session; `None` for a tool's session, which has its own connection
    /// and closes it at once.
    fn idle_limit_s(&self) -> Option<u64> {
        match self.connections {
            ConnectionMode::Pool { .. } => Some(IDLE_LIMIT_S),
            ConnectionMode::PerRequest { linger: Duration::ZERO, .. } => None,
            // Such a connection is left idle on purpose for that long.
            ConnectionMode::PerRequest { linger, .. } => Some(linger.as_secs() + IDLE_LIMIT_S),
        }
    }

    /// Session settings that the statements rely on, whatever the server's defaults are; sent in one round trip.
    pub(super) fn session_settings(&self) -> String {
        let lock_wait_s = self.lock_wait_timeout.as_secs().max(1);
        let mut settings = vec![
            // A single statement is its own transaction: a server may be set to begin one for every session and leave
            // it open.
            "autocommit = 1".to_owned(),
            // Longest wait of a statement for a row.
            format!("innodb_lock_wait_timeout = {lock_wait_s}"),
            // Longest wait for a table: behind LOCK TABLES, or behind an ALTER that is itself waiting.
            format!("lock_wait_timeout = {lock_wait_s}"),
            // Times are written and read without a zone.
            "time_zone = '+00:00'".to_owned(),
            // Strict mode: a value that does not fit is an error and is never changed.
            "sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION'".to_owned(),
            // Affected rows, number formats and character sets do not depend on the server's settings.
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
        // Statements are limited on this side; if the server cuts a result short by itself, that is an error here.
        mariadb.push(", max_statement_time = 0".to_owned());
        // READ COMMITTED: no gap locks, so orders of different products never wait for each other, and replicated
        // groups require it. READ WRITE: a server may begin transactions read-only by default.
        format!(
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE; SET SESSION {} /*M! {} */",
            settings.join(", "),
            mariadb.join("")
        )
    }
}
