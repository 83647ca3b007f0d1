//! The rows of a seed: the same for the same plan, and in agreement with all totals.

use serde_json::{Value, json};

use super::{KNOWN_CONTENT, SMALL, content, disagreements, seeded};
use crate::harness::{Instance, TestDatabase};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_plan_gives_the_same_rows_on_every_database() {
    let (one, other) = (TestDatabase::create().await, TestDatabase::create().await);
    seeded(&one, &SMALL).await;
    assert_eq!(content(&one).await, KNOWN_CONTENT);
    seeded(&other, &["--products", "300", "--users", "40", "--stock", "7", "--orders", "10000", "--seed", "6"]).await;
    assert_ne!(content(&other).await, KNOWN_CONTENT, "another seed");
    let names = "SELECT COUNT(*) FROM users WHERE name LIKE '%é%' OR name LIKE 'O''%'";
    assert!(other.number(names).await > 0, "names survive the way to the database");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_the_same_in_a_small_and_in_a_large_store() {
    let (small, large) = (TestDatabase::create().await, TestDatabase::create().await);
    seeded(&small, &["--products", "100", "--users", "50"]).await;
    seeded(&large, &["--products", "10000", "--users", "6000", "--orders", "100"]).await;
    for (table, number) in [("products", 100), ("users", 50)] {
        let first = format!("SELECT CONCAT_WS('|', t.*) FROM {table} t WHERE id <= {number} ORDER BY id");
        let first =
            first.replace("t.*", if table == "products" { "id, name, sku, price_cents" } else { "id, name, email" });
        let rows = small.query::<String>(&first).await;
        assert_eq!(rows.len(), number);
        assert_eq!(rows, large.query::<String>(&first).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_agrees_with_every_total_that_is_kept() {
    let database = TestDatabase::create().await;
    let shown =
        seeded(&database, &["--products", "2000", "--users", "300", "--stock", "70", "--orders", "30000"]).await;
    assert_eq!(disagreements(&database).await, []);
    assert!(shown.contains("30,000"), "{shown}");
    assert_eq!(database.number("SELECT COUNT(*) FROM stocks WHERE quantity = 70").await, 2000);
    assert_eq!(database.number("SELECT next_id FROM id_blocks WHERE name = 'orders'").await, 30_001);
    assert_eq!(database.number("SELECT COUNT(*) FROM orders WHERE YEAR(created_at) = 2025").await, 30_000);
    let lines = database.number("SELECT COUNT(*) FROM order_items").await;
    assert!((46_500..49_500).contains(&lines), "{lines} lines are 1.6 per order");
    // The check notices a total that is off by one.
    database.execute("UPDATE stocks SET quantity_sold = quantity_sold + 1 WHERE product_id = 7").await;
    assert_eq!(disagreements(&database).await, [("products whose stock does not know what was sold", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_smallest_stores_have_a_history_too() {
    for products in ["1", "2"] {
        let database = TestDatabase::create().await;
        seeded(&database, &["--products", products, "--users", "1", "--stock", "0", "--orders", "50"]).await;
        assert_eq!(disagreements(&database).await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_sells_on_where_the_history_ends() {
    let database = TestDatabase::create().await;
    seeded(&database, &["--products", "50", "--users", "10", "--orders", "500"]).await;
    let instance = Instance::start(&database, &[]).await;
    let order = json!({"user_id": 3, "items": [{"product_id": 50, "quantity": 2}]});
    let placed = instance.post("/orders", order).await;
    assert_eq!((placed.status, &placed.body["order_id"]), (201, &json!(501)), "{placed:?}");
    assert_eq!(instance.delete("/orders/1").await.status, 200);
    assert_eq!(instance.get("/orders/500").await.body["id"], json!(500));
    assert_eq!(disagreements(&database).await, []);
    let best = instance.get("/orders/reports/best-sellers").await.body;
    let scan = "SELECT CAST(SUM(quantity) AS UNSIGNED) FROM order_items GROUP BY product_id ORDER BY 1 DESC LIMIT 1";
    assert_eq!(best[0]["quantity_sold"], json!(database.number(scan).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_orders_are_not_given_twice_across_a_reset() {
    let database = TestDatabase::migrated().await;
    database.execute("UPDATE id_blocks SET next_id = 5001").await;
    let said = seeded(&database, &SMALL).await;
    assert_eq!(database.number("SELECT next_id FROM id_blocks").await, 10_001);
    assert!(said.contains("Order numbers up to 5,000 were given out before"), "{said}");
    let said = seeded(&database, &["--reset", "--products", "10"]).await;
    assert_eq!(database.number("SELECT next_id FROM id_blocks").await, 10_001, "an instance may hold some of them");
    assert!(!said.contains("Order numbers"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_result_can_be_read_by_programs() {
    let database = TestDatabase::create().await;
    let text = seeded(&database, &[&SMALL[..], &["--json", "-"]].concat()).await;
    let result: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(result["plan"], json!({"products": 300, "users": 40, "stock": 7, "orders": 10000, "seed": 5}));
    assert_eq!(result["deleted"], Value::Null);
    for table in result["tables"].as_array().unwrap() {
        let name = table["table"].as_str().unwrap();
        assert_eq!(table["rows"], json!(database.number(&format!("SELECT COUNT(*) FROM {name}")).await), "{name}");
    }
    assert_eq!(result["tables"].as_array().unwrap().len(), 6);
    let text = seeded(&database, &["--reset", "--json", "-"]).await;
    let deleted = &serde_json::from_str::<Value>(&text).unwrap()["deleted"];
    assert_eq!((&deleted["products"], &deleted["orders"]), (&json!(300), &json!(10000)));
}
