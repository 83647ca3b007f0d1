//! One connection in use: statements with a time limit, and transactions that never leak to the next user.

use std::time::Duration;

use mysql_async::prelude::{FromRow, Queryable};
use mysql_async::{Conn, Params, Row};
use prometheus::IntGauge;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio::time::error::Elapsed;

use super::DbError;
use super::connector::Connection;
use super::counters::Counters;
use super::interrupted_commit::InterruptedCommit;
use super::killer::SessionKiller;
use super::pool::Slot;
use crate::metrics::GaugeGuard;

/// Longest time for closing a connection in an orderly way.
const GOODBYE: Duration = Duration::from_secs(1);

/// A connection in use. When it is dropped, the connection goes back to its source. If a transaction is open or a
/// statement was cut short, the connection is closed instead and its session is ended on the server, which undoes the
/// transaction.
#[derive(Debug)]
pub struct Session {
    /// `Some` until the session is dropped or its connection is given up.
    connection: Option<Connection>,
    /// `Some` until the session is dropped.
    origin: Option<Origin>,
    statement_timeout: Duration,
    /// Every statement except a commit ends before this instant.
    deadline: Instant,
    in_transaction: bool,
    counters: Counters,
    killer: Option<SessionKiller>,
    /// Permit to lock rows, held until the session is dropped.
    lock_permit: Option<OwnedSemaphorePermit>,
}

/// Whether a statement waits for rows that another transaction holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowWait {
    /// Waits, up to the session's limit.
    Yes,
    /// Fails at once with a [`DbError::LockTimeout`].
    No,
}

impl RowWait {
    /// Completes a statement that ends with FOR UPDATE.
    pub(super) fn complete(self, sql: &str) -> String {
        format!("{sql}{}", if self == Self::No { " NOWAIT" } else { "" })
    }
}

/// Source of a session's connection.
#[derive(Debug)]
pub(super) enum Origin {
    /// A pool, to which the connection returns.
    Pool(Slot),
    /// Made for this session alone.
    Own {
        /// Counts the connection as in use.
        in_use: Option<GaugeGuard>,
        /// How long it stays open afterwards, and the gauge that counts it during that time.
        linger: Option<(Duration, IntGauge)>,
    },
}

impl Session {
    pub(super) fn new(
        connection: Connection,
        origin: Origin,
        statement_timeout: Duration,
        deadline: Instant,
        counters: Counters,
        killer: Option<SessionKiller>,
    ) -> Self {
        let (connection, origin) = (Some(connection), Some(origin));
        Self {
            connection,
            origin,
            statement_timeout,
            deadline,
            in_transaction: false,
            counters,
            killer,
            lock_permit: None,
        }
    }

    /// Keeps a permit until the session is dropped.
    pub(super) fn with_lock_permit(self, permit: Option<OwnedSemaphorePermit>) -> Self {
        let mut session = self;
        session.lock_permit = permit;
        session
    }

    /// Begins a transaction. It ends with [`Session::commit`], with [`Session::rollback`], or when the session is
    /// dropped.
    pub async fn begin(&mut self) -> Result<(), DbError> {
        self.run("START TRANSACTION").await?;
        self.in_transaction = true;
        Ok(())
    }

    /// Begins a transaction and runs queries as text, all in one round trip; returns the rows of each query.
    pub(super) async fn begin_and_query(&mut self, sql: &str) -> Result<Vec<Vec<Row>>, DbError> {
        let limit = self.time_limit();
        // Set before the answer is known: if a query fails, the transaction has begun and must be undone.
        self.in_transaction = true;
        let conn = self.conn()?;
        let reading = async {
            let mut answers = conn.query_iter(format!("START TRANSACTION;{sql}")).await?;
            answers.for_each(drop).await?;
            let mut sets = Vec::new();
            while !answers.is_empty() {
                sets.push(answers.collect::<Row>().await?);
            }
            // A failed query looks like the end of the results; its error would be reported with the next statement.
            answers.drop_result().await?;
            Ok(sets)
        };
        let result = tokio::time::timeout(limit, reading).await;
        self.settle(result.map(|read| read.map_err(own_limit)))
    }

