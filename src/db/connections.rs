//! Sources of connections: a bounded pool, or one connection per request that stays open afterwards.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;

use super::connector::Connector;
use super::control::Control;
use super::counters::Counters;
use super::health::Health;
use super::killer::{KillRequest, SessionKiller};
use super::pool::Pool;
use super::route::Route;
use super::session::Origin;
use super::{Address, Config, ConnectionMode, DbError, HeldRows, Session};
use crate::metrics::{GaugeGuard, Metrics};

/// Time limit of a tool's session, which works as long as it needs: a year is the longest that the timer surely
/// accepts.
const NO_DEADLINE: Duration = Duration::from_hours(24 * 365);

/// The database of a store; it hands out sessions.
#[derive(Debug)]
pub struct Database {
    source: Source,
    pub(super) control: Arc<Control>,
    killer: SessionKiller,
    statement_timeout: Duration,
    counters: Counters,
    /// Number of sessions that may lock rows at once, so that readers keep their share of the pool however long these
    /// wait.
    lock_permits: Option<Arc<Semaphore>>,
    /// Number of those sessions that may wait for rows that were not free at once.
    wait_permits: Option<Arc<Semaphore>>,
    held_rows: HeldRows,
}

/// How long the writer's session waits for a row. All queued orders wait for it, so it is the shortest the server
/// accepts.
const WRITER_LOCK_WAIT: Duration = Duration::from_secs(1);

#[derive(Debug)]
enum Source {
    Pool { pool: Arc<Pool>, writer_pool: Option<Arc<Pool>>, wait: Duration },
    PerRequest { connector: Connector, linger: Duration, wait: Duration },
}

/// Ends the sessions that were given up, until neither the database nor a session exists that could ask for it. A slow
/// request does not delay the others.
async fn serve_kills(control: Arc<Control>, mut requests: mpsc::UnboundedReceiver<KillRequest>) {
    while let Some(request) = requests.recv().await {
        let control = Arc::clone(&control);
        tokio::spawn(async move {
            match request {
                KillRequest::Session(name) => control.end(&name).await,
                KillRequest::Statement(name) => control.interrupt(&name).await,
            }
        });
    }
}

/// Interval of the look at the group while its primary is known.
const LOOK: Duration = Duration::from_secs(1);

/// Interval of the search while it has none: the time without a primary is that of the group, and little more.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Looks whether the server in use still takes writes, so that a store finds the new primary of a group even if nobody
/// asks for anything, and reads nothing from the old one. Ends with the database.
async fn keep_looking(control: Weak<Control>) {
    let mut pause = LOOK;
    loop {
        tokio::time::sleep(pause).await;
        let Some(control) = control.upgrade() else { return };
        pause = if control.look().await { LOOK } else { LOOK_AGAIN };
    }
}

impl Database {
    /// Prepares the source of connections without opening one. Must be called inside the runtime that requests run in.
    pub fn open(config: &Config, metrics: &Metrics) -> Result<Self, DbError> {
        let route = Route::new(&config.address.servers);
        let connector = Connector::new(config, &route);
        let counters = Counters::new(metrics);
        let control = Arc::new(Control::new(config, &route, counters.clone()));
        tokio::spawn(keep_looking(Arc::downgrade(&control)));
        let (killer, requests) = SessionKiller::new();
        tokio::spawn(serve_kills(Arc::clone(&control), requests));
        let mut permits = None;
        let (source, limit) = match config.connections {
            ConnectionMode::Pool { size, for_writer, wait } => {
                let others = size.saturating_sub(for_writer);
                if others == 0 {
                    let sentence = "a pool needs at least one connection for each of its uses";
                    return Err(DbError::Unexpected(sentence.to_owned()));
                }
                permits = Some(permits_of(others));
                let pool = Pool::new(connector, others);
                let mut for_writing = config.clone();
                for_writing.lock_wait_timeout = config.lock_wait_timeout.min(WRITER_LOCK_WAIT);
                let writer_pool = (for_writer > 0).then(|| Pool::new(Connector::new(&for_writing, &route), for_writer));
                (Source::Pool { pool, writer_pool, wait }, size)
            }
            ConnectionMode::PerRequest { linger, wait } => (Source::PerRequest { connector, linger, wait }, 0),
        };
        metrics.db_pool_size.set(limit as i64);
        let (lock_permits, wait_permits) = permits.unzip();
        Ok(Self {
            source,
            control,
            killer,
            statement_timeout: config.statement_timeout,
            counters,
            lock_permits,
            wait_permits,
            held_rows: HeldRows::default(),
        })
    }

    /// Rows that another transaction was found to hold.
    pub fn held_rows(&self) -> &HeldRows {
        &self.held_rows
    }

    /// A session that locks rows. Sessions of this kind leave a part of the pool to the others, so that those that wait
    /// for rows do not block readers.
    pub async fn locking_session(&self, deadline: Instant) -> Result<Session, DbError> {
        let permit = self.permit(self.lock_permits.as_ref(), deadline).await?;
        Ok(self.session(deadline).await?.with_lock_permit(permit))
    }

