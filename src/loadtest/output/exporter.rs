//! Serves the metrics of a run for Prometheus while it lasts, so that server and client can be seen on one dashboard.
//!
//! It costs nothing per request: once a second, what was recorded since is added to the metrics.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::loadtest::recording::RouteStats;
use crate::loadtest::scenario::Scenario;
use crate::metrics::{LoadTestMetrics, TEXT_FORMAT};
use crate::process::cpu_time;

/// A connection that has not sent its request within this time is closed.
const PATIENCE: Duration = Duration::from_secs(10);

/// The server of a run's metrics at `/metrics`, until it is dropped.
#[derive(Debug)]
pub struct Exporter {
    metrics: Arc<LoadTestMetrics>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Exporter {
    /// Binds the address and starts to serve.
    pub async fn listen(address: SocketAddr) -> io::Result<Self> {
        let metrics = Arc::new(LoadTestMetrics::new().map_err(io::Error::other)?);
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(serve(listener, Arc::clone(&metrics)));
        Ok(Self { metrics, address, server })
    }

    /// The address it listens on, with the port that was chosen for port 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds what was recorded since the last call, route by route.
    pub(in crate::loadtest) fn add(&self, scenario: &Scenario, recent: &[RouteStats], users: usize) {
        let metrics = &self.metrics;
        metrics.loadtest_users.set(users as i64);
        for (group, stats) in scenario.groups().iter().zip(recent) {
            let (method, route) = (group.method.as_str(), group.route.as_str());
            for (kind, _, failures) in stats.failures.groups() {
                let kind = kind.to_string().to_lowercase();
                let counter = metrics.loadtest_failures_total.with_label_values(&[method, route, kind.as_str()]);
                counter.inc_by(failures.count);
            }
            for (outcome, latencies) in [("succeeded", &stats.succeeded), ("failed", &stats.failed)] {
                let labels = [method, route, outcome];
                metrics.loadtest_requests_total.with_label_values(&labels).inc_by(latencies.count());
                let times = metrics.loadtest_response_time_seconds.with_label_values(&labels).local();
                for (time, count) in latencies.values() {
                    (0..count).for_each(|_| times.observe(time.as_secs_f64()));
                }
                times.flush();
            }
        }
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, metrics: Arc<LoadTestMetrics>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(answer(stream, Arc::clone(&metrics)))),
            // For example no file handle was left; a later scrape may succeed.
            Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

async fn answer(stream: TcpStream, metrics: Arc<LoadTestMetrics>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = page(&request, &metrics);
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    // An error here means that the scraper closed the connection, which it knows.
    drop(builder.serve_connection(TokioIo::new(stream), service).await);
}

fn page(request: &Request<Incoming>, metrics: &LoadTestMetrics) -> Response<Full<Bytes>> {
    let known = request.method() == Method::GET && request.uri().path() == "/metrics";
    let rendered = if known {
        metrics.render(cpu_time()).map_err(|error| error.to_string())
    } else {
        Err("ask GET /metrics".to_owned())
    };
    let status = match (&rendered, known) {
        (Ok(_), _) => StatusCode::OK,
        (Err(_), true) => StatusCode::INTERNAL_SERVER_ERROR,
        (Err(_), false) => StatusCode::NOT_FOUND,
    };
    let kind = if rendered.is_ok() { TEXT_FORMAT } else { "text/plain" };
    let mut response = Response::new(Full::from(rendered.unwrap_or_else(String::into_bytes)));
    *response.status_mut() = status;
    if let Ok(kind) = kind.parse() {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    response
}