    /// Commits. On any answer except OK the connection is given up, and the outcome of the transaction must be looked
    /// up ([`super::Database::look_up`]).
    pub async fn commit(mut self) -> Result<(), InterruptedCommit> {
        let session = self.connection.as_ref().and_then(|connection| connection.name.clone());
        self.commit_or_close().await.map_err(|reason| InterruptedCommit { session, reason })
    }

    /// Commits for a tool that starts over when its commit fails.
    pub(super) async fn commit_or_close(&mut self) -> Result<(), DbError> {
        let committed = self.run_within(self.statement_timeout, "COMMIT").await;
        match committed {
            Ok(()) => {
                self.in_transaction = false;
                self.counters.refusals().committed();
            }
            Err(_) => self.give_up(),
        }
        committed
    }

    /// Undoes the transaction. If that fails, the connection is given up, which undoes it too.
    pub async fn rollback(&mut self) {
        if self.in_transaction && self.run_within(self.statement_timeout, "ROLLBACK").await.is_ok() {
            self.in_transaction = false;
        }
    }

    /// Runs a statement without a result set; returns the number of rows it changed.
    pub(super) async fn change(&mut self, sql: &str, params: impl Into<Params> + Send) -> Result<u64, DbError> {
        let limit = self.time_limit();
        let result = tokio::time::timeout(limit, self.conn()?.exec_drop(sql, params)).await;
        self.settle(result)?;
        Ok(self.conn()?.affected_rows())
    }

    /// Runs a query and returns its rows.
    pub(super) async fn rows<T>(&mut self, sql: &str, params: impl Into<Params> + Send) -> Result<Vec<T>, DbError>
    where
        T: FromRow + Send + 'static,
    {
        let limit = self.time_limit();
        let result = tokio::time::timeout(limit, self.conn()?.exec(sql, params)).await;
        self.settle(result)
    }

    /// Runs a query and returns its first row.
    pub(super) async fn row<T>(&mut self, sql: &str, params: impl Into<Params> + Send) -> Result<Option<T>, DbError>
    where
        T: FromRow + Send + 'static,
    {
        let limit = self.time_limit();
        let result = tokio::time::timeout(limit, self.conn()?.exec_first(sql, params)).await;
        self.settle(result)
    }

    /// Runs a statement as text: in one round trip, and without an entry in the cache of prepared statements.
    pub(super) async fn run(&mut self, sql: &str) -> Result<(), DbError> {
        let limit = self.time_limit();
        self.run_within(limit, sql).await
    }

    /// Runs statements as text and returns the number of rows that the last one changed. After `patience`, the running
    /// statement is interrupted on the server: it is taken to wait for a row, and fails with a
    /// [`DbError::LockTimeout`].
    pub(super) async fn run_change_within(&mut self, patience: Duration, sql: &str) -> Result<u64, DbError> {
        let limit = self.time_limit();
        let name = self.connection.as_ref().and_then(|connection| connection.name.clone());
        let killer = self.killer.clone();
        let conn = self.conn()?;
        let running = async {
            let mut statement = std::pin::pin!(conn.query_drop(sql));
            if let Ok(done) = tokio::time::timeout(patience, &mut statement).await {
                return done;
            }
            if let (Some(name), Some(killer)) = (name, killer) {
                killer.interrupt(name);
            }
            statement.await.map_err(own_limit)
        };
        let result = tokio::time::timeout(limit, running).await;
        self.settle(result)?;
        Ok(self.conn()?.affected_rows())
    }

    /// Runs a statement that another session interrupts if it waits for too long; then it fails with a
    /// [`DbError::LockTimeout`].
    pub(super) async fn run_interruptible(&mut self, sql: &str) -> Result<(), DbError> {
        let limit = self.time_limit();
        let result = tokio::time::timeout(limit, self.conn()?.query_drop(sql)).await;
        self.settle(result.map(|ran| ran.map_err(own_limit)))
    }

