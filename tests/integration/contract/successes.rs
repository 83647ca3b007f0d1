//! Every success: its status, its headers, its keys, its money.

use hyper::Method;
use serde_json::{Value, json};

use super::WAYS;
use crate::harness::{Instance, Reply, TestDatabase};

/// The text of a body as it was sent: numbers keep their decimals.
async fn text(instance: &Instance, path: &str) -> String {
    let patience = std::time::Duration::from_mins(1);
    let answer = storemgr::net::request_once(instance.target(), Method::GET, path, &[], Vec::new(), patience).await;
    answer.unwrap().text()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_answers_the_same_in_every_way_of_running_it() {
    for way in WAYS {
        let database = TestDatabase::migrated().await;
        let instance = Instance::start(&database, way).await;
        catalog(&instance).await;
        orders(&instance).await;
        reports(&instance).await;
    }
}

async fn catalog(instance: &Instance) {
    let product = json!({"name": " Lampe d'été ", "sku": "L-1", "price": 12.5});
    let reply = instance.post("/products", product).await;
    assert_eq!((reply.status, reply.body), (201, json!({"product_id": 1})));
    assert_eq!(text(instance, "/products/1").await, r#"{"id":1,"name":"Lampe d'été","sku":"L-1","price":12.50}"#);
    assert_eq!(text(instance, "/stocks/1").await, r#"{"product_id":1,"quantity":0}"#);
    let reply = instance.post("/stocks", json!({"product_id": 1, "quantity": 10})).await;
    assert_eq!((reply.status, keys(&reply.body)), (201, vec!["result"]));
    // Setting to the same value is setting, too.
    assert_eq!(instance.post("/stocks", json!({"product_id": 1, "quantity": 10})).await.status, 201);
    assert_eq!(text(instance, "/stocks/1").await, r#"{"product_id":1,"quantity":10}"#);
    let reply = instance.post("/users", json!({"name": "Ada", "email": "Ada@Example.com"})).await;
    assert_eq!((reply.status, reply.body), (201, json!({"user_id": 1})));
    assert_eq!(text(instance, "/users/1").await, r#"{"id":1,"name":"Ada","email":"ada@example.com"}"#);
    let doomed = instance.product(1.0, 0).await;
    for (path, body) in [(format!("/products/{doomed}"), json!({"deleted": true}))] {
        let reply = instance.delete(&path).await;
        assert_eq!((reply.status, reply.body), (200, body));
        assert_eq!(instance.get(&path).await.status, 404);
        assert_eq!(instance.get(&format!("/stocks/{doomed}")).await.status, 404, "its stock goes with it");
    }
    let doomed = instance.user().await;
    assert_eq!(instance.delete(&format!("/users/{doomed}")).await.status, 200);
}

async fn orders(instance: &Instance) {
    let second = instance.product(0.1, 1_000).await;
    let items = json!([{"product_id": second, "quantity": 3}, {"product_id": 1, "quantity": 2}, {"product_id": second, "quantity": 1}]);
    let reply =
        instance.post("/orders", json!({"user_id": 1, "items": items, "note": "unknown keys are ignored"})).await;
    assert_eq!((reply.status, keys(&reply.body)), (201, vec!["order_id", "total_amount"]), "{reply:?}");
    let id = reply.body["order_id"].as_u64().unwrap();
    assert_eq!(reply.header("location"), format!("/orders/{id}"));
    let stored = text(instance, &format!("/orders/{id}")).await;
    let expected = format!(
        r#"{{"id":{id},"user_id":1,"total_amount":25.40,"items":[{{"product_id":1,"quantity":2,"unit_price":12.50}},{{"product_id":{second},"quantity":4,"unit_price":0.10}}],"created_at":""#
    );
    assert!(stored.starts_with(&expected), "{stored}");
    let created: Value = serde_json::from_str(&stored).unwrap();
    let instant = storemgr::units::parse_timestamp(created["created_at"].as_str().unwrap()).unwrap();
    let age = std::time::SystemTime::now().duration_since(instant).unwrap_or_default();
    assert!(age.as_secs() < 600, "the order was made just now, in UTC: {created}");
    assert_eq!(text(instance, "/stocks/1").await, r#"{"product_id":1,"quantity":8}"#);
    let reply = instance.delete(&format!("/orders/{id}")).await;
    assert_eq!((reply.status, reply.body), (200, json!({"deleted": true})));
    assert_eq!(text(instance, "/stocks/1").await, r#"{"product_id":1,"quantity":10}"#);
    let gone = instance.delete(&format!("/orders/{id}")).await;
    assert_eq!((gone.status, &gone.body["deleted"], gone.code()), (404, &json!(false), "not_found"));
}

async fn reports(instance: &Instance) {
    let empty = text(instance, "/orders/reports/best-sellers").await;
    assert_eq!((empty.as_str(), text(instance, "/orders/reports/highest-spenders").await.as_str()), ("[]", "[]"));
    let users = [instance.user().await, instance.user().await];
    let mut products = Vec::new();
    for _ in 0..12 {
        products.push(instance.product(2.0, 100).await);
    }
    for (index, &product) in products.iter().enumerate() {
        // The first ones sell 2, the last one 5: ties are listed by number.
        let quantity = if index == 11 { 5 } else { 2 };
        let items = json!([{"product_id": product, "quantity": quantity}]);
        assert_eq!(instance.post("/orders", json!({"user_id": users[index % 2], "items": items})).await.status, 201);
    }
    let reply = instance.get("/orders/reports/best-sellers").await;
    assert!(reply.header("age").parse::<u64>().is_ok());
    let rows = reply.body.as_array().unwrap();
    assert_eq!(rows.len(), 10, "ten rows when nobody says how many");
    let sold: Vec<_> = rows.iter().map(|row| row["product_id"].as_u64().unwrap()).collect();
    let expected: Vec<_> = [products[11]].into_iter().chain(products[..9].iter().copied()).collect();
    assert_eq!(sold, expected);
    assert_eq!(rows[0], json!({"product_id": products[11], "quantity_sold": 5}));
    assert_eq!(instance.get("/orders/reports/best-sellers?limit=100").await.body.as_array().unwrap().len(), 12);
    let spenders = text(instance, "/orders/reports/highest-spenders?limit=1").await;
    assert_eq!(spenders, format!(r#"[{{"user_id":{},"total_expense":30.00}}]"#, users[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn products_come_in_pages_to_the_end_and_stocks_in_one_piece() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &[]).await;
    assert_eq!(text(&instance, "/stocks/reports/overview-stocks").await, "[]");
    assert_eq!(text(&instance, "/products").await, r#"{"products":[],"next":null}"#);
    // The overview is read in pages of a thousand; one less, exactly two pages, and one more.
    for count in [999, 2_000, 2_001] {
        let values: Vec<_> = (1..=count).map(|id| format!("({id}, 'P{id}', 'S{id}', {id})")).collect();
        database.execute("DELETE FROM products").await;
        database.execute("DELETE FROM stocks").await;
        database.execute(&format!("INSERT INTO products VALUES {}", values.join(","))).await;
        database.execute("INSERT INTO stocks (product_id, quantity) SELECT id, id * 2 FROM products").await;
        let overview = instance.get("/stocks/reports/overview-stocks").await;
        let rows = overview.body.as_array().unwrap();
        assert_eq!(rows.len(), count);
        let last = json!({
            "Article": format!("P{count}"),
            "Numéro SKU": format!("S{count}"),
            "Prix unitaire": count as f64 / 100.0,
            "Unités en stock": count * 2,
        });
        assert_eq!(rows[count - 1], last);
        assert_eq!(overview.header("content-type"), "application/json");
    }
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = instance.get(&format!("/products?after={after}&limit=700")).await.body;
        seen.extend(page["products"].as_array().unwrap().iter().map(|product| product["id"].as_u64().unwrap()));
        match page["next"].as_u64() {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(seen, (1..=2_001).collect::<Vec<_>>());
    assert_eq!(instance.get("/products").await.body["products"].as_array().unwrap().len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_names_its_request_and_its_type() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &[]).await;
    let send = async |headers: &[(&str, &str)], path: &str| -> Reply {
        instance.try_send(Method::GET, path, headers, "").await.unwrap()
    };
    for path in ["/health-check", "/live", "/ready", "/products", "/nothing", "/orders/7"] {
        let reply = send(&[], path).await;
        assert_eq!(reply.header("content-type"), "application/json", "{path}");
        assert_eq!(reply.header("x-request-id").len(), 16, "{path}");
        assert_eq!(send(&[("x-request-id", "mine-1")], path).await.header("x-request-id"), "mine-1", "{path}");
        // What could be mistaken for something else in a log is not taken over.
        let forged = send(&[("x-request-id", "a b<script>")], path).await;
        assert_ne!(forged.header("x-request-id"), "a b<script>", "{path}");
    }
    let refused = send(&[("x-request-id", "mine-2")], "/orders/7").await;
    assert_eq!(refused.body["request_id"], "mine-2");
    assert_eq!(instance.get("/health-check").await.body, json!({"status": "ok"}));
    let metrics = text(&instance, "/metrics").await;
    for metric in storemgr::metrics::DECLARED {
        let labelled = !metric.labels.is_empty();
        assert!(
            labelled || metrics.contains(&format!("\n{} ", metric.name)) || metric.kind == "histogram",
            "{}",
            metric.name
        );
    }
    let head = instance.try_send(Method::HEAD, "/products", &[], "").await.unwrap();
    assert_eq!((head.status, head.body), (200, Value::Null));
}
