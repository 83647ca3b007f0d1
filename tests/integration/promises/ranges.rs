//! Numbers at the end of their range: what would leave it is refused when it is asked for, and nothing else is.

use serde_json::json;

use super::{WRITERS, ledger, order, shop};
use crate::harness::{Instance, TestDatabase};

/// An order of all that is there, as two thousand of the largest would leave it.
async fn sell_all(database: &TestDatabase, id: u64, user: u64, product: u64, pieces: u64) {
    for sql in [
        format!("INSERT INTO orders VALUES ({id}, {user}, {pieces}, UTC_TIMESTAMP(6))"),
        format!("INSERT INTO order_items VALUES ({id}, {product}, {pieces}, 1)"),
        format!(
            "UPDATE stocks SET quantity = quantity - {pieces}, quantity_sold = quantity_sold + {pieces} \
             WHERE product_id = {product}"
        ),
        format!(
            "UPDATE user_totals SET order_count = order_count + 1, expense_cents = expense_cents + {pieces} \
             WHERE user_id = {user}"
        ),
    ] {
        database.execute(&sql).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_that_come_back_always_fit() {
    let (database, products, users) = shop(&[2_000_000_000]).await;
    let (product, user) = (products[0], users[0]);
    let instance = Instance::start(&database, &[]).await;
    let set =
        async |quantity: u64| instance.post("/stocks", json!({"product_id": product, "quantity": quantity})).await;
    sell_all(&database, 1_000_001, user, product, 2_000_000_000).await;
    assert_eq!(set(2_000_000_000).await.status, 201);
    sell_all(&database, 1_000_002, user, product, 2_000_000_000).await;
    // 4,294,967,295 is what the column holds, and everything may come back.
    for quantity in [2_000_000_000, 294_967_296] {
        let reply = set(quantity).await;
        assert_eq!((reply.status, reply.code()), (422, "invalid_quantity"), "{reply:?}");
    }
    assert_eq!(set(294_967_295).await.status, 201);
    for id in [1_000_001, 1_000_002] {
        let reply = instance.delete(&format!("/orders/{id}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    assert_eq!(instance.get(&format!("/stocks/{product}")).await.body["quantity"], 4_294_967_295_u64);
    assert_eq!(instance.post("/orders", order(user, &[(product, 1_000_000)])).await.status, 201);
    assert_eq!(set(2_000_000_000).await.status, 201);
    ledger::audit(&database, &[(product, 2_001_000_000)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_user_spends_stays_countable_and_others_are_not_harmed() {
    for writer in WRITERS {
        let (database, products, users) = shop(&[100_000]).await;
        let instance = Instance::start(&database, &["--order-writer", writer]).await;
        let lamp = json!({"name": "Lamp", "sku": "R-1", "price": 10_000_000});
        let dear = instance.post("/products", lamp).await.body["product_id"].as_u64().unwrap();
        instance.post("/stocks", json!({"product_id": dear, "quantity": 100_000})).await;
        // A thousand of the largest orders, but one, as the report shows them.
        let spent = 1_000_000_000_000_000_u64 - 1_000_000_000_000;
        database.execute(&format!("UPDATE user_totals SET expense_cents = {spent} WHERE user_id = {}", users[0])).await;
        let largest = order(users[0], &[(dear, 1_000)]);
        assert_eq!(instance.post("/orders", largest.clone()).await.status, 201, "{writer}");
        for body in [largest, order(users[0], &[(products[0], 1)])] {
            let others = order(users[1], &[(products[0], 1)]);
            let (refused, other) = tokio::join!(instance.post("/orders", body), instance.post("/orders", others));
            assert_eq!((refused.status, refused.code()), (422, "total_too_large"), "{writer}: {refused:?}");
            assert_eq!(other.status, 201, "{writer}: {other:?}");
        }
        let report = instance.get("/orders/reports/highest-spenders?limit=1").await;
        assert_eq!(report.body[0]["total_expense"], json!(10_000_000_000_000.0_f64), "{writer}: {report:?}");
        let expense = format!("SELECT expense_cents FROM user_totals WHERE user_id = {}", users[0]);
        assert_eq!(database.number(&expense).await, 1_000_000_000_000_000);
        assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, 3, "{writer}: a refused order was stored");
        // Nothing of it was a defect.
        assert!(instance.metric(r#"storemgr_db_errors_total{kind="defect"}"#).await < 1.0);
    }
}
