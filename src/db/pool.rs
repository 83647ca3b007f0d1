//! The bounded pool of connections.
//!
//! The most recently used connection is used first, so that the others age. A connection that was idle for too long is
//! closed before the server does it. One that was idle for a moment is checked before use: a router or firewall on the
//! way may have dropped it silently. One that leads to a server that was left, or was used for long, is closed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mysql_async::prelude::Queryable;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::DbError;
use super::connector::{Connection, Connector};

/// Idle time after which a connection is closed: shorter than the server's limit (see `config.rs`), so that the server
/// logs no aborted connection, and shorter than the usual limits of balancers and firewalls.
const IDLE_LIMIT: Duration = Duration::from_secs(4);

/// Interval of the search for idle connections.
const SWEEP: Duration = Duration::from_secs(1);

/// A connection that was used more recently than this is used without a check.
const TRUSTED: Duration = Duration::from_secs(1);

/// Longest duration of that check.
const LOOK_LIMIT: Duration = Duration::from_millis(250);

/// The pool. All connections of one pool belong to the runtime in which they were made.
#[derive(Debug)]
pub(super) struct Pool {
    connector: Connector,
    size: usize,
    slots: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
    /// Shared with everyone who waits for the server, and so their number.
    connecting: Arc<()>,
    sweeping: AtomicBool,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

/// The permit for one connection of a pool. Dropping it allows another connection.
#[derive(Debug)]
pub(super) struct Slot {
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(connector: Connector, size: usize) -> Arc<Self> {
        let slots = Arc::new(Semaphore::new(size));
        Arc::new(Self {
            connector,
            size,
            slots,
            idle: Mutex::default(),
            connecting: Arc::new(()),
            sweeping: AtomicBool::new(false),
        })
    }

    /// A connection that works, as far as a check without a statement can tell. Waits so long at most: for a slot, if all
    /// are in use, and for the server.
    pub(super) async fn take_within(self: &Arc<Self>, wait: Duration) -> Result<(Connection, Slot), DbError> {
        let deadline = Instant::now() + wait;
        let permit = tokio::time::timeout_at(deadline, Arc::clone(&self.slots).acquire_owned()).await;
        let Ok(permit) = permit else { return Err(self.none_free(wait)) };
        let permit = permit.map_err(|_| DbError::Unexpected("the pool of connections is closed".to_owned()))?;
        let slot = Slot { pool: Arc::clone(self), _permit: permit };
        let connection = tokio::time::timeout_at(deadline, self.connection()).await;
        Ok((connection.unwrap_or_else(|_| Err(self.connector.no_answer()))?, slot))
    }

    /// Why no connection became free: the pool is too small, or those that have its slots wait for a server themselves.
    pub(super) fn none_free(&self, wait: Duration) -> DbError {
        let connecting = Arc::strong_count(&self.connecting) - 1;
        if connecting < self.in_use() && !self.connector.knows_nobody() {
            return DbError::PoolTimeout { after: wait };
        }
        self.connector.no_answer()
    }

    async fn connection(&self) -> Result<Connection, DbError> {
        if let Some(connection) = self.take_idle().await {
            return Ok(connection);
        }
        let _connecting = Arc::clone(&self.connecting);
        self.connector.connect().await
    }

    /// Number of connections in use, including those being made.
    pub(super) fn in_use(&self) -> usize {
        self.size - self.slots.available_permits()
    }

    /// Number of open, idle connections.
    pub(super) fn idle(&self) -> usize {
        self.idle_connections().len()
    }

    async fn take_idle(&self) -> Option<Connection> {
        let newest = loop {
            let newest = self.idle_connections().pop()?;
            if newest.connection.is_current() {
                break newest;
            }
        };
        let age = newest.since.elapsed();
        let mut connection = newest.connection;
        if age < TRUSTED {
            return Some(connection);
        }
        if age < IDLE_LIMIT && matches!(tokio::time::timeout(LOOK_LIMIT, connection.conn.ping()).await, Ok(Ok(()))) {
            return Some(connection);
        }
        // The other connections have been idle for longer and use the same network path.
        drop(std::mem::take(&mut *self.idle_connections()));
        None
    }

    /// Closes connections that were idle for too long, until no idle one is left.
    async fn sweep(self: Arc<Self>) {
        loop {
            tokio::time::sleep(SWEEP).await;
            let mut idle = self.idle_connections();
            let expired: Vec<_> = idle.extract_if(.., |idle| idle.since.elapsed() >= IDLE_LIMIT).collect();
            if idle.is_empty() {
                self.sweeping.store(false, Ordering::SeqCst);
                return;
            }
            drop(idle);
            drop(expired);
        }
    }

    /// No code that holds the lock can panic in the middle of a change.
    fn idle_connections(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Closes all idle connections of the pool, because their server does not take work.
    pub(super) fn discard_idle(&self) {
        drop(std::mem::take(&mut *self.pool.idle_connections()));
    }

    /// Returns a reusable connection to the pool.
    pub(super) fn give_back(self, connection: Connection) {
        // Without a runtime the process is ending, and the connection ends with it.
        let Ok(runtime) = Handle::try_current() else { return };
        let pool = &self.pool;
        if !connection.is_current() {
            return;
        }
        let mut idle = pool.idle_connections();
        idle.push(Idle { connection, since: Instant::now() });
        let sweeps = pool.sweeping.swap(true, Ordering::SeqCst);
        drop(idle);
        if !sweeps {
            runtime.spawn(Arc::clone(pool).sweep());
        }
    }
}
