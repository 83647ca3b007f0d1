//! The declarations of all metrics, in one place.
//!
//! The doc comment of a metric is its help text, and its labels follow the type. [`DECLARED`] lists the metrics of the
//! server, [`LOADTEST_DECLARED`] those that a load test exposes while it runs, and [`BACKUP_DECLARED`] and
//! [`FRONT_DECLARED`] those that `ops/backup` and `ops/deploy` write into files. Tests compare them with docs/metrics.md, the rules, the dashboard, the queries of
//! `report` and the script. Names have base units (seconds, ratios) and
//! the prefix `storemgr_`, as the Prometheus naming practices recommend
//! (<https://prometheus.io/docs/practices/naming/>). The users of a labelled metric look its children up once, not per
//! request.

mod guard;

use std::time::Duration;

use prometheus::{
    Counter, Encoder, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

pub use guard::GaugeGuard;

/// The declaration of a metric, for documentation and tests.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// The full name, with the prefix `storemgr_`.
    pub name: &'static str,
    /// The type in Prometheus: `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// The names of its labels, in the order of declaration.
    pub labels: &'static [&'static str],
    /// The help text: one sentence that says what it counts.
    pub help: &'static str,
}

/// The metrics of the backups. No process exposes them: `ops/backup` writes them into a file that an exporter reads.
pub const BACKUP_DECLARED: &[Declaration] = &[
    written(
        "storemgr_backup_last_success_timestamp_seconds",
        "When the latest backup was complete, in seconds since 1970.",
    ),
    written("storemgr_backup_size_bytes", "Bytes of the compressed dump of the latest backup."),
    written(
        "storemgr_backup_restorable_until_timestamp_seconds",
        "The instant, in seconds since 1970, up to which the latest backup and the logs copied after it can be restored.",
    ),
    written(
        "storemgr_backup_whole",
        "1 if the latest backup and the logs copied after it had their checksums when they were last compared, 0 if not.",
    ),
];

/// The metrics of the front. `ops/deploy` writes them into another such file.
pub const FRONT_DECLARED: &[Declaration] = &[
    written(
        "storemgr_certificate_begins_timestamp_seconds",
        "When the certificate that nginx serves begins to hold, in seconds since 1970.",
    ),
    written(
        "storemgr_certificate_expires_timestamp_seconds",
        "When the certificate that nginx serves ends, in seconds since 1970.",
    ),
];

const fn written(name: &'static str, help: &'static str) -> Declaration {
    Declaration { name, kind: "gauge", labels: &[], help }
}

/// The metrics that the Prometheus client library adds for its process.
pub const OF_THE_PROCESS: &[&str] = &[
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
    "process_virtual_memory_bytes",
];

/// Buckets for durations, 0.5 ms to 60 s: from a cached report to the time-out of the original program.
const SECONDS: &[f64] = &[
    0.000_5, 0.001, 0.002, 0.003, 0.005, 0.007_5, 0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0, 30.0, 60.0,
];

