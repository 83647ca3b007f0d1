//! `storemgr serve`: the HTTP service.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use clap::ValueEnum;
use storemgr::cache::Cache;
use storemgr::catalog::Catalog;
use storemgr::db::{self, ConnectionMode, Database, MigrateError, Session};
use storemgr::http::{self, Access, Limits, Listeners, LoggedRequests, PROBE_CONNECTIONS, Store};
use storemgr::metrics::Metrics;
use storemgr::orders::{Orders, QueueLimits, Writer};
use storemgr::process::{self, Exit, LogFormat};
use storemgr::read_models::{self, Reports, Source};
use tokio::net::{TcpListener, TcpSocket};

use crate::failure::{CommandResult, Failure};
use crate::health_check;
use crate::options::{AccessArgs, DatabaseArgs, RedisArgs, duration};

/// Database connections reserved for everything but the instances: seed, report, migrate, deploy-check, an administrator.
const CONNECTIONS_FOR_TOOLS: u64 = 10;

/// The most order lines in one transaction: as many as the largest order may have, so that no batch locks rows for
/// much longer than that order would.
const BATCH_LINES: usize = 10_000;

/// The pause between two attempts to reach the database at start.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// The longest wait for a row that another transaction has locked: many times as long as a transaction of the store.
const LONGEST_LOCK_WAIT: Duration = Duration::from_secs(2);

/// The time limit for connecting to the database to check its setup and its connection limit.
const CHECK_LIMIT: Duration = Duration::from_secs(5);

/// Run the store's HTTP service
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    listening: ListenArgs,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    orders: OrderArgs,
    #[command(flatten)]
    reports: ReportArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    usage: DatabaseUseArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    redis: RedisArgs,
    #[command(flatten)]
    logging: LogArgs,
}

/// The options under the heading "Listening".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Listening")]
struct ListenArgs {
    /// The address and port to listen on
    #[arg(long, env = "STOREMGR_LISTEN", value_name = "ADDRESS:PORT", default_value = "0.0.0.0:5000")]
    listen: SocketAddr,
    /// A second address that serves only /live, /ready and /metrics, and still answers when clients have taken all
    /// connections of the first
    #[arg(long, env = "STOREMGR_PROBE_LISTEN", value_name = "ADDRESS:PORT")]
    probe_listen: Option<SocketAddr>,
    /// Do not start the service: ask the instance that listens on these addresses whether it is ready, and exit with
    /// 0 if it is or 1 if it is not
    #[arg(long)]
    health_check: bool,
}

/// The options under the heading "Orders". `--order-writer` selects one of the cures that were tried on the original.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Orders")]
struct OrderArgs {
    /// How orders are written to the database
    #[arg(long, env = "STOREMGR_ORDER_WRITER", value_name = "WRITER", value_enum, default_value_t = WriterChoice::GroupCommit)]
    order_writer: WriterChoice,
    /// With group-commit: how many orders may wait for the next transaction; further orders are refused
    #[arg(long, env = "STOREMGR_ORDER_QUEUE", value_name = "ORDERS", default_value_t = 20_000,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    order_queue: u32,
    /// With group-commit: the longest wait for the next transaction; an order that would wait longer is refused at once
    #[arg(long, env = "STOREMGR_ORDER_QUEUE_WAIT", value_name = "DURATION", default_value = "500ms", value_parser = duration)]
    order_queue_wait: Duration,
    /// With group-commit: the most orders in one transaction
    #[arg(long, env = "STOREMGR_ORDER_BATCH", value_name = "ORDERS", default_value_t = 1_000,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    order_batch: u32,
    /// How long idempotency keys are kept; after that, the same key places a new order
    #[arg(long, env = "STOREMGR_IDEMPOTENCY_RETENTION", value_name = "DURATION", default_value = "24h", value_parser = duration)]
    idempotency_retention: Duration,
}