    async fn run_within(&mut self, limit: Duration, sql: &str) -> Result<(), DbError> {
        let result = tokio::time::timeout(limit, self.conn()?.query_drop(sql)).await;
        self.settle(result)
    }

    /// Runs a query as text and returns its rows.
    pub(super) async fn run_rows<T>(&mut self, sql: &str) -> Result<Vec<T>, DbError>
    where
        T: FromRow + Send + 'static,
    {
        let limit = self.time_limit();
        let result = tokio::time::timeout(limit, self.conn()?.query(sql)).await;
        self.settle(result)
    }

    /// The number that the last `INSERT` generated.
    pub(super) fn last_insert_id(&self) -> u64 {
        self.connection.as_ref().and_then(|connection| connection.conn.last_insert_id()).unwrap_or_default()
    }

    /// The server's number of this connection.
    pub(super) fn connection_number(&self) -> Option<u32> {
        self.connection.as_ref().map(|connection| connection.conn.id())
    }

    /// Closes the connection before returning, which also releases what belongs to it, such as a named lock.
    pub(super) async fn disconnect(mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.conn.disconnect().await);
        }
    }

    fn time_limit(&self) -> Duration {
        self.statement_timeout.min(self.deadline.saturating_duration_since(Instant::now()))
    }

    fn conn(&mut self) -> Result<&mut Conn, DbError> {
        self.connection.as_mut().map(|connection| &mut connection.conn).ok_or(DbError::Lost)
    }

    /// Translates and counts a failure, and gives up a connection whose state is no longer certain.
    fn settle<T>(&mut self, result: Result<mysql_async::Result<T>, Elapsed>) -> Result<T, DbError> {
        let error = match result {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => DbError::from_statement(error),
            Err(_) => DbError::TimedOut { after: self.statement_timeout },
        };
        if error.spoils_server()
            && let Some(Origin::Pool(slot)) = &self.origin
        {
            slot.discard_idle();
        }
        if error.spoils_connection() {
            self.give_up();
        }
        self.counters.count(&error);
        Err(error)
    }

    /// Closes the connection and has its session ended on the server, which does not notice the close while it runs a
    /// statement or waits for the next one with a transaction open.
    fn give_up(&mut self) {
        let Some(Connection { conn, name }) = self.connection.take() else { return };
        if let (Some(name), Some(killer)) = (name, &self.killer) {
            killer.end(name);
        }
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { drop(tokio::time::timeout(GOODBYE, conn.disconnect()).await) });
        }
    }
}

/// Translates the error of a statement that had a short time limit of its own: reaching it means that it waited for a
/// row.
fn own_limit(error: mysql_async::Error) -> mysql_async::Error {
    /// max_statement_time, MAX_EXECUTION_TIME, KILL QUERY; and a lock wait timeout.
    const LIMITS: [u16; 3] = [1969, 3024, 1317];
    const LOCK_WAIT_TIMEOUT: u16 = 1205;
    match error {
        mysql_async::Error::Server(mut error) if LIMITS.contains(&error.code) => {
            error.code = LOCK_WAIT_TIMEOUT;
            mysql_async::Error::Server(error)
        }
        other => other,
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.in_transaction {
            self.give_up();
        }
        let (Some(connection), Some(origin)) = (self.connection.take(), self.origin.take()) else { return };
        match origin {
            Origin::Pool(slot) => slot.give_back(connection),
            Origin::Own { linger: None, .. } => drop(connection),
            Origin::Own { in_use, linger: Some((linger, gauge)) } => {
                let lingering = GaugeGuard::new(&gauge);
                drop(in_use);
                tokio::spawn(async move {
                    tokio::time::sleep(linger).await;
                    drop(connection.conn.disconnect().await);
                    drop(lingering);
                });
            }
        }
    }
}
