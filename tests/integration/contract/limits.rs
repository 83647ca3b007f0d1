//! What one client may take, and what it is told beyond that.

use std::time::Duration;

use hyper::Method;
use mysql_async::prelude::Queryable;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::errors::assert_refusal;
use crate::harness::{Instance, TestDatabase, wait_until};

/// Sends bytes and reads what comes back until the connection closes or nothing comes for a while.
async fn raw(instance: &Instance, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(instance.target().authority()).await.unwrap();
    drop(stream.write_all(bytes).await);
    let mut answer = Vec::new();
    drop(tokio::time::timeout(Duration::from_secs(3), stream.read_to_end(&mut answer)).await);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_bounded_whether_their_length_is_declared_or_not() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &["--max-body-bytes", "1000"]).await;
    let large = format!("\"{}\"", "x".repeat(1_000));
    let reply = instance.try_send(Method::POST, "/orders", &[], &large).await.unwrap();
    assert_refusal(&reply, 413, "body_too_large", "a large body");
    let head = "POST /orders HTTP/1.1\r\nhost: store\r\nconnection: close\r\ncontent-type: application/json\r\n";
    // A declared length is refused before the body is sent.
    let declared = raw(&instance, format!("{head}content-length: 1001\r\n\r\n").as_bytes()).await;
    assert!(declared.starts_with("HTTP/1.1 413"), "{declared}");
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let answer = raw(&instance, chunked.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let many: Vec<_> = (1..=10_001).map(|id| json!({"product_id": id, "quantity": 1})).collect();
    let instance = Instance::start(&database, &[]).await;
    let reply = instance.post("/orders", json!({"user_id": 1, "items": many})).await;
    assert_refusal(&reply, 422, "invalid_items", "10,001 lines");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_ten_thousand_lines_is_taken_by_both_writers() {
    let database = TestDatabase::migrated().await;
    let values: Vec<_> = (1..=10_000).map(|id| format!("({id}, 'P', 'S', 100)")).collect();
    database.execute(&format!("INSERT INTO products VALUES {}", values.join(","))).await;
    database.execute("INSERT INTO stocks (product_id, quantity) SELECT id, 10 FROM products").await;
    for writer in ["group-commit", "batched", "per-item"] {
        let arguments = ["--order-writer", writer, "--request-deadline", "5m"];
        let instance = Instance::start(&database, &arguments).await;
        let user = instance.user().await;
        let items: Vec<_> = (1..=10_000).map(|id| json!({"product_id": id, "quantity": 1})).collect();
        let reply = instance.post("/orders", json!({"user_id": user, "items": items})).await;
        assert_eq!((reply.status, reply.body["total_amount"].as_f64()), (201, Some(10_000.0)), "{writer}: {reply:?}");
        let deleted = instance.delete(&format!("/orders/{}", reply.body["order_id"])).await;
        assert_eq!(deleted.status, 200);
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM stocks WHERE quantity <> 10 OR quantity_sold <> 0").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_bounded_in_size_and_time() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &["--max-header-bytes", "8192", "--idle-timeout", "500ms"]).await;
    let large = format!("GET /live HTTP/1.1\r\nhost: store\r\nx: {}\r\n\r\n", "a".repeat(10_000));
    let answer = raw(&instance, large.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    // Headers that never end are not waited for, nor is a next request.
    for opening in ["GET /live HTTP/1.1\r\nhost:", "GET /live HTTP/1.1\r\nhost: store\r\n\r\n"] {
        let mut stream = TcpStream::connect(instance.target().authority()).await.unwrap();
        stream.write_all(opening.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
        assert!(closed.is_ok(), "the connection stayed open");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_arrive_in_time_is_not_waited_for() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &["--request-deadline", "500ms"]).await;
    let head = "POST /orders HTTP/1.1\r\nhost: store\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{";
    let answer = raw(&instance, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request_timeout"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_too_long_for_a_connection_or_a_row_is_told_to_come_again() {
    let database = TestDatabase::migrated().await;
    let arguments =
        ["--order-writer", "batched", "--db-pool-size", "1", "--db-pool-wait", "200ms", "--db-statement-timeout", "5s"];
    let instance = Instance::start(&database, &arguments).await;
    let (product, user) = (instance.product(1.0, 10).await, instance.user().await);
    let mut holder = database.connect().await;
    holder.query_drop("START TRANSACTION").await.unwrap();
    holder.query_drop(format!("SELECT * FROM stocks WHERE product_id = {product} FOR UPDATE")).await.unwrap();
    let body = json!({"user_id": user, "items": [{"product_id": product, "quantity": 1}]});
    let other = async {
        wait_until("the order to hold the only connection", async || {
            instance.metric("storemgr_http_requests_in_flight").await >= 2.0
        })
        .await;
        instance.get("/products").await
    };
    let (ordered, refused) = tokio::join!(instance.post("/orders", body), other);
    assert_refusal(&refused, 503, "overloaded", "no connection");
    assert_refusal(&ordered, 503, "overloaded", "a locked row");
    holder.query_drop("ROLLBACK").await.unwrap();
    assert_eq!(instance.metric(r#"storemgr_db_errors_total{kind="pool_timeout"}"#).await as u64, 1);
    assert_eq!(instance.metric(r#"storemgr_db_errors_total{kind="lock_timeout"}"#).await as u64, 1);
    assert_eq!(instance.metric(r#"storemgr_orders_total{outcome="shed"}"#).await as u64, 1);
    for (method, route) in [("POST", "/orders"), ("GET", "/products")] {
        let labels = format!(r#"code="overloaded",method="{method}",route="{route}",status="503""#);
        assert_eq!(instance.metric(&format!("storemgr_http_errors_total{{{labels}}}")).await as u64, 1, "{labels}");
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_connections_than_allowed_wait_and_are_served() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &["--max-connections", "4"]).await;
    let mut idle = Vec::new();
    for _ in 0..4 {
        idle.push(TcpStream::connect(instance.target().authority()).await.unwrap());
    }
    let waiting = instance.get("/live");
    let freed = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(idle);
    };
    let (reply, ()) = tokio::join!(waiting, freed);
    assert_eq!(reply.status, 200);
}