/// The options under the heading "Reports". The source and the cache are among the cures that were tried on the original.
#[expect(clippy::struct_field_names, reason = "the flags carry the variables' names")]
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reports")]
struct ReportArgs {
    /// The data that reports are computed from
    #[arg(long, env = "STOREMGR_REPORT_SOURCE", value_name = "SOURCE", value_enum, default_value_t = SourceChoice::ReadModel)]
    report_source: SourceChoice,
    /// Where computed reports are cached
    #[arg(long, env = "STOREMGR_REPORT_CACHE", value_name = "CACHE", value_enum, default_value_t = CacheChoice::Redis)]
    report_cache: CacheChoice,
    /// How long a cached report counts as fresh; an older one is still served while it is refreshed
    #[arg(long, env = "STOREMGR_REPORT_TTL", value_name = "DURATION", default_value = "5s", value_parser = duration)]
    report_ttl: Duration,
}

/// The options under the heading "Limits": what one client may use, and how long the service takes to stop.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// The most client connections that are open at the same time
    #[arg(long, env = "STOREMGR_MAX_CONNECTIONS", value_name = "COUNT", default_value_t = 6_000,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_connections: u32,
    /// The most bytes in the request line and the headers of one request
    #[arg(long, env = "STOREMGR_MAX_HEADER_BYTES", value_name = "BYTES", default_value_t = 8_192,
          value_parser = clap::value_parser!(u32).range(8_192..=1_048_576))]
    max_header_bytes: u32,
    /// The most bytes in the body of one request
    #[arg(long, env = "STOREMGR_MAX_BODY_BYTES", value_name = "BYTES", default_value_t = 1_048_576,
          value_parser = clap::value_parser!(u32).range(1..=67_108_864))]
    max_body_bytes: u32,
    /// The most bytes in all request bodies together, not counting the first 4 KiB of each; further large bodies are
    /// refused
    #[arg(long, env = "STOREMGR_ALL_BODY_BYTES", value_name = "BYTES", default_value_t = 16_777_216,
          value_parser = clap::value_parser!(u64).range(65_536..=68_719_476_736))]
    all_body_bytes: u64,
    /// The longest wait for the headers of a request, and for the next request on an open connection; set it longer
    /// than the proxy in front keeps idle connections
    #[arg(long, env = "STOREMGR_IDLE_TIMEOUT", value_name = "DURATION", default_value = "75s", value_parser = duration)]
    idle_timeout: Duration,
    /// The longest time from the headers of a request to its answer
    #[arg(long, env = "STOREMGR_REQUEST_DEADLINE", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    request_deadline: Duration,
    /// How long a client may read nothing of its answer before its connection is reset
    #[arg(long, env = "STOREMGR_WRITE_TIMEOUT", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    write_timeout: Duration,
    /// After SIGTERM, how long to accept further connections while answering "not ready"
    #[arg(long, env = "STOREMGR_DRAIN_NOTICE", value_name = "DURATION", default_value = "0s", value_parser = duration)]
    drain_notice: Duration,
    /// After the drain notice, the longest wait for requests in flight
    #[arg(long, env = "STOREMGR_DRAIN_TIMEOUT", value_name = "DURATION", default_value = "25s", value_parser = duration)]
    drain_timeout: Duration,
}

/// The options under the heading "Use of the database". `--db-connections` selects one of the cures that were tried on
/// the original.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Use of the database")]
struct DatabaseUseArgs {
    /// Do not bring the database schema up to date at start
    #[arg(long, env = "STOREMGR_NO_MIGRATE")]
    no_migrate: bool,
    /// How requests get a database connection
    #[arg(long, env = "STOREMGR_DB_CONNECTIONS", value_name = "MODE", value_enum, default_value_t = ConnectionChoice::Pool)]
    db_connections: ConnectionChoice,
    /// The number of connections in the pool; keep the sum over all instances below the server's max_connections
    #[arg(long, env = "STOREMGR_DB_POOL_SIZE", value_name = "COUNT", default_value_t = 16,
          value_parser = clap::value_parser!(u16).range(1..=10_000))]
    db_pool_size: u16,
    /// The longest wait for a connection
    #[arg(long, env = "STOREMGR_DB_POOL_WAIT", value_name = "DURATION", default_value = "800ms", value_parser = duration)]
    db_pool_wait: Duration,
    /// The longest that one statement may take
    #[arg(long, env = "STOREMGR_DB_STATEMENT_TIMEOUT", value_name = "DURATION", default_value = "5s", value_parser = duration)]
    db_statement_timeout: Duration,
    /// With per-request: how long a connection stays open after its request has finished
    #[arg(long, env = "STOREMGR_DB_CONNECTION_LINGER", value_name = "DURATION", default_value = "30s", value_parser = duration)]
    db_connection_linger: Duration,
}

