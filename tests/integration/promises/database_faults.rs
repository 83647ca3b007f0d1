//! The database breaks, freezes, goes away and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::ledger::{self, Ledger};
use super::{WRITERS, order, shop, shop_in};
use crate::harness::{Fault, Instance, PrivateServer, Proxy, TestDatabase, TestRedis, wait_until};

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_commit_is_looked_up() {
    for writer in WRITERS {
        let (database, products, users) = shop(&[100]).await;
        let proxy = Proxy::before(&database.address()).await;
        let instance = Instance::start_behind(&proxy, &database, &["--order-writer", writer]).await;
        let faults = [Fault::BreakAfterCommit, Fault::BreakBeforeCommit, Fault::CommitLate];
        for fault in faults.into_iter().cycle().take(9) {
            proxy.set(fault);
            // Without a key, so that nothing but the look-up can tell whether it was stored.
            let reply = instance.post("/orders", order(users[0], &[(products[0], 1)])).await;
            assert_eq!(reply.status, 201, "{fault:?}: the database works, so the order can be placed: {reply:?}");
        }
        ledger::audit(&database, &[(products[0], 100)]).await;
        assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, 9);
        let lost = instance.metric(r#"storemgr_db_errors_total{kind="lost"}"#).await;
        assert!(lost >= 9.0, "every commit was to break, and {lost} connections were lost");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_answered_at_once_and_found_again() {
    let (database, products, users) = shop(&[100]).await;
    let proxy = Proxy::before(&database.address()).await;
    let redis = TestRedis::start();
    let variables = [proxy.variables(database.variables()), redis.variables()].concat();
    let instance = Instance::start_with(&variables, &["--report-ttl", "1s"]).await;
    instance.wait_ready().await;
    let body = order(users[0], &[(products[0], 1)]);
    assert_eq!(instance.post("/orders", body.clone()).await.status, 201);
    let known = instance.get("/orders/reports/best-sellers").await;
    for fault in [Fault::Refuse, Fault::Freeze] {
        proxy.set(fault);
        for path in ["/products", "/ready", "/stocks/1", "/stocks/reports/overview-stocks"] {
            let asked = Instant::now();
            let reply = instance.get(path).await;
            assert_eq!(reply.status, 503, "{fault:?} {path}: {reply:?}");
            assert!(["database_unavailable", "overloaded"].contains(&reply.code()), "{reply:?}");
            assert!(!reply.header("retry-after").is_empty());
            // A frozen database costs a statement's limit; one that refuses is answered within a second. Ten leave
            // room for a slow machine.
            assert!(fault == Fault::Freeze || asked.elapsed().as_secs() < 10, "{path} took {:?}", asked.elapsed());
        }
        let reply = instance.post("/orders", body.clone()).await;
        assert_eq!(reply.status, 503, "{fault:?}: {reply:?}");
        // What was cached is still there, older than fresh.
        let report = instance.get("/orders/reports/best-sellers").await;
        assert_eq!((report.status, &report.body), (200, &known.body), "{fault:?}");
        assert_eq!(instance.get("/live").await.status, 200);
        proxy.set(Fault::None);
        instance.wait_ready().await;
    }
    assert_eq!(instance.post("/orders", body).await.status, 201);
    ledger::audit(&database, &[(products[0], 100)]).await;
    assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, 2, "a refused order was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_running_through_breaks_lose_and_double_nothing() {
    for writer in WRITERS {
        let (database, products, users) = shop(&[100_000, 100_000]).await;
        let proxy = Proxy::before(&database.address()).await;
        let instance = Instance::start_behind(&proxy, &database, &["--order-writer", writer]).await;
        let (instance, ledger) = (Arc::new(instance), Arc::new(Ledger::default()));
        let mut clients = Vec::new();
        for client in 0..6 {
            let (instance, ledger, products, users) =
                (Arc::clone(&instance), Arc::clone(&ledger), products.clone(), users.clone());
            clients.push(tokio::spawn(async move {
                for number in 0..60 {
                    let body = order(users[client % 3], &[(products[0], 1), (products[1], 2)]);
                    ledger.order(&instance, &format!("{client}-{number}"), &body).await;
                }
            }));
        }
        for fault in [Fault::BreakAfterCommit, Fault::Refuse, Fault::BreakBeforeCommit, Fault::Refuse] {
            let before = ledger.accepted();
            proxy.set(fault);
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
            proxy.set(Fault::None);
            wait_until("orders to be accepted again", async || {
                ledger.accepted() > before || clients.iter().all(tokio::task::JoinHandle::is_finished)
            })
            .await;
        }
        for client in clients {
            client.await.unwrap();
        }
        database.settled().await;
        ledger.audit(&database, &[(products[0], 100_000), (products[1], 100_000)]).await;
        assert_eq!(ledger.unknown(), 0, "the database came back in time to say what became of every order");
    }
}

/// How soon orders are accepted again after the database answers. The promise is five seconds; the rest is for a machine
/// on which everything else of the suite runs at the same time.
const BACK_WITHIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_killed_or_stands_still_under_writers_loses_and_doubles_nothing() {
    let mut server = PrivateServer::start("killed", &[]).await;
    let done = Arc::new(AtomicBool::new(false));
    let mut stores = Vec::new();
    for writer in WRITERS {
        let (database, products, users) =
            shop_in(TestDatabase::migrated_on(&server).await, &[1_000_000, 1_000_000]).await;
        let instance = Arc::new(Instance::start(&database, &["--order-writer", writer]).await);
        instance.wait_ready().await;
        let ledger = Arc::new(Ledger::default());
        let clients: Vec<_> = (0..6)
            .map(|client| {
                let (instance, ledger, done) = (Arc::clone(&instance), Arc::clone(&ledger), Arc::clone(&done));
                let body = order(users[client % 3], &[(products[0], 1), (products[1], 2)]);
                tokio::spawn(async move {
                    for number in 0_u64.. {
                        if done.load(Ordering::Relaxed) {
                            return;
                        }
                        ledger.order(&instance, &format!("{client}-{number}"), &body).await;
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                })
            })
            .collect();
        stores.push((writer, database, products, instance, ledger, clients));
    }
    for fault in ["KILL", "STOP"] {
        tokio::time::sleep(Duration::from_secs(1)).await;
        server.signal(fault);
        if fault == "KILL" {
            tokio::time::sleep(Duration::from_millis(500)).await;
            server = tokio::task::spawn_blocking(move || {
                server.start_again();
                server
            })
            .await
            .unwrap();
        } else {
            tokio::time::sleep(Duration::from_secs(10)).await;
            server.signal("CONT");
        }
        let back = Instant::now();
        for (writer, _, _, _, ledger, _) in &stores {
            let before = ledger.accepted();
            wait_until("orders to be accepted again", async || ledger.accepted() > before).await;
            assert!(back.elapsed() < BACK_WITHIN, "{writer} came back {:?} after SIG{fault}", back.elapsed());
        }
    }
    done.store(true, Ordering::Relaxed);
    for (writer, database, products, _instance, ledger, clients) in stores {
        for client in clients {
            client.await.unwrap();
        }
        database.settled().await;
        assert!(ledger.accepted() > 0, "{writer}");
        ledger.audit(&database, &[(products[0], 1_000_000), (products[1], 1_000_000)]).await;
        assert_eq!(ledger.unknown(), 0, "{writer}: the database came back in time to say what became of every order");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_starts_before_its_database_waits_for_it() {
    let (database, ..) = shop(&[1]).await;
    let proxy = Proxy::before(&database.address()).await;
    proxy.set(Fault::Refuse);
    let instance = Instance::start_with(&proxy.variables(database.variables()), &[]).await;
    assert_eq!(instance.get("/live").await.status, 200);
    assert_eq!(instance.get("/ready").await.status, 503);
    proxy.set(Fault::None);
    instance.wait_ready().await;
}
