//! How connections are come by: from a bounded pool, or one per request that lingers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use mysql_async::{Conn, Opts, OptsBuilder, Pool, PoolConstraints, PoolOpts};
use tokio::time::Instant;

use super::counters::Counters;
use super::{Address, Config, ConnectionMode, DbError, Session};
use crate::metrics::{GaugeGuard, Metrics};

/// A tool works for as long as it has to: a year is the longest that the timer takes without doubt.
const NO_DEADLINE: Duration = Duration::from_hours(24 * 365);

/// A store's database: where sessions come from.
#[derive(Debug)]
pub struct Database {
    source: Source,
    statement_timeout: Duration,
    counters: Counters,
}

#[derive(Debug)]
enum Source {
    Pool { pool: Pool, writer_pool: Option<Pool>, wait: Duration },
    PerRequest { options: Box<Opts>, linger: Duration, wait: Duration },
}

impl Database {
    /// Prepares the source of connections; opens none yet. Must be called inside a runtime.
    pub fn open(config: &Config, metrics: &Metrics) -> Result<Self, DbError> {
        let (source, limit) = match config.connections {
            ConnectionMode::Pool { size, for_writer, wait } => {
                let pool = pool(config, size.saturating_sub(for_writer))?;
                let writer_pool = if for_writer > 0 { Some(self::pool(config, for_writer)?) } else { None };
                (Source::Pool { pool, writer_pool, wait }, size)
            }
            ConnectionMode::PerRequest { linger, wait } => {
                (Source::PerRequest { options: Box::new(config.options()), linger, wait }, 0)
            }
        };
        metrics.db_pool_size.set(limit as i64);
        Ok(Self { source, statement_timeout: config.statement_timeout, counters: Counters::new(metrics) })
    }

    /// A session to run statements on, all of which end before `deadline`; only a commit that has begun may take longer.
    pub async fn session(&self, deadline: Instant) -> Result<Session, DbError> {
        self.session_of(deadline, |pool, _| pool).await
    }

    /// The same, on a connection that nobody else takes. All calls must come from one runtime, which may be another than
    /// that of [`Database::session`].
    pub async fn writer_session(&self, deadline: Instant) -> Result<Session, DbError> {
        self.session_of(deadline, |pool, writer_pool| writer_pool.unwrap_or(pool)).await
    }

    async fn session_of(
        &self,
        deadline: Instant,
        choose: for<'a> fn(&'a Pool, Option<&'a Pool>) -> &'a Pool,
    ) -> Result<Session, DbError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let connected = match &self.source {
            Source::Pool { pool, writer_pool, wait } => {
                let pool = choose(pool, writer_pool.as_ref());
                let wait = left.min(*wait);
                within(wait, pool.get_conn(), || pool_wait_error(pool, wait)).await
            }
            Source::PerRequest { options, wait, .. } => {
                within(left.min(*wait), Conn::new(Opts::clone(options)), no_answer).await
            }
        };
        let conn = connected.inspect_err(|error| self.counters.count(error))?;
        let (guard, linger) = match &self.source {
            Source::Pool { .. } => (None, None),
            Source::PerRequest { linger, .. } => {
                (Some(GaugeGuard::new(&self.counters.in_use)), Some((*linger, self.counters.lingering.clone())))
            }
        };
        Ok(Session::new(conn, self.statement_timeout, deadline, self.counters.clone(), guard, linger))
    }

    /// Brings the gauges up to date; called before metrics are read.
    pub fn observe(&self) {
        if let Source::Pool { pool, writer_pool, .. } = &self.source {
            let pools = || [Some(pool), writer_pool.as_ref()].into_iter().flatten().map(Pool::metrics);
            let in_use = pools().map(|metrics| metrics.connections_in_use.load(Ordering::Relaxed)).sum::<usize>();
            let idle = pools().map(|metrics| metrics.connections_in_pool.load(Ordering::Relaxed)).sum::<usize>();
            self.counters.in_use.set(in_use as i64);
            self.counters.idle.set(idle as i64);
        }
    }
}

impl Session {
    /// A session on a connection of its own, for tools that need one or a few. Connecting, and each statement, may take
    /// `limit`.
    pub async fn connect(address: &Address, limit: Duration) -> Result<Self, DbError> {
        let config = Config {
            address: address.clone(),
            connections: ConnectionMode::PerRequest { linger: Duration::ZERO, wait: limit },
            statement_timeout: limit,
            lock_wait_timeout: limit,
        };
        Self::connect_within(limit, &config).await
    }

    /// The same, with other limits for connecting, for statements and for locks.
    pub(super) async fn connect_within(limit: Duration, config: &Config) -> Result<Self, DbError> {
        let conn = within(limit, Conn::new(config.options()), no_answer).await?;
        let deadline = Instant::now() + NO_DEADLINE;
        Ok(Self::new(conn, config.statement_timeout, deadline, Counters::unregistered()?, None, None))
    }
}

fn pool(config: &Config, size: usize) -> Result<Pool, DbError> {
    let constraints = PoolConstraints::new(size, size)
        .ok_or_else(|| DbError::Unexpected("a pool needs at least one connection for each of its uses".to_owned()))?;
    // No reset between uses: it costs a round trip and the prepared statements, and all sessions are alike.
    let options = PoolOpts::new().with_constraints(constraints).with_reset_connection(false);
    Ok(Pool::new(OptsBuilder::from_opts(config.options()).pool_opts(options)))
}

async fn within(
    wait: Duration,
    connecting: impl Future<Output = mysql_async::Result<Conn>>,
    timed_out: impl FnOnce() -> DbError,
) -> Result<Conn, DbError> {
    match tokio::time::timeout(wait, connecting).await {
        Ok(connected) => connected.map_err(DbError::from_connect),
        Err(_) => Err(timed_out()),
    }
}

/// Too few connections, or none to be had: with an empty pool the wait was for the server.
fn pool_wait_error(pool: &Pool, after: Duration) -> DbError {
    if pool.metrics().connections_in_use.load(Ordering::Relaxed) == 0 {
        return no_answer();
    }
    DbError::PoolTimeout { after }
}

fn no_answer() -> DbError {
    DbError::Unreachable("it did not answer in time".to_owned())
}
