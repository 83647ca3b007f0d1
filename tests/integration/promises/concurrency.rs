//! Many writers, few products: what is sold is what was there.

use std::sync::Arc;
use std::time::Duration;

use mysql_async::prelude::Queryable;

use super::ledger::Ledger;
use super::{WRITERS, order, shop};
use crate::harness::{Instance, TestDatabase, wait_until};

/// Orders until the shelves are empty, from many clients over two instances, a part of the orders deleted again.
async fn sell_out(writer: &str, delete_every: u64) {
    let stocks = [40, 25, 60];
    let (database, products, users) = shop(&stocks).await;
    let arguments = ["--order-writer", writer, "--db-pool-size", "8"];
    let instances = [Instance::start(&database, &arguments).await, Instance::start(&database, &arguments).await];
    let (ledger, instances, products, users) =
        (Arc::new(Ledger::default()), Arc::new(instances), Arc::new(products), Arc::new(users));
    let mut clients = Vec::new();
    for client in 0..16_u64 {
        let (ledger, instances, products, users) =
            (Arc::clone(&ledger), Arc::clone(&instances), Arc::clone(&products), Arc::clone(&users));
        clients.push(tokio::spawn(async move {
            for round in 0..20 {
                let instance = &instances[(client + round) as usize % 2];
                // All three products in every second order, in turning order, to invite deadlocks.
                let first = (client + round) as usize % 3;
                let items: Vec<_> = (0..if round % 2 == 0 { 3 } else { 1 })
                    .map(|step| (products[(first + step) % 3], 1 + (round + step as u64) % 2))
                    .collect();
                let user = users[round as usize % 3];
                let key = format!("client-{client}-{round}");
                let placed = ledger.order(instance, &key, &order(user, &items)).await;
                if let Some(id) = placed.filter(|id| delete_every > 0 && id % delete_every == 0) {
                    ledger.delete(&instances[round as usize % 2], id).await;
                }
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
    // What is left is bought piece by piece: nothing may stay that nobody can buy.
    for &product in products.iter() {
        let key = |piece: u64| format!("rest-{product}-{piece}");
        let mut piece = 0;
        while ledger.order(&instances[0], &key(piece), &order(users[0], &[(product, 1)])).await.is_some() {
            piece += 1;
        }
    }
    let given: Vec<_> = products.iter().copied().zip(stocks).collect();
    ledger.audit(&database, &given).await;
    assert_eq!(database.number("SELECT SUM(quantity) FROM stocks").await, 0, "something stayed on the shelves");
    assert_eq!(ledger.unknown(), 0);
    assert_reports_agree(&database).await;
}

/// Both sources of both reports say the same.
async fn assert_reports_agree(database: &TestDatabase) {
    let mut answers = Vec::new();
    for source in ["scan", "read-model"] {
        let arguments = ["--report-source", source, "--report-cache", "off"];
        let instance = Instance::start(database, &arguments).await;
        let best_sellers = instance.get("/orders/reports/best-sellers?limit=100").await.body;
        let highest_spenders = instance.get("/orders/reports/highest-spenders?limit=100").await.body;
        assert!(!best_sellers.as_array().unwrap().is_empty());
        answers.push((best_sellers, highest_spenders));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sold_is_what_was_there() {
    for writer in WRITERS {
        sell_out(writer, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_orders_give_their_stock_back_exactly_once() {
    for writer in WRITERS {
        sell_out(writer, 3).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_deleted_by_many_at_once_is_deleted_once() {
    let (database, products, users) = shop(&[10]).await;
    let instance = Arc::new(Instance::start(&database, &[]).await);
    let id = instance.post("/orders", order(users[0], &[(products[0], 4)])).await.body["order_id"].as_u64().unwrap();
    let deletes: Vec<_> = (0..8)
        .map(|_| {
            let instance = Arc::clone(&instance);
            tokio::spawn(async move { instance.delete(&format!("/orders/{id}")).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for delete in deletes {
        statuses.push(delete.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404, 404, 404, 404, 404, 404, 404]);
    super::ledger::audit(&database, &[(products[0], 10)]).await;
    assert_eq!(instance.get(&format!("/stocks/{}", products[0])).await.body["quantity"], 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_or_user_cannot_be_deleted_under_an_order() {
    let (database, ..) = shop(&[]).await;
    let instance = Arc::new(Instance::start(&database, &[]).await);
    let (mut sold, mut deleted) = (0, 0);
    for round in 0_u64..60 {
        let (product, user) = (instance.product(1.0, 10).await, instance.user().await);
        let paths = [format!("/products/{product}"), format!("/users/{user}")];
        // First the order comes later and later after the deletions, then they come later and later into it: some meet
        // every one of its steps, some are there before it and some after.
        let order = async {
            tokio::time::sleep(Duration::from_micros(20_u64.saturating_sub(round) * 500)).await;
            instance.post("/orders", order(user, &[(product, 1)])).await
        };
        let delete = async |path: &str| {
            tokio::time::sleep(Duration::from_micros(round.saturating_sub(20) * 300)).await;
            instance.delete(path).await
        };
        let (ordered, first, second) = tokio::join!(order, delete(&paths[0]), delete(&paths[1]));
        assert!([201, 422].contains(&ordered.status), "{ordered:?}");
        for reply in [first, second] {
            assert!([200, 409].contains(&reply.status), "{reply:?}");
            deleted += usize::from(reply.status == 200);
        }
        sold += usize::from(ordered.status == 201);
    }
    super::ledger::audit(&database, &[]).await;
    for (what, sql) in [
        (
            "products",
            "SELECT COUNT(*) FROM order_items i LEFT JOIN products p ON p.id = i.product_id WHERE p.id IS NULL",
        ),
        ("users", "SELECT COUNT(*) FROM orders o LEFT JOIN users u ON u.id = o.user_id WHERE u.id IS NULL"),
        (
            "stocks",
            "SELECT COUNT(*) FROM products p LEFT JOIN stocks s ON s.product_id = p.id WHERE s.product_id IS NULL",
        ),
        ("totals", "SELECT COUNT(*) FROM users u LEFT JOIN user_totals t ON t.user_id = u.id WHERE t.user_id IS NULL"),
    ] {
        assert_eq!(database.number(sql).await, 0, "orders or rows without their {what}");
    }
    assert!(sold > 0 && deleted > 0, "nothing raced: {sold} sold, {deleted} deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_waits_for_the_order_that_is_being_written() {
    let (database, products, users) = shop(&[10]).await;
    let instance = Instance::start(&database, &[]).await;
    for (path, step) in [
        (format!("/products/{}", products[0]), "UPDATE stocks SET quantity = quantity - 1, quantity_sold = 1"),
        (format!("/users/{}", users[0]), "UPDATE user_totals SET order_count = 1, expense_cents = 250"),
    ] {
        // The middle of an order, as a transaction of our own.
        let mut order = database.connect().await;
        order.query_drop("START TRANSACTION").await.unwrap();
        order.query_drop(step).await.unwrap();
        let commit = async {
            wait_until("the deletion to wait", async || {
                instance.metric("storemgr_http_requests_in_flight").await >= 2.0
            })
            .await;
            order.query_drop("COMMIT").await.unwrap();
        };
        let (reply, ()) = tokio::join!(instance.delete(&path), commit);
        assert_eq!(reply.status, 409, "{path}: {reply:?}");
        assert_eq!(instance.get(&path).await.status, 200);
    }
}
