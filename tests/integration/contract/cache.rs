//! A cache that answers and takes nothing is an error of the cache, and costs no request anything.

use crate::harness::{Instance, TestDatabase, TestRedis, wait_until};

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_refuses_to_be_written_is_counted() {
    let database = TestDatabase::migrated().await;
    let redis = TestRedis::start();
    // Full, and told to forget nothing.
    redis.configure("maxmemory-policy", "noeviction");
    redis.configure("maxmemory", "1");
    let variables = [database.variables(), redis.variables()].concat();
    let instance = Instance::start_with(&variables, &["--report-ttl", "1s"]).await;
    instance.wait_ready().await;
    let errors = r#"storemgr_cache_requests_total{cache="best_sellers",outcome="error"}"#;
    // On a busy machine Redis may be too slow to be asked at all; a report is computed and kept every second.
    wait_until("the refusal to be counted and logged", async || {
        assert_eq!(instance.get("/orders/reports/best-sellers").await.status, 200);
        instance.metric(errors).await >= 1.0 && instance.log().contains("could not be kept in the cache")
    })
    .await;
}