/// Buckets for the orders in one transaction: powers of two.
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

        /// The metrics of this group, in the order of declaration.
        pub const $declared: &[Declaration] = &[
            $(Declaration {
                name: concat!("storemgr_", stringify!($name)),
                kind: kind!($kind),
                labels: &[$($label),*],
                help: $help.trim_ascii(),
            },)+
        ];

        impl $set {
            /// Registers every metric of this group in a new registry.
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
    /// 1 if this instance was ready for requests when it last looked, as GET /ready says, 0 if not. It looks every five seconds.
    ready: IntGauge [];
    /// Requests answered.
    http_requests_total: IntCounterVec ["method", "route", "status"];
    /// Requests answered with 4xx or 5xx, by the code in the answer's body.
    http_errors_total: IntCounterVec ["method", "route", "status", "code"];
    /// Seconds from the request's headers to the answer's, by matched route and by outcome: good, failed (4xx or 5xx).
    http_request_duration_seconds: HistogramVec ["method", "route", "outcome"] in SECONDS;
    /// Requests in progress.
    http_requests_in_flight: IntGauge [];
    /// Open client connections.
    http_connections: IntGauge [];
    /// Client connections closed to make room for others when all were taken.
    http_connections_displaced_total: Counter [];
    /// Bytes that bodies of requests hold of what all of them may hold together (--all-body-bytes).
    http_body_bytes: IntGauge [];
    /// Client connections reset in the middle of an answer, by reason: unread (the client took nothing of it for too long), unfinished (the rest of it could not be computed), displaced (it took nothing while others needed its place).
    http_answers_cut_off_total: IntCounterVec ["reason"];
    /// Orders by outcome: accepted, replayed, refused_stock, refused_invalid, shed, failed.
    orders_total: IntCounterVec ["outcome"];
    /// Orders committed in one transaction.
    order_batch_orders: Histogram [] in ORDERS;
    /// Orders waiting for a database connection or a batch.
    order_queue_depth: IntGauge [];
    /// Seconds that an order waited before its transaction began.
    order_queue_wait_seconds: Histogram [] in SECONDS;
    /// Seconds from the beginning of a transaction to its commit.
    order_commit_seconds: Histogram [] in SECONDS;
    /// This instance's database connections: in_use, idle, or lingering (left behind by finished requests).
    db_connections: IntGaugeVec ["state"];
    /// The most database connections this instance may open; 0 if there is no limit (per-request).
    db_pool_size: IntGauge [];
    /// The database server's max_connections, as last read.
    db_max_connections: IntGauge [];
    /// Failed database operations by kind: too_many_connections, unreachable, unavailable, setup, lost, timeout, pool_timeout, deadlock, lock_timeout, data, defect.
    db_errors_total: IntCounterVec ["kind"];
    /// Report look-ups in the cache: hit, stale, miss, error.
    cache_requests_total: IntCounterVec ["cache", "outcome"];
    /// Age in seconds of the report that was served last, or of a newer one if it was computed since.
    report_age_seconds: IntGaugeVec ["report"];
    /// Log lines that were dropped because standard error was full, closed or not read.
    log_lines_dropped_total: Counter [];
    /// Seconds of processor time this instance has used; process_cpu_seconds_total counts whole seconds only.
    process_cpu_seconds_total: Counter [];
    /// Always 1; the labels say which version and commit runs, and with which strategies.
    build_info: IntGaugeVec ["version", "revision", "order_writer", "db_connections", "report_source", "report_cache"];
}

metrics! {
    /// Every metric of one load test, while it lasts.
    LoadTestMetrics, LOADTEST_DECLARED:
    /// Finished requests of a load test by outcome: succeeded, failed.
    loadtest_requests_total: IntCounterVec ["method", "route", "outcome"];
    /// Failed requests of a load test by kind: timeout, refused, reset, http, check, other.
    loadtest_failures_total: IntCounterVec ["method", "route", "kind"];
    /// Seconds from the instant at which a request of a load test was due to the last byte of its answer, by outcome: succeeded, failed.
    loadtest_response_time_seconds: HistogramVec ["method", "route", "outcome"] in SECONDS;
    /// Users of a load test; connections if it runs at a rate.
    loadtest_users: IntGauge [];
    /// Seconds of processor time the load generator has used.
    loadtest_cpu_seconds_total: Counter [];
}

impl LoadTestMetrics {
    /// All metrics in the Prometheus text format. `cpu_time` is the processor time of this process since its start.
    pub fn render(&self, cpu_time: Duration) -> Result<Vec<u8>, prometheus::Error> {
        let used = cpu_time.as_secs_f64() - self.loadtest_cpu_seconds_total.get();
        self.loadtest_cpu_seconds_total.inc_by(used.max(0.0));
        let mut text = Vec::with_capacity(16 * 1024);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

impl Metrics {
    /// All metrics in the Prometheus text format. `cpu_time` is the processor time of this process since its start.
    pub fn render(&self, cpu_time: Duration) -> Result<Vec<u8>, prometheus::Error> {
        let used = cpu_time.as_secs_f64() - self.process_cpu_seconds_total.get();
        self.process_cpu_seconds_total.inc_by(used.max(0.0));
        let mut text = Vec::with_capacity(16 * 1024);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// The media type of the text from [`Metrics::render`].
pub const TEXT_FORMAT: &str = prometheus::TEXT_FORMAT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_declared_with_help_and_a_conventional_name() {
        for metric in DECLARED.iter().chain(LOADTEST_DECLARED).chain(BACKUP_DECLARED).chain(FRONT_DECLARED) {
            assert!(metric.help.ends_with('.'), "{}: help is a sentence", metric.name);
            assert_eq!(metric.kind == "counter", metric.name.ends_with("_total"), "{}", metric.name);
        }
    }

    #[test]
    fn registering_all_of_them_works() {
        let metrics = Metrics::new().unwrap();
        metrics.http_requests_in_flight.set(3);
        let text = String::from_utf8(metrics.render(Duration::from_millis(1_250)).unwrap()).unwrap();
        assert!(text.contains("storemgr_http_requests_in_flight 3"), "{text}");
        assert!(text.contains("storemgr_process_cpu_seconds_total 1.25"), "{text}");
    }
}
