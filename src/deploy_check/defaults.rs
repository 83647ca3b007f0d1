//! The defaults of `serve` and `loadtest` that checks rely on, and the connections that a database needs besides the
//! pools.
//!
//! The flags are declared by the command line, which this library does not know; a test compares the two.

use std::time::Duration;

use super::files::Service;
use crate::units;

/// A setting of a command.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The subcommand that has the flag, such as `serve`.
    pub command: &'static str,
    /// The flag with its dashes, such as `--db-pool-size`.
    pub flag: &'static str,
    /// The environment variable of the same setting; empty if it has none.
    pub variable: &'static str,
    /// The default, as `--help` prints it.
    pub default: &'static str,
}

const fn serve(flag: &'static str, variable: &'static str, default: &'static str) -> Setting {
    Setting { command: "serve", flag, variable, default }
}

pub(super) const LISTEN: Setting = serve("--listen", "STOREMGR_LISTEN", "0.0.0.0:5000");
/// Without one, probes are answered where everything is.
pub(super) const PROBE_LISTEN: Setting = serve("--probe-listen", "STOREMGR_PROBE_LISTEN", "");
pub(super) const POOL_SIZE: Setting = serve("--db-pool-size", "STOREMGR_DB_POOL_SIZE", "16");
pub(super) const POOL_WAIT: Setting = serve("--db-pool-wait", "STOREMGR_DB_POOL_WAIT", "800ms");
pub(super) const ORDER_QUEUE_WAIT: Setting = serve("--order-queue-wait", "STOREMGR_ORDER_QUEUE_WAIT", "500ms");
pub(super) const CONNECTIONS: Setting = serve("--db-connections", "STOREMGR_DB_CONNECTIONS", "pool");
pub(super) const REQUEST_DEADLINE: Setting = serve("--request-deadline", "STOREMGR_REQUEST_DEADLINE", "10s");
pub(super) const IDLE_TIMEOUT: Setting = serve("--idle-timeout", "STOREMGR_IDLE_TIMEOUT", "75s");
pub(super) const DRAIN_NOTICE: Setting = serve("--drain-notice", "STOREMGR_DRAIN_NOTICE", "0s");
pub(super) const DRAIN_TIMEOUT: Setting = serve("--drain-timeout", "STOREMGR_DRAIN_TIMEOUT", "25s");
pub(super) const DB_PORT: Setting = serve("--db-port", "DB_PORT", "3306");
pub(super) const DB_NAME: Setting = serve("--db-name", "DB_NAME", "store");
pub(super) const DB_USER: Setting = serve("--db-user", "DB_USER", "store");
pub(super) const REDIS_PORT: Setting = serve("--redis-port", "REDIS_PORT", "6379");
pub(super) const CLIENT_TIMEOUT: Setting =
    Setting { command: "loadtest", flag: "--timeout", variable: "", default: "60s" };

/// Every setting whose default the checks rely on; a test compares them with `--help`.
pub const SETTINGS: &[Setting] = &[
    LISTEN,
    POOL_SIZE,
    POOL_WAIT,
    ORDER_QUEUE_WAIT,
    CONNECTIONS,
    REQUEST_DEADLINE,
    IDLE_TIMEOUT,
    DRAIN_NOTICE,
    DRAIN_TIMEOUT,
    DB_PORT,
    DB_NAME,
    DB_USER,
    REDIS_PORT,
    CLIENT_TIMEOUT,
];

/// The default of `max_connections` in MySQL and MariaDB.
pub(super) const MAX_CONNECTIONS: u64 = 151;

/// Connections kept free for `seed`, `report`, `migrate`, `deploy-check` and an exporter.
pub(super) const TOOLS: u64 = 10;

/// Connections kept in reserve: for an administrator, and for those of a restarted instance that the server has not
/// closed yet.
pub(super) const RESERVE: u64 = 5;

impl Setting {
    /// The value that the service sets by flag or variable, otherwise the default.
    pub(super) fn of(self, service: &Service) -> String {
        service.setting(self.flag, self.variable).unwrap_or_else(|| self.default.to_owned())
    }

    /// The same as a duration. A value that is not a duration counts as the default, because the command itself refuses
    /// it.
    pub(super) fn duration(self, service: Option<&Service>) -> Duration {
        let text = service.map_or_else(|| self.default.to_owned(), |service| self.of(service));
        let read = units::parse_duration(&text).or_else(|_| units::parse_duration(self.default));
        read.unwrap_or_default()
    }
}
