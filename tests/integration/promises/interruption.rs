//! Killed, terminated, hung up on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mysql_async::prelude::Queryable;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::ledger::{self, Ledger};
use super::{WRITERS, order, shop};
use crate::harness::{Instance, wait_until};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_a_kill_is_there_once() {
    for writer in WRITERS {
        let (database, products, users) = shop(&[100_000, 100_000]).await;
        let ledger = Arc::new(Ledger::default());
        for round in 0..3 {
            let mut instance = Arc::new(Instance::start(&database, &["--order-writer", writer]).await);
            let mut clients = Vec::new();
            for client in 0..8 {
                let (instance, ledger, products, users) =
                    (Arc::clone(&instance), Arc::clone(&ledger), products.clone(), users.clone());
                clients.push(tokio::spawn(async move {
                    for number in 0.. {
                        let body = order(users[0], &[(products[0], 1), (products[1], 2)]);
                        let key = format!("{round}-{client}-{number}");
                        if ledger.order(&instance, &key, &body).await.is_none() {
                            return;
                        }
                    }
                }));
            }
            let enough = 30 * (round + 1);
            wait_until("some orders to be accepted", async || ledger.accepted() >= enough).await;
            instance.signal("KILL");
            for client in clients {
                client.await.unwrap();
            }
            Arc::get_mut(&mut instance).unwrap().wait_end().await;
        }
        // The server undoes what the killed instance had open; an audit in between would see it half.
        database.settled().await;
        ledger.audit(&database, &[(products[0], 100_000), (products[1], 100_000)]).await;
        assert!(ledger.unknown() > 0, "the kill interrupted nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_leaves_a_whole_order_or_none() {
    let (database, products, users) = shop(&[100_000]).await;
    let instance = Instance::start(&database, &["--db-pool-size", "4"]).await;
    let body = order(users[0], &[(products[0], 1)]).to_string();
    let head = "POST /orders HTTP/1.1\r\nhost: store\r\ncontent-type: application/json\r\ncontent-length: ";
    let request = format!("{head}{}\r\n\r\n{body}", body.len());
    for _ in 0..100 {
        let mut stream = TcpStream::connect(instance.target().authority()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        drop(stream);
    }
    // Nobody waits for these answers; the orders that were taken are written all the same.
    wait_until("the work of those who hung up", async || {
        instance.metric("storemgr_http_requests_in_flight").await < 2.0
    })
    .await;
    wait_until("what was stored to be counted", async || {
        let stored = database.number("SELECT COUNT(*) FROM orders").await;
        stored > 0 && instance.metric(r#"storemgr_orders_total{outcome="accepted"}"#).await as u64 == stored
    })
    .await;
    assert_eq!(
        instance.metric(r#"storemgr_db_errors_total{kind="lost"}"#).await as u64,
        0,
        "a transaction was cut short"
    );
    ledger::audit(&database, &[(products[0], 100_000)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminated_instance_finishes_what_it_has_begun() {
    let (database, products, users) = shop(&[10]).await;
    let mut instance = Instance::start(&database, &["--drain-notice", "1s"]).await;
    // Somebody holds the stock, so the order waits.
    let mut holder = database.connect().await;
    holder.query_drop("START TRANSACTION").await.unwrap();
    holder.query_drop(format!("SELECT * FROM stocks WHERE product_id = {} FOR UPDATE", products[0])).await.unwrap();
    let ordering = order(users[0], &[(products[0], 1)]);
    let asked = AtomicBool::new(false);
    let ordered = async {
        asked.store(true, Ordering::SeqCst);
        instance.post("/orders", ordering).await
    };
    let drained = async {
        wait_until("the order to wait", async || {
            asked.load(Ordering::SeqCst) && instance.metric("storemgr_http_requests_in_flight").await >= 2.0
        })
        .await;
        instance.signal("TERM");
        // Still accepting, and saying that requests should go elsewhere.
        wait_until("not ready", async || instance.get("/ready").await.status == 503).await;
        let reply = instance.get("/ready").await;
        assert_eq!((reply.code(), reply.header("connection")), ("not_ready", "close"));
        holder.query_drop("ROLLBACK").await.unwrap();
    };
    let (reply, ()) = tokio::join!(ordered, drained);
    assert_eq!(reply.status, 201, "{reply:?}");
    assert!(instance.wait_end().await.success());
    ledger::audit(&database, &[(products[0], 10)]).await;
    assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_that_takes_too_long_ends_with_a_warning() {
    let (database, products, users) = shop(&[10]).await;
    let arguments = ["--drain-timeout", "200ms", "--db-statement-timeout", "30s", "--request-deadline", "30s"];
    let mut instance = Instance::start(&database, &arguments).await;
    let mut holder = database.connect().await;
    holder.query_drop("START TRANSACTION").await.unwrap();
    holder.query_drop(format!("SELECT * FROM stocks WHERE product_id = {} FOR UPDATE", products[0])).await.unwrap();
    let body = order(users[0], &[(products[0], 1)]).to_string();
    let sent = instance.try_send(hyper::Method::POST, "/orders", &[], &body);
    let terminated = async {
        wait_until("the order to wait", async || instance.metric("storemgr_http_requests_in_flight").await >= 2.0)
            .await;
        instance.signal("TERM");
    };
    let (sent, ()) = tokio::join!(sent, terminated);
    assert!(sent.is_err(), "{sent:?}");
    assert!(instance.wait_end().await.success());
    assert!(instance.log().contains("before the drain's limit"), "{}", instance.log());
    holder.query_drop("ROLLBACK").await.unwrap();
    database.settled().await;
    assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_somebody_else_has_used_are_given_up() {
    for writer in WRITERS {
        let (database, products, users) = shop(&[100]).await;
        let instance = Instance::start(&database, &["--order-writer", writer]).await;
        let body = order(users[0], &[(products[0], 1)]);
        let first = instance.post("/orders", body.clone()).await.body["order_id"].as_u64().unwrap();
        // As after the store was filled anew: the next number of this instance's block is taken.
        database.execute(&format!("INSERT INTO orders VALUES ({}, {}, 0, NOW())", first + 1, users[0])).await;
        let second = instance.post("/orders", body).await;
        assert_eq!(second.status, 201, "{second:?}");
        assert!(second.body["order_id"].as_u64().unwrap() > first + 1);
    }
}
