//! The control connection: one connection outside the pools, for work that must not wait for a connection of requests.
//!
//! It ends lost sessions. A statement that was given up here, and a transaction whose connection broke silently,
//! continue on the server: they hold rows and use one of its connections. Closing the socket does not stop a server
//! that waits for a row. The readiness check and the look at the group also use this connection. A session that was lost on
//! another server than the one in use, as after a failover, is ended there, on a connection of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::connector::{Connection, Connector, SessionName};
use super::counters::Counters;
use super::health::Health;
use super::route::Route;
use super::servers::Server;
use super::session::Origin;
use super::{Config, DbError, Session};

/// Longest duration of connecting and of one statement.
const STEP_LIMIT: Duration = Duration::from_millis(800);

/// Longest duration of connecting if there are several servers: they are asked one after the other, and together.
const SEARCH_LIMIT: Duration = Duration::from_millis(2500);

/// The same limit on a connection that was used before: it may have been dropped silently, and then there must be time
/// to make a new one.
const REUSE_LIMIT: Duration = Duration::from_millis(400);

/// How long to keep trying to end a lost session; after that the server's own limits apply.
const END_LIMIT: Duration = Duration::from_secs(20);

/// Pause between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// No generation: it counts up from 0.
const NOBODY: u64 = u64::MAX;

/// A year, as for a tool: each step on this connection has its own, shorter limit.
const NO_DEADLINE: Duration = Duration::from_hours(24 * 365);

/// Result of ending a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The server held the session and was told to end it; it may still be undoing its transaction.
    Killed,
    /// The server does not hold the session: it has ended, or belongs to another server.
    NotThere,
}

/// The control connection, made on first use.
#[derive(Debug)]
pub(super) struct Control {
    connector: Connector,
    route: Arc<Route>,
    counters: Counters,
    current: Mutex<Option<Session>>,
    /// The generation of the route when the server was looked at last; [`NOBODY`] if none was found.
    seen: AtomicU64,
}

/// Task of the control connection.
enum Task<'a> {
    /// Ends a session, or only the statement that it runs.
    End(&'a SessionName, Kill),
    Probe,
    /// Looks whether the server still is the one that takes writes.
    Look,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kill {
    Session,
    Statement,
}

enum Done {
    Ended(Ended),
    Probed(Box<Health>),
    /// The server takes writes.
    Looked,
}

impl Control {
    pub(super) fn new(config: &Config, route: &Arc<Route>, counters: Counters) -> Self {
        let connector = Connector::new(&config.for_tool(STEP_LIMIT), route);
        Self { connector, route: Arc::clone(route), counters, current: Mutex::new(None), seen: AtomicU64::new(0) }
    }

    /// Ends a session, and retries while the server does not answer.
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

    /// Ends a session if the server proves to hold it, by the named lock that only that session has.
    pub(super) async fn try_end(&self, name: &SessionName) -> Result<Ended, DbError> {
        match self.perform_at(&name.server, &Task::End(name, Kill::Session)).await? {
            Done::Ended(ended) => Ok(ended),
            Done::Probed(_) | Done::Looked => Ok(Ended::NotThere),
        }
    }

    /// Interrupts the statement that a session runs, if it still runs.
    pub(super) async fn interrupt(&self, name: &SessionName) {
        // If the server cannot be asked now, the statement's own limits apply.
        drop(self.perform_at(&name.server, &Task::End(name, Kill::Statement)).await);
    }

    /// Checks whether the server can be read and would take writes.
    pub(super) async fn probe(&self) -> Result<Health, DbError> {
        match self.perform(&Task::Probe).await? {
            Done::Probed(health) => Ok(*health),
            Done::Ended(_) | Done::Looked => Err(DbError::no_answer()),
        }
    }

    /// Whether another server may take the place of the one in use.
    pub(super) fn may_move(&self) -> bool {
        self.route.may_change()
    }

    /// Looks whether the server in use still takes writes, and for another one if it does not. Nothing is done if there is
    /// only one. Returns true if there is a server that takes writes.
    pub(super) async fn look(&self) -> bool {
        if !self.route.may_change() {
            return true;
        }
        if let Err(error) = self.perform(&Task::Look).await {
            // The log says it even if nobody asks for anything.
            self.counters.refusals().failed(&error);
            self.seen.store(NOBODY, Ordering::SeqCst);
            return false;
        }
        let generation = self.route.generation();
        if self.seen.swap(generation, Ordering::SeqCst) != generation {
            self.counters.refusals().moved();
        }
        true
    }

    /// Performs a task on a server that may be another one than that in use.
    async fn perform_at(&self, server: &Server, task: &Task<'_>) -> Result<Done, DbError> {
        if self.route.first().is_some_and(|first| first == *server) {
            return self.perform(task).await;
        }
        let mut session = self.session(self.connector.connect_to(server, STEP_LIMIT).await?);
        let done = self.perform_on(&mut session, task).await;
        session.disconnect().await;
        done
    }

    fn session(&self, connection: Connection) -> Session {
        let (origin, deadline) = (Origin::Own { in_use: None, linger: None }, Instant::now() + NO_DEADLINE);
        Session::new(connection, origin, STEP_LIMIT, deadline, self.counters.clone(), None)
    }

    async fn perform(&self, task: &Task<'_>) -> Result<Done, DbError> {
        let mut current = self.current.lock().await;
        if let Some(mut session) = current.take().filter(Session::is_current)
            && let Ok(Ok(done)) = tokio::time::timeout(REUSE_LIMIT, self.perform_on(&mut session, task)).await
        {
            *current = Some(session);
            return Ok(done);
        }
        let limit = if self.route.may_change() { SEARCH_LIMIT } else { STEP_LIMIT };
        let connected = self.connector.connect_within(limit).await;
        if let (Task::Probe, Err(error)) = (task, &connected) {
            self.counters.count(error);
        }
        let mut session = self.session(connected?);
        let done = self.perform_on(&mut session, task).await?;
        *current = Some(session);
        Ok(done)
    }

    async fn perform_on(&self, session: &mut Session, task: &Task<'_>) -> Result<Done, DbError> {
        match task {
            // Another server does not have the session, which proves nothing.
            Task::End(name, _) if !session.is_on(&name.server) => Err(DbError::Lost),
            Task::End(name, kill) => session.kill(name, *kill).await.map(Done::Ended),
            Task::Look => self.look_on(session).await.map(|()| Done::Looked),
            Task::Probe => session.health(self.counters.refusals()).await.map(|health| Done::Probed(Box::new(health))),
        }
    }
}

impl Control {
    async fn look_on(&self, session: &mut Session) -> Result<(), DbError> {
        let standing = session.standing().await?;
        self.route.learn(&standing);
        match standing.obstacle() {
            None => Ok(()),
            Some(obstacle) => {
                session.leave_server();
                Err(DbError::nowhere(&obstacle))
            }
        }
    }
}

impl Session {
    /// Ends another session of the same server if it exists. Runs in a transaction, so that a router sends both
    /// statements to one server.
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
        // If the session ended in between, its number is unused; the server reuses it only after all other numbers.
        let what = if kill == Kill::Statement { "QUERY " } else { "" };
        match self.run(&format!("KILL {what}{id}")).await {
            Err(DbError::NoSuchSession) => Ok(Ended::NotThere),
            killed => killed.map(|()| Ended::Killed),
        }
    }
}
