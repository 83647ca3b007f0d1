//! One connection in use: statements under a time limit, transactions that cannot leak.

use std::time::Duration;

use mysql_async::prelude::{FromRow, Queryable};
use mysql_async::{Conn, Params, Row};
use prometheus::IntGauge;
use tokio::time::Instant;
use tokio::time::error::Elapsed;

use super::DbError;
use super::counters::Counters;
use crate::metrics::GaugeGuard;

/// A connection in use. When it is dropped, the connection goes back to where it came from, unless a transaction is open
/// or a statement was cut short: then it is closed, and the server undoes the transaction.
#[derive(Debug)]
pub struct Session {
    /// Present until the session is dropped or its connection is given up.
    conn: Option<Conn>,
    statement_timeout: Duration,
    /// No statement but a commit runs past this instant.
    deadline: Instant,
    in_transaction: bool,
    counters: Counters,
    /// Counts a connection of its own as in use.
    in_use: Option<GaugeGuard>,
    /// For a connection of its own: how long it stays open afterwards, and the gauge that counts it meanwhile.
    linger: Option<(Duration, IntGauge)>,
}

impl Session {
    pub(super) fn new(
        conn: Conn,
        statement_timeout: Duration,
        deadline: Instant,
        counters: Counters,
        in_use: Option<GaugeGuard>,
        linger: Option<(Duration, IntGauge)>,
    ) -> Self {
        Self { conn: Some(conn), statement_timeout, deadline, in_transaction: false, counters, in_use, linger }
    }

    /// Begins a transaction. It ends with [`Session::commit`], [`Session::rollback`], or the session.
    pub async fn begin(&mut self) -> Result<(), DbError> {
        self.run("START TRANSACTION").await?;
        self.in_transaction = true;
        Ok(())
    }

    /// Begins a transaction and runs queries as text, all in one round trip; gives the rows of each query.
    pub(super) async fn begin_and_query(&mut self, sql: &str) -> Result<Vec<Vec<Row>>, DbError> {
        let limit = self.time_limit();
        // Before it is known to have begun: if a query fails, the transaction is there and must be undone.
        self.in_transaction = true;
        let conn = self.conn()?;
        let reading = async {
            let mut answers = conn.query_iter(format!("START TRANSACTION;{sql}")).await?;
            answers.for_each(drop).await?;
            let mut sets = Vec::new();
            while !answers.is_empty() {
                sets.push(answers.collect::<Row>().await?);
            }
            Ok(sets)
        };
        let result = tokio::time::timeout(limit, reading).await;
        self.settle(result)
    }

    /// Commits. If the connection breaks or the time limit passes, the outcome is unknown and this says so.
    pub async fn commit(&mut self) -> Result<(), DbError> {
        match self.run_within(self.statement_timeout, "COMMIT").await {
            Ok(()) => {
                self.in_transaction = false;
                Ok(())
            }
            Err(DbError::Lost | DbError::TimedOut { .. }) => Err(DbError::CommitUnknown),
            Err(error) => Err(error),
        }
    }

    /// Undoes the transaction. If that fails, the connection is given up, which undoes it too.
    pub async fn rollback(&mut self) {
        if self.in_transaction && self.run_within(self.statement_timeout, "ROLLBACK").await.is_ok() {
            self.in_transaction = false;
        }
    }

    /// Runs a statement that answers nothing; gives the number of rows it changed.
    pub(super) async fn change(&mut self, sql: &str, params: impl Into<Params> + Send) -> Result<u64, DbError> {
        let limit = self.time_limit();
        let result = tokio::time::timeout(limit, self.conn()?.exec_drop(sql, params)).await;
        self.settle(result)?;
        Ok(self.conn()?.affected_rows())
    }

