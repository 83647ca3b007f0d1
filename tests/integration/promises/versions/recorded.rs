//! What the first version wrote: its statements work on the schema of this version, and this version reads its rows, its
//! cached reports and its results.

use std::path::{Path, PathBuf};

use hyper::Method;
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};
use storemgr::db::{MIGRATIONS, Migration, migrate_to};

use super::super::ledger::audit;
use super::super::order;
use super::{first_schema, limits, next};
use crate::harness::{Instance, TestDatabase, TestRedis, run_command, storemgr_in};

const STATEMENTS: &str = include_str!("../../../data/versions/first/statements.sql");

/// The orders that the statements leave, with their totals in cents.
const ORDERS: [(u64, u64); 6] =
    [(1, 500), (2, 30_247), (10_001, 500), (10_002, 30_247), (10_006, 500), (10_007, 30_247)];

fn recorded(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/versions/first").join(file)
}

/// A database with a schema, in which the first version has worked.
async fn used_by_first_version(migrations: &[Migration]) -> TestDatabase {
    let database = first_schema().await;
    migrate_to(&database.address(), migrations, limits()).await.unwrap();
    let mut conn = database.connect().await;
    for statement in STATEMENTS.split("\n\n") {
        conn.query_drop(statement).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
    }
    conn.disconnect().await.unwrap();
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_version_works_on_this_schema_and_on_the_next() {
    for migrations in [MIGRATIONS.to_vec(), next()] {
        let database = used_by_first_version(&migrations).await;
        assert_eq!(database.query::<(u64, u64)>("SELECT id, total_cents FROM orders ORDER BY id").await, ORDERS);
        audit(&database, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_the_first_version_are_read_and_its_keys_are_honoured() {
    let database = used_by_first_version(&next()).await;
    let instance = Instance::start(&database, &["--report-cache", "off"]).await;
    for (id, cents) in ORDERS {
        let reply = instance.get(&format!("/orders/{id}")).await;
        assert_eq!(reply.body["total_amount"], json!(cents as f64 / 100.0), "{reply:?}");
    }
    let send = async |key: &str, body: &Value| {
        instance.try_send(Method::POST, "/orders", &[("idempotency-key", key)], &body.to_string()).await.unwrap()
    };
    let same = order(1, &[(1, 1), (2, 3)]);
    for (key, id) in [("key-1", 2), ("key-2", 10_002), ("key-3", 10_007)] {
        let again = send(key, &same).await;
        assert_eq!((again.status, &again.body["order_id"]), (201, &json!(id)), "{again:?}");
        assert_eq!(send(key, &order(1, &[(1, 2)])).await.status, 422);
    }
    // Numbers go on after the blocks that the first version reserved.
    let placed = send("key-4", &same).await;
    assert!(placed.body["order_id"].as_u64().unwrap() > 20_000, "{placed:?}");
    assert_eq!(instance.delete("/orders/2").await.status, 200);
    audit(&database, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_another_version_has_cached_do_no_harm() {
    let database = used_by_first_version(MIGRATIONS).await;
    let redis = TestRedis::start();
    let first = r#"{"computed_at_ms":1795843810992,"computed_in_ms":1,"rows":[{"product_id":1,"quantity_sold":3}]}"#;
    let unknown = r#"{"format":9,"rows":{"1":9}}"#;
    for (entry, name) in [(first, "best_sellers"), (unknown, "highest_spenders")] {
        redis.write(&format!("storemgr:2:report:{name}:read-model"), entry);
    }
    let variables = [database.variables(), redis.variables()].concat();
    let instance = Instance::start_with(&variables, &["--report-cache", "redis", "--report-ttl", "1s"]).await;
    instance.wait_ready().await;
    let best = json!([{"product_id": 1, "quantity_sold": 9}, {"product_id": 2, "quantity_sold": 9}]);
    crate::harness::wait_until("a report of what is in the database", async || {
        let reply = instance.get("/orders/reports/best-sellers").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body == best
    })
    .await;
    let spenders = instance.get("/orders/reports/highest-spenders").await;
    assert_eq!(spenders.body, json!([{"user_id": 1, "total_expense": 922.41}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_test_of_the_first_version_is_a_baseline() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &[]).await;
    let folder = tempfile::tempdir().unwrap();
    // A baseline is compared with a run of the same service.
    let text = std::fs::read_to_string(recorded("loadtest.json")).unwrap();
    let here = text.replace("127.0.0.1:23813", &instance.target().authority());
    let (baseline, result) = (folder.path().join("first.json"), folder.path().join("now.json"));
    std::fs::write(&baseline, here).unwrap();
    let host = format!("http://{}", instance.target().authority());
    let arguments = [
        "loadtest",
        "--quiet",
        "--users",
        "5",
        "--run-time",
        "5s",
        "--think-time",
        "100ms..200ms",
        "--products",
        "100",
        "--var",
        "customers=20",
        "--max-fail-ratio",
        "1",
        "--host",
        &host,
        "--baseline",
        baseline.to_str().unwrap(),
        "--json",
        result.to_str().unwrap(),
    ];
    let ran = run_command(&arguments, &[]).await;
    assert!([0, 1, 98].contains(&ran.code), "{} {}", ran.code, ran.stderr);
    let result: Value = serde_json::from_slice(&std::fs::read(&result).unwrap()).unwrap();
    assert!(result["comparison"].is_object(), "{}", result["comparison"]);
    // A report needs Prometheus, and says so after it has read the file.
    let run = baseline.to_str().unwrap();
    let ran = run_command(&["report", "--run", run, "--prometheus", "http://127.0.0.1:1"], &[]).await;
    assert!(ran.code == 3 && ran.stderr.contains("Prometheus at http://127.0.0.1:1"), "{ran:?}");
}

#[test]
fn a_lab_of_the_first_version_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("out");
    std::fs::create_dir(&results).unwrap();
    for file in ["conditions.json", "rung-7.1.json"] {
        std::fs::copy(recorded("lab").join(file), results.join(file)).unwrap();
    }
    // It was measured on the installed database, and continues on no other.
    let mut command = storemgr_in(folder.path(), &["lab", "--resume", "out"]);
    let resumed = command.env_remove("STOREMGR_MYSQLD").output().unwrap();
    let told = String::from_utf8_lossy(&resumed.stderr);
    // The machine of the first version's measurement was too busy.
    assert!(matches!(resumed.status.code(), Some(0 | 98)), "{told}");
    assert!(told.contains("was measured before"), "{told}");
    let result: Value = serde_json::from_slice(&std::fs::read(results.join("lab.json")).unwrap()).unwrap();
    assert_eq!(result["rungs"][0]["state"], "measured");
}
