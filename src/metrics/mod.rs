//! Every metric of the product, declared in one place.
//!
//! The doc comment of a metric is its help text, the labels stand beside it, and [`DECLARED`] lists those of the server,
//! [`LOADTEST_DECLARED`] those that a load test exposes while it lasts, so that a test can hold docs/metrics.md, the rules, the dashboard and the queries of `report` against what the code really exports.
//! Base units (seconds, ratios) and the prefix `storemgr_`, as the Prometheus naming practices ask
//! (<https://prometheus.io/docs/practices/naming/>). Children of labelled metrics are looked up once by their users, not
//! per request.

mod guard;

use prometheus::{
    Counter, Encoder, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use rustix::time::{ClockId, clock_gettime};

pub use guard::GaugeGuard;

/// What a metric is, for documentation and tests.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// The full name, with prefix.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it counts, one sentence.
    pub help: &'static str,
}

/// What the client library adds by itself for the process it is in.
pub const OF_THE_PROCESS: &[&str] = &[
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
    "process_virtual_memory_bytes",
];

/// Latencies from 0.5 ms to 60 s: a cached report stands at the lower end, the original's time-out at the upper.
const SECONDS: &[f64] = &[
    0.000_5, 0.001, 0.002, 0.003, 0.005, 0.007_5, 0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0, 30.0, 60.0,
];

/// Orders in one transaction: powers of two.
const ORDERS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

macro_rules! kind {
    (Counter) => {
        "counter"
    };
    (IntCounterVec) => {
        "counter"
    };
    (IntGauge) => {
        "gauge"
    };
    (IntGaugeVec) => {
        "gauge"
    };
    (Histogram) => {
        "histogram"
    };
    (HistogramVec) => {
        "histogram"
    };
}

macro_rules! build {
    (Counter, $name:expr, $help:expr, $labels:expr, $buckets:expr) => {
        Counter::with_opts(Opts::new($name, $help))
    };
    (IntCounterVec, $name:expr, $help:expr, $labels:expr, $buckets:expr) => {
        IntCounterVec::new(Opts::new($name, $help), $labels)
    };
    (IntGauge, $name:expr, $help:expr, $labels:expr, $buckets:expr) => {
        IntGauge::with_opts(Opts::new($name, $help))
    };
    (IntGaugeVec, $name:expr, $help:expr, $labels:expr, $buckets:expr) => {
        IntGaugeVec::new(Opts::new($name, $help), $labels)
    };
    (Histogram, $name:expr, $help:expr, $labels:expr, $buckets:expr) => {
        Histogram::with_opts(HistogramOpts::new($name, $help).buckets($buckets.to_vec()))
    };
    (HistogramVec, $name:expr, $help:expr, $labels:expr, $buckets:expr) => {
        HistogramVec::new(HistogramOpts::new($name, $help).buckets($buckets.to_vec()), $labels)
    };
}

