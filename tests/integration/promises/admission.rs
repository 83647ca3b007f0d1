//! A store that has more to do than it can: what it says, and what it still does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::ledger::{self, Ledger};
use super::{order, shop};
use crate::harness::{Instance, TestDatabase, wait_until};

/// Keeps every order from being written until it is told to end.
async fn hold(database: &TestDatabase, product: u64) -> mysql_async::Conn {
    let mut holder = database.connect().await;
    holder.query_drop("START TRANSACTION").await.unwrap();
    holder.query_drop(format!("SELECT * FROM stocks WHERE product_id = {product} FOR UPDATE")).await.unwrap();
    holder
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_do_not_fit_into_the_queue_are_refused_at_once_and_the_others_are_written() {
    let (database, products, users) = shop(&[1_000]).await;
    let arguments = ["--order-queue", "5", "--order-queue-wait", "30s", "--request-deadline", "30s"];
    let instance = Arc::new(Instance::start(&database, &arguments).await);
    instance.wait_ready().await;
    let mut holder = hold(&database, products[0]).await;
    let ledger = Arc::new(Ledger::default());
    let body = order(users[0], &[(products[0], 1)]);
    let place = |number: usize| {
        let (instance, ledger, body) = (Arc::clone(&instance), Arc::clone(&ledger), body.clone());
        tokio::spawn(async move { ledger.order(&instance, &number.to_string(), &body).await })
    };
    // One is being written and waits for the row; five wait behind it; nobody else gets in.
    let mut placed = vec![place(0)];
    wait_until("the first order to be taken", async || {
        instance.metric("storemgr_order_queue_wait_seconds_count").await >= 1.0
    })
    .await;
    placed.extend((1..=5).map(place));
    wait_until("the queue to be full", async || instance.metric("storemgr_order_queue_depth").await >= 5.0).await;
    let refused = instance.post("/orders", body.clone()).await;
    assert_eq!((refused.status, refused.code()), (503, "overloaded"), "{refused:?}");
    assert!(!refused.header("retry-after").is_empty());
    for path in ["/live", "/health-check", "/ready", "/metrics", "/products"] {
        assert_eq!(instance.get(path).await.status, 200, "{path} is not an order");
    }
    holder.query_drop("ROLLBACK").await.unwrap();
    for order in placed {
        assert!(order.await.unwrap().is_some(), "what was let in is written");
    }
    assert_eq!(instance.metric("storemgr_order_queue_depth").await as u64, 0);
    ledger.audit(&database, &[(products[0], 1_000)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_would_wait_too_long_is_refused_when_it_comes_and_one_whose_time_passes_is_not_written() {
    let (database, products, users) = shop(&[1_000]).await;
    let arguments = ["--order-queue-wait", "300ms", "--request-deadline", "1500ms", "--db-statement-timeout", "20s"];
    let instance = Arc::new(Instance::start(&database, &arguments).await);
    instance.wait_ready().await;
    let mut holder = hold(&database, products[0]).await;
    let body = order(users[0], &[(products[0], 1)]);
    let place = || {
        let (instance, body) = (Arc::clone(&instance), body.clone());
        tokio::spawn(async move { instance.post("/orders", body).await })
    };
    let first = place();
    wait_until("the first order to be taken", async || {
        instance.metric("storemgr_order_queue_wait_seconds_count").await >= 1.0
    })
    .await;
    let second = place();
    wait_until("the second order to wait", async || instance.metric("storemgr_order_queue_depth").await >= 1.0).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    let asked = Instant::now();
    let third = instance.post("/orders", body.clone()).await;
    assert_eq!((third.status, third.code()), (503, "overloaded"));
    assert!(asked.elapsed() < Duration::from_secs(1), "it could have been refused at the door");
    let second = second.await.unwrap();
    assert_eq!((second.status, second.code()), (503, "overloaded"), "its time passed while it waited");
    assert_eq!(instance.metric("storemgr_order_queue_depth").await as u64, 0);
    holder.query_drop("ROLLBACK").await.unwrap();
    assert!([201, 503].contains(&first.await.unwrap().status));
    wait_until("orders to be taken again", async || instance.post("/orders", body.clone()).await.status == 201).await;
    database.settled().await;
    let accepted = instance.metric(r#"storemgr_orders_total{outcome="accepted"}"#).await as u64;
    assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, accepted, "a refused order was written");
    ledger::audit(&database, &[(products[0], 1_000)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_at_fault_does_not_fail_its_neighbours() {
    let (database, products, users) = shop(&[1_000, 1_000, 2]).await;
    let instance =
        Arc::new(Instance::start(&database, &["--request-deadline", "30s", "--order-queue-wait", "30s"]).await);
    instance.wait_ready().await;
    let mut holder = hold(&database, products[0]).await;
    let place = |user: u64, product: u64, pieces: u64| {
        let (instance, body) = (Arc::clone(&instance), order(user, &[(product, pieces)]));
        tokio::spawn(async move { instance.post("/orders", body).await.status })
    };
    let first = place(users[0], products[0], 1);
    wait_until("the first order to be taken", async || {
        instance.metric("storemgr_order_queue_wait_seconds_count").await >= 1.0
    })
    .await;
    // These are one batch: good ones, a user and a product that do not exist, more than there is, and the held row.
    let no_such = 999_999_999;
    let orders = [
        (users[0], products[1], 1, 201),
        (no_such, products[1], 1, 422),
        (users[1], no_such, 1, 422),
        (users[1], products[2], 2, 201),
        (users[2], products[2], 1, 409),
        (users[2], products[0], 1, 201),
        (users[2], products[1], 3, 201),
    ];
    let mut placed = Vec::new();
    for (waiting, (user, product, pieces, expected)) in orders.into_iter().enumerate() {
        placed.push((place(user, product, pieces), expected));
        wait_until("the order to wait", async || {
            instance.metric("storemgr_order_queue_depth").await as usize > waiting
        })
        .await;
    }
    holder.query_drop("ROLLBACK").await.unwrap();
    assert_eq!(first.await.unwrap(), 201);
    for (status, expected) in placed {
        assert_eq!(status.await.unwrap(), expected);
    }
    let batches = instance.metric("storemgr_order_batch_orders_count").await as u64;
    assert_eq!(batches, 2, "seven orders that wait together are one transaction");
    ledger::audit(&database, &[(products[0], 1_000), (products[1], 1_000), (products[2], 2)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_another_transaction_holds_cost_only_the_orders_that_need_them() {
    let (database, products, users) = shop(&[1_000, 1_000]).await;
    let arguments = ["--request-deadline", "30s", "--order-queue-wait", "30s"];
    let instance = Arc::new(Instance::start(&database, &arguments).await);
    instance.wait_ready().await;
    let _holder = hold(&database, products[0]).await;
    let place = |product: u64| {
        let (instance, body) = (Arc::clone(&instance), order(users[0], &[(product, 1)]));
        tokio::spawn(async move { instance.post("/orders", body).await })
    };
    let placed: Vec<_> = (0..20).map(|number| place(products[number % 2])).collect();
    for (number, reply) in placed.into_iter().enumerate() {
        let reply = reply.await.unwrap();
        assert_eq!(reply.status, if number % 2 == 0 { 503 } else { 201 }, "{reply:?}");
    }
    ledger::audit(&database, &[(products[1], 1_000)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_open_connections_leave_the_store_its_place_and_its_answers() {
    let (database, products, users) = shop(&[1_000]).await;
    let instance = Instance::start(&database, &["--max-connections", "10000"]).await;
    instance.wait_ready().await;
    let before = instance.metric("process_resident_memory_bytes").await;
    // As many as this process may have handles for, which a small machine may limit.
    let handles = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = handles.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let allowed: usize = line.split_whitespace().nth(3).unwrap().parse().unwrap_or(usize::MAX);
    let wanted = 10_000.min(allowed.saturating_sub(1_000) / 2);
    let mut open = Vec::with_capacity(wanted);
    for number in 0..wanted {
        let mut stream = TcpStream::connect(instance.target().authority()).await.unwrap();
        match number % 10 {
            // Slow: the head of an order, and never its end.
            0 => stream.write_all(b"POST /orders HTTP/1.1\r\nhost: s\r\ncontent-type: applica").await.unwrap(),
            // Idle after an answer.
            1 => {
                stream.write_all(b"GET /live HTTP/1.1\r\nhost: store\r\n\r\n").await.unwrap();
                let mut answer = [0; 12];
                stream.read_exact(&mut answer).await.unwrap();
                assert_eq!(&answer, b"HTTP/1.1 200");
            }
            _ => {}
        }
        open.push(stream);
    }
    wait_until("all connections to be accepted", async || {
        instance.metric("storemgr_http_connections").await as usize >= wanted
    })
    .await;
    let reply = instance.post("/orders", order(users[0], &[(products[0], 1)])).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let resident = instance.metric("process_resident_memory_bytes").await;
    let each = (resident - before) / wanted as f64;
    // What the program itself takes depends on how it was built, and so do the futures: 17 KiB each without
    // optimisation.
    assert!(each < 20.0 * 1_024.0, "each of {wanted} connections takes {:.1} KiB", each / 1_024.0);
}
