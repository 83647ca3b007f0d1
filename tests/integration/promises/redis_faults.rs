//! Redis killed, frozen, absent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ledger::Ledger;
use super::{order, shop};
use crate::harness::{Fault, Instance, Proxy, TestDatabase, TestRedis, wait_until};

const REPORT: &str = "/orders/reports/best-sellers";

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_everything_works_and_with_it_again_reports_are_cached() {
    let (database, products, users) = shop(&[100]).await;
    let redis = TestRedis::start();
    let port = redis.port;
    let variables = [database.variables(), redis.variables()].concat();
    let instance = Arc::new(Instance::start_with(&variables, &["--report-ttl", "1s"]).await);
    let ledger = Arc::new(Ledger::default());
    instance.wait_ready().await;
    let hits = async || instance.metric(r#"storemgr_cache_requests_total{cache="best_sellers",outcome="hit"}"#).await;
    wait_until("a report out of the cache", async || {
        assert_eq!(instance.get(REPORT).await.status, 200);
        hits().await > 0.0
    })
    .await;
    let errors =
        async || instance.metric(r#"storemgr_cache_requests_total{cache="best_sellers",outcome="error"}"#).await;
    for signal in ["STOP", "KILL"] {
        redis.signal(signal);
        let before = errors().await;
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let (instance, ledger) = (Arc::clone(&instance), Arc::clone(&ledger));
                let body = order(users[0], &[(products[0], 1)]);
                tokio::spawn(async move {
                    for number in 0..10 {
                        ledger.order(&instance, &format!("{signal}-{client}-{number}"), &body).await;
                    }
                })
            })
            .collect();
        wait_until("a report to be asked for in vain", async || {
            let asked = Instant::now();
            assert_eq!(instance.get(REPORT).await.status, 200, "Redis got SIG{signal}");
            assert!(asked.elapsed() < Duration::from_millis(500), "Redis kept a report waiting");
            errors().await > before
        })
        .await;
        for client in clients {
            client.await.unwrap();
        }
        assert_eq!(instance.get("/ready").await.status, 200);
        redis.signal("CONT");
    }
    assert_eq!(ledger.accepted(), 80, "no order needs Redis");
    ledger.audit(&database, &[(products[0], 100)]).await;
    let _again = TestRedis::start_on(port);
    let before = hits().await;
    wait_until("reports to be cached again", async || {
        assert_eq!(instance.get(REPORT).await.status, 200);
        hits().await > before
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_gets_fresh_after_its_time_and_says_how_old_it_is() {
    let (database, products, users) = shop(&[100]).await;
    let redis = TestRedis::given();
    let instance =
        Instance::start_with(&[database.variables(), redis.variables()].concat(), &["--report-ttl", "1s"]).await;
    instance.wait_ready().await;
    assert_eq!(instance.get(REPORT).await.body, serde_json::json!([]));
    instance.post("/orders", order(users[0], &[(products[0], 3)])).await;
    let fresh = serde_json::json!([{"product_id": products[0], "quantity_sold": 3}]);
    wait_until("the report to be refreshed", async || {
        let reply = instance.get(REPORT).await;
        assert!(reply.header("age").parse::<u64>().is_ok(), "{reply:?}");
        reply.body == fresh
    })
    .await;
}

/// An instance whose reports stay fresh for as long as a test runs, so that what it answers shows where it comes from.
async fn cached_instance(database: &TestDatabase, redis: &TestRedis) -> Instance {
    Instance::start_with(&[database.variables(), redis.variables()].concat(), &["--report-ttl", "1h"]).await
}

fn sold(product: u64, pieces: u64) -> serde_json::Value {
    serde_json::json!([{"product_id": product, "quantity_sold": pieces}])
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stores_on_one_redis_have_their_own_reports() {
    let redis = TestRedis::start();
    let (database, products, users) = shop(&[100]).await;
    let (first, second) = (cached_instance(&database, &redis).await, TestDatabase::migrated().await);
    first.wait_ready().await;
    assert_eq!(first.post("/orders", order(users[0], &[(products[0], 3)])).await.status, 201);
    assert_eq!(first.get(REPORT).await.body, sold(products[0], 3));
    assert_ne!(first.get("/orders/reports/highest-spenders").await.body, serde_json::json!([]));
    let other = cached_instance(&second, &redis).await;
    other.wait_ready().await;
    for report in [REPORT, "/orders/reports/highest-spenders"] {
        assert_eq!(other.get(report).await.body, serde_json::json!([]), "{report} of another store");
    }
    wait_until("both stores to keep both reports", async || redis.values().len() == 4).await;
    for (key, _) in redis.values() {
        assert!(key.starts_with("storemgr:"), "{key}: deploy-check takes it for another program's");
    }

    // Another database under the same name, as on another server.
    let name = second.address().name;
    let keys: Vec<_> = redis.values().into_iter().map(|(key, _)| key).collect();
    second.execute(&format!("DROP DATABASE {name}")).await;
    database.execute(&format!("CREATE DATABASE {name}")).await;
    storemgr::db::migrate(&second.address()).await.unwrap();
    let renewed = cached_instance(&second, &redis).await;
    renewed.wait_ready().await;
    let product = renewed.product(1.0, 10).await;
    let user = renewed.user().await;
    assert_eq!(renewed.post("/orders", order(user, &[(product, 2)])).await.status, 201);
    assert_eq!(renewed.get(REPORT).await.body, sold(product, 2));
    wait_until("its report to have a key of its own", async || {
        redis.values().iter().any(|(key, _)| key.contains(&name) && !keys.contains(key))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_of_one_store_share_reports_whatever_they_call_its_host() {
    let redis = TestRedis::start();
    let (database, products, users) = shop(&[100]).await;
    let first = cached_instance(&database, &redis).await;
    first.wait_ready().await;
    let body = order(users[0], &[(products[0], 3)]);
    assert_eq!(first.post("/orders", body.clone()).await.status, 201);
    assert_eq!(first.get(REPORT).await.body, sold(products[0], 3));
    assert_eq!(first.post("/orders", body).await.status, 201);
    // As behind a router: another host name, another port.
    let proxy = Proxy::before(&database.address()).await;
    let mut variables = [proxy.variables(database.variables()), redis.variables()].concat();
    variables.iter_mut().filter(|(name, _)| *name == "DB_HOST").for_each(|(_, host)| "localhost".clone_into(host));
    let second = Instance::start_with(&variables, &["--report-ttl", "1h"]).await;
    second.wait_ready().await;
    wait_until("the first instance to keep its report", async || redis.values().len() == 1).await;
    assert_eq!(second.get(REPORT).await.body, sold(products[0], 3), "it is the report that the first one computed");
    // An instance that has not yet learnt of which store it is cannot know which reports are its own.
    proxy.set(Fault::Refuse);
    let third = Instance::start_with(&variables, &["--report-ttl", "1h"]).await;
    let reply = third.get(REPORT).await;
    assert_eq!((reply.status, reply.code()), (503, "database_unavailable"), "{reply:?}");
    proxy.set(Fault::None);
    third.wait_ready().await;
    assert_eq!(third.get(REPORT).await.body, sold(products[0], 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_an_instance_whose_clock_is_wrong_is_computed_anew_and_only_once() {
    for hours in [1, -2] {
        let redis = TestRedis::start();
        let (database, products, users) = shop(&[100]).await;
        let wrong = cached_instance(&database, &redis).await;
        wrong.wait_ready().await;
        assert_eq!(wrong.get(REPORT).await.body, serde_json::json!([]));
        wait_until("the report to be kept", async || redis.values().len() == 1).await;
        let (key, value) = redis.values().remove(0);
        let mut stored: serde_json::Value = serde_json::from_str(&value).unwrap();
        let computed_at_ms = stored["computed_at_ms"].as_i64().unwrap() + hours * 3_600_000;
        stored["computed_at_ms"] = computed_at_ms.into();
        redis.write(&key, &stored.to_string());
        assert_eq!(wrong.post("/orders", order(users[0], &[(products[0], 3)])).await.status, 201);

        let instance = cached_instance(&database, &redis).await;
        instance.wait_ready().await;
        wait_until("the report to be computed anew", async || instance.get(REPORT).await.body == sold(products[0], 3))
            .await;
        // What it computed is its own: whatever others write, it is fresh for its time.
        redis.write(&key, &stored.to_string());
        assert_eq!(instance.post("/orders", order(users[0], &[(products[0], 3)])).await.status, 201);
        for _ in 0..50 {
            let reply = instance.get(REPORT).await;
            assert_eq!(reply.body, sold(products[0], 3), "{hours} h: computed more than once");
            assert!(reply.header("age").parse::<u64>().unwrap() < 60, "{hours} h: {reply:?}");
        }
        assert!(instance.metric(r#"storemgr_report_age_seconds{report="best_sellers"}"#).await < 60.0);
    }
}