macro_rules! metrics {
    (
        #[doc = $of:literal] $set:ident, $declared:ident:
        $(#[doc = $help:literal] $name:ident: $kind:ident [$($label:literal),*] $(in $buckets:ident)?;)+
    ) => {
        #[doc = $of]
        #[derive(Clone, Debug)]
        pub struct $set {
            registry: Registry,
            $(#[doc = $help] pub $name: $kind,)+
        }

        /// All of them, in the order of their declaration.
        pub const $declared: &[Declaration] = &[
            $(Declaration {
                name: concat!("storemgr_", stringify!($name)),
                kind: kind!($kind),
                labels: &[$($label),*],
                help: $help.trim_ascii(),
            },)+
        ];

        impl $set {
            /// Registers every metric in a registry of its own.
            pub fn new() -> Result<Self, prometheus::Error> {
                let registry = Registry::new();
                $(
                    #[allow(unused_variables, reason = "only histograms have buckets")]
                    let buckets: &[f64] = &[];
                    $(let buckets = $buckets;)?
                    let $name = build!(
                        $kind, concat!("storemgr_", stringify!($name)), $help.trim_ascii(), &[$($label),*], buckets
                    )?;
                    registry.register(Box::new($name.clone()))?;
                )+
                #[cfg(target_os = "linux")]
                registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
                Ok(Self { registry, $($name,)+ })
            }
        }
    };
}

metrics! {
    /// Every metric of one server, registered together.
    Metrics, DECLARED:
    /// Requests answered.
    http_requests_total: IntCounterVec ["method", "route", "status"];
    /// Requests answered with 4xx or 5xx, by the code in the answer's body.
    http_errors_total: IntCounterVec ["method", "route", "status", "code"];
    /// Seconds from the request's headers to the answer's, by matched route.
    http_request_duration_seconds: HistogramVec ["method", "route"] in SECONDS;
    /// Requests being worked on.
    http_requests_in_flight: IntGauge [];
    /// Client connections open.
    http_connections: IntGauge [];
    /// Client connections closed to make room for others when all were taken.
    http_connections_displaced_total: Counter [];
    /// Bytes that bodies of requests hold of what all of them may hold together (--all-body-bytes).
    http_body_bytes: IntGauge [];
    /// Client connections reset in the middle of an answer, by reason: unread (the client took nothing of it for too long), unfinished (the rest of it could not be computed), displaced (it took nothing while others needed its place).
    http_answers_cut_off_total: IntCounterVec ["reason"];
    /// Orders by what became of them: accepted, replayed, refused_stock, refused_invalid, shed, failed.
    orders_total: IntCounterVec ["outcome"];
    /// Orders committed in one transaction.
    order_batch_orders: Histogram [] in ORDERS;
    /// Orders waiting for a database connection or a batch.
    order_queue_depth: IntGauge [];
    /// Seconds an order waited before its transaction began.
    order_queue_wait_seconds: Histogram [] in SECONDS;
    /// Seconds from the beginning of a transaction to its commit.
    order_commit_seconds: Histogram [] in SECONDS;
    /// This instance's database connections: in_use, idle, or lingering (left behind by finished requests).
    db_connections: IntGaugeVec ["state"];
    /// The most connections this instance may open; 0 when unbounded (per-request).
    db_pool_size: IntGauge [];
    /// The database server's max_connections, as last read.
    db_max_connections: IntGauge [];
    /// Failed database operations by kind: too_many_connections, unreachable, lost, timeout, pool_timeout, deadlock, lock_timeout, other.
    db_errors_total: IntCounterVec ["kind"];
    /// Report look-ups in the cache: hit, stale, miss, error.
    cache_requests_total: IntCounterVec ["cache", "outcome"];
    /// Age in seconds of the report that was answered last, or of the one that was computed since.
    report_age_seconds: IntGaugeVec ["report"];
    /// Log lines that were dropped because standard error was full, closed or not read.
    log_lines_dropped_total: Counter [];
    /// Seconds of processor time this instance has used; process_cpu_seconds_total counts whole seconds only.
    process_cpu_seconds_total: Counter [];
    /// Always 1; the labels say what is running and with which strategies.
    build_info: IntGaugeVec ["version", "revision", "order_writer", "db_connections", "report_source", "report_cache"];
}

metrics! {
    /// Every metric of one load test, while it lasts.
    LoadTestMetrics, LOADTEST_DECLARED:
    /// Requests of a load test that were answered or failed, by outcome: succeeded, failed.
    loadtest_requests_total: IntCounterVec ["method", "route", "outcome"];
    /// Failed requests of a load test by kind: timeout, refused, reset, http, check, other.
    loadtest_failures_total: IntCounterVec ["method", "route", "kind"];
    /// Seconds from the instant a request of a load test was due to the last byte of its answer.
    loadtest_response_time_seconds: HistogramVec ["method", "route"] in SECONDS;
    /// Users of a load test, or connections of one at a rate.
    loadtest_users: IntGauge [];
    /// Seconds of processor time the load generator has used.
    loadtest_cpu_seconds_total: Counter [];
}

impl LoadTestMetrics {
    /// Everything in the Prometheus text format.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        let used = cpu_time_s() - self.loadtest_cpu_seconds_total.get();
        self.loadtest_cpu_seconds_total.inc_by(used.max(0.0));
        let mut text = Vec::with_capacity(16 * 1024);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

impl Metrics {
    /// Everything in the Prometheus text format.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        let used = cpu_time_s() - self.process_cpu_seconds_total.get();
        self.process_cpu_seconds_total.inc_by(used.max(0.0));
        let mut text = Vec::with_capacity(16 * 1024);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// Seconds of processor time this process has used since it started.
fn cpu_time_s() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The media type of [`Metrics::render`].
pub const TEXT_FORMAT: &str = prometheus::TEXT_FORMAT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_declared_with_help_and_a_conventional_name() {
        for metric in DECLARED.iter().chain(LOADTEST_DECLARED) {
            assert!(metric.help.ends_with('.'), "{}: help is a sentence", metric.name);
            assert_eq!(metric.kind == "counter", metric.name.ends_with("_total"), "{}", metric.name);
        }
    }

    #[test]
    fn registering_all_of_them_works() {
        let metrics = Metrics::new().unwrap();
        metrics.http_requests_in_flight.set(3);
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        assert!(text.contains("storemgr_http_requests_in_flight 3"), "{text}");
    }
}
