//! Requests that two readers could understand in two ways are refused: what a proxy and the store read must be the same.

use hyper::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::WAYS;
use super::errors::assert_refusal;
use crate::harness::{Instance, TestDatabase};

async fn answer(instance: &Instance, request: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(instance.target().authority()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_has_one_host_and_one_way_to_find_its_end() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &[]).await;
    let body = "2\r\n{}\r\n0\r\n\r\n";
    for (head, body, status) in [
        ("GET /live HTTP/1.1\r\nhost: store", "", 200),
        ("GET /live HTTP/1.0", "", 200),
        ("GET /live HTTP/1.1", "", 400),
        ("GET /live HTTP/1.1\r\nhost: store\r\nhost: store", "", 400),
        ("GET /live HTTP/1.0\r\nhost: store\r\nhost: other", "", 400),
        (
            "POST /orders HTTP/1.1\r\nhost: store\r\ncontent-type: application/json\r\ntransfer-encoding: chunked",
            body,
            422,
        ),
        (
            "POST /orders HTTP/1.1\r\nhost: store\r\ncontent-type: application/json\r\ntransfer-encoding: gzip, chunked",
            body,
            400,
        ),
        (
            "POST /orders HTTP/1.1\r\nhost: store\r\ncontent-type: application/json\r\ntransfer-encoding: gzip\r\ntransfer-encoding: chunked",
            body,
            400,
        ),
    ] {
        let (seen, said) = answer(&instance, &format!("{head}\r\nconnection: close\r\n\r\n{body}")).await;
        assert_eq!(seen, status, "{head}: {said}");
        if status == 400 {
            assert_eq!(said["code"], "invalid_parameter", "{head}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_is_given_once_and_in_digits() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &[]).await;
    for path in ["/orders/reports/best-sellers", "/orders/reports/highest-spenders", "/products"] {
        assert_eq!(instance.get(&format!("{path}?limit=5")).await.status, 200);
        for query in ["limit=+5", "limit=1&limit=abc", "limit=1&limit=1", "limit", "limit=", "limit=5%20", "limit=0x5"]
        {
            let reply = instance.get(&format!("{path}?{query}")).await;
            assert_refusal(&reply, 400, "invalid_parameter", query);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quantity_is_what_is_written_and_not_what_a_float_makes_of_it() {
    for way in WAYS {
        let database = TestDatabase::migrated().await;
        let instance = Instance::start(&database, way).await;
        let (user, product) = (instance.user().await, instance.product(1.0, 100).await);
        for (quantity, status) in [
            ("2", 201),
            ("2.0", 201),
            ("2e0", 201),
            ("0.9999999999999999999", 422),
            ("1.00000000000000000001", 422),
            ("1.5", 422),
            ("-1", 422),
            ("1e99", 422),
            ("18446744073709551617", 422),
        ] {
            let order =
                format!("{{\"user_id\":{user},\"items\":[{{\"product_id\":{product},\"quantity\":{quantity}}}]}}");
            let reply = instance.try_send(Method::POST, "/orders", &[], &order).await.unwrap();
            assert_eq!(reply.status, status, "{quantity}: {reply:?}");
            if status == 422 {
                assert_eq!(reply.code(), "invalid_quantity", "{quantity}");
                let stock = format!("{{\"product_id\":{product},\"quantity\":{quantity}}}");
                let reply = instance.try_send(Method::POST, "/stocks", &[], &stock).await.unwrap();
                assert_refusal(&reply, 422, "invalid_quantity", quantity);
            }
        }
        assert_eq!(instance.get(&format!("/stocks/{product}")).await.body["quantity"], 94);
    }
}