    /// Runs a query and gives its rows.
    pub(super) async fn rows<T>(&mut self, sql: &str, params: impl Into<Params> + Send) -> Result<Vec<T>, DbError>
    where
        T: FromRow + Send + 'static,
    {
        let limit = self.time_limit();
        let result = tokio::time::timeout(limit, self.conn()?.exec(sql, params)).await;
        self.settle(result)
    }

    /// Runs a query and gives its first row.
    pub(super) async fn row<T>(&mut self, sql: &str, params: impl Into<Params> + Send) -> Result<Option<T>, DbError>
    where
        T: FromRow + Send + 'static,
    {
        let limit = self.time_limit();
        let result = tokio::time::timeout(limit, self.conn()?.exec_first(sql, params)).await;
        self.settle(result)
    }

    /// Runs a statement as text: in one round trip, and without a place among the prepared ones.
    pub(super) async fn run(&mut self, sql: &str) -> Result<(), DbError> {
        let limit = self.time_limit();
        self.run_within(limit, sql).await
    }

    /// The same; gives the number of rows that the last of its statements changed.
    pub(super) async fn run_change(&mut self, sql: &str) -> Result<u64, DbError> {
        self.run(sql).await?;
        Ok(self.conn()?.affected_rows())
    }

    async fn run_within(&mut self, limit: Duration, sql: &str) -> Result<(), DbError> {
        let result = tokio::time::timeout(limit, self.conn()?.query_drop(sql)).await;
        self.settle(result)
    }

    /// Runs a query as text and gives its rows.
    pub(super) async fn run_rows<T>(&mut self, sql: &str) -> Result<Vec<T>, DbError>
    where
        T: FromRow + Send + 'static,
    {
        let limit = self.time_limit();
        let result = tokio::time::timeout(limit, self.conn()?.query(sql)).await;
        self.settle(result)
    }

    /// The number that the last `INSERT` gave its row.
    pub(super) fn last_insert_id(&self) -> u64 {
        self.conn.as_ref().and_then(Conn::last_insert_id).unwrap_or_default()
    }

    /// What the server calls this connection.
    pub(super) fn connection_number(&self) -> Option<u32> {
        self.conn.as_ref().map(Conn::id)
    }

    /// Ends the connection, and with it whatever is the connection's own, such as a named lock, before it returns.
    pub(super) async fn disconnect(mut self) {
        if let Some(conn) = self.conn.take() {
            drop(conn.disconnect().await);
        }
    }

    fn time_limit(&self) -> Duration {
        self.statement_timeout.min(self.deadline.saturating_duration_since(Instant::now()))
    }

    fn conn(&mut self) -> Result<&mut Conn, DbError> {
        self.conn.as_mut().ok_or(DbError::Lost)
    }

    /// Translates a failure, counts it, and gives up a connection that can no longer be trusted.
    fn settle<T>(&mut self, result: Result<mysql_async::Result<T>, Elapsed>) -> Result<T, DbError> {
        let error = match result {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => DbError::from_statement(error),
            Err(_) => DbError::TimedOut { after: self.statement_timeout },
        };
        if matches!(error, DbError::Lost | DbError::TimedOut { .. } | DbError::Unexpected(_)) {
            // Dropping a connection in the middle of a statement closes its socket; the pool makes a new one.
            self.linger = None;
            self.close();
        }
        self.counters.count(&error);
        Err(error)
    }

    fn close(&mut self) {
        if let Some(conn) = self.conn.take() {
            // Taken out of the pool and closed; the server undoes whatever transaction is open.
            tokio::spawn(async move { drop(tokio::time::timeout(Duration::from_secs(1), conn.disconnect()).await) });
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.in_transaction {
            self.linger = None;
            self.close();
        }
        if let (Some(conn), Some((linger, gauge))) = (self.conn.take(), self.linger.take()) {
            let lingering = GaugeGuard::new(&gauge);
            drop(self.in_use.take());
            tokio::spawn(async move {
                tokio::time::sleep(linger).await;
                drop(conn.disconnect().await);
                drop(lingering);
            });
        }
    }
}