/// The options under the heading "Logging".
#[expect(clippy::struct_field_names, reason = "the flags carry the variables' names")]
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Logging")]
struct LogArgs {
    /// The format of log lines
    #[arg(long, env = "STOREMGR_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value_t = LogFormatChoice::Text)]
    log_format: LogFormatChoice,
    /// The least severe level that is logged: error, warn, info, debug or trace
    #[arg(long, env = "STOREMGR_LOG_LEVEL", value_name = "LEVEL", default_value = "info")]
    log_level: String,
    /// The requests that have a line in the log: those that the store failed (5xx; beyond 100 a second they are summed up),
    /// or all but health checks
    #[arg(long, env = "STOREMGR_LOG_REQUESTS", value_name = "REQUESTS", value_enum, default_value_t = LogRequestsChoice::Failed)]
    log_requests: LogRequestsChoice,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogRequestsChoice {
    Failed,
    All,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormatChoice {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum WriterChoice {
    /// One query per article and one commit per order
    PerItem,
    /// One query for all articles of an order and one commit per order
    Batched,
    /// Many orders in one transaction
    GroupCommit,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ConnectionChoice {
    /// Each request opens its own connection and leaves it open afterwards
    PerRequest,
    /// All requests share a pool of limited size
    Pool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SourceChoice {
    /// All order lines, read anew each time
    Scan,
    /// Totals that are updated with every order
    ReadModel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CacheChoice {
    /// No cache: every report is computed anew
    Off,
    /// In Redis
    Redis,
}

pub(crate) async fn run(args: Args) -> CommandResult {
    if args.listening.health_check {
        return health_check::run(args.listening.listen, args.listening.probe_listen).await;
    }
    let started = Instant::now();
    let format = match args.logging.log_format {
        LogFormatChoice::Text => LogFormat::Text,
        LogFormatChoice::Json => LogFormat::Json,
    };
    process::init_log(format, &args.logging.log_level).map_err(|sentence| Failure::usage(anyhow!(sentence)))?;
    let access = args.access.load()?;
    let shutdown = args.access.shutdown(access.as_ref()).map_err(Failure::could_not_run)?;
    let config = args.usage.config(args.database.address()?, args.orders.order_writer);
    if let ConnectionMode::Pool { size, for_writer, .. } = config.connections
        && size <= for_writer
    {
        let sentence = "group-commit writes with a connection of its own: give --db-pool-size 2 or more";
        return Err(Failure::usage(anyhow!(sentence)));
    }
    if args.limits.all_body_bytes < u64::from(args.limits.max_body_bytes) {
        let sentence = "--all-body-bytes is less than --max-body-bytes: the largest body would always be refused";
        return Err(Failure::usage(anyhow!(sentence)));
    }
    let (store, orders) = args.build_store(&config, access)?;
    let limits = args.limits.within_handles(process::raise_open_files(), &config)?;
    let listeners =
        Listeners { main: bind(args.listening.listen)?, probes: args.listening.probe_listen.map(bind).transpose()? };
    let address = listeners.main.local_addr().map_err(Failure::could_not_run)?;
    let probes = listeners.probes.as_ref().map(TcpListener::local_addr).transpose().map_err(Failure::could_not_run)?;
    let probe_address = probes.unwrap_or(address);
    tracing::info!(%address, %probe_address, pid = std::process::id(), "listening");
    let age = args.orders.idempotency_retention;
    tokio::spawn(async move { orders.forget_old_keys(age).await });
    let logged = match args.logging.log_requests {
        LogRequestsChoice::Failed => LoggedRequests::Failed,
        LogRequestsChoice::All => LoggedRequests::All,
    };
    let serving = http::serve(listeners, store, limits, logged, shutdown);
    tokio::select! {
        failure = prepare_database(&config, args.usage.no_migrate, started) => Err(failure),
        _drained = serving => Ok(Exit::Good),
    }
}

/// The most connections that may wait to be accepted; the kernel lowers it to `net.core.somaxconn`, 4,096 by default.
/// Further connection attempts get no answer. nginx gives up after a second and then treats an instance that is only
/// busy as one that is gone.
const BACKLOG: u32 = 4096;

fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let listen = || -> std::io::Result<TcpListener> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // Connections left over from a replaced instance would otherwise block the address for a minute.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    let bound =
        listen().with_context(|| format!("{address} cannot be listened on: is another instance running there?"));
    bound.map_err(Failure::could_not_run)
}

/// Brings the schema up to date and checks the connection budget. While the database cannot be reached, this waits and
/// the service answers that it is not ready. Returns only on a failure that waiting does not cure.
async fn prepare_database(config: &db::Config, no_migrate: bool, started: Instant) -> Failure {
    if !no_migrate && let Err(failure) = migrate_when_possible(config, started).await {
        return failure;
    }
    check_setup(config).await;
    check_budget(config).await;
    std::future::pending().await
}

async fn migrate_when_possible(config: &db::Config, started: Instant) -> Result<(), Failure> {
    let mut told = false;
    loop {
        match db::migrate(&config.address).await {
            Ok(migrated) => {
                let ready_ms = started.elapsed().as_millis() as u64;
                tracing::info!(schema_version = migrated.to, ready_ms, "ready");
                return Ok(());
            }
            Err(error @ MigrateError::Changed { .. }) => return Err(Failure::usage(error)),
            Err(error) if told => tracing::debug!(%error, "the database is still not ready"),
            Err(error) => {
                tracing::warn!(%error, "the database is not ready; trying again until it is");
                told = true;
            }
        }
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

/// Logs each fault in the server, the schema or the account's rights that keeps the store from working. `/ready` reports
/// them as well.
async fn check_setup(config: &db::Config) {
    let faults = async { Session::connect(&config.address, CHECK_LIMIT).await?.setup_faults().await };
    for fault in faults.await.unwrap_or_default() {
        tracing::error!(fault, "the database is not set up for the store");
    }
}

/// Warns when all instances together can open more connections than the server accepts.
async fn check_budget(config: &db::Config) {
    let facts = async { Session::connect(&config.address, CHECK_LIMIT).await?.server_facts().await };
    let Ok(facts) = facts.await else { return };
    let ConnectionMode::Pool { size, .. } = config.connections else {
        tracing::warn!(
            max_connections = facts.max_connections,
            "every request opens a database connection of its own: this is an experiment that fails under load"
        );
        return;
    };
    let listed = std::env::var("STOREMGR_INSTANCES").unwrap_or_default();
    let instances = listed.split(',').filter(|url| !url.trim().is_empty()).count().max(1) as u64;
    let wanted = instances * size as u64 + CONNECTIONS_FOR_TOOLS;
    if wanted > facts.max_connections {
        tracing::warn!(
            instances,
            pool_size = size as u64,
            max_connections = facts.max_connections,
            "the pools and the tools together can open more connections than the database accepts: lower --db-pool-size"
        );
    }
}

impl Args {
    fn build_store(
        &self,
        config: &db::Config,
        access: Option<Arc<Access>>,
    ) -> Result<(Arc<Store>, Arc<Orders>), Failure> {
        let metrics = Metrics::new().map_err(Failure::could_not_run)?;
        let database = Arc::new(Database::open(config, &metrics).map_err(Failure::usage)?);
        let cache = self.open_cache()?;
        let writer = self.orders.writer();
        let report_config = self.reports.config(self.limits.request_deadline);
        let revision = process::revision();
        let labels = [
            process::VERSION,
            revision.as_deref().unwrap_or("unknown"),
            writer.name(),
            self.usage.connections_name(),
            report_config.source.name(),
            if cache.is_some() { "redis" } else { "off" },
        ];
        metrics.build_info.with_label_values(&labels).set(1);
        let orders = Orders::new(Arc::clone(&database), writer, self.orders.queue_limits(), &metrics);
        let orders = Arc::new(
            orders.context("the thread that writes orders cannot be started").map_err(Failure::could_not_run)?,
        );
        let catalog = Catalog::new(Arc::clone(&database));
        let reports = Reports::new(&database, cache.as_ref(), report_config, &metrics);
        let mut store = Store::new(Arc::clone(&orders), catalog, reports, database, metrics);
        if let Some(access) = access {
            store = store.with_access(access);
        }
        Ok((Arc::new(store), orders))
    }

    fn open_cache(&self) -> Result<Option<Arc<Cache>>, Failure> {
        if self.reports.report_cache == CacheChoice::Off {
            return Ok(None);
        }
        let Some(address) = self.redis.address()? else {
            tracing::warn!("REDIS_HOST is not set: reports are computed for every request");
            return Ok(None);
        };
        let cache = Cache::open(&address).map_err(Failure::usage)?;
        Ok(Some(Arc::new(cache)))
    }
}

impl OrderArgs {
    fn writer(&self) -> Writer {
        match self.order_writer {
            WriterChoice::PerItem => Writer::PerItem,
            WriterChoice::Batched => Writer::Batched,
            WriterChoice::GroupCommit => Writer::GroupCommit,
        }
    }

    fn queue_limits(&self) -> QueueLimits {
        QueueLimits {
            orders: self.order_queue as usize,
            wait: self.order_queue_wait,
            batch_orders: self.order_batch as usize,
            batch_lines: BATCH_LINES,
        }
    }
}

impl DatabaseUseArgs {
    fn config(&self, address: db::Address, writer: WriterChoice) -> db::Config {
        let wait = self.db_pool_wait;
        let connections = match self.db_connections {
            ConnectionChoice::Pool => {
                // Group commit writes through its own connection.
                let for_writer = usize::from(matches!(writer, WriterChoice::GroupCommit));
                ConnectionMode::Pool { size: usize::from(self.db_pool_size), for_writer, wait }
            }
            ConnectionChoice::PerRequest => ConnectionMode::PerRequest { linger: self.db_connection_linger, wait },
        };
        db::Config {
            address,
            connections,
            statement_timeout: self.db_statement_timeout,
            // Shorter than the statement timeout, so that a wait for a row is reported as a lock wait.
            lock_wait_timeout: (self.db_statement_timeout * 3 / 5).min(LONGEST_LOCK_WAIT),
        }
    }

    fn connections_name(&self) -> &'static str {
        match self.db_connections {
            ConnectionChoice::Pool => "pool",
            ConnectionChoice::PerRequest => "per-request",
        }
    }
}

impl ReportArgs {
    fn config(&self, compute_limit: Duration) -> read_models::Config {
        let source = match self.report_source {
            SourceChoice::Scan => Source::Scan,
            SourceChoice::ReadModel => Source::ReadModel,
        };
        read_models::Config { source, time_to_live: self.report_ttl, compute_limit }
    }
}

/// Open files that are not connections of clients or of the database: listeners, probes, Redis and the runtime.
const OTHER_HANDLES: u64 = 64 + PROBE_CONNECTIONS as u64;

impl LimitArgs {
    /// The limits, with client connections reduced to the number that the file handles allow.
    fn within_handles(&self, handles: Option<u64>, config: &db::Config) -> Result<Limits, Failure> {
        let limits = self.limits();
        let Some(handles) = handles else { return Ok(limits) };
        let for_database = match config.connections {
            ConnectionMode::Pool { size, .. } => size as u64,
            ConnectionMode::PerRequest { .. } => 0,
        };
        let left = handles.saturating_sub(OTHER_HANDLES + for_database);
        if left == 0 {
            let sentence = format!(
                "this process may open {handles} files, and without any client it needs {}: raise the limit (ulimit -n, \
                 LimitNOFILE, ulimits)",
                OTHER_HANDLES + for_database
            );
            return Err(Failure::could_not_run(anyhow!(sentence)));
        }
        if left < limits.connections as u64 {
            tracing::warn!(
                open_files = handles,
                max_connections = limits.connections as u64,
                connections = left,
                "fewer client connections than --max-connections are taken: this process may not open more files; raise \
                 that limit (ulimit -n, LimitNOFILE, ulimits), or lower --max-connections"
            );
        }
        Ok(Limits { connections: limits.connections.min(left as usize), ..limits })
    }

    fn limits(&self) -> Limits {
        Limits {
            connections: self.max_connections as usize,
            header_bytes: self.max_header_bytes as usize,
            idle: self.idle_timeout,
            body_bytes: self.max_body_bytes as usize,
            all_body_bytes: self.all_body_bytes as usize,
            request: self.request_deadline,
            write: self.write_timeout,
            drain_notice: self.drain_notice,
            drain: self.drain_timeout,
        }
    }
}
