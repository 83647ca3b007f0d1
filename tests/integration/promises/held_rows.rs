//! Rows that somebody holds, and instances that stand still: each costs its own requests, and nobody else's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::Method;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};

use super::{WRITERS, ledger, order, shop};
use crate::harness::{Instance, TestDatabase, wait_until};

/// A transaction that does not end by itself.
async fn hold(database: &TestDatabase, statement: &str) -> Conn {
    let mut holder = database.connect().await;
    holder.query_drop("START TRANSACTION").await.unwrap();
    holder.query_drop(statement).await.unwrap();
    holder
}

/// Sends orders from so many clients for a time; gives how many were accepted in a second.
async fn accepted_per_s(instance: &Arc<Instance>, clients: usize, body: &Value, time: Duration) -> f64 {
    let (accepted, end) = (Arc::new(AtomicU64::new(0)), Instant::now() + time);
    let sending: Vec<_> = (0..clients)
        .map(|_| {
            let (instance, accepted, body) = (Arc::clone(instance), Arc::clone(&accepted), body.clone());
            tokio::spawn(async move {
                while Instant::now() < end {
                    let reply = instance.post("/orders", body.clone()).await;
                    accepted.fetch_add(u64::from(reply.status == 201), Ordering::Relaxed);
                }
            })
        })
        .collect();
    for client in sending {
        client.await.unwrap();
    }
    accepted.load(Ordering::Relaxed) as f64 / time.as_secs_f64()
}

/// What is held, and an order and a key that need it.
fn holds(products: &[u64], users: &[u64]) -> [(&'static str, String, Value, Option<&'static str>); 4] {
    let free = order(users[1], &[(products[1], 1)]);
    [
        (
            "stock",
            format!("SELECT * FROM stocks WHERE product_id = {} FOR UPDATE", products[0]),
            order(users[1], &[(products[0], 1)]),
            None,
        ),
        (
            "product",
            format!("SELECT * FROM products WHERE id = {} FOR UPDATE", products[0]),
            order(users[1], &[(products[0], 1)]),
            None,
        ),
        (
            "user",
            format!("SELECT * FROM user_totals WHERE user_id = {} FOR UPDATE", users[0]),
            order(users[0], &[(products[1], 1)]),
            None,
        ),
        (
            "key",
            "INSERT INTO idempotency_keys VALUES ('held', REPEAT('x', 32), 1, 1, NOW(), 0)".to_owned(),
            free,
            Some("held"),
        ),
    ]
}

/// Runs other orders beside one client that orders what is held, in turns with running them without; gives the rate
/// beside it over the rate without, by what is held: over all turns, and in the best of them.
async fn rates(time: Duration, turns: u32) -> Vec<(&'static str, f64, f64)> {
    let mut ratios = Vec::new();
    let (database, products, users) = shop(&[1_000_000, 1_000_000]).await;
    for (what, statement, held, key) in holds(&products, &users) {
        let instance = Arc::new(Instance::start(&database, &[]).await);
        let others = order(users[1], &[(products[1], 1)]);
        accepted_per_s(&instance, 8, &others, Duration::from_millis(500)).await;
        let (mut alone, mut beside, mut best) = (0.0, 0.0, 0.0_f64);
        for _ in 0..turns {
            let before = accepted_per_s(&instance, 8, &others, time).await;
            alone += before;
            let mut holder = hold(&database, &statement).await;
            let meanwhile = accepted_beside(&instance, &held, key, &others, time).await;
            beside += meanwhile;
            best = best.max(meanwhile / before);
            holder.query_drop("ROLLBACK").await.unwrap();
            let asked = Instant::now();
            for (product, user) in [(products[0], users[1]), (products[1], users[0])] {
                wait_until("the rows to be had again", async || {
                    instance.post("/orders", order(user, &[(product, 1)])).await.status == 201
                })
                .await;
            }
            assert!(asked.elapsed() < Duration::from_secs(5), "{what}: had again after {:?}", asked.elapsed());
        }
        let [alone, beside] = [alone, beside].map(|sum| sum / f64::from(turns));
        eprintln!(
            "{what} held: {beside:.0} orders/s beside it, {alone:.0} without, ratio {:.2}, {best:.2} in the best turn",
            beside / alone
        );
        ratios.push((what, beside / alone, best));
    }
    ledger::audit(&database, &[(products[0], 1_000_000), (products[1], 1_000_000)]).await;
    ratios
}

