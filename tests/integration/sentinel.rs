//! Redis with a replica and Sentinel: the master is killed under load, and nobody who asks for a report notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::harness::{Instance, TestDatabase, TestRedis, free_port, wait_until};

const HITS: &str = r#"storemgr_cache_requests_total{cache="best_sellers",outcome="#;

#[tokio::test(flavor = "multi_thread")]
async fn the_master_of_the_cache_is_killed_and_no_report_fails() {
    let master = TestRedis::start();
    let replica = TestRedis::start_replica(master.port);
    let sentinel = TestRedis::start_sentinel(master.port);
    let database = TestDatabase::migrated().await;
    // The first one takes connections and says nothing, like a machine that stands still; the second is gone.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap().port();
    let mut variables = database.variables();
    variables.push(("REDIS_SENTINELS", format!("127.0.0.1:{silent},127.0.0.1:{},127.0.0.1:{sentinel}", free_port())));
    let instance = Instance::start_with(&variables, &["--report-ttl", "50ms"]).await;
    instance.wait_ready().await;
    let kept = async |redis: &TestRedis| redis.values().iter().any(|(key, _)| key.contains("best"));
    let instance = Arc::new(instance);
    let ended = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (instance, ended) = (Arc::clone(&instance), Arc::clone(&ended));
            tokio::spawn(async move {
                let mut asked = 0;
                while !ended.load(Ordering::SeqCst) {
                    let reply = instance.get("/orders/reports/best-sellers").await;
                    assert_eq!(reply.status, 200, "{reply:?}");
                    asked += 1;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                asked
            })
        })
        .collect();
    wait_until("a report in the master", async || kept(&master).await).await;
    wait_until("the replica to follow", async || kept(&replica).await).await;
    master.signal("KILL");
    wait_until("the replica to be the master", async || replica.is_master()).await;
    replica.forget_all();
    wait_until("a report in the new master", async || kept(&replica).await).await;
    ended.store(true, Ordering::SeqCst);
    let mut asked = 0;
    for client in clients {
        asked += client.await.unwrap();
    }
    let errors = instance.metric(&format!("{HITS}\"error\"}}")).await;
    eprintln!("{asked} reports, none failed; {errors} calls to the cache did");
    assert!(asked > 100);
}
