//! Makes connections: each is set up and has a unique name.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mysql_async::{Conn, Error, Opts, OptsBuilder};
use rand::RngExt;

use super::DbError;
use super::config::Config;

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) conn: Conn,
    pub(super) name: Option<SessionName>,
}

/// Name of the named lock that a connection takes when it is made and holds until it ends.
///
/// With it, another connection finds out which session of its server is that one, and whether it still exists. The
/// connection number alone is not enough: behind a router, or after a failover, the same number may belong to a
/// different session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SessionName(Arc<str>);

impl SessionName {
    fn random() -> Self {
        Self(format!("storemgr.session.{:032x}", rand::rng().random::<u128>()).into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Makes connections of one database.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    options: Opts,
    settings: String,
    /// True once the server has turned out not to support named locks, as in some clusters.
    nameless: Arc<AtomicBool>,
}

/// Error numbers of a server without named locks: not supported, no such function, forbidden by a setting (Galera).
const NO_NAMED_LOCKS: [u16; 4] = [1235, 1305, 4165, 1047];

impl Connector {
    pub(super) fn new(config: &Config) -> Self {
        let nameless = Arc::new(AtomicBool::new(false));
        Self { options: config.options(), settings: config.session_settings(), nameless }
    }

    /// Connects, sets the session up and names it, which takes one round trip more than connecting.
    pub(super) async fn connect(&self) -> Result<Connection, DbError> {
        if !self.nameless.load(Ordering::Relaxed) {
            let name = SessionName::random();
            let settings = format!("{}; DO GET_LOCK('{}', 0)", self.settings, name.as_str());
            match self.connect_with(settings).await {
                Ok(conn) => return Ok(Connection { conn, name: Some(name) }),
                Err(Error::Server(error)) if NO_NAMED_LOCKS.contains(&error.code) => {
                    self.nameless.store(true, Ordering::Relaxed);
                    tracing::warn!(
                        reason = error.message,
                        "the database has no named locks: a session that is lost is ended by the server's own time limits"
                    );
                }
                Err(error) => return Err(DbError::from_connect(error)),
            }
        }
        let conn = self.connect_with(self.settings.clone()).await.map_err(DbError::from_connect)?;
        Ok(Connection { conn, name: None })
    }

    /// Connects within a time limit; a half-made connection is closed when the limit passes.
    pub(super) async fn connect_within(&self, limit: Duration) -> Result<Connection, DbError> {
        tokio::time::timeout(limit, self.connect()).await.unwrap_or_else(|_| Err(DbError::no_answer()))
    }

    async fn connect_with(&self, settings: String) -> Result<Conn, Error> {
        Conn::new(OptsBuilder::from_opts(self.options.clone()).init(vec![settings])).await
    }
}