/// The rate of other orders while one client orders what is held.
async fn accepted_beside(
    instance: &Arc<Instance>,
    held: &Value,
    key: Option<&'static str>,
    others: &Value,
    time: Duration,
) -> f64 {
    let done = Arc::new(AtomicBool::new(false));
    let unlucky = {
        let (instance, done, held) = (Arc::clone(instance), Arc::clone(&done), held.to_string());
        let headers: Vec<_> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
        tokio::spawn(async move {
            let mut refused = 0;
            while !done.load(Ordering::Relaxed) {
                let asked = Instant::now();
                let reply = instance.try_send(Method::POST, "/orders", &headers, &held).await.unwrap();
                assert!([409, 503].contains(&reply.status), "{reply:?}");
                assert!(!reply.header("retry-after").is_empty(), "{reply:?}");
                assert!(asked.elapsed() < Duration::from_secs(5), "a refusal took {:?}", asked.elapsed());
                refused += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert!(refused >= 10, "{refused} refusals in {time:?}");
        })
    };
    let rate = accepted_per_s(instance, 8, others, time).await;
    done.store(true, Ordering::Relaxed);
    unlucky.await.unwrap();
    rate
}

#[tokio::test(flavor = "multi_thread")]
async fn one_held_row_costs_its_own_orders_alone() {
    for (what, _, best) in rates(Duration::from_millis(1500), 3).await {
        // The first wait for a row that nobody knew to be held is everybody's: a quarter of a second. A busy machine does the
        // rest, but not in every turn.
        assert!(best > 0.3, "{what}: {best:.2} of the rate without");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, for a quiet machine: run it by name"]
async fn one_held_row_leaves_the_others_nine_tenths_of_their_rate() {
    for (what, ratio, _) in rates(Duration::from_secs(6), 4).await {
        assert!(ratio > 0.9, "{what}: {ratio:.2} of the rate without");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_held_row_costs_its_own_orders_alone_with_the_other_writers_too() {
    for writer in &WRITERS[..2] {
        let (database, products, users) = shop(&[1_000, 1_000]).await;
        let instance = Arc::new(Instance::start(&database, &["--order-writer", writer, "--db-pool-size", "4"]).await);
        let mut holder =
            hold(&database, &format!("SELECT * FROM stocks WHERE product_id = {} FOR UPDATE", products[0])).await;
        let done = Arc::new(AtomicBool::new(false));
        let unlucky: Vec<_> = (0..8)
            .map(|_| {
                let (instance, done, body) =
                    (Arc::clone(&instance), Arc::clone(&done), order(users[0], &[(products[0], 1)]));
                tokio::spawn(async move {
                    while !done.load(Ordering::Relaxed) {
                        assert_eq!(instance.post("/orders", body.clone()).await.status, 503);
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                })
            })
            .collect();
        // Eight clients find out what is held; then they do not wait for it.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let rate = accepted_per_s(&instance, 2, &order(users[1], &[(products[1], 1)]), Duration::from_secs(3)).await;
        done.store(true, Ordering::Relaxed);
        for client in unlucky {
            client.await.unwrap();
        }
        assert!(rate > 5.0, "{writer}: {rate:.1} other orders a second");
        holder.query_drop("ROLLBACK").await.unwrap();
        wait_until("the row to be had again", async || {
            instance.post("/orders", order(users[0], &[(products[0], 1)])).await.status == 201
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_and_stocks_of_a_held_row_leave_reading_and_other_rows_their_share() {
    let (database, products, users) = shop(&[10_000, 10_000]).await;
    let instance = Arc::new(Instance::start(&database, &["--db-pool-size", "8"]).await);
    let mut placed = Vec::new();
    for number in 0..60 {
        let product = products[usize::from(number >= 40)];
        let reply = instance.post("/orders", order(users[0], &[(product, 1)])).await;
        placed.push(reply.body["order_id"].as_u64().unwrap());
    }
    let mut holder =
        hold(&database, &format!("SELECT * FROM stocks WHERE product_id = {} FOR UPDATE", products[0])).await;
    let done = Arc::new(AtomicBool::new(false));
    let unlucky: Vec<_> = (0..20)
        .map(|client| {
            let (instance, done) = (Arc::clone(&instance), Arc::clone(&done));
            let (id, product) = (placed[client], products[0]);
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    let reply = match client % 2 {
                        0 => instance.delete(&format!("/orders/{id}")).await,
                        _ => instance.post("/stocks", json!({"product_id": product, "quantity": 5})).await,
                    };
                    assert_eq!((reply.status, reply.code()), (503, "overloaded"), "{reply:?}");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    for &id in &placed[40..] {
        for path in [format!("/orders/{id}"), "/products".to_owned(), "/ready".to_owned()] {
            let reply = instance.get(&path).await;
            assert_eq!(reply.status, 200, "{path}: {reply:?}");
        }
        assert_eq!(instance.delete(&format!("/orders/{id}")).await.status, 200);
        let stock = json!({"product_id": products[1], "quantity": 9_000});
        assert_eq!(instance.post("/stocks", stock).await.status, 201);
    }
    done.store(true, Ordering::Relaxed);
    for client in unlucky {
        client.await.unwrap();
    }
    holder.query_drop("ROLLBACK").await.unwrap();
    wait_until("the order to be deleted", async || {
        instance.delete(&format!("/orders/{}", placed[0])).await.status == 200
    })
    .await;
    ledger::audit(&database, &[(products[0], 10_000), (products[1], 9_000)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_stands_still_in_a_transaction_gives_its_rows_up_within_ten_seconds() {
    for writer in ["group-commit", "per-item"] {
        let (database, products, users) = shop(&[1_000_000]).await;
        let body = order(users[0], &[(products[0], 1)]);
        let frozen = Arc::new(Instance::start(&database, &["--order-writer", writer]).await);
        let other = Instance::start(&database, &["--order-writer", writer]).await;
        let done = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let (frozen, done, body) = (Arc::clone(&frozen), Arc::clone(&done), body.clone());
                tokio::spawn(async move {
                    while !done.load(Ordering::Relaxed) {
                        drop(frozen.try_send(Method::POST, "/orders", &[], &body.to_string()).await);
                    }
                })
            })
            .collect();
        // Until it stands still while it holds the row.
        let mut probe = database.connect().await;
        let mut since = Instant::now();
        wait_until("the instance to stand still in a transaction", async || {
            frozen.signal("STOP");
            since = Instant::now();
            tokio::time::sleep(Duration::from_millis(100)).await;
            let free = format!("SELECT * FROM stocks WHERE product_id = {} FOR UPDATE NOWAIT", products[0]);
            let held = probe.query_drop(free).await.is_err();
            if !held {
                frozen.signal("CONT");
                tokio::time::sleep(Duration::from_millis(7)).await;
            }
            held
        })
        .await;
        assert_ne!(other.post("/orders", body.clone()).await.status, 201, "{writer}: the row was not held");
        wait_until("the other to take orders of the product", async || {
            other.post("/orders", body.clone()).await.status == 201
        })
        .await;
        let after = since.elapsed();
        eprintln!("{writer}: orders of the row are taken {after:?} after its holder stood still");
        assert!(after < Duration::from_secs(10), "{writer}: {after:?}");
        done.store(true, Ordering::Relaxed);
        frozen.signal("CONT");
        for client in clients {
            client.await.unwrap();
        }
        database.settled().await;
        ledger::audit(&database, &[(products[0], 1_000_000)]).await;
    }
}
