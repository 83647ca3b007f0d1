//! The memory of an instance, whatever clients send: it has a bound, and it is given back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::errors::assert_refusal;
use crate::harness::{Fault, Instance, Proxy, TestDatabase, wait_until};

/// Bytes of a process that are in memory.
fn resident(instance: &Instance) -> u64 {
    status_field(instance, "VmRSS:")
}

fn status_field(instance: &Instance, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", instance.pid())).unwrap();
    let kib = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    kib.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

const MIB: u64 = 1 << 20;

/// What an instance may keep of the memory of four hundred large bodies. If their own memory was kept, it would be as much
/// as they took, 50 MiB and more.
const KEPT: u64 = 36 * MIB;

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
    // On a busy machine it takes long to send all of them, and none may be given up meanwhile.
    let arguments = ["--all-body-bytes", "33554432", "--request-deadline", "2m"];
    let instance = Instance::start(&database, &arguments).await;
    let (user, product) = (instance.user().await, instance.product(1.0, 1_000).await);
    let before = resident(&instance);
    let mut open = Vec::new();
    for _ in 0..10 {
        let sending: Vec<_> = (0..40).map(|_| tokio::spawn(send_nearly_all(instance.target().authority()))).collect();
        for sent in sending {
            open.push(sent.await.unwrap());
        }
    }
    // Bodies that were refused have given back what they held, so the last of it is asked for again.
    while instance.metric("storemgr_http_body_bytes").await < 33_554_432.0 - 1e6 {
        assert!(open.len() < 1_000, "the budget is never spent");
        open.push(send_nearly_all(instance.target().authority()).await);
    }
    // An ordinary order is not concerned; one that is large is told to come again.
    let order = json!({"user_id": user, "items": [{"product_id": product, "quantity": 1}]});
    for _ in 0..20 {
        assert_eq!(instance.post("/orders", order.clone()).await.status, 201);
    }
    let large = " ".repeat(1_000_000) + &order.to_string();
    // A body that was given up meanwhile may have made room for one more.
    let refused = loop {
        let reply = instance.try_send(Method::POST, "/orders", &[], &large).await.unwrap();
        if reply.status == 503 {
            break reply;
        }
        assert!(open.len() < 1_000, "the budget is never spent");
        open.push(send_nearly_all(instance.target().authority()).await);
    };
    assert_refusal(&refused, 503, "overloaded", "a large body");
    let most = resident(&instance);
    assert!(most < before + 96 * MIB, "{} MiB, {} before", most / MIB, before / MIB);
    drop(open);
    wait_until("the budget to be free", async || instance.metric("storemgr_http_body_bytes").await == 0.0).await;
    assert_eq!(instance.try_send(Method::POST, "/orders", &[], &large).await.unwrap().status, 201);
    // The allocator keeps some of what the connections took: some 20 MiB, by how many were open at once.
    let deadline = Instant::now() + Duration::from_mins(1);
    while resident(&instance) >= before + KEPT {
        let now = resident(&instance) / MIB;
        assert!(Instant::now() < deadline, "{now} MiB a minute later, {} at most, {} before", most / MIB, before / MIB);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
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

/// Every way to hold a connection and its memory.
const HOLDS: [(&str, &str, usize); 6] = [
    ("silent", "", 0),
    ("between two requests", "GET /live HTTP/1.1\r\nhost: store\r\n\r\n", 0),
    ("in the headers", "GET /live HTTP/1.1\r\nhost: store\r\nx: ", 8_000),
    (
        "in a body of 4 KB",
        "POST /orders HTTP/1.1\r\nhost: store\r\ncontent-type: application/json\r\ncontent-length: 4096\r\n\r\n",
        4_000,
    ),
    (
        "in a body of 1 MB",
        "POST /orders HTTP/1.1\r\nhost: store\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n",
        100_000,
    ),
    ("with answers unread", "unread", 0),
];

/// More than the budget of bodies has room for.
const LARGE_ORDERS: usize = 80;

/// An order with so many lines, of products that need not exist: all of them are valid.
fn valid_order(lines: u64) -> String {
    let items: Vec<_> = (1..=lines).map(|id| json!({"product_id": id, "quantity": 1})).collect();
    json!({"user_id": 1, "items": items}).to_string()
}

/// Sends an order and gives what is answered within a time; an order that waits is left waiting.
async fn send_order(address: String, body: Arc<str>, patience: Duration) -> Option<(TcpStream, String)> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let length = body.len();
    let head = format!(
        "POST /orders HTTP/1.1\r\nhost: store\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    // What was refused early is answered, and its body is not read to the end.
    drop(tokio::time::timeout(Duration::from_secs(20), stream.write_all(body.as_bytes())).await);
    let mut answer = vec![0; 512];
    let read = tokio::time::timeout(patience, stream.read(&mut answer)).await;
    let length = read.ok().and_then(Result::ok).unwrap_or(0);
    answer.truncate(length);
    Some((stream, String::from_utf8_lossy(&answer).into_owned()))
}

/// The largest orders, as many as the budget of bodies admits, and an order on every other connection, while the database
/// answers nothing. Orders whose clients have hung up have a bound of their own, on their lines.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_of_the_largest_orders_fits_into_the_memory_of_a_container() {
    let handles = storemgr::process::raise_open_files().unwrap_or(u64::MAX);
    let connections = 6_000.min((handles - 500) / 2) as usize;
    let database = TestDatabase::migrated().await;
    let proxy = Proxy::before(&database.address()).await;
    let probes = format!("127.0.0.1:{}", crate::harness::free_port());
    // So long that the expected wait refuses nobody.
    let wait = ["--order-queue-wait", "9h", "--request-deadline", "9h", "--db-statement-timeout", "9h"];
    let instance = Instance::start_behind(&proxy, &database, &[&wait[..], &["--probe-listen", &probes]].concat()).await;
    let depth = async || metric_at(&probes, "storemgr_order_queue_depth").await as usize;
    proxy.set(Fault::Freeze);
    let address = instance.target().authority();
    let (small, largest): (Arc<str>, Arc<str>) = (valid_order(90).into(), valid_order(10_000).into());
    let sending: Vec<_> = (0..LARGE_ORDERS)
        .map(|_| tokio::spawn(send_order(address.clone(), Arc::clone(&largest), Duration::from_mins(5))))
        .collect();
    // The writer has one of them in its hands, outside the queue, and gives it up with the database after a second.
    let answered = || sending.iter().filter(|sending| sending.is_finished()).count();
    wait_until("the largest orders to wait or to be refused", async || depth().await + answered() + 1 >= LARGE_ORDERS)
        .await;
    let largest = depth().await;
    assert!(largest >= 20, "{largest} of the largest orders wait");
    let mut open = Vec::new();
    for _ in 0..(connections - LARGE_ORDERS) / 50 {
        let sending: Vec<_> = (0..50)
            .map(|_| tokio::spawn(send_order(address.clone(), Arc::clone(&small), Duration::from_millis(1))))
            .collect();
        for sent in sending {
            open.push(sent.await.unwrap());
        }
    }
    wait_until("the others to wait", async || depth().await + 1_100 >= connections).await;
    let most = status_field(&instance, "VmHWM:");
    eprintln!("{largest} of the largest orders, {} others: {} MiB at most", open.len(), most / MIB);
    assert!(most < 240 * MIB, "{} MiB", most / MIB);
    drop(sending);
}

/// The value of a metric at the address of probes.
async fn metric_at(address: &str, name: &str) -> f64 {
    let target = storemgr::net::Target::parse(address).unwrap();
    let patience = Duration::from_secs(20);
    let answer =
        storemgr::net::request_once(&target, Method::GET, "/metrics", &[], Vec::new(), patience).await.unwrap();
    let text = answer.text();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map_or(0.0, |value| value.parse().unwrap())
}

/// What all the connections that an instance takes cost it, whatever they are used for. Run by name: it takes a minute,
/// and prints the table of docs/deploy.md.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute: run by name"]
async fn all_connections_fit_into_the_memory_of_a_container() {
    const CONNECTIONS: usize = 6_000;
    let handles = storemgr::process::raise_open_files().unwrap_or(u64::MAX);
    let connections = CONNECTIONS.min((handles - 500) as usize);
    let database = TestDatabase::migrated().await;
    for (name, sends, filler) in HOLDS {
        let probes = format!("127.0.0.1:{}", crate::harness::free_port());
        let arguments = ["--probe-listen", &probes, "--request-deadline", "60s", "--write-timeout", "60s"];
        let instance = Instance::start(&database, &arguments).await;
        let before = resident(&instance);
        let mut open = Vec::new();
        let bytes = if sends == "unread" {
            b"GET /openapi.json HTTP/1.1\r\nhost: store\r\n\r\n".repeat(2_000)
        } else {
            [sends.as_bytes(), &vec![b' '; filler]].concat()
        };
        for number in 0..connections - LARGE_ORDERS {
            let Ok(mut stream) = TcpStream::connect(instance.target().authority()).await else { break };
            // What does not fit is not waited for.
            let patience = Duration::from_millis(if sends == "unread" { 5 } else { 200 });
            drop(tokio::time::timeout(patience, stream.write_all(&bytes)).await);
            open.push(stream);
            if number % 1_000 == 0 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        let held = resident(&instance);
        let each = held.saturating_sub(before) / open.len() as u64;
        // The largest orders there are on top of it, as many as the budget takes and more.
        let order = valid_order(10_000);
        let target = instance.target().clone();
        let ordering: Vec<_> = (0..LARGE_ORDERS)
            .map(|_| {
                let (target, order) = (target.clone(), order.clone().into_bytes());
                let headers = [("content-type", "application/json")];
                tokio::spawn(async move {
                    let patience = Duration::from_secs(3);
                    storemgr::net::request_once(&target, Method::POST, "/orders", &headers, order, patience).await
                })
            })
            .collect();
        let mut answered = 0;
        for ordered in ordering {
            answered += usize::from(ordered.await.unwrap().is_ok());
        }
        let most = status_field(&instance, "VmHWM:");
        eprintln!("| {name} | {} | {each} | {} MiB | {} MiB | {answered} |", open.len(), held / MIB, most / MIB);
        assert!(most < 240 * MIB, "{name}: {} MiB", most / MIB);
    }
}
