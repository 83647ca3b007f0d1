//! Whatever is sent: no defect is reached, and nothing refused is stored.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::harness::{Instance, TestDatabase};

/// A JSON value, often nearly what a route takes.
fn json() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("0".to_owned()),
        Just("-0".to_owned()),
        Just("1e308".to_owned()),
        Just("1e999".to_owned()),
        Just("18446744073709551616".to_owned()),
        Just("9007199254740993".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number}")),
    ];
    let text = any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap());
    let leaf = prop_oneof![number, text, Just("null".to_owned()), Just("true".to_owned())];
    let key = prop_oneof![
        Just("user_id"),
        Just("items"),
        Just("product_id"),
        Just("quantity"),
        Just("name"),
        Just("email"),
        Just("sku"),
        Just("price"),
        Just("\\u0000"),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|values| format!("[{}]", values.join(","))),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|pairs| {
                let pairs: Vec<_> = pairs.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => json().prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => Just("[".repeat(5_000).into_bytes()),
        1 => Just(format!("\"{}\"", "\u{fffd}".repeat(2_000)).into_bytes()),
    ]
}

fn path() -> impl Strategy<Value = String> {
    let known = prop::sample::select(storemgr::wire::ALL.iter().map(|route| route.path).collect::<Vec<_>>());
    let id = prop_oneof![Just("0".to_owned()), "[0-9]{1,25}", "[-+.a-z%{}]{1,8}"];
    let query = prop_oneof![Just(String::new()), "\\?(limit|after)=[-0-9a-z]{0,25}", "\\?[!-~&&[^#]]{0,30}"];
    prop_oneof![
        4 => (known, id, query.clone()).prop_map(|(path, id, query)| format!("{}{query}", path.replace("{id}", &id))),
        1 => ("/[!-~&&[^#]]{0,40}", query).prop_map(|(path, query)| format!("{path}{query}")),
    ]
}

fn header() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("content-type: application/json\r\n".to_owned()),
        "idempotency-key: [ -~]{0,40}\r\n",
        "x-request-id: [ -~]{0,40}\r\n",
        "content-type: [ -~]{0,20}\r\n",
        "expect: 100-continue\r\n",
        "[a-z]{1,10}: [ -~]{0,50}\r\n",
    ]
}

/// A request as bytes: well formed on the outside, anything inside; or not even that.
fn request() -> impl Strategy<Value = Vec<u8>> {
    let method = prop_oneof![4 => Just("POST".to_owned()), 2 => Just("GET".to_owned()), 1 => Just("DELETE".to_owned()), 1 => "[A-Z]{1,8}"];
    let formed = (method, path(), prop::collection::vec(header(), 0..4), body(), any::<bool>()).prop_map(
        |(method, path, headers, body, json)| {
            let json = if json { "content-type: application/json\r\n" } else { "" };
            let head = format!(
                "{method} {path} HTTP/1.1\r\nhost: store\r\nconnection: close\r\n{json}{}content-length: {}\r\n\r\n",
                headers.concat(),
                body.len()
            );
            [head.into_bytes(), body].concat()
        },
    );
    let chunked = body().prop_map(|body| {
        let head = b"POST /orders HTTP/1.1\r\nhost: store\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        [head.as_slice(), &body].concat()
    });
    prop_oneof![12 => formed, 1 => chunked, 1 => prop::collection::vec(any::<u8>(), 1..300)]
}

async fn answer(instance: &Instance, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(instance.target().authority()).await.unwrap();
    drop(stream.write_all(bytes).await);
    drop(stream.shutdown().await);
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "no answer and no end after {bytes:?}");
    answer
}

/// An answer is a success, or a refusal in the one shape, or what hyper says to what is not HTTP: a status and no body.
fn check(answer: &[u8]) -> Result<(), TestCaseError> {
    let text = String::from_utf8_lossy(answer);
    // A connection that ends without an answer: the request was broken off by its sender.
    let Some((head, body)) = text.split_once("\r\n\r\n").filter(|(head, _)| !head.starts_with("HTTP/1.1 100")) else {
        return Ok(());
    };
    let status: u16 = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    prop_assert!((200..500).contains(&status), "{head}\n{body}");
    if status >= 400 && !body.is_empty() {
        let parsed: Value =
            serde_json::from_str(body).map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
        prop_assert!(parsed["error"].is_string() && parsed["code"].is_string(), "{parsed}");
    }
    Ok(())
}

#[test]
fn nothing_that_is_sent_reaches_a_defect() {
    let runtime = Runtime::new().unwrap();
    let (database, instance) = runtime.block_on(async {
        let database = TestDatabase::migrated().await;
        let instance = Instance::start(&database, &["--report-cache", "off", "--request-deadline", "3s"]).await;
        (database, instance)
    });
    let mut runner = TestRunner::new(Config { cases: 1_500, failure_persistence: None, ..Config::default() });
    let result = runner.run(&request(), |bytes| check(&runtime.block_on(answer(&instance, &bytes))));
    assert!(result.is_ok(), "{}", result.unwrap_err());
    runtime.block_on(async {
        assert_eq!(instance.get("/ready").await.status, 200);
        assert!(!instance.log().contains("panicked") && !instance.log().contains("defect"), "{}", instance.log());
        // No product has stock, so whatever was said, no order can have been taken.
        assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, 0);
        assert_eq!(database.number("SELECT COUNT(*) FROM order_items").await, 0);
        assert_eq!(
            database.number("SELECT COUNT(*) FROM idempotency_keys WHERE idempotency_key NOT LIKE ' %'").await,
            0
        );
    });
}
