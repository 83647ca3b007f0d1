//! `storemgr report`: a real Prometheus, and counts that are known.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use storemgr::units;

use crate::harness::{Instance, TestDatabase, WebServer, free_port, run_command, wait_until};

/// Sends what every part of these tests counts: 10 orders, 5 of them refused, and 20 reports.
async fn load(instance: &Instance, user: u64, product: u64) {
    for round in 0..10 {
        let product = if round % 2 == 0 { product } else { 999_999 };
        let body = json!({"user_id": user, "items": [{"product_id": product, "quantity": 1}]});
        instance.post("/orders", body).await;
        instance.get("/orders/reports/best-sellers").await;
        instance.get("/orders/reports/highest-spenders").await;
        // Not of the store, and not in the report.
        instance.get("/health-check").await;
    }
}

/// Waits until Prometheus has seen the instance's counters as they are.
async fn scraped(prometheus: &WebServer, since: SystemTime) {
    let client = storemgr::promql::Prometheus::new(prometheus.target.clone());
    let since = since.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
    wait_until("Prometheus to look", async || {
        // It answers 503 while it starts.
        let seen = client.query("min(timestamp(storemgr_http_requests_in_flight))", SystemTime::now()).await;
        seen.is_ok_and(|samples| samples.first().is_some_and(|sample| sample.value > since))
    })
    .await;
}

async fn report(prometheus: &WebServer, run: &std::path::Path) -> Value {
    let url = prometheus.target.to_string();
    let arguments = ["report", "--prometheus", &url, "--run", run.to_str().unwrap(), "--json", "-"];
    let ran = run_command(&arguments, &[]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

fn run_file(folder: &std::path::Path, started: SystemTime, requests: u64) -> std::path::PathBuf {
    let path = folder.join(format!("run-{requests}.json"));
    let (started, ended) = (units::timestamp(started), units::timestamp(SystemTime::now()));
    let run = json!({"started_at": started, "ended_at": ended, "requests": requests, "failures": 0});
    std::fs::write(&path, run.to_string()).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_exact_for_new_series_old_series_and_restarted_instances() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::migrated().await;
    let listen = ("STOREMGR_LISTEN", format!("127.0.0.1:{}", free_port()));
    let variables = [database.variables(), vec![listen]].concat();
    let instance = Instance::start_with(&variables, &["--report-cache", "off"]).await;
    instance.wait_ready().await;
    let (product, user) = (instance.product(2.5, 1_000).await, instance.user().await);
    let prometheus = WebServer::prometheus(&[instance.target()]);
    scraped(&prometheus, SystemTime::now()).await;
    // The first round counts in series that Prometheus has not seen before (status 422), the second in old ones.
    for round in 0..2 {
        let started = SystemTime::now();
        load(&instance, user, product).await;
        let seen = report(&prometheus, &run_file(folder.path(), started, 30)).await;
        assert_eq!(
            (seen["aggregated"]["requests"].as_u64(), seen["aggregated"]["client_errors"].as_u64()),
            (Some(30), Some(5)),
            "{round}: {seen}"
        );
        assert_eq!(seen["load_test"]["difference"].as_f64(), Some(0.0));
        assert_eq!(
            (seen["orders"]["accepted"].as_u64(), seen["orders"]["refused_invalid"].as_u64()),
            (Some(5), Some(5))
        );
        assert_eq!(seen["routes"].as_array().unwrap().len(), 3, "{seen}");
        assert_eq!(seen["instances"][0]["instance"], instance.target().authority());
        assert_eq!(seen["connections"]["pool_size"], 16);
        let p50 = seen["aggregated"]["percentiles_s"][0].as_f64().unwrap();
        assert!(p50 > 0.0 && p50 < 10.0, "{p50}");
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    // Another process at the same address begins from nothing, below where the one before it ended.
    drop(instance);
    let instance = Instance::start_with(&variables, &["--report-cache", "off"]).await;
    instance.wait_ready().await;
    let started = SystemTime::now();
    load(&instance, user, product).await;
    let seen = report(&prometheus, &run_file(folder.path(), started, 30)).await;
    assert_eq!(seen["aggregated"]["requests"].as_u64(), Some(30), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reported_is_said_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = run_command(&["report"], &[]).await;
    assert!(nothing.code == 2 && nothing.stderr.contains("storemgr stack up"), "{nothing:?}");
    let away = run_command(&["report", "--prometheus", "127.0.0.1:1"], &[]).await;
    assert!(away.code == 3 && away.stderr.contains("127.0.0.1:1: connection refused"), "{away:?}");
    let prometheus = WebServer::prometheus(&[]);
    wait_until("Prometheus to answer", async || {
        let client = storemgr::promql::Prometheus::new(prometheus.target.clone());
        client.query("vector(1)", SystemTime::now()).await.is_ok()
    })
    .await;
    let url = [("PROMETHEUS_URL", prometheus.target.to_string())];
    let empty = run_command(&["report", "--last", "1m"], &url).await;
    assert!(empty.code == 3 && empty.stderr.contains("no data of a store"), "{empty:?}");
    let missing = run_command(&["report", "--run", "/nowhere.json"], &url).await;
    assert!(missing.code == 2 && missing.stderr.contains("/nowhere.json cannot be read"), "{missing:?}");
    let other = folder.path().join("other.json");
    std::fs::write(&other, "{}").unwrap();
    let other = run_command(&["report", "--run", other.to_str().unwrap()], &url).await;
    assert!(other.code == 2 && other.stderr.contains("loadtest --json"), "{other:?}");
    // Somebody who is not Prometheus.
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &[]).await;
    let stranger = run_command(&["report", "--prometheus", &instance.target().to_string()], &[]).await;
    assert!(stranger.code == 3 && stranger.stderr.contains("is not a Prometheus server"), "{stranger:?}");
    let queries = run_command(&["report", "--queries"], &[]).await;
    assert!(queries.code == 0 && queries.stdout.contains("storemgr_http_requests_total"), "{queries:?}");
}
