//! Tables that somebody locks or changes: statements wait for them, are given up, and do not stay behind on the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use serde_json::json;

use super::{ledger, order, shop};
use crate::harness::{Instance, TestDatabase, wait_until};

const POOL: u64 = 8;

/// Statements that wait for a table, but for those that change one.
const WAITING: &str = "SELECT COUNT(*) FROM information_schema.processlist \
                       WHERE db = DATABASE() AND state LIKE 'Waiting for table%' AND info NOT LIKE 'ALTER%'";

/// Has 34 clients order and set a stock whose table cannot be had, for eight seconds; gives the most connections that the
/// database had meanwhile. Each look is at a connection of its own, so a server without one would be noticed.
async fn most_connections(database: &TestDatabase, instance: &Arc<Instance>, user: u64, product: u64) -> u64 {
    let (done, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let clients: Vec<_> = (0..34)
        .map(|client| {
            let (instance, done, refused) = (Arc::clone(instance), Arc::clone(&done), Arc::clone(&refused));
            let body = order(user, &[(product, 1)]);
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    let reply = match client % 2 {
                        0 => instance.post("/orders", body.clone()).await,
                        _ => instance.post("/stocks", json!({"product_id": product, "quantity": 10_000})).await,
                    };
                    assert_eq!(reply.status, 503, "{reply:?}");
                    refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
        })
        .collect();
    let (end, mut most) = (Instant::now() + Duration::from_secs(8), 0);
    while Instant::now() < end {
        let connections = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()";
        most = most.max(database.number(connections).await);
        assert_eq!(instance.get("/live").await.status, 200);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    done.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    assert!(refused.load(Ordering::Relaxed) > 34, "hardly anybody met the table");
    most
}

/// While the table still cannot be had and nobody asks for it any more, nothing of the store waits for it.
async fn nothing_stays_behind(database: &TestDatabase, instance: &Instance) {
    let asked = Instant::now();
    wait_until("no statement to wait", async || database.number(WAITING).await == 0).await;
    assert!(asked.elapsed() < Duration::from_secs(10), "statements stayed for {:?}", asked.elapsed());
    let refused = instance.metric("storemgr_db_errors_total{kind=\"too_many_connections\"}").await;
    assert!(refused < 1.0, "the server refused {refused} connections");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_table_leaves_no_statements_behind_on_the_server() {
    let (database, products, users) = shop(&[10_000]).await;
    let instance = Arc::new(Instance::start(&database, &["--db-pool-size", &POOL.to_string()]).await);
    let mut holder = database.connect().await;
    holder.query_drop("LOCK TABLES stocks READ").await.unwrap();
    let most = most_connections(&database, &instance, users[0], products[0]).await;
    // The pool, the connection that ends sessions, the holder, who looks, and one that is just being ended.
    assert!(most <= POOL + 4, "{most} connections");
    nothing_stays_behind(&database, &instance).await;
    holder.query_drop("UNLOCK TABLES").await.unwrap();
    taken_again(&database, &instance, users[0], products[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_table_that_waits_leaves_no_statements_behind_on_the_server() {
    let (database, products, users) = shop(&[10_000]).await;
    let instance = Arc::new(Instance::start(&database, &["--db-pool-size", &POOL.to_string()]).await);
    // The change waits for a transaction that has read the table, and everybody else waits for the change.
    let mut reader = database.connect().await;
    reader.query_drop("START TRANSACTION").await.unwrap();
    reader.query_drop("SELECT * FROM stocks LIMIT 1").await.unwrap();
    let mut changer: Conn = database.connect().await;
    changer.query_drop("SET SESSION lock_wait_timeout = 600").await.unwrap();
    let changing = tokio::spawn(async move {
        changer.query_drop("ALTER TABLE stocks COMMENT = 'changed', FORCE").await.unwrap();
        changer.disconnect().await.unwrap();
    });
    let waits = "SELECT COUNT(*) FROM information_schema.processlist \
                 WHERE db = DATABASE() AND info LIKE 'ALTER%' AND state LIKE 'Waiting for table%'";
    wait_until("the change to wait", async || database.number(waits).await == 1).await;
    let most = most_connections(&database, &instance, users[0], products[0]).await;
    // As above, and the one that changes.
    assert!(most <= POOL + 5, "{most} connections");
    nothing_stays_behind(&database, &instance).await;
    assert!(!changing.is_finished(), "the change did not wait all the time");
    reader.query_drop("ROLLBACK").await.unwrap();
    changing.await.unwrap();
    taken_again(&database, &instance, users[0], products[0]).await;
}

async fn taken_again(database: &TestDatabase, instance: &Instance, user: u64, product: u64) {
    wait_until("orders to be taken again", async || {
        instance.post("/orders", order(user, &[(product, 1)])).await.status == 201
    })
    .await;
    instance.wait_ready().await;
    ledger::audit(database, &[(product, 10_000)]).await;
}
