//! The memory of an instance, whatever clients send: it has a bound, and it is given back.

use std::time::Duration;

use hyper::Method;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::errors::assert_refusal;
use crate::harness::{Instance, TestDatabase, wait_until};

/// Bytes of a process that are in memory.
fn resident(instance: &Instance) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", instance.pid())).unwrap();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    kib.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

const MIB: u64 = 1 << 20;

/// A body of a megabyte, of which the last byte is missing.
async fn send_nearly_all(address: String) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let head =
        "POST /orders HTTP/1.1\r\nhost: store\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(&vec![b' '; 999_999]).await.ok()?;
    Some(stream)
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_end_take_no_more_than_their_budget() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &["--all-body-bytes", "33554432"]).await;
    let (user, product) = (instance.user().await, instance.product(1.0, 1_000).await);
    let before = resident(&instance);
    let sending: Vec<_> = (0..400).map(|_| tokio::spawn(send_nearly_all(instance.target().authority()))).collect();
    wait_until("the budget to be spent", async || instance.metric("storemgr_http_body_bytes").await > 30e6).await;
    // An ordinary order is not concerned; one that is large is told to come again.
    let order = json!({"user_id": user, "items": [{"product_id": product, "quantity": 1}]});
    for _ in 0..20 {
        assert_eq!(instance.post("/orders", order.clone()).await.status, 201);
    }
    let large = " ".repeat(900_000) + &order.to_string();
    let refused = instance.try_send(Method::POST, "/orders", &[], &large).await.unwrap();
    assert_refusal(&refused, 503, "overloaded", "a large body");
    let mut open = Vec::new();
    for sent in sending {
        open.push(sent.await.unwrap());
    }
    let most = resident(&instance);
    assert!(most < before + 96 * MIB, "{} MiB, {} before", most / MIB, before / MIB);
    drop(open);
    wait_until("the budget to be free", async || instance.metric("storemgr_http_body_bytes").await == 0.0).await;
    assert_eq!(instance.try_send(Method::POST, "/orders", &[], &large).await.unwrap().status, 201);
    wait_until("memory to be given back", async || resident(&instance) < before + 24 * MIB).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stops_is_given_up_and_its_memory_with_it() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &["--request-deadline", "1s"]).await;
    let open = send_nearly_all(instance.target().authority()).await;
    wait_until("the body to arrive", async || instance.metric("storemgr_http_body_bytes").await > 0.0).await;
    wait_until("the body to be given up", async || instance.metric("storemgr_http_body_bytes").await == 0.0).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(open);
}
