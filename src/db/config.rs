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

/// After this many idle seconds the server closes a connection (MySQL's default). Given to the driver so that it does
/// not ask on every connect.
const WAIT_TIMEOUT_S: usize = 28_800;

impl Config {
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
            .max_allowed_packet(Some(MAX_PACKET))
            .wait_timeout(Some(WAIT_TIMEOUT_S))
            .init(vec![self.session_settings()])
            .into()
    }

    /// What every connection is set to, in one round trip. READ COMMITTED: no gap locks, so orders of different products
    /// never wait for each other, and it is what replicated groups ask for.
    fn session_settings(&self) -> String {
        format!(
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
             SET SESSION innodb_lock_wait_timeout = {}, time_zone = '+00:00', \
             sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION'",
            self.lock_wait_timeout.as_secs().max(1)
        )
    }
}
