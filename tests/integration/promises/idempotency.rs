//! The same key, many times, on two instances, after a crash.

use std::collections::BTreeSet;
use std::sync::Arc;

use hyper::Method;

use super::{WRITERS, order, shop};
use crate::harness::{Instance, Reply};

async fn send(instance: &Instance, key: &str, body: &serde_json::Value) -> Reply {
    instance.try_send(Method::POST, "/orders", &[("idempotency-key", key)], &body.to_string()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_sent_many_times_to_two_instances_is_one_order() {
    for writer in WRITERS {
        let (database, products, users) = shop(&[1_000]).await;
        let arguments = ["--order-writer", writer];
        let instances =
            Arc::new([Instance::start(&database, &arguments).await, Instance::start(&database, &arguments).await]);
        for round in 0..5 {
            let key = format!("key-{round}");
            let body = order(users[0], &[(products[0], 2)]);
            let sends: Vec<_> = (0..10)
                .map(|client| {
                    let (instances, key, body) = (Arc::clone(&instances), key.clone(), body.clone());
                    tokio::spawn(async move { send(&instances[client % 2], &key, &body).await })
                })
                .collect();
            let mut orders = BTreeSet::new();
            let mut replays = 0;
            for sent in sends {
                let reply = sent.await.unwrap();
                assert_eq!(reply.status, 201, "{reply:?}");
                replays += usize::from(reply.header("idempotency-replayed") == "true");
                orders.insert(reply.body.to_string());
            }
            assert_eq!((orders.len(), replays), (1, 9), "{orders:?}");
        }
        assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, 5);
        super::ledger::audit(&database, &[(products[0], 1_000)]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_piece_goes_to_one_order_and_its_repeats_say_so() {
    let (database, products, users) = shop(&[1; 12]).await;
    let instances = Arc::new([Instance::start(&database, &[]).await, Instance::start(&database, &[]).await]);
    for &product in &products {
        let body = order(users[0], &[(product, 1)]);
        let sends: Vec<_> = (0..6)
            .map(|client| {
                let (instances, body) = (Arc::clone(&instances), body.clone());
                tokio::spawn(async move { send(&instances[client % 2], &format!("last-{product}"), &body).await })
            })
            .collect();
        for sent in sends {
            let reply = sent.await.unwrap();
            assert_eq!(reply.status, 201, "a repeat was told that nothing is left: {reply:?}");
        }
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_answers_the_same_after_a_crash_and_after_the_order_was_deleted() {
    let (database, products, users) = shop(&[10]).await;
    let mut instance = Instance::start(&database, &[]).await;
    let body = order(users[0], &[(products[0], 3)]);
    let first = send(&instance, "\"quoted\"", &body).await;
    instance.signal("KILL");
    instance.wait_end().await;
    let instance = Instance::start(&database, &[]).await;
    assert_eq!(send(&instance, "quoted", &body).await.body, first.body);
    instance.delete(&format!("/orders/{}", first.body["order_id"])).await;
    assert_eq!(send(&instance, "quoted", &body).await.body, first.body);
    assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, 0, "a repeat made the order anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_order_does_not_use_its_key_up() {
    let (database, products, users) = shop(&[1]).await;
    let instance = Instance::start(&database, &[]).await;
    let body = order(users[0], &[(products[0], 2)]);
    assert_eq!(send(&instance, "again", &body).await.code(), "insufficient_stock");
    instance.post("/stocks", serde_json::json!({"product_id": products[0], "quantity": 2})).await;
    assert_eq!(send(&instance, "again", &body).await.status, 201);
    let other = order(users[0], &[(products[0], 1)]);
    let reply = send(&instance, "again", &other).await;
    assert_eq!((reply.status, reply.code()), (422, "idempotency_key_reused"));
    // The same items in another order and other words are the same body.
    let split = order(users[0], &[(products[0], 1), (products[0], 1)]);
    assert_eq!(send(&instance, "again", &split).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_while_the_first_is_still_being_worked_on_is_told_so() {
    let (database, products, users) = shop(&[10]).await;
    let instance = Instance::start(&database, &["--db-statement-timeout", "2s"]).await;
    // Another transaction has stored the key and does not end.
    let mut holder = database.connect().await;
    mysql_async::prelude::Queryable::query_drop(&mut holder, "START TRANSACTION").await.unwrap();
    let insert = "INSERT INTO idempotency_keys VALUES ('held', REPEAT('x', 32), 1, 1, NOW(), 0)";
    mysql_async::prelude::Queryable::query_drop(&mut holder, insert).await.unwrap();
    let reply = send(&instance, "held", &order(users[0], &[(products[0], 1)])).await;
    assert_eq!((reply.status, reply.code()), (409, "request_in_progress"), "{reply:?}");
    assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_keys_are_forgotten_step_by_step_and_young_ones_are_not() {
    let (database, ..) = shop(&[]).await;
    for number in 0..25 {
        let key = format!("'key-{number}', REPEAT('x', 32), {number}, 1, UTC_TIMESTAMP(6) - INTERVAL {number} HOUR, 0");
        database.execute(&format!("INSERT INTO idempotency_keys VALUES ({key})")).await;
    }
    let patience = std::time::Duration::from_mins(1);
    let mut session = storemgr::db::Session::connect(&database.address(), patience).await.unwrap();
    let age = std::time::Duration::from_mins(10 * 60 - 30);
    assert_eq!(session.forget_answers(age, 10).await.unwrap(), 10);
    assert_eq!(
        database.number("SELECT COUNT(*) FROM idempotency_keys WHERE order_id >= 15").await,
        0,
        "the oldest first"
    );
    assert_eq!(session.forget_answers(age, 10).await.unwrap(), 5);
    assert_eq!(session.forget_answers(age, 10).await.unwrap(), 0);
    assert_eq!(database.number("SELECT COUNT(*) FROM idempotency_keys WHERE idempotency_key LIKE 'key-%'").await, 10);
}
