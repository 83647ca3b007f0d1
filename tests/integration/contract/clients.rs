//! A user's orders, a product that is changed, a stock that is moved, and keys for each of them.

use std::collections::BTreeSet;

use hyper::Method;
use serde_json::{Value, json};

use super::errors::assert_refusal;
use crate::harness::{Instance, Reply, TestDatabase};

async fn store() -> (TestDatabase, Instance) {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &["--report-cache", "off"]).await;
    (database, instance)
}

async fn keyed(instance: &Instance, path: &str, key: &str, body: &Value) -> Reply {
    instance.try_send(Method::POST, path, &[("idempotency-key", key)], &body.to_string()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_orders_of_a_user_come_newest_first_in_pages_to_the_end() {
    let (database, instance) = store().await;
    let (ada, eve) = (instance.user().await, instance.user().await);
    assert_eq!(instance.get(&format!("/users/{ada}/orders")).await.body, json!({"orders": [], "next": null}));
    // Numbers are not in the order of time, several orders have one instant, and others are somebody else's.
    let mut values = Vec::new();
    for number in 1..=250_u64 {
        let (id, user) = ((number * 7_919) % 100_003, if number % 5 == 0 { eve } else { ada });
        let instant = format!("'2026-01-01 00:00:{:02}.{:06}'", number / 10, number / 3);
        values.push(format!("({id}, {user}, {number}, {instant})"));
    }
    database
        .execute(&format!("INSERT INTO orders (id, user_id, total_cents, created_at) VALUES {}", values.join(",")))
        .await;
    let newest = "SELECT id FROM orders WHERE user_id = USER ORDER BY created_at DESC, id DESC";
    let expected: Vec<u64> = database.query(&newest.replace("USER", &ada.to_string())).await;
    assert_eq!(expected.len(), 200);
    for limit in [1, 7, 199, 200, 201, 1_000] {
        let (mut cursor, mut seen, mut pages) = (String::new(), Vec::new(), 0);
        loop {
            let page = instance.get(&format!("/users/{ada}/orders?limit={limit}{cursor}")).await;
            assert_eq!(page.status, 200, "{page:?}");
            seen.extend(page.body["orders"].as_array().unwrap().iter().map(|order| order["id"].as_u64().unwrap()));
            pages += 1;
            match page.body["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, expected, "limit {limit}");
        assert_eq!(pages, 200_usize.div_ceil(limit), "limit {limit}");
    }
    let page = instance.get(&format!("/users/{ada}/orders?limit=1")).await.body;
    let keys: Vec<_> = page["orders"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["created_at", "id", "total_amount"]);
    assert!(page["orders"][0]["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(instance.get(&format!("/users/{ada}/orders")).await.body["orders"].as_array().unwrap().len(), 50);
    // What is ordered while the pages are read does not move them.
    let first = instance.get(&format!("/users/{ada}/orders?limit=100")).await.body;
    database.execute(&format!("INSERT INTO orders VALUES (900001, {ada}, 1, UTC_TIMESTAMP(6))")).await;
    let cursor = first["next"].as_str().unwrap().to_owned();
    let second = instance.get(&format!("/users/{ada}/orders?limit=100&cursor={cursor}")).await.body;
    let ids = |page: &Value| {
        page["orders"].as_array().unwrap().iter().map(|order| order["id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!([ids(&first), ids(&second)].concat(), expected);
    for (query, status, code) in [
        ("cursor=x", 400, "invalid_parameter"),
        ("cursor=", 400, "invalid_parameter"),
        ("cursor=__________________9w", 400, "invalid_parameter"),
        ("cursor=AAAAAAAAAAAAAAAAAAAAAA&cursor=AAAAAAAAAAAAAAAAAAAAAA", 400, "invalid_parameter"),
        ("limit=0", 400, "invalid_parameter"),
        ("limit=1001", 400, "invalid_parameter"),
    ] {
        assert_refusal(&instance.get(&format!("/users/{ada}/orders?{query}")).await, status, code, query);
    }
    let earliest = instance.get(&format!("/users/{ada}/orders?cursor=AAAAAAAAAAAAAAAAAAAAAA")).await;
    assert_eq!(earliest.body, json!({"orders": [], "next": null}));
    for user in ["0", "999999", "x"] {
        assert_refusal(&instance.get(&format!("/users/{user}/orders")).await, 404, "not_found", user);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_orders_is_read_by_its_index() {
    let (database, instance) = store().await;
    let user = instance.user().await;
    let rows: Vec<_> = (1..=5_000)
        .map(|id| format!("({id}, {}, 1, UTC_TIMESTAMP(6))", if id % 50 == 0 { user } else { 999 }))
        .collect();
    database.execute(&format!("INSERT INTO orders VALUES {}", rows.join(","))).await;
    database.execute("ANALYZE TABLE orders").await;
    for more in ["", "AND created_at <= '2030-01-01' AND (created_at < '2030-01-01' OR id < 7)"] {
        let sql = format!(
            "EXPLAIN FORMAT=JSON SELECT id FROM orders WHERE user_id = {user} {more} ORDER BY created_at DESC, id DESC LIMIT 51"
        );
        let plan: Vec<String> = database.query(&sql).await;
        assert!(plan[0].contains("\"orders_user\""), "{}", plan[0]);
        assert!(!plan[0].contains("\"using_filesort\": true") && !plan[0].contains("\"filesort\""), "{}", plan[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_changed_by_who_has_seen_it() {
    let (_database, instance) = store().await;
    let id = instance.product(5.0, 10).await;
    let path = format!("/products/{id}");
    let change = async |tag: Option<&str>, body: &str| -> Reply {
        let headers: Vec<_> = tag.map(|tag| ("if-match", tag)).into_iter().collect();
        instance.try_send(Method::PATCH, &path, &headers, body).await.unwrap()
    };
    let seen = instance.get(&path).await;
    let first = seen.header("etag").to_owned();
    assert!(first.len() == 34 && first.starts_with('"'), "{first}");
    assert_eq!(instance.get(&path).await.header("etag"), first, "nothing has changed");
    let changed = change(Some(&first), r#"{"price":6.5}"#).await;
    assert_eq!((changed.status, &changed.body), (200, &json!({"id": id, "name": "Lamp", "sku": "L-1", "price": 6.5})));
    let second = changed.header("etag").to_owned();
    assert_ne!(first, second);
    assert_eq!(instance.get(&path).await.header("etag"), second);
    assert_refusal(&change(Some(&first), r#"{"price":7}"#).await, 412, "precondition_failed", "an old tag");
    assert_refusal(&change(None, r#"{"price":7}"#).await, 428, "precondition_required", "no tag");
    for tag in ["x", "\"x", "W/x", ""] {
        assert_eq!(change(Some(tag), r#"{"price":7}"#).await.status, 400, "{tag:?}");
    }
    let weak = format!("W/{second}");
    assert_refusal(&change(Some(&weak), r#"{"price":7}"#).await, 412, "precondition_failed", "a weak tag");
    for (body, status, code) in [
        ("{}", 422, "invalid_value"),
        (r#"{"name":null,"price":null}"#, 422, "invalid_value"),
        (r#"{"name":""}"#, 422, "invalid_value"),
        (r#"{"price":10000000.01}"#, 422, "invalid_value"),
        (r#"{"price":-1}"#, 422, "invalid_body"),
        (r#"{"price":"1"}"#, 422, "invalid_body"),
        (r#"{"price":1,"price":2}"#, 422, "invalid_body"),
        (r#"["a",1]"#, 422, "invalid_body"),
        ("{", 400, "malformed_json"),
    ] {
        assert_refusal(&change(Some("*"), body).await, status, code, body);
    }
    assert_eq!(instance.get(&path).await.header("etag"), second, "a refusal changed it");
    let any = format!("\"other\", {second}");
    assert_eq!(change(Some(&any), r#"{"name":" Lampe "}"#).await.body["name"], "Lampe");
    assert_eq!(change(Some("*"), r#"{"name":"Lampe"}"#).await.status, 200, "to what it is already");
    for id in ["0", "999", "x"] {
        let path = format!("/products/{id}");
        let reply = instance.try_send(Method::PATCH, &path, &[("if-match", "*")], r#"{"price":1}"#).await.unwrap();
        assert_refusal(&reply, 404, "not_found", id);
    }
    // An order has the price of its moment.
    let user = instance.user().await;
    let order = async || {
        instance.post("/orders", json!({"user_id": user, "items": [{"product_id": id, "quantity": 1}]})).await.body
    };
    let before = order().await;
    assert_eq!(change(Some("*"), r#"{"price":9}"#).await.status, 200);
    let after = order().await;
    assert_eq!((&before["total_amount"], &after["total_amount"]), (&json!(6.5), &json!(9.0)));
    let stored = instance.get(&format!("/orders/{}", before["order_id"])).await.body;
    assert_eq!(stored["items"][0]["unit_price"], 6.5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_is_moved_within_its_bounds() {
    let (_database, instance) = store().await;
    let id = instance.product(5.0, 10).await;
    let path = format!("/stocks/{id}/movements");
    let moved = async |change: &str| {
        instance.try_send(Method::POST, &path, &[], &format!("{{\"change\":{change}}}")).await.unwrap()
    };
    for (change, quantity) in [("5", 15), ("-15", 0), ("7.0", 7), ("-1e0", 6), ("2000000000", 0)] {
        let reply = moved(change).await;
        if quantity == 0 && !change.starts_with('-') {
            assert_refusal(&reply, 422, "invalid_quantity", change);
        } else {
            assert_eq!((reply.status, reply.body), (200, json!({"product_id": id, "quantity": quantity})), "{change}");
        }
    }
    assert_refusal(&moved("-7").await, 409, "insufficient_stock", "one too many");
    for change in ["0", "-0", "1.5", "2000000001", "-2000000001", "1e300", "-1e300", "9223372036854775808"] {
        assert_refusal(&moved(change).await, 422, "invalid_quantity", change);
    }
    for change in ["\"1\"", "null", "[1]", "true"] {
        assert_refusal(&moved(change).await, 422, "invalid_body", change);
    }
    assert_refusal(&instance.post(&path, json!({})).await, 422, "invalid_body", "nothing");
    assert_refusal(&instance.post("/stocks/999/movements", json!({"change": 1})).await, 404, "not_found", "no product");
    assert_eq!(instance.get(&format!("/stocks/{id}")).await.body["quantity"], 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_answered_the_same_on_every_route_that_writes() {
    let (database, instance) = store().await;
    let id = instance.product(5.0, 10).await;
    let movements = format!("/stocks/{id}/movements");
    let cases = [
        (
            "/products",
            json!({"name": "Vase", "sku": "V-1", "price": 3}),
            json!({"name": "Vase", "sku": "V-1", "price": 4}),
        ),
        ("/users", json!({"name": "Ada", "email": "ada@x"}), json!({"name": "Ada", "email": "other@x"})),
        ("/stocks", json!({"product_id": id, "quantity": 50}), json!({"product_id": id, "quantity": 51})),
        (movements.as_str(), json!({"change": -5}), json!({"change": -6})),
    ];
    let mut answers = Vec::new();
    for (number, (path, body, other)) in cases.iter().enumerate() {
        let key = format!("key-{number}");
        let first = keyed(&instance, path, &key, body).await;
        assert!([200, 201].contains(&first.status) && first.header("idempotency-replayed").is_empty(), "{first:?}");
        for _ in 0..3 {
            let again = keyed(&instance, path, &key, body).await;
            assert_eq!((again.status, &again.body), (first.status, &first.body), "{path}");
            assert_eq!(again.header("idempotency-replayed"), "true", "{path}");
        }
        assert_refusal(&keyed(&instance, path, &key, other).await, 422, "idempotency_key_reused", path);
        answers.push((key, first.body));
    }
    // A key stands for one request, whatever the route.
    let user = instance.user().await;
    let order = json!({"user_id": user, "items": [{"product_id": id, "quantity": 1}]});
    for (key, _) in &answers {
        assert_refusal(&keyed(&instance, "/orders", key, &order).await, 422, "idempotency_key_reused", key);
        let others = cases.iter().enumerate().filter(|(number, _)| *key != format!("key-{number}"));
        for (_, (path, body, _)) in others {
            assert_refusal(&keyed(&instance, path, key, body).await, 422, "idempotency_key_reused", path);
        }
    }
    assert_eq!(keyed(&instance, "/orders", "order", &order).await.status, 201);
    for (path, body, _) in &cases {
        assert_refusal(&keyed(&instance, path, "order", body).await, 422, "idempotency_key_reused", path);
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 2);
    assert_eq!(database.number("SELECT COUNT(*) FROM products").await, 2);
    assert_eq!(instance.get(&format!("/stocks/{id}")).await.body["quantity"], 44);
    // The answer stays, whatever became of what it was about.
    let added = answers[1].1["user_id"].as_u64().unwrap();
    assert_eq!(instance.delete(&format!("/users/{added}")).await.status, 200);
    let again = keyed(&instance, "/users", "key-1", &cases[1].1).await;
    assert_eq!((again.status, &again.body), (201, &answers[1].1));
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 1, "a repeat made the user anew");
    for key in ["a b", "\"\"", &"k".repeat(256)] {
        for (path, body, _) in &cases {
            assert_refusal(&keyed(&instance, path, key, body).await, 400, "invalid_parameter", key);
        }
    }
    // A refusal does not use a key up.
    let body = json!({"change": -100});
    assert_refusal(&keyed(&instance, &movements, "later", &body).await, 409, "insufficient_stock", "later");
    instance.post("/stocks", json!({"product_id": id, "quantity": 100})).await;
    assert_eq!(keyed(&instance, &movements, "later", &body).await.body["quantity"], 0);
    let names: BTreeSet<String> = database
        .query("SELECT idempotency_key FROM idempotency_keys WHERE answer_kind > 0")
        .await
        .into_iter()
        .collect();
    assert!(names.contains("key-3") && names.iter().any(|name| name.starts_with(' ')), "{names:?}");
}