    /// The permit to wait for a row that was not free at once; only a few exist. `None` if connections are not pooled.
    pub async fn wait_permit(&self, deadline: Instant) -> Result<Option<OwnedSemaphorePermit>, DbError> {
        self.permit(self.wait_permits.as_ref(), deadline).await
    }

    async fn permit(
        &self,
        permits: Option<&Arc<Semaphore>>,
        deadline: Instant,
    ) -> Result<Option<OwnedSemaphorePermit>, DbError> {
        let (Some(permits), Source::Pool { pool, wait, .. }) = (permits, &self.source) else { return Ok(None) };
        let wait = deadline.saturating_duration_since(Instant::now()).min(*wait);
        if let Ok(permit) = tokio::time::timeout(wait, Arc::clone(permits).acquire_owned()).await {
            return Ok(permit.ok());
        }
        let error = pool.none_free(wait);
        self.counters.count(&error);
        Err(error)
    }

    /// A session whose statements all end before `deadline`; only a commit that has begun may take longer.
    pub async fn session(&self, deadline: Instant) -> Result<Session, DbError> {
        self.session_of(deadline, |pool, _| pool).await
    }

    /// Like [`Database::session`], on a connection reserved for the writer. All calls must come from one runtime, which
    /// may differ from that of [`Database::session`].
    pub async fn writer_session(&self, deadline: Instant) -> Result<Session, DbError> {
        self.session_of(deadline, |pool, writer_pool| writer_pool.unwrap_or(pool)).await
    }

    async fn session_of(
        &self,
        deadline: Instant,
        choose: for<'a> fn(&'a Arc<Pool>, Option<&'a Arc<Pool>>) -> &'a Arc<Pool>,
    ) -> Result<Session, DbError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let connected = match &self.source {
            Source::Pool { pool, writer_pool, wait } => {
                let pool = choose(pool, writer_pool.as_ref());
                pool.take_within(left.min(*wait)).await.map(|(connection, slot)| (connection, Origin::Pool(slot)))
            }
            Source::PerRequest { connector, linger, wait } => {
                connector.connect_within(left.min(*wait)).await.map(|connection| {
                    let in_use = Some(GaugeGuard::new(&self.counters.in_use));
                    (connection, Origin::Own { in_use, linger: Some((*linger, self.counters.lingering.clone())) })
                })
            }
        };
        let (connection, origin) = connected.inspect_err(|error| self.counters.count(error))?;
        let counters = self.counters.clone();
        Ok(Session::new(connection, origin, self.statement_timeout, deadline, counters, Some(self.killer.clone())))
    }

    /// Longest duration of a single statement.
    pub fn statement_timeout(&self) -> Duration {
        self.statement_timeout
    }

    /// Checks whether this instance can work on the database. Uses the control connection, so that it neither waits for
    /// a connection that requests use nor takes one from them.
    pub async fn health(&self, deadline: Instant) -> Result<Health, DbError> {
        tokio::time::timeout_at(deadline, self.control.probe()).await.unwrap_or_else(|_| {
            let error = DbError::no_answer();
            self.counters.count(&error);
            Err(error)
        })
    }

    /// Updates the gauges; called before metrics are read.
    pub fn observe(&self) {
        if let Source::Pool { pool, writer_pool, .. } = &self.source {
            let pools = || [Some(pool), writer_pool.as_ref()].into_iter().flatten();
            self.counters.in_use.set(pools().map(|pool| pool.in_use()).sum::<usize>() as i64);
            self.counters.idle.set(pools().map(|pool| pool.idle()).sum::<usize>() as i64);
        }
    }
}

impl Session {
    /// A session on a connection of its own, for tools that need one or a few. `limit` applies to connecting and to
    /// each statement.
    pub async fn connect(address: &Address, limit: Duration) -> Result<Self, DbError> {
        let config = Config {
            address: address.clone(),
            connections: ConnectionMode::PerRequest { linger: Duration::ZERO, wait: limit },
            statement_timeout: limit,
            lock_wait_timeout: limit,
        };
        Self::connect_within(limit, &config).await
    }

    /// A session on a connection of its own, with separate limits for connecting, for statements and for locks.
    pub(super) async fn connect_within(limit: Duration, config: &Config) -> Result<Self, DbError> {
        let route = Route::new(&config.address.servers);
        let connection = Connector::new(config, &route).connect_within(limit).await?;
        let deadline = Instant::now() + NO_DEADLINE;
        let origin = Origin::Own { in_use: None, linger: None };
        Ok(Self::new(connection, origin, config.statement_timeout, deadline, Counters::unregistered()?, None))
    }
}

/// How many sessions of a pool may lock rows at once, and how many of those may wait for them: a quarter of the pool is
/// left to readers, and a quarter of the rest may wait.
fn permits_of(size: usize) -> (Arc<Semaphore>, Arc<Semaphore>) {
    let locking = size - (size / 4).max(usize::from(size > 1));
    (Arc::new(Semaphore::new(locking)), Arc::new(Semaphore::new((locking / 4).max(1))))
}
