//! `report` on a real Prometheus that scrapes exporters whose counts are known exactly.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use storemgr::metrics::Metrics;
use storemgr::net::Target;
use storemgr::promql::{self, PromError};
use storemgr::report::{Percentile, QUERIES, Report, ReportError, Span, gather};
use storemgr::run_result::RecordedRun;
use storemgr::units::{self, Language};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout, Command};

/// The scrape interval. It is short to keep the tests short; the code must not depend on it.
const INTERVAL: Duration = Duration::from_millis(200);

/// The time limit for events that take a second or two on an idle machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// An exporter that answers `/metrics` like an instance of the store.
struct Exporter {
    address: SocketAddr,
    metrics: Arc<Mutex<Metrics>>,
}

impl Exporter {
    async fn start() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn on(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let metrics = Arc::new(Mutex::new(Metrics::new().unwrap()));
        let served = Arc::clone(&metrics);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let served = Arc::clone(&served);
                let service = service_fn(move |_: Request<hyper::body::Incoming>| {
                    let text = served.lock().unwrap().render(storemgr::process::cpu_time()).unwrap();
                    async move { Ok::<_, hyper::Error>(Response::new(Full::new(Bytes::from(text)))) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, metrics }
    }

    fn count(&self, method: &str, route: &str, status: &str, seconds: f64, times: u64) {
        let metrics = self.metrics.lock().unwrap();
        metrics.http_requests_total.with_label_values(&[method, route, status]).inc_by(times);
        for _ in 0..times {
            let outcome = if status < "400" { "good" } else { "failed" };
            metrics.http_request_duration_seconds.with_label_values(&[method, route, outcome]).observe(seconds);
        }
    }

    fn with(&self, change: impl FnOnce(&Metrics)) {
        change(&self.metrics.lock().unwrap());
    }

    /// Resets the counters, as a restart of the process does.
    fn restart(&self) {
        *self.metrics.lock().unwrap() = Metrics::new().unwrap();
    }
}

/// A Prometheus server that ends with the test.
struct Prometheus {
    client: promql::Prometheus,
    instances: usize,
    process: Child,
    _directory: tempfile::TempDir,
}

impl Prometheus {
    async fn scraping(instances: &[SocketAddr]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("prometheus.yml");
        let targets: Vec<_> = instances.iter().map(|address| format!("\"{address}\"")).collect();
        let millis = INTERVAL.as_millis();
        let text = format!(
            "global:\n  scrape_interval: {millis}ms\n  scrape_timeout: {millis}ms\nscrape_configs:\n  - job_name: \
             storemgr\n    static_configs:\n      - targets: [{}]\n",
            targets.join(", ")
        );
        std::fs::write(&config, text).unwrap();
        let port = free_port();
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", directory.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let client = promql::Prometheus::new(Target::loopback(port));
        let prometheus = Self { client, instances: instances.len(), process, _directory: directory };
        prometheus.wait_until("it answers", "vector(1)", |values| values == [1.0]).await;
        prometheus
    }

    /// Waits until every instance was scraped successfully.
    async fn watches(&self) {
        self.wait_until("all are up", "up == 1", |values| values.len() == self.instances).await;
    }

    /// Waits until all counts so far were scraped successfully; on a slow machine a scrape may fail.
    async fn catches_up(&self) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
        self.wait_until("it scraped", "timestamp(storemgr_http_requests_in_flight)", |scraped| {
            scraped.len() == self.instances && scraped.iter().all(|at| *at > now)
        })
        .await;
    }

    /// Keeps gauges unchanged long enough to be scraped and evaluated: sums over instances are computed four times a second.
    async fn holds_still(&self) {
        self.catches_up().await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }

    async fn wait_until(&self, what: &str, expression: &str, is_so: impl Fn(&[f64]) -> bool) {
        let begin = SystemTime::now();
        loop {
            let answer = self.client.query(expression, SystemTime::now()).await;
            let values: Vec<f64> = answer.iter().flatten().map(|value| value.value).collect();
            if is_so(&values) {
                return;
            }
            assert!(begin.elapsed().unwrap() < PATIENCE, "{what}: not within {PATIENCE:?}; last answer {answer:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn report(&self, span: &Span) -> Result<Report, ReportError> {
        gather(&self.client, span, &|| ()).await
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn run(started_at: SystemTime, requests: u64) -> RecordedRun {
    RecordedRun::counted(started_at, SystemTime::now(), requests, 0)
}

fn route(report: &Report, method: &str, path: &str) -> (u64, u64, u64) {
    let found = report.routes.iter().find(|route| route.method == method && route.route == path);
    found.map_or((0, 0, 0), |found| (found.traffic.requests, found.traffic.failures, found.traffic.refusals))
}

#[tokio::test]
async fn counts_are_exact_whatever_appears_restarts_or_goes_on_around_them() {
    let (one, two) = (Exporter::start().await, Exporter::start().await);
    let prometheus = Prometheus::scraping(&[one.address, two.address]).await;
    one.count("POST", "/orders", "201", 0.004, 1000);
    prometheus.watches().await;
    prometheus.catches_up().await;

    let started_at = SystemTime::now();
    one.count("POST", "/orders", "201", 0.004, 7);
    two.count("POST", "/orders", "503", 70.0, 5);
    prometheus.catches_up().await;
    // A new series, and one that restarts twice.
    one.count("GET", "/users/{id}", "404", 0.001, 3);
    two.restart();
    two.count("POST", "/orders", "503", 0.004, 2);
    two.count("GET", "/live", "200", 0.001, 50);
    prometheus.catches_up().await;
    two.restart();
    two.count("POST", "/orders", "201", 0.004, 4);
    let run = run(started_at, 21);
    // The last counts have not been scraped when the report is requested, so it has to wait.
    let report = prometheus.report(&Span::Run(Box::new(run.clone()))).await.unwrap();

    assert_eq!(route(&report, "POST", "/orders"), (7 + 5 + 2 + 4, 5 + 2, 0));
    assert_eq!(route(&report, "GET", "/users/{id}"), (3, 0, 3));
    assert_eq!((report.total.requests, report.probes), (21, 50));
    let instances: Vec<_> = report.instances.iter().map(|instance| instance.traffic.requests).collect();
    assert_eq!(instances.iter().sum::<u64>(), 21);
    assert!(instances.contains(&10) && instances.contains(&11), "{instances:?}");
    let load_test = report.load_test.unwrap();
    assert_eq!(load_test.total.difference_percent, Some(0.0));
    assert_eq!(load_test.total.prometheus_failures, 10);

    // Requests after the window change nothing.
    one.count("POST", "/orders", "201", 0.004, 9999);
    prometheus.catches_up().await;
    let later = prometheus.report(&Span::Run(Box::new(run))).await.unwrap();
    assert_eq!(later.total.requests, 21);
}

#[tokio::test]
async fn percentiles_are_those_of_prometheus_and_know_what_lies_beyond() {
    let exporter = Exporter::start().await;
    let prometheus = Prometheus::scraping(&[exporter.address]).await;
    prometheus.watches().await;
    exporter.count("GET", "/fast", "200", 0.004, 90);
    exporter.count("GET", "/fast", "200", 0.2, 10);
    // Nine of ten are refused at once, which improves no percentile.
    exporter.count("GET", "/fast", "503", 0.0001, 900);
    exporter.count("GET", "/slow", "200", 61.0, 10);
    prometheus.catches_up().await;
    let report = prometheus.report(&Span::Last(Duration::from_secs(30))).await.unwrap();

    for (quantile, ours) in [(0.5, 0), (0.95, 1)] {
        let expression = format!(
            r#"histogram_quantile({quantile}, sum by (le) (storemgr_http_request_duration_seconds_bucket{{route="/fast",outcome="good"}}))"#
        );
        let theirs = prometheus.client.query(&expression, SystemTime::now()).await.unwrap()[0].value;
        let fast = report.routes.iter().find(|route| route.route == "/fast").unwrap().traffic.latency_ms;
        let Percentile::Near(ours) = [fast.p50, fast.p95][ours] else { panic!("{fast:?}") };
        assert!((ours - theirs).abs() < 1e-9, "{quantile}: {ours} here, {theirs} there");
    }
    let slow = report.routes.iter().find(|route| route.route == "/slow").unwrap().traffic.latency_ms;
    assert_eq!(slow.p50, Percentile::Above(60.0));
}

#[tokio::test]
async fn what_an_instance_did_before_anybody_looked_is_not_counted() {
    let exporter = Exporter::start().await;
    exporter.count("POST", "/orders", "201", 0.004, 5000);
    let prometheus = Prometheus::scraping(&[exporter.address]).await;
    prometheus.watches().await;
    exporter.count("POST", "/orders", "201", 0.004, 3);
    prometheus.catches_up().await;
    // The process is older than the window, and the window begins before this Prometheus was started.
    let younger = process_age(&prometheus.client).await.checked_sub(Duration::from_millis(100)).unwrap();
    let report = prometheus.report(&Span::Last(younger)).await.unwrap();
    assert_eq!(report.total.requests, 3);
    assert!(report.remarks[0].contains("Prometheus first scraped it in the middle"), "{:?}", report.remarks);
}

async fn process_age(client: &promql::Prometheus) -> Duration {
    let started = client.query("process_start_time_seconds", SystemTime::now()).await.unwrap()[0].value;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    now.checked_sub(Duration::from_secs_f64(started)).unwrap()
}

#[tokio::test]
async fn orders_connections_and_cache_are_what_was_exported() {
    let (one, two) = (Exporter::start().await, Exporter::start().await);
    let prometheus = Prometheus::scraping(&[one.address, two.address]).await;
    prometheus.watches().await;
    let busy = |in_use: i64, idle: i64| {
        move |metrics: &Metrics| {
            metrics.db_connections.with_label_values(&["in_use"]).set(in_use);
            metrics.db_connections.with_label_values(&["idle"]).set(idle);
            metrics.db_pool_size.set(20);
            metrics.db_max_connections.set(151);
        }
    };
    one.with(busy(12, 8));
    two.with(busy(5, 2));
    one.with(|metrics| {
        metrics.orders_total.with_label_values(&["accepted"]).inc_by(40);
        metrics.orders_total.with_label_values(&["shed"]).inc_by(2);
        metrics.db_errors_total.with_label_values(&["too_many_connections"]).inc_by(9);
    });
    for exporter in [&one, &two] {
        exporter.with(|metrics| {
            metrics.cache_requests_total.with_label_values(&["best_sellers", "hit"]).inc_by(30);
            metrics.cache_requests_total.with_label_values(&["best_sellers", "stale"]).inc_by(6);
            metrics.cache_requests_total.with_label_values(&["best_sellers", "miss"]).inc_by(4);
        });
    }
    prometheus.holds_still().await;
    one.with(busy(1, 19));
    prometheus.holds_still().await;
    let report = prometheus.report(&Span::Last(Duration::from_mins(1))).await.unwrap();

    let orders: Vec<_> = report.orders.iter().map(|order| (order.name.as_str(), order.count)).collect();
    assert_eq!(
        orders,
        [("accepted", 40), ("replayed", 0), ("refused_stock", 0), ("refused_invalid", 0), ("shed", 2), ("failed", 0)]
    );
    let connections = &report.connections;
    let peak = |state: &str| {
        let found = connections.states.iter().find(|peak| peak.state == state).unwrap();
        (found.peak, found.peak_of_one)
    };
    assert_eq!((peak("in_use"), peak("idle")), ((17, 12), (21, 19)));
    let total = connections.total.as_ref().unwrap();
    assert_eq!((total.peak, total.peak_of_one), (27, 20));
    assert_eq!((connections.pool_size, connections.pool_size_of_one), (Some(40), Some(20)));
    assert_eq!(connections.max_connections, Some(151));
    assert_eq!((report.database_errors[0].name.as_str(), report.database_errors[0].count), ("too_many_connections", 9));
    let cache = &report.caches[0];
    assert_eq!((cache.hit, cache.stale, cache.miss, cache.hit_ratio), (60, 12, 8, Some(0.9)));
    assert!(report.processes.iter().all(|process| process.memory_peak_bytes > Some(1 << 20) && process.restarts == 0));
}

#[tokio::test]
async fn no_data_is_a_sentence() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let prometheus = Prometheus::scraping(&[nobody]).await;
    let hour = Duration::from_hours(1);
    let started_at = SystemTime::now() - 2 * hour;
    let before = RecordedRun::counted(started_at, started_at + hour, 1, 0);
    let error = prometheus.report(&Span::Run(Box::new(before))).await.unwrap_err();
    assert!(matches!(error, ReportError::NoData { .. }), "{error}");
    assert!(error.to_string().contains("has no data of the store between"), "{error}");

    prometheus.wait_until("it tried", "up == 0", |values| values.len() == 1).await;
    let error = prometheus.report(&Span::Last(Duration::from_mins(1))).await.unwrap_err();
    assert!(error.to_string().contains(&format!("it asked {nobody}, but none answered")), "{error}");
}

#[tokio::test]
async fn an_idle_store_has_a_report_without_requests() {
    let exporter = Exporter::start().await;
    let prometheus = Prometheus::scraping(&[exporter.address]).await;
    prometheus.watches().await;
    let report = prometheus.report(&Span::Last(Duration::from_secs(10))).await.unwrap();
    assert_eq!((report.total.requests, report.total.latency_ms.p50), (0, Percentile::Nothing));
    let notes = storemgr::report::notes(&report, Language::English);
    assert!(notes.iter().any(|note| note.contains("got no requests")), "{notes:?}");
}

#[tokio::test]
async fn prometheus_understands_every_query() {
    let exporter = Exporter::start().await;
    let prometheus = Prometheus::scraping(&[exporter.address]).await;
    for expression in QUERIES.iter().flat_map(|query| query.expressions(SystemTime::now(), Duration::from_secs(61))) {
        let values = prometheus.client.query(&expression, SystemTime::now()).await;
        if !matches!(values, Err(PromError::Unexpected { .. })) {
            values.unwrap();
        }
    }
    let error = prometheus.client.query("sum(", SystemTime::now()).await.unwrap_err();
    assert!(
        error.to_string().contains("could not answer `sum(`") && error.to_string().contains("parse error"),
        "{error}"
    );
}

#[tokio::test]
async fn something_else_that_answers_is_no_prometheus() {
    let exporter = Exporter::start().await;
    let client = promql::Prometheus::new(Target::loopback(exporter.address.port()));
    let error = client.query("up", SystemTime::now()).await.unwrap_err();
    assert!(matches!(error, PromError::NotPrometheus { status: 200, .. }), "{error}");
}

#[tokio::test]
async fn reasons_saturation_and_transactions_are_what_was_exported() {
    let (one, two) = (Exporter::start().await, Exporter::start().await);
    let prometheus = Prometheus::scraping(&[one.address, two.address]).await;
    prometheus.watches().await;
    one.count("POST", "/orders", "409", 0.001, 5);
    two.count("POST", "/orders", "503", 0.001, 7);
    one.count("GET", "/ready", "503", 0.001, 3);
    one.with(|metrics| {
        let count = |route, status, code, times| {
            metrics.http_errors_total.with_label_values(&["POST", route, status, code]).inc_by(times);
        };
        count("/orders", "409", "insufficient_stock", 4);
        count("/orders", "409", "request_in_progress", 1);
        metrics.http_errors_total.with_label_values(&["GET", "/ready", "503", "not_ready"]).inc_by(3);
    });
    // The second instance is older and counts no codes. The queues of the two are long at different times.
    one.with(|metrics| metrics.order_queue_depth.set(30));
    two.with(|metrics| {
        metrics.order_queue_depth.set(12);
        metrics.http_requests_in_flight.set(99);
    });
    for (exporter, orders) in [(&one, 1.0), (&one, 40.0), (&one, 60.0), (&two, 64.0)] {
        exporter.with(|metrics| {
            metrics.order_batch_orders.observe(orders);
            metrics.order_commit_seconds.observe(0.004);
            metrics.order_queue_wait_seconds.observe(0.2);
        });
    }
    prometheus.holds_still().await;
    one.with(|metrics| metrics.order_queue_depth.set(0));
    prometheus.holds_still().await;
    let report = prometheus.report(&Span::Last(Duration::from_secs(30))).await.unwrap();

    let reasons: Vec<_> =
        report.failure_groups.iter().map(|group| (group.status.as_str(), group.code.as_str(), group.count)).collect();
    assert_eq!(reasons, [("503", "", 7), ("409", "insufficient_stock", 4), ("409", "request_in_progress", 1)]);
    let saturation = &report.saturation;
    assert_eq!((saturation.order_queue_depth_peak, saturation.requests_in_flight_peak), (Some(42), Some(99)));
    for (latencies, from, to) in
        [(saturation.order_queue_wait_ms, 0.15, 0.25), (saturation.order_commit_ms, 0.003, 0.005)]
    {
        assert!(matches!(latencies.p50, Percentile::Near(near) if near > from && near <= to), "{latencies:?}");
    }
    let batches = &report.batches;
    assert_eq!((batches.batches, batches.orders, batches.orders_per_batch), (4, 165, Some(41.25)));
    assert_eq!((batches.p50_at_most, batches.p95_at_most, batches.sizes.len()), (Some(64), Some(64), 2));
    let timeline = &report.timeline;
    let highest = |line: &[Option<f64>]| line.iter().copied().flatten().fold(0.0, f64::max) as u64;
    assert_eq!((highest(&timeline.order_queue_depth), highest(&timeline.requests_in_flight)), (42, 99));
    let counted: f64 = timeline.requests_per_s.iter().map(|rate| rate * timeline.slot_s).sum();
    assert!((counted - 12.0).abs() < 0.1, "{counted} requests in the line, and 12 were made");
}

#[tokio::test]
async fn what_an_instance_held_before_the_window_is_no_peak_of_it() {
    let exporter = Exporter::start().await;
    let prometheus = Prometheus::scraping(&[exporter.address]).await;
    prometheus.watches().await;
    let hold = |connections: i64| {
        exporter.with(|metrics| {
            metrics.db_connections.with_label_values(&["in_use"]).set(connections);
            metrics.order_queue_depth.set(connections);
        });
    };
    hold(151);
    prometheus.holds_still().await;
    hold(3);
    // Until the next scrape, 151 is the last value that Prometheus knows.
    let from = SystemTime::now();
    prometheus.holds_still().await;
    // Long enough for a line over time.
    tokio::time::sleep(INTERVAL * 4).await;
    let report = prometheus.report(&Span::between(from, SystemTime::now()).unwrap()).await.unwrap();
    let total = report.connections.total.unwrap();
    assert_eq!((total.peak, total.peak_of_one, report.saturation.order_queue_depth_peak), (3, 3, Some(3)));
    let highest = report.timeline.connections_total.iter().copied().flatten().fold(0.0, f64::max);
    assert!((highest - 3.0).abs() < 1e-9, "{highest}");
}

#[tokio::test]
async fn a_window_between_two_instants_counts_what_happened_in_it() {
    let exporter = Exporter::start().await;
    let prometheus = Prometheus::scraping(&[exporter.address]).await;
    prometheus.watches().await;
    exporter.count("POST", "/orders", "201", 0.004, 100);
    prometheus.catches_up().await;
    let from = SystemTime::now();
    exporter.count("POST", "/orders", "201", 0.004, 5);
    prometheus.catches_up().await;
    let to = SystemTime::now();
    exporter.count("POST", "/orders", "201", 0.004, 1000);
    prometheus.catches_up().await;
    let report = prometheus.report(&Span::between(from, to).unwrap()).await.unwrap();
    assert_eq!(report.total.requests, 5);

    let url = prometheus.client.target().to_string();
    let (from, to) = (units::timestamp(from), units::timestamp(to));
    let arguments = ["--prometheus", &url, "--from", &from, "--to", &to, "--format", "json"];
    let (code, output, complaint) = command(&arguments).await;
    let report: serde_json::Value = serde_json::from_str(&output).unwrap_or_else(|_| panic!("{code} {complaint}"));
    assert_eq!((&report["requests"], &report["window"]["started_at"]), (&5.into(), &from.into()));
}

/// Writes the result file of a load test, with only the keys that a report needs.
fn run_file(directory: &std::path::Path, name: &str, from: SystemTime, users: u32, requests: u64) -> String {
    let (from, to) = (units::timestamp(from), units::timestamp(SystemTime::now()));
    let text = serde_json::json!({"started_at": from, "ended_at": to, "requests": requests, "failures": 0,
        "users": users, "model": "closed", "complete": true,
        "routes": [{"method": "POST", "route": "/orders", "requests": requests, "failures": 0}]});
    let path = directory.join(name);
    std::fs::write(&path, text.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn two_runs_are_set_side_by_side_and_told_when_they_are_not_alike() {
    let exporter = Exporter::start().await;
    let prometheus = Prometheus::scraping(&[exporter.address]).await;
    prometheus.watches().await;
    let directory = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (name, users, requests) in [("bad.json", 10, 40), ("good.json", 150, 100)] {
        let from = SystemTime::now();
        exporter.count("POST", "/orders", if users == 10 { "503" } else { "201" }, 0.2, requests);
        prometheus.catches_up().await;
        files.push(run_file(directory.path(), name, from, users, requests));
        prometheus.catches_up().await;
    }
    let url = prometheus.client.target().to_string();
    let json = directory.path().join("versus.json");
    let arguments = ["--prometheus", &url, "--compare", &files[0], &files[1], "--json", json.to_str().unwrap()];
    let (code, output, complaint) = command(&arguments).await;
    assert_eq!((code, complaint.as_str()), (0, ""), "{output}");
    for part in [
        "Before: bad.json",
        "The two cannot be compared. Another number of users: 10 before, 150 after.",
        "-100.00 pp",
        "+150.0 %",
    ] {
        assert!(output.contains(part), "{part}: {output}");
    }
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!((&written["comparable"], &written["after"]["requests"]), (&false.into(), &100.into()));
    let figures = written["figures"].as_array().unwrap();
    let failed = figures.iter().find(|figure| figure["group"] == "POST /orders" && figure["figure"] == "failed");
    assert_eq!(failed.map(|figure| (&figure["before"], &figure["after"])), Some((&1.0.into(), &0.0.into())));

    let arguments = ["--prometheus", &url, "--compare", &files[0], &files[0], "--format", "markdown"];
    let (_, output, _) = command(&arguments).await;
    assert!(
        output.starts_with("### bad.json and bad.json compared") && !output.contains("cannot be compared"),
        "{output}"
    );
}

#[tokio::test]
async fn every_form_has_the_same_figures() {
    let exporter = Exporter::start().await;
    let prometheus = Prometheus::scraping(&[exporter.address]).await;
    prometheus.watches().await;
    exporter.count("POST", "/orders", "201", 0.004, 1234);
    prometheus.catches_up().await;
    // Long enough for lines over time.
    tokio::time::sleep(INTERVAL * 5).await;
    let url = prometheus.client.target().to_string();
    for (format, begins, has) in [
        ("table", "20", " POST    /orders        1,234       0"),
        ("markdown", "### What the store did from 20", "| POST   | /orders        |     1,234 |"),
        ("json", "{", "\"requests\": 1234,"),
        ("csv", "table,row,column,value\n", "\nroutes,POST /orders,requests,1234\n"),
        ("html", "<!doctype html>", "<td class=\"number\">1,234</td>"),
    ] {
        let (code, output, complaint) = command(&["--prometheus", &url, "--last", "10s", "--format", format]).await;
        assert!(code == 0 && complaint.is_empty(), "{format}: {code} {complaint}");
        assert!(output.starts_with(begins) && output.contains(has), "{format}: {output}");
        let drawn = match format {
            "html" => output.contains("Requests and failures per second"),
            "json" | "csv" => output.contains("requests_per_s"),
            _ => output.contains('█'),
        };
        assert!(drawn, "{format} has no line over time: {output}");
    }
}

/// Reads the output of a running command up to a line that contains `part`.
async fn wait_for(lines: &mut tokio::io::Lines<BufReader<ChildStdout>>, part: &str) {
    let found = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains(part) {
                return;
            }
        }
        panic!("the output ended without {part:?}");
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("{part:?} did not come"));
}

#[tokio::test]
async fn watching_goes_on_without_prometheus_and_ends_when_interrupted() {
    let exporter = Exporter::start().await;
    let mut prometheus = Prometheus::scraping(&[exporter.address]).await;
    prometheus.watches().await;
    exporter.count("POST", "/orders", "201", 0.004, 12);
    prometheus.catches_up().await;
    let url = prometheus.client.target().to_string();
    let mut watching = report_command(&["--prometheus", &url, "--last", "10s", "--watch", "100ms"]);
    let mut watching = watching.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    wait_for(&mut lines, " POST    /orders           12").await;
    exporter.count("POST", "/orders", "201", 0.004, 3);
    wait_for(&mut lines, " POST    /orders           15").await;
    prometheus.process.kill().await.unwrap();
    wait_for(&mut lines, "does not answer (connection refused)").await;
    wait_for(&mut lines, "does not answer (connection refused)").await;
    let pid = watching.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    let ended = tokio::time::timeout(PATIENCE, watching.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(130));
}

/// The command, in a folder and an environment without configuration.
fn report_command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_storemgr"));
    command.arg("report").args(arguments).current_dir(env!("CARGO_TARGET_TMPDIR")).env_remove("PROMETHEUS_URL");
    command
}

/// Runs the command; returns its exit code, standard output and standard error.
async fn command(arguments: &[&str]) -> (i32, String, String) {
    let ended = report_command(arguments).output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (ended.status.code().unwrap(), text(&ended.stdout), text(&ended.stderr))
}

#[tokio::test]
async fn what_cannot_be_reported_is_said_in_a_sentence_with_its_exit_code() {
    let directory = tempfile::tempdir().unwrap();
    let other = directory.path().join("other.json");
    std::fs::write(&other, r#"{"healthy":true}"#).unwrap();
    let closed = format!("127.0.0.1:{}", free_port());
    for (arguments, code, sentence) in [
        (&[] as &[&str], 2, "no Prometheus is configured: run `storemgr stack up`"),
        (&["--prometheus", ""], 2, "no Prometheus is configured"),
        (&["--prometheus", "ftp://prometheus"], 2, "is not the address of a service"),
        (&["--last", "0"], 2, "--last must be longer than 0"),
        (&["--last", "900000h", "--prometheus", &closed], 2, "begins too far in the past"),
        (&["--run", "absent.json"], 2, "absent.json cannot be read"),
        (&["--run", other.to_str().unwrap()], 2, "is not the result of a load test: missing field `started_at`"),
        (&["--from", "noon"], 2, "--from: \"noon\" is not a time: write 2026-11-24T12:00:00Z"),
        (&["--from", "-10m", "--to", "2026-13-01T00:00:00Z"], 2, "--to: \"2026-13-01T00:00:00Z\" is not a time"),
        (&["--from", "-1m", "--to", "-2m"], 2, "is not before its end at"),
        (
            &["--from", "2126-01-01T00:00:00Z"],
            2,
            "the window begins at 2126-01-01T00:00:00.000Z, which is in the future",
        ),
        (
            &["--from", "-1m", "--to", "2126-01-01T00:00:00Z"],
            2,
            "the window ends at 2126-01-01T00:00:00.000Z, which is",
        ),
        (&["--compare", "absent.json", "absent.json"], 2, "absent.json cannot be read"),
        (&["--watch", "0", "--prometheus", &closed], 2, "--watch must be longer than 0"),
        (&["--json", "-", "--format", "csv", "--prometheus", &closed], 2, "both write to standard output"),
        (&["--from", "-1m", "--prometheus", &closed], 3, "does not answer (connection refused)"),
        (&["--prometheus", &closed], 3, "does not answer (connection refused)"),
    ] {
        let (ended, output, complaint) = command(arguments).await;
        assert!(
            ended == code && complaint.contains(sentence) && output.is_empty(),
            "{arguments:?}: {ended} {complaint}"
        );
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
    }
    for together in [
        &["--from", "-1m", "--last", "5m"] as &[&str],
        &["--from", "-1m", "--run", "run.json"],
        &["--to", "-1m"],
        &["--compare", "a.json"],
        &["--compare", "a.json", "b.json", "--last", "5m"],
        &["--watch", "--run", "run.json"],
        &["--watch", "--format", "html"],
    ] {
        let (ended, _, complaint) = command(together).await;
        assert!(ended == 2 && complaint.starts_with("error: "), "{together:?}: {ended} {complaint}");
    }
    let (code, output, _) = command(&["--queries", "--last", "90s"]).await;
    assert!(code == 0 && output.contains(r#"storemgr_http_requests_total{job="storemgr"}[90s]"#), "{output}");
}

#[tokio::test]
async fn the_command_prints_tables_and_writes_json() {
    let exporter = Exporter::start().await;
    let prometheus = Prometheus::scraping(&[exporter.address]).await;
    prometheus.watches().await;
    let started_at = SystemTime::now();
    exporter.count("GET", "/orders/reports/best-sellers", "200", 0.004, 12);
    prometheus.catches_up().await;
    let directory = tempfile::tempdir().unwrap();
    let (run, json) = (directory.path().join("run.json"), directory.path().join("report.json"));
    let (started_at, ended_at) = (units::timestamp(started_at), units::timestamp(SystemTime::now()));
    let text = serde_json::json!({"started_at": started_at, "ended_at": ended_at, "requests": 12, "failures": 0,
        "routes": [{"method": "GET", "route": "/orders/reports/best-sellers", "requests": 12, "failures": 0}]});
    std::fs::write(&run, text.to_string()).unwrap();
    let url = prometheus.client.target().to_string();
    let arguments = ["--prometheus", &url, "--run", run.to_str().unwrap(), "--json", json.to_str().unwrap()];
    let (code, output, complaint) = command(&arguments).await;
    assert!(code == 0 && output.contains("best-sellers") && output.contains("+0.00 %"), "{code} {output} {complaint}");

    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!((&written["requests"], &written["routes"][0]["requests"]), (&12.into(), &12.into()), "{written}");
    assert_eq!(written["load_test"]["difference_percent"].as_f64(), Some(0.0));
    assert!(written["routes"][0]["latency_ms"]["p95"].as_f64().is_some_and(|p95| p95 > 3.0 && p95 <= 5.0), "{written}");
}
