//! How a connection ends: a refusal arrives although its request was not read, and half an answer never looks whole.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::harness::{Instance, TestDatabase, wait_until};

/// Writes everything before anything is read, as simple clients do, and gives the status and the body.
async fn write_then_read(instance: &Instance, head: &str, body: &[u8]) -> std::io::Result<(u16, Value)> {
    let mut stream = TcpStream::connect(instance.target().authority()).await?;
    stream.write_all(head.as_bytes()).await?;
    // In pieces, so that the instance has answered before the last of them is sent.
    for piece in body.chunks(16 * 1024) {
        stream.write_all(piece).await?;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Ok((status, serde_json::from_str(body).unwrap_or(Value::Null)))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_refusal_reaches_who_writes_everything_first() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &[]).await;
    for (request, length, status, code) in [
        ("POST /orders HTTP/1.1\r\ncontent-type: text/plain", 30_000, 415, "unsupported_media_type"),
        ("POST /orders HTTP/1.1\r\ncontent-type: text/plain", 900_000, 415, "unsupported_media_type"),
        ("POST /orders HTTP/1.1\r\ncontent-type: application/json", 5_000_000, 413, "body_too_large"),
        ("POST /nothing HTTP/1.1\r\ncontent-type: application/json", 300_000, 404, "no_such_route"),
        ("PUT /orders HTTP/1.1\r\ncontent-type: application/json", 300_000, 405, "method_not_allowed"),
        ("GET /live HTTP/1.1\r\ncontent-type: application/json", 300_000, 200, ""),
        ("DELETE /orders/1 HTTP/1.1\r\ncontent-type: application/json", 300_000, 404, "not_found"),
    ] {
        let head = format!("{request}\r\nhost: store\r\ncontent-length: {length}\r\n\r\n");
        for _ in 0..3 {
            let (seen, body) = write_then_read(&instance, &head, &vec![b'x'; length]).await.expect(request);
            assert_eq!((seen, body["code"].as_str().unwrap_or_default()), (status, code), "{request}: {body}");
        }
        let head = format!("{request}\r\nhost: store\r\ntransfer-encoding: chunked\r\n\r\n");
        let chunked = [format!("{length:x}\r\n").as_bytes(), &vec![b'x'; length], b"\r\n0\r\n\r\n"].concat();
        let (seen, body) = write_then_read(&instance, &head, &chunked).await.expect(request);
        assert_eq!((seen, body["code"].as_str().unwrap_or_default()), (status, code), "{request}, chunked: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_before_it_is_a_request_is_refused_in_json() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &[]).await;
    let many: String = (0..200).map(|number| format!("x-{number}: a\r\n")).collect();
    let large = format!("x: {}\r\n", "a".repeat(300_000));
    let long = format!("GET /{} HTTP/1.1\r\nhost: store\r\n\r\n", "a".repeat(300_000));
    for (request, status) in [
        (format!("GET /live HTTP/1.1\r\nhost: store\r\n{many}\r\n"), 431),
        (format!("GET /live HTTP/1.1\r\nhost: store\r\n{large}\r\n"), 431),
        (long, 431),
        ("nonsense\r\n\r\n".to_owned(), 400),
        ("GET /live HTTP/1.1\r\nhost: store\r\n:x\r\n\r\n".to_owned(), 400),
        ("POST /orders HTTP/1.1\r\nhost: store\r\ntransfer-encoding: gzip\r\n\r\n".to_owned(), 400),
    ] {
        let shown = &request[..request.len().min(60)];
        let (seen, body) = write_then_read(&instance, &request, b"").await.expect(shown);
        assert_eq!((seen, body["code"].as_str().unwrap_or_default()), (status, "invalid_parameter"), "{shown}: {body}");
        assert!(body["error"].is_string() && body["request_id"].is_string(), "{body}");
    }
}

async fn connect_with_small_buffer(instance: &Instance) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.connect(instance.target().authority().parse().unwrap()).await.unwrap()
}

fn cut_off(reason: &str) -> String {
    format!("storemgr_http_answers_cut_off_total{{reason=\"{reason}\"}}")
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_are_given_up() {
    let database = TestDatabase::migrated().await;
    let mut instance = Instance::start(&database, &["--write-timeout", "1s"]).await;
    let pipelined = b"GET /openapi.json HTTP/1.1\r\nhost: store\r\n\r\n".repeat(2_000);
    let mut unread = Vec::new();
    for _ in 0..5 {
        let mut stream = connect_with_small_buffer(&instance).await;
        drop(tokio::time::timeout(Duration::from_millis(300), stream.write_all(&pipelined)).await);
        unread.push(stream);
    }
    wait_until("the connections to be given up", async || instance.metric(&cut_off("unread")).await >= 5.0).await;
    wait_until("the log to say so", async || instance.log().contains("answers were cut off")).await;
    // Nor do they hold up the drain.
    let mut stream = connect_with_small_buffer(&instance).await;
    drop(tokio::time::timeout(Duration::from_millis(300), stream.write_all(&pipelined)).await);
    let start = std::time::Instant::now();
    instance.signal("TERM");
    assert!(instance.wait_end().await.success());
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_overview_does_not_look_whole() {
    let database = TestDatabase::migrated().await;
    database.execute("INSERT INTO products (id, name, sku, price_cents) WITH RECURSIVE digits (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM digits WHERE n < 99) SELECT 1 + a.n + b.n * 100 + c.n * 10000, REPEAT('P', 100), REPEAT('S', 50), 100 FROM digits a, digits b, digits c WHERE c.n < 15").await;
    database.execute("INSERT INTO stocks (product_id, quantity) SELECT id, 1 FROM products").await;
    let instance = Instance::start(&database, &["--write-timeout", "1s"]).await;
    for version in ["1.1", "1.0"] {
        let mut stream = connect_with_small_buffer(&instance).await;
        let request = format!("GET /stocks/reports/overview-stocks HTTP/{version}\r\nhost: store\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let before = instance.metric(&cut_off("unread")).await;
        wait_until("the answer to be given up", async || instance.metric(&cut_off("unread")).await > before).await;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer).await;
        assert!(read.is_err(), "HTTP/{version}: {} bytes and a proper end", answer.len());
        assert!(!answer.ends_with(b"0\r\n\r\n"));
    }
    wait_until("the log to say so", async || instance.log().contains("answers were cut off")).await;
    // Who reads slowly, but reads, gets all of it.
    let mut stream = TcpStream::connect(instance.target().authority()).await.unwrap();
    stream
        .write_all(b"GET /stocks/reports/overview-stocks HTTP/1.1\r\nhost: store\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let (mut length, mut end, mut buffer) = (0, Vec::new(), vec![0; 1 << 20]);
    while let read @ 1.. = stream.read(&mut buffer).await.unwrap() {
        length += read;
        end.extend_from_slice(&buffer[..read]);
        end.drain(..end.len().saturating_sub(8));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(length > 30_000_000 && end.ends_with(b"]\r\n0\r\n\r\n"), "{length} bytes, {end:?}");
}
