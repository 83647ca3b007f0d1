//! Redis killed, frozen, absent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ledger::Ledger;
use super::{order, shop};
use crate::harness::{Instance, TestRedis, wait_until};

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
