//! The control connection: one connection beside the pools, for what must not wait for a connection that customers use.
//!
//! Sessions that were lost are ended over it. A statement that is given up on this side, and a transaction whose
//! connection broke without a word, go on on the server: they hold rows and take one of its connections. Closing the
//! socket does not tell a server that is waiting for a row. And readiness asks over it.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::connector::{Connector, SessionName};
use super::counters::Counters;
use super::health::Health;
use super::session::Origin;
use super::{Config, DbError, Session};

/// The longest that connecting, or one statement, may take.
const STEP_LIMIT: Duration = Duration::from_millis(800);

/// The same over a connection that was used before: what is between may have forgotten it without a word, and then there
/// must be time for a new one.
const REUSE_LIMIT: Duration = Duration::from_millis(400);

/// For how long a session that was lost is tried to be ended; after that the server's own limits must do.
const END_LIMIT: Duration = Duration::from_secs(20);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// As long as a tool's.
const NO_DEADLINE: Duration = Duration::from_hours(24 * 365);

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
    counters: Counters,
    current: Mutex<Option<Session>>,
}

/// What is done over the connection.
enum Task<'a> {
    /// Ends a session, or only the statement that it runs.
    End(&'a SessionName, Kill),
    Probe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kill {
    Session,
    Statement,
}

enum Done {
    Ended(Ended),
    Probed(Box<Health>),
}

impl Control {
    pub(super) fn new(config: &Config, counters: Counters) -> Self {
        Self { connector: Connector::new(&config.for_tool(STEP_LIMIT)), counters, current: Mutex::new(None) }
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
        match self.perform(&Task::End(name, Kill::Session)).await? {
            Done::Ended(ended) => Ok(ended),
            Done::Probed(_) => Ok(Ended::NotThere),
        }
    }

    /// Interrupts the statement that a session runs, if it still does.
    pub(super) async fn interrupt(&self, name: &SessionName) {
        // If it cannot be asked now, the statement's own limits must do.
        drop(self.perform(&Task::End(name, Kill::Statement)).await);
    }

    /// Looks whether the server can be read and would take writes.
    pub(super) async fn probe(&self) -> Result<Health, DbError> {
        match self.perform(&Task::Probe).await? {
            Done::Probed(health) => Ok(*health),
            Done::Ended(_) => Err(DbError::no_answer()),
        }
    }

    async fn perform(&self, task: &Task<'_>) -> Result<Done, DbError> {
        let mut current = self.current.lock().await;
        if let Some(mut session) = current.take()
            && let Ok(Ok(done)) = tokio::time::timeout(REUSE_LIMIT, self.perform_on(&mut session, task)).await
        {
            *current = Some(session);
            return Ok(done);
        }
        let connection = self.connector.connect_within(STEP_LIMIT).await?;
        let (origin, deadline) = (Origin::Own { in_use: None, linger: None }, Instant::now() + NO_DEADLINE);
        let mut session = Session::new(connection, origin, STEP_LIMIT, deadline, self.counters.clone(), None);
        let done = self.perform_on(&mut session, task).await?;
        *current = Some(session);
        Ok(done)
    }

    async fn perform_on(&self, session: &mut Session, task: &Task<'_>) -> Result<Done, DbError> {
        match task {
            Task::End(name, kill) => session.kill(name, *kill).await.map(Done::Ended),
            Task::Probe => session.health(self.counters.refusals()).await.map(|health| Done::Probed(Box::new(health))),
        }
    }
}

impl Session {
    /// Ends another session of the same server if it is there. In a transaction, so that a router does not ask one server
    /// and tell another.
    async fn kill(&mut self, name: &SessionName, kill: Kill) -> Result<Ended, DbError> {
        self.begin().await?;
        let ended = self.kill_if_there(name, kill).await;
        self.rollback().await;
        ended
    }

    async fn kill_if_there(&mut self, name: &SessionName, kill: Kill) -> Result<Ended, DbError> {
        let sql = format!("SELECT IS_USED_LOCK('{}')", name.as_str());
        let Some(Some(id)) = self.run_rows::<Option<u64>>(&sql).await?.into_iter().next() else {
            return Ok(Ended::NotThere);
        };
        // If it ended in between, the number may be nobody's; it is given anew only after all others.
        let what = if kill == Kill::Statement { "QUERY " } else { "" };
        match self.run(&format!("KILL {what}{id}")).await {
            Err(DbError::NoSuchSession) => Ok(Ended::NotThere),
            killed => killed.map(|()| Ended::Killed),
        }
    }
}
