//! The built-in scenario on a store that has fewer products and users than usual, and on one that does not tell.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use storemgr::net::Target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::request_length;
use crate::harness::run_command;

/// A store with so many products and users, which refuses orders of others.
#[derive(Clone)]
struct SmallStore {
    products: u64,
    users: u64,
    /// Whether it has a list of products and of users.
    lists: bool,
    /// Every product and user that was ordered.
    ordered: Arc<Mutex<Vec<(u64, u64)>>>,
}

impl SmallStore {
    async fn start(products: u64, users: u64, lists: bool) -> (Self, Target) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::loopback(listener.local_addr().unwrap().port());
        let store = Self { products, users, lists, ordered: Arc::default() };
        let served = store.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served.clone().talk(stream));
            }
        });
        (store, target)
    }

    async fn talk(self, mut stream: TcpStream) {
        let (mut received, mut buffer) = (Vec::new(), [0; 4_096]);
        loop {
            let Some(length) = request_length(&received) else {
                match stream.read(&mut buffer).await {
                    Ok(count @ 1..) => received.extend_from_slice(&buffer[..count]),
                    _ => return,
                }
                continue;
            };
            let request = String::from_utf8(received.drain(..length).collect()).unwrap();
            let (status, body) = self.answer(&request);
            let body = body.to_string();
            let answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    fn answer(&self, request: &str) -> (u16, Value) {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let path = head.split(' ').nth(1).unwrap();
        if let Some(question) = path.strip_prefix("/products?after=").filter(|_| self.lists) {
            let after: u64 = question.split('&').next().unwrap().parse().unwrap();
            let page: Vec<_> = (after + 1..=self.products).take(1).map(|id| json!({"id": id})).collect();
            return (200, json!({"products": page}));
        }
        if let Some(user) = path.strip_prefix("/users/").filter(|_| self.lists) {
            let there = (1..=self.users).contains(&user.parse().unwrap());
            return if there { (200, json!({"id": 1})) } else { (404, json!({"error": "there is no such user"})) };
        }
        match path {
            "/orders" => {
                let order: Value = serde_json::from_str(body).unwrap();
                let user = order["user_id"].as_u64().unwrap();
                for item in order["items"].as_array().unwrap() {
                    let product = item["product_id"].as_u64().unwrap();
                    self.ordered.lock().unwrap().push((product, user));
                    if product > self.products {
                        return (422, json!({"error": format!("there is no product {product}")}));
                    }
                }
                (201, json!({"order_id": 1}))
            }
            "/orders/reports/best-sellers" | "/orders/reports/highest-spenders" => (200, json!([])),
            _ => (404, json!({"error": "nothing here"})),
        }
    }
}

async fn run(target: &Target, arguments: &[&str]) -> (i32, Value, String) {
    let host = target.to_string();
    let base = ["loadtest", "-H", &host, "-u", "5", "-r", "1000", "-t", "1s", "--think-time", "5ms", "--json", "-"];
    let ran = run_command(&[&base[..], arguments].concat(), &[]).await;
    (ran.code, serde_json::from_str(&ran.stdout).unwrap_or(Value::Null), ran.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_store_is_asked_for_what_it_has() {
    for (products, users) in [(1_000, 100), (1, 1), (9_999, 999)] {
        let (store, target) = SmallStore::start(products, users, true).await;
        let (code, summary, told) = run(&target, &[]).await;
        assert_eq!(code, 0, "{told}");
        let ordered = store.ordered.lock().unwrap().clone();
        assert!(ordered.iter().all(|(product, user)| *product <= products && *user <= users), "{ordered:?}");
        let ranges = &summary["scenario"]["ranges"];
        assert_eq!(*ranges, json!({"products": [1, products], "customers": [1, users]}));
        assert!(told.contains("requests ask for 1 to") && told.contains("--products"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_with_enough_is_asked_for_the_usual_numbers() {
    let (_, target) = SmallStore::start(50_000, 5_000, true).await;
    let (code, summary, told) = run(&target, &[]).await;
    assert!(code == 0 && !told.contains("requests ask for"), "{told}");
    assert_eq!(summary["scenario"]["ranges"], json!({"products": [1, 10_000], "customers": [1, 1_000]}));
    // What is typed is used as it is.
    let (store, target) = SmallStore::start(10, 10, true).await;
    let (_, summary, _) = run(&target, &["--products", "20", "--var", "customers=30", "--max-fail-ratio", "1"]).await;
    assert_eq!(summary["scenario"]["ranges"], json!({"products": [1, 20], "customers": [1, 30]}));
    assert!(store.ordered.lock().unwrap().iter().any(|(product, _)| *product > 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_says_that_the_scenario_does_not_fit_the_data() {
    let (_, target) = SmallStore::start(100, 100, false).await;
    let (code, summary, _) = run(&target, &[]).await;
    assert_eq!((code, &summary["failure_groups"][0]["message"]), (1, &"422 there is no product N".into()), "{summary}");
    let advice = summary["failure_groups"][0]["advice"].as_str().unwrap();
    assert!(advice.contains("asks for products from 1 to 10,000") && advice.contains("--products COUNT"), "{advice}");
    let host = target.to_string();
    let shown = run_command(&["loadtest", "-H", &host, "-t", "1s", "--think-time", "5ms"], &[]).await;
    assert!(shown.stdout.contains("the scenario asks for products from 1 to 10,000"), "{}", shown.stdout);
    // Any scenario can ask for what is not there.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.toml");
    let order = r#"{"user_id":1,"items":[{"product_id":{{random(1, products)}},"quantity":1}]}"#;
    let task = format!("[[task]]\nname = 'order'\nmethod = 'POST'\npath = '/orders'\nbody = '{order}'");
    std::fs::write(&file, format!("name = 'orders'\n[variables]\nproducts = 5000\n{task}")).unwrap();
    let (_, summary, _) = run(&target, &["--scenario", file.to_str().unwrap()]).await;
    let advice = summary["failure_groups"][0]["advice"].as_str().unwrap();
    assert!(advice.contains("from 1 to 5,000") && advice.contains("--var products=COUNT"), "{advice}");
}
