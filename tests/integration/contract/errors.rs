//! Every refusal: its status, its code, its shape.
//!
//! Not reached here: `internal_error` (a defect of ours), `outcome_unknown` (the database is lost during a commit for
//! longer than twenty seconds), `request_in_progress` (with the promises about idempotency), and the limits next door.

use hyper::Method;
use serde_json::{Value, json};

use super::WAYS;
use crate::harness::{Fault, Instance, Proxy, Reply, TestDatabase};

/// A refusal is JSON with a sentence, a code and the request's name, and shows nothing of the inside.
pub(super) fn assert_refusal(reply: &Reply, status: u16, code: &str, request: &str) {
    assert_eq!((reply.status, reply.code()), (status, code), "{request}: {reply:?}");
    assert_eq!(reply.header("content-type"), "application/json", "{request}");
    let sentence = reply.body["error"].as_str().unwrap();
    assert!(sentence.len() > 10, "{request}: {sentence}");
    assert_eq!(reply.body["request_id"], reply.header("x-request-id"), "{request}");
    for word in ["SELECT", "INSERT", "UPDATE", "127.0.0.1", "password", "mysql", "panicked", "<html"] {
        assert!(!sentence.contains(word), "{request} shows {word}: {sentence}");
    }
    assert_eq!(
        reply.header("retry-after").is_empty(),
        ![409, 503].contains(&status) || status == 409 && code != "request_in_progress"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_its_status_its_code_and_one_shape() {
    for way in WAYS {
        let database = TestDatabase::migrated().await;
        let instance = Instance::start(&database, way).await;
        let product = instance.product(5.0, 3).await;
        let user = instance.user().await;
        instance.post("/users", json!({"name": "Ada", "email": "ada@example.com"})).await;
        let sold = instance.post("/orders", order(user, product, json!(1))).await;
        assert_eq!(sold.status, 201);
        for (method, path, body, status, code) in cases(user, product) {
            let request = format!("{method} {path} {body}");
            let reply = instance.try_send(method.parse().unwrap(), &path, &[], &body).await.unwrap();
            assert_refusal(&reply, status, code, &request);
            if method == "DELETE" && status == 404 {
                assert_eq!(reply.body["deleted"], false, "{request}");
            }
        }
        assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, 1, "a refusal was stored");
        assert_eq!(database.number("SELECT COUNT(*) FROM products").await, 1, "a refusal was stored");
        assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 2, "a refusal was stored");
        assert_eq!(instance.get(&format!("/stocks/{product}")).await.body["quantity"], 2);
    }
}

fn order(user: u64, product: u64, quantity: impl Into<Value>) -> Value {
    let quantity = quantity.into();
    json!({"user_id": user, "items": [{"product_id": product, "quantity": quantity}]})
}

type Case = (&'static str, String, String, u16, &'static str);

