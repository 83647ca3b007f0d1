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
use super::servers::Server;
use super::standing::Standing;
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
        self.enter_transaction()?;
        self.run("START TRANSACTION").await
    }

    /// Notes that a transaction is open. Called before the answer is known: whatever it is, one may have begun. If one is
    /// open already, the connection is given up, because START TRANSACTION would commit it.
    fn enter_transaction(&mut self) -> Result<(), DbError> {
        if self.in_transaction {
            self.give_up();
            return Err(DbError::Lost);
        }
        self.in_transaction = true;
        Ok(())
    }

    /// Begins a transaction and runs queries as text, all in one round trip; returns the rows of each query.
    pub(super) async fn begin_and_query(&mut self, sql: &str) -> Result<Vec<Vec<Row>>, DbError> {
        let limit = self.time_limit();
        self.enter_transaction()?;
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

    /// Undoes the transaction. On any answer except OK the connection is given up, which undoes it too: whatever ran on it
    /// next could commit what is left.
    pub async fn rollback(&mut self) {
        if !self.in_transaction {
            return;
        }
        match self.run_within(self.statement_timeout, "ROLLBACK").await {
            Ok(()) => self.in_transaction = false,
            Err(_) => self.give_up(),
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

    /// Runs so many statements as one text and returns the number of rows that the last one changed. After `patience`, the
    /// running statement is interrupted on the server: it is taken to wait for a row, and fails with a
    /// [`DbError::LockTimeout`]. So does a text of which only a part was executed.
    pub(super) async fn run_changes_within(
        &mut self,
        patience: Duration,
        statements: usize,
        sql: &str,
    ) -> Result<u64, DbError> {
        let limit = self.time_limit();
        let name = self.connection.as_ref().and_then(|connection| connection.name.clone());
        let killer = self.killer.clone();
        let conn = self.conn()?;
        let running = async {
            let mut text = std::pin::pin!(run_all(conn, sql));
            if let Ok(done) = tokio::time::timeout(patience, &mut text).await {
                return done;
            }
            if let (Some(name), Some(killer)) = (name, killer) {
                killer.interrupt(name);
            }
            text.await.map_err(own_limit)
        };
        let result = tokio::time::timeout(limit, running).await;
        if self.settle(result)? != statements {
            self.counters.count(&DbError::LockTimeout);
            return Err(DbError::LockTimeout);
        }
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

    /// The server that it leads to, as far as the address says.
    pub(super) fn server(&self) -> Option<&Server> {
        self.connection.as_ref().map(|connection| &connection.way.server)
    }

    /// Whether it may be used again: its server was not left, and its connection is not too old.
    pub(super) fn is_current(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_current)
    }

    /// What the server says about itself at this moment.
    pub(super) async fn standing(&mut self) -> Result<Standing, DbError> {
        let limit = self.time_limit();
        let result = tokio::time::timeout(limit, Standing::ask(self.conn()?)).await;
        self.settle(result)
    }

    /// The connection does not return to its source.
    pub(super) fn use_once(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.expires = Instant::now();
        }
    }

    /// Whether it is a session of this server.
    pub(super) fn is_on(&self, server: &Server) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.way.server == *server)
    }

    /// Gives up the connection, whose server is not the one to use.
    pub(super) fn leave_server(&mut self) {
        if let Some(connection) = &self.connection {
            connection.way.leave();
        }
        self.give_up();
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
        if error.spoils_server() {
            if let Some(Origin::Pool(slot)) = &self.origin {
                slot.discard_idle();
            }
            // A right or a table that is missing is missing on all members.
            if error.may_lie_elsewhere()
                && let Some(connection) = &self.connection
            {
                connection.way.leave();
            }
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
        let Some(Connection { conn, name, .. }) = self.connection.take() else { return };
        if let (Some(name), Some(killer)) = (name, &self.killer) {
            killer.end(name);
        }
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { drop(tokio::time::timeout(GOODBYE, conn.disconnect()).await) });
        }
    }
}

/// Runs the statements of a text; returns how many were answered. The number of rows that the last one changed is no sign
/// of that, for an earlier one may have changed as many.
async fn run_all(conn: &mut Conn, sql: &str) -> mysql_async::Result<usize> {
    let mut answers = conn.query_iter(sql).await?;
    let mut answered = 1;
    while !answers.is_empty() {
        answers.for_each(drop).await?;
        answered += 1;
    }
    answers.drop_result().await?;
    Ok(answered)
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
