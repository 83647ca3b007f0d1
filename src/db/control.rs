//! The control connection: one connection beside the pools, with which sessions that were lost are ended on the server.
//!
//! A statement that is given up on this side, and a transaction whose connection broke without a word, go on on the
//! server: they hold rows and take one of its connections. Closing the socket does not tell a server that is waiting for
//! a row.

use std::time::Duration;

use mysql_async::prelude::Queryable;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::DbError;
use super::connector::{Connection, Connector, SessionName};

/// The longest that connecting, or one statement, may take.
const STEP_LIMIT: Duration = Duration::from_secs(1);

/// For how long a session that was lost is tried to be ended; a server that does not answer for longer has, or is given
/// by its own limits, other means.
const END_LIMIT: Duration = Duration::from_secs(20);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(200);

/// A connection that was idle for longer is not used again.
const IDLE_LIMIT: Duration = Duration::from_secs(4);

/// What came of ending a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The server held the session and was told to end it; it may still be undoing its transaction.
    Killed,
    /// The server that was asked does not hold it: it has ended, or it is another server's.
    NotThere,
}

/// The control connection, made when it is needed.
#[derive(Debug)]
pub(super) struct Control {
    connector: Connector,
    current: Mutex<Option<(Connection, Instant)>>,
}

impl Control {
    pub(super) fn new(connector: Connector) -> Self {
        Self { connector, current: Mutex::new(None) }
    }

    /// Ends a session, and tries again while the server does not answer.
    pub(super) async fn end(&self, name: &SessionName) {
        let deadline = Instant::now() + END_LIMIT;
        while Instant::now() < deadline {
            match self.try_end(name).await {
                Ok(Ended::Killed) => return tracing::debug!("a session that was lost was ended"),
                Ok(Ended::NotThere) => return,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Ends a session if the server that is asked proves to hold it: by the lock that only that session has.
    pub(super) async fn try_end(&self, name: &SessionName) -> Result<Ended, DbError> {
        let mut current = self.current.lock().await;
        let mut connection = match current.take() {
            Some((connection, since)) if since.elapsed() < IDLE_LIMIT => connection,
            _ => self.connector.connect_within(STEP_LIMIT).await?,
        };
        let asked = tokio::time::timeout(STEP_LIMIT, end(&mut connection, name)).await;
        let ended = asked.map_err(|_| DbError::TimedOut { after: STEP_LIMIT })?.map_err(DbError::from_statement)?;
        *current = Some((connection, Instant::now()));
        Ok(ended)
    }
}

async fn end(connection: &mut Connection, name: &SessionName) -> Result<Ended, mysql_async::Error> {
    /// There is no such session any more.
    const NO_SUCH_THREAD: u16 = 1094;
    let sql = format!("SELECT IS_USED_LOCK('{}')", name.as_str());
    let Some(Some(id)) = connection.conn.query_first::<Option<u64>, _>(sql).await? else {
        return Ok(Ended::NotThere);
    };
    match connection.conn.query_drop(format!("KILL {id}")).await {
        Ok(()) => Ok(Ended::Killed),
        Err(mysql_async::Error::Server(error)) if error.code == NO_SUCH_THREAD => Ok(Ended::NotThere),
        Err(error) => Err(error),
    }
}