fn cases(user: u64, product: u64) -> Vec<Case> {
    let mut all: Vec<Case> = Vec::new();
    let mut add = |method, path: &str, body: &str, status, code| {
        all.push((method, path.to_owned(), body.to_owned(), status, code));
    };
    for body in ["", "{", "nonsense", "{\"user_id\":1,}", "\u{0}", "[1", "\"unfinished"] {
        add("POST", "/orders", body, 400, "malformed_json");
    }
    for body in
        ["null", "7", "[]", "[1,[]]", "{}", "\"text\"", r#"{"user_id":"1","items":[]}"#, r#"{"user_id":-1,"items":[]}"#]
    {
        add("POST", "/orders", body, 422, "invalid_body");
    }
    add("POST", "/orders", r#"{"user_id":1,"items":[{"product_id":1,"quantity":"2"}]}"#, 422, "invalid_body");
    // A list of values is no item, however well its order is guessed.
    add("POST", "/orders", &json!({"user_id": user, "items": [[product, 1]]}).to_string(), 422, "invalid_body");
    add("POST", "/orders", &json!({"user_id": user, "items": []}).to_string(), 422, "invalid_items");
    for quantity in [json!(0), json!(-1), json!(1.5), json!(1e300), json!(1_000_001)] {
        add("POST", "/orders", &order(user, product, quantity).to_string(), 422, "invalid_quantity");
    }
    add("POST", "/orders", &order(user, 999_999, json!(1)).to_string(), 422, "unknown_product");
    add("POST", "/orders", &order(user, 0, json!(1)).to_string(), 422, "unknown_product");
    add("POST", "/orders", &order(999_999, product, json!(1)).to_string(), 422, "unknown_user");
    add("POST", "/orders", &order(user, product, json!(3)).to_string(), 409, "insufficient_stock");
    for (path, what) in [("/orders/", "order"), ("/products/", "product"), ("/users/", "user"), ("/stocks/", "stock")] {
        for id in ["0", "999999", "x", "-1", "1.5", "18446744073709551616"] {
            add("GET", &format!("{path}{id}"), "", 404, "not_found");
            if what != "stock" {
                add("DELETE", &format!("{path}{id}"), "", 404, "not_found");
            }
        }
    }
    add("DELETE", &format!("/products/{product}"), "", 409, "product_in_use");
    add("DELETE", &format!("/users/{user}"), "", 409, "user_in_use");
    add("POST", "/users", r#"{"name":"Eve","email":"ADA@example.com"}"#, 409, "duplicate_email");
    for body in [r#"{"name":"","email":"e@x"}"#, r#"{"name":"Eve","email":"nobody"}"#] {
        add("POST", "/users", body, 422, "invalid_value");
    }
    add("POST", "/products", r#"{"name":"","sku":"S","price":1}"#, 422, "invalid_value");
    add("POST", "/products", r#"{"name":"P","sku":"S","price":10000000.01}"#, 422, "invalid_value");
    for price in ["-1", "1.005", "\"5\"", "1e3", "null"] {
        add("POST", "/products", &format!(r#"{{"name":"P","sku":"S","price":{price}}}"#), 422, "invalid_body");
    }
    add("POST", "/stocks", r#"{"product_id":999999,"quantity":1}"#, 422, "unknown_product");
    for quantity in ["-1", "1.5", "2000000001"] {
        let body = format!(r#"{{"product_id":{product},"quantity":{quantity}}}"#);
        add("POST", "/stocks", &body, 422, "invalid_quantity");
    }
    for query in ["limit=0", "limit=101", "limit=x", "limit=", "limit=-1", "limit=1.0"] {
        add("GET", &format!("/orders/reports/best-sellers?{query}"), "", 400, "invalid_parameter");
        add("GET", &format!("/orders/reports/highest-spenders?{query}"), "", 400, "invalid_parameter");
    }
    for query in ["limit=0", "limit=1001", "after=x", "after=-1"] {
        add("GET", &format!("/products?{query}"), "", 400, "invalid_parameter");
    }
    for path in ["/", "/nothing", "/orders/1/2", "/orders/", "/metrics/x", "//orders"] {
        add("GET", path, "", 404, "no_such_route");
    }
    for (method, path) in [
        ("GET", "/orders"),
        ("PUT", "/orders/1"),
        ("PATCH", "/users/1"),
        ("OPTIONS", "/products"),
        ("DELETE", "/metrics"),
    ] {
        add(method, path, "", 405, "method_not_allowed");
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_refused_with_reasons() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &[]).await;
    let body = order(1, 1, json!(1)).to_string();
    let post =
        async |headers: &[(&str, &str)]| instance.try_send(Method::POST, "/orders", headers, &body).await.unwrap();
    for key in ["a b", "\"\"", &"k".repeat(256)] {
        assert_refusal(&post(&[("idempotency-key", key)]).await, 400, "invalid_parameter", key);
    }
    let both = post(&[("idempotency-key", "a"), ("idempotency-key", "b")]).await;
    assert_refusal(&both, 400, "invalid_parameter", "two keys");
    let allowed = instance.try_send(Method::PUT, "/products/1", &[], "").await.unwrap();
    assert_eq!((allowed.status, allowed.header("allow")), (405, "GET, PATCH, DELETE"));
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let headers: &[_] = if content_type.is_empty() { &[] } else { &[("content-type", content_type)] };
        let patience = std::time::Duration::from_mins(1);
        let sent = storemgr::net::request_once(
            instance.target(),
            Method::POST,
            "/orders",
            headers,
            body.clone().into_bytes(),
            patience,
        );
        assert_eq!(sent.await.unwrap().status.as_u16(), 415, "{content_type}");
    }
    let charset = [("content-type", "application/json; charset=utf-8")];
    let patience = std::time::Duration::from_mins(1);
    let sent =
        storemgr::net::request_once(instance.target(), Method::POST, "/orders", &charset, body.into_bytes(), patience);
    assert_eq!(sent.await.unwrap().status.as_u16(), 422, "the type is right, the user is not known");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_costs_too_much_is_refused() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &[]).await;
    let product = instance.product(10_000_000.0, 2_000_000).await;
    let user = instance.user().await;
    let reply = instance.post("/orders", order(user, product, json!(1_000))).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let reply = instance.post("/orders", order(user, product, json!(1_001))).await;
    assert_refusal(&reply, 422, "total_too_large", "one piece more");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_schema_or_a_database_the_store_says_so() {
    let empty = TestDatabase::create().await;
    let instance = Instance::start_with(&empty.variables(), &["--no-migrate", "--report-cache", "off"]).await;
    for path in ["/ready", "/products", "/orders/1", "/orders/reports/best-sellers", "/stocks/reports/overview-stocks"]
    {
        assert_refusal(&instance.get(path).await, 503, "not_ready", path);
    }
    assert_refusal(&instance.post("/orders", order(1, 1, json!(1))).await, 503, "not_ready", "an order");
    let database = TestDatabase::migrated().await;
    let proxy = Proxy::before(&database.address()).await;
    for way in WAYS {
        proxy.set(Fault::None);
        let instance = Instance::start_with(&proxy.variables(database.variables()), way).await;
        instance.wait_ready().await;
        proxy.set(Fault::Refuse);
        for path in ["/products", "/ready", "/orders/reports/highest-spenders"] {
            assert_refusal(&instance.get(path).await, 503, "database_unavailable", path);
        }
        assert_refusal(&instance.post("/orders", order(1, 1, json!(1))).await, 503, "database_unavailable", "an order");
        assert_eq!(instance.get("/health-check").await.status, 200);
    }
}
