//! What the fuzz targets share: a store without a database that is served in the fuzzer's own thread.
//!
//! Every request reaches its handler and is parsed completely. The database's port is closed, so whatever would need it
//! is refused with 503. The socket is a real one, because a connection writes and closes a socket, not a stream.

mod answer;

pub use answer::Answer;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use storemgr::catalog::Catalog;
use storemgr::db::{Address, Config, ConnectionMode, Database, Servers};
use storemgr::http::{self, Limits, Listeners, LoggedRequests, Store};
use storemgr::metrics::Metrics;
use storemgr::orders::{Orders, QueueLimits, Writer};
use storemgr::read_models::{self, Reports, Source};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// Longer than any answer takes: one that does not come is a defect, and so is a connection that stays open.
const PATIENCE: Duration = Duration::from_secs(5);

/// The last request of each connection. It has no body, and its answer closes the connection.
pub const LAST_REQUEST: &[u8] = b"GET /health-check HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// A runtime of one thread, so that the same input runs the same code.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A store that answers on a socket of this process.
pub struct Server {
    runtime: Runtime,
    address: SocketAddr,
}

impl Server {
    /// Starts a store whose database refuses every connection.
    pub fn start() -> Self {
        let runtime = runtime();
        let address = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            let listeners = Listeners { main: listener, probes: None };
            tokio::spawn(http::serve(
                listeners,
                Arc::new(store()),
                limits(),
                LoggedRequests::Failed,
                std::future::pending(),
            ));
            address
        });
        Self { runtime, address }
    }

    /// Sends `request` on a connection of its own and reads until the store closes it.
    pub fn exchange(&self, request: &[u8]) -> Vec<u8> {
        self.within_patience(async {
            let mut stream = TcpStream::connect(self.address).await.expect("the store accepts connections");
            // The store may answer and close before it has read everything.
            if stream.write_all(request).await.is_ok() {
                drop(stream.shutdown().await);
            }
            let mut answers = Vec::new();
            drop(stream.read_to_end(&mut answers).await);
            answers
        })
    }

    fn within_patience<T>(&self, exchange: impl Future<Output = T>) -> T {
        let limited = async { tokio::time::timeout(PATIENCE, exchange).await };
        self.runtime.block_on(limited).expect("the store answers and closes the connection")
    }
}

fn store() -> Store {
    let metrics = Metrics::new().expect("metrics");
    let wait = Duration::from_millis(100);
    let config = Config {
        address: Address {
            // Nobody listens there.
            servers: Servers::one("127.0.0.1", 1),
            tls: None,
            name: "none".to_owned(),
            user: "none".to_owned(),
            password: Default::default(),
        },
        connections: ConnectionMode::PerRequest { linger: Duration::ZERO, wait },
        statement_timeout: wait,
        lock_wait_timeout: wait,
    };
    let database = Arc::new(Database::open(&config, &metrics).expect("a configuration"));
    let limits = QueueLimits { orders: 100, wait: Duration::from_millis(500), batch_orders: 100, batch_lines: 10_000 };
    let orders = Orders::new(Arc::clone(&database), Writer::Batched, limits, &metrics).expect("no thread is needed");
    let reports = read_models::Config {
        source: Source::ReadModel,
        time_to_live: Duration::from_secs(5),
        compute_limit: Duration::from_secs(1),
    };
    let reports = Reports::new(&database, None, reports, &metrics);
    Store::new(Arc::new(orders), Catalog::new(Arc::clone(&database)), reports, database, metrics)
}

fn limits() -> Limits {
    let second = Duration::from_secs(1);
    Limits {
        connections: 16,
        header_bytes: 8_192,
        idle: second,
        body_bytes: 65_536,
        all_body_bytes: 1 << 20,
        request: second,
        write: second,
        drain_notice: Duration::ZERO,
        drain: second,
    }
}
