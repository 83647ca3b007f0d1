//! Products, users and stock under concurrency, faults and kills: each write is done once or not at all, and its answer
//! says which.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};

use super::{ledger, order, shop};
use crate::harness::{Fault, Instance, Proxy, Reply, TestDatabase};

/// The faults of one COMMIT, and whether it took effect.
const COMMIT_FAULTS: [(Fault, bool); 6] = [
    (Fault::ErrorAfterCommit(1105), true),
    (Fault::ErrorAfterCommit(1213), true),
    (Fault::BreakAfterCommit, true),
    (Fault::ErrorInsteadOfCommit(1105), false),
    (Fault::ErrorInsteadOfCommit(1180), false),
    (Fault::BreakBeforeCommit, false),
];

async fn keyed(instance: &Instance, path: &str, key: Option<&str>, body: &Value) -> Reply {
    try_keyed(instance, path, key, body).await.unwrap()
}

async fn try_keyed(
    instance: &Instance,
    path: &str,
    key: Option<&str>,
    body: &Value,
) -> Result<Reply, storemgr::net::NetError> {
    let headers: Vec<_> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
    instance.try_send(Method::POST, path, &headers, &body.to_string()).await
}

async fn quantity(database: &TestDatabase, product: u64) -> u64 {
    database.number(&format!("SELECT quantity FROM stocks WHERE product_id = {product}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_commit_is_not_answered_is_looked_up_by_its_key() {
    let (database, products, _) = shop(&[100]).await;
    let proxy = Proxy::before(&database.address()).await;
    let instance = Instance::start_behind(&proxy, &database, &[]).await;
    let product = products[0];
    let movements = format!("/stocks/{product}/movements");
    for (round, (fault, stored)) in COMMIT_FAULTS.into_iter().enumerate() {
        for key in [None, Some(format!("moved-{round}"))] {
            let (key, before) = (key.as_deref(), quantity(&database, product).await);
            proxy.set(fault);
            let reply = keyed(&instance, &movements, key, &json!({"change": 3})).await;
            assert!(proxy.is_over(), "{fault:?}");
            let after = quantity(&database, product).await;
            if stored {
                assert_eq!((reply.status, after), (200, before + 3), "{fault:?} {reply:?}");
                assert_eq!(reply.body["quantity"], after);
            } else {
                assert_eq!((reply.status, after), (503, before), "{fault:?} {reply:?}");
            }
            if let Some(key) = key {
                let again = keyed(&instance, &movements, Some(key), &json!({"change": 3})).await;
                assert_eq!(
                    (again.status, quantity(&database, product).await),
                    (200, before + 3),
                    "{fault:?} {again:?}"
                );
            }
        }
        let email = format!("user-{round}@example.com");
        proxy.set(fault);
        let body = json!({"name": "Ada", "email": email});
        let key = format!("user-{round}");
        let reply = keyed(&instance, "/users", Some(&key), &body).await;
        assert_eq!(reply.status, if stored { 201 } else { 503 }, "{fault:?} {reply:?}");
        assert_eq!(keyed(&instance, "/users", Some(&key), &body).await.status, 201);
        let users = database.number(&format!("SELECT COUNT(*) FROM users WHERE email = '{email}'")).await;
        assert_eq!(users, 1, "{fault:?}");

        let name = format!("product {round}");
        let named = format!("SELECT COUNT(*) FROM products WHERE name = '{name}'");
        let set = 500 + round as u64;
        let writes = [
            ("/products", json!({"name": name, "sku": format!("SKU-{round}"), "price": 4}), named, 1),
            (
                "/stocks",
                json!({"product_id": product, "quantity": set}),
                format!("SELECT quantity FROM stocks WHERE product_id = {product}"),
                set,
            ),
        ];
        for (path, body, asked, expected) in writes {
            let key = format!("{path}-{round}");
            proxy.set(fault);
            let reply = keyed(&instance, path, Some(&key), &body).await;
            assert!(proxy.is_over(), "{path} {fault:?}");
            assert_eq!(reply.status, if stored { 201 } else { 503 }, "{path} {fault:?} {reply:?}");
            assert_eq!(database.number(&asked).await == expected, stored, "{path} {fault:?}");
            let again = keyed(&instance, path, Some(&key), &body).await;
            assert_eq!((again.status, database.number(&asked).await), (201, expected), "{path} {fault:?} {again:?}");
            if stored {
                assert_eq!(again.body, reply.body, "{path} {fault:?}: not the first answer");
            }
        }

        let price = 10 + round;
        proxy.set(fault);
        let path = format!("/products/{product}");
        let body = format!("{{\"price\":{price}}}");
        let reply = instance.try_send(Method::PATCH, &path, &[("if-match", "*")], &body).await.unwrap();
        let now = database.number(&format!("SELECT price_cents FROM products WHERE id = {product}")).await;
        assert_eq!(reply.status == 200, stored, "{fault:?} {reply:?}");
        assert_eq!(now == price as u64 * 100, stored, "{fault:?} {now}");
    }
}

/// The write was committed, its answer lost, and others changed the same row before it was looked up.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_known_again_although_others_have_changed_the_row_since() {
    let (database, products, _) = shop(&[100]).await;
    let proxy = Proxy::before(&database.address()).await;
    let instance = Arc::new(Instance::start_behind(&proxy, &database, &[]).await);
    let product = products[0];
    let requests = [
        ("POST", format!("/stocks/{product}/movements"), json!({"change": 5}), 200),
        ("POST", "/stocks".to_owned(), json!({"product_id": product, "quantity": 70}), 201),
        ("PATCH", format!("/products/{product}"), json!({"price": 7}), 200),
    ];
    for (method, path, body, status) in requests {
        for (fault, stored) in
            [(Fault::BreakAfterCommit, true), (Fault::CommitLate, true), (Fault::BreakBeforeCommit, false)]
        {
            database.execute(&format!("UPDATE stocks SET quantity = 50 WHERE product_id = {product}")).await;
            database.execute(&format!("UPDATE products SET price_cents = 250 WHERE id = {product}")).await;
            proxy.set(fault);
            let (sender, sent, text) = (Arc::clone(&instance), path.clone(), body.to_string());
            let sending = tokio::spawn(async move {
                sender.try_send(method.parse().unwrap(), &sent, &[("if-match", "*")], &text).await.unwrap()
            });
            // Meanwhile somebody else changes the row to what it was, as often as it can be.
            let back = format!(
                "UPDATE stocks s JOIN products p ON p.id = s.product_id SET s.quantity = 50, p.price_cents = 250 WHERE s.product_id = {product}"
            );
            let mut other = database.connect().await;
            while !sending.is_finished() {
                drop(other.query_drop(&back).await);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let reply = sending.await.unwrap();
            let late = fault == Fault::CommitLate && reply.status == 503;
            assert!(late || (reply.status == status) == stored, "{path} {fault:?}: {reply:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_sent_many_times_to_two_instances_is_one_write() {
    let (database, products, _) = shop(&[1_000]).await;
    let instances = Arc::new([Instance::start(&database, &[]).await, Instance::start(&database, &[]).await]);
    let product = products[0];
    for round in 0..3 {
        let requests = [
            ("/users".to_owned(), json!({"name": "Ada", "email": format!("many-{round}@example.com")})),
            ("/products".to_owned(), json!({"name": "Vase", "sku": format!("many-{round}"), "price": 1})),
            (format!("/stocks/{product}/movements"), json!({"change": -7})),
            ("/stocks".to_owned(), json!({"product_id": product, "quantity": 1_000 + round})),
        ];
        for (number, (path, body)) in requests.into_iter().enumerate() {
            let key = format!("many-{round}-{number}");
            let before = quantity(&database, product).await;
            let sends: Vec<_> = (0..10)
                .map(|client| {
                    let (instances, key, path, body) =
                        (Arc::clone(&instances), key.clone(), path.clone(), body.clone());
                    tokio::spawn(async move {
                        // A repeat that comes too early is told so, and repeats.
                        for _ in 0..200 {
                            let reply = keyed(&instances[client % 2], &path, Some(&key), &body).await;
                            if ![409, 503].contains(&reply.status) {
                                return reply;
                            }
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        panic!("{path} was never done");
                    })
                })
                .collect();
            let (mut answers, mut replays) = (BTreeSet::new(), 0);
            for sent in sends {
                let reply = sent.await.unwrap();
                assert!([200, 201].contains(&reply.status), "{path}: {reply:?}");
                replays += usize::from(reply.header("idempotency-replayed") == "true");
                answers.insert(reply.body.to_string());
            }
            assert_eq!((answers.len(), replays), (1, 9), "{path}: {answers:?}");
            if number == 2 {
                assert_eq!(quantity(&database, product).await, before - 7);
            }
        }
        assert_eq!(database.number(&format!("SELECT COUNT(*) FROM products WHERE sku = 'many-{round}'")).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn movements_and_orders_at_once_add_up() {
    let (database, products, users) = shop(&[500, 500]).await;
    let instances = Arc::new([Instance::start(&database, &[]).await, Instance::start(&database, &[]).await]);
    let mut clients = Vec::new();
    for client in 0..8_usize {
        let (instances, products, users) = (Arc::clone(&instances), products.clone(), users.clone());
        clients.push(tokio::spawn(async move {
            let instance = &instances[client % 2];
            let mut moved = [0_i64; 2];
            for number in 0..25_usize {
                let place = (client + number) % 2;
                if client < 4 {
                    let body = order(users[client % 3], &[(products[0], 1), (products[1], 2)]);
                    let reply = instance.post("/orders", body).await;
                    assert!([201, 409, 503].contains(&reply.status), "{reply:?}");
                } else {
                    let change = if number % 3 == 0 { 11 } else { -4 };
                    let path = format!("/stocks/{}/movements", products[place]);
                    let key = format!("m-{client}-{number}");
                    let body = json!({"change": change});
                    for _ in 0..2 {
                        let reply = keyed(instance, &path, Some(&key), &body).await;
                        assert!([200, 409, 503].contains(&reply.status), "{reply:?}");
                        if reply.status == 200 && reply.header("idempotency-replayed").is_empty() {
                            moved[place] += change;
                        }
                    }
                }
            }
            moved
        }));
    }
    let mut given = [500_i64; 2];
    for client in clients {
        let moved = client.await.unwrap();
        given = [given[0] + moved[0], given[1] + moved[1]];
    }
    let given: Vec<_> =
        products.iter().zip(given).map(|(product, pieces)| (*product, u64::try_from(pieces).unwrap())).collect();
    ledger::audit(&database, &given).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_have_seen_the_same_state_one_changes_it() {
    let (database, products, _) = shop(&[10]).await;
    let instances = Arc::new([Instance::start(&database, &[]).await, Instance::start(&database, &[]).await]);
    let path = format!("/products/{}", products[0]);
    for round in 0..4 {
        let tag = instances[0].get(&path).await.header("etag").to_owned();
        let sends: Vec<_> = (0..8_usize)
            .map(|client| {
                let (instances, path, tag) = (Arc::clone(&instances), path.clone(), tag.clone());
                let body = format!("{{\"price\":{}.{client}}}", round + 10);
                tokio::spawn(async move {
                    loop {
                        let headers = [("if-match", tag.as_str())];
                        let reply =
                            instances[client % 2].try_send(Method::PATCH, &path, &headers, &body).await.unwrap();
                        if reply.status != 503 {
                            return reply;
                        }
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                })
            })
            .collect();
        let mut statuses = Vec::new();
        for sent in sends {
            statuses.push(sent.await.unwrap().status);
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_any_fault_a_keyed_write_is_done_once() {
    let (database, products, _) = shop(&[1_000]).await;
    let proxy = Proxy::before(&database.address()).await;
    let product = products[0];
    let path = format!("/stocks/{product}/movements");
    let mut instance = Instance::start_behind(&proxy, &database, &["--db-statement-timeout", "1s"]).await;
    let mut expected = 1_000;
    for number in 0..60_u64 {
        let key = format!("fault-{number}");
        proxy.set(Fault::Random);
        for attempt in 0..6 {
            if number % 20 == 7 && attempt == 0 {
                // Killed in the middle of it.
                let body = json!({"change": 1});
                let sending = try_keyed(&instance, &path, Some(&key), &body);
                drop(tokio::time::timeout(Duration::from_millis(3), sending).await);
                instance.signal("KILL");
                instance.wait_end().await;
                proxy.set(Fault::None);
                instance = Instance::start_behind(&proxy, &database, &["--db-statement-timeout", "1s"]).await;
                continue;
            }
            match try_keyed(&instance, &path, Some(&key), &json!({"change": 1})).await {
                Ok(reply) if reply.status == 200 => break,
                Ok(reply) => assert!([409, 503, 504].contains(&reply.status), "{reply:?}"),
                Err(_) => {}
            }
        }
        proxy.set(Fault::None);
        let mut reply = keyed(&instance, &path, Some(&key), &json!({"change": 1})).await;
        for _ in 0..200 {
            if reply.status == 200 {
                break;
            }
            assert!([409, 503].contains(&reply.status), "{reply:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
            reply = keyed(&instance, &path, Some(&key), &json!({"change": 1})).await;
        }
        assert_eq!(reply.status, 200, "{reply:?}");
        expected += 1;
        assert_eq!(quantity(&database, product).await, expected, "{key}");
    }
    ledger::audit(&database, &[(product, expected)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_holds_refuses_its_own_requests_alone() {
    let (database, products, _) = shop(&[10, 10]).await;
    let instance = Instance::start(&database, &[]).await;
    let mut holder = database.connect().await;
    holder.query_drop("START TRANSACTION").await.unwrap();
    holder.query_drop(format!("SELECT * FROM products WHERE id = {} FOR UPDATE", products[0])).await.unwrap();
    let change = async |product: u64| {
        let path = format!("/products/{product}");
        instance.try_send(Method::PATCH, &path, &[("if-match", "*")], r#"{"price":3}"#).await.unwrap()
    };
    let reply = change(products[0]).await;
    assert_eq!((reply.status, reply.code()), (503, "overloaded"), "{reply:?}");
    assert_eq!(change(products[1]).await.status, 200);
    holder.query_drop("ROLLBACK").await.unwrap();
    // A key that another transaction has stored and that does not end.
    holder.query_drop("START TRANSACTION").await.unwrap();
    let insert = "INSERT INTO idempotency_keys VALUES ('held', REPEAT('x', 32), 1, 1, NOW(), 4)";
    holder.query_drop(insert).await.unwrap();
    let path = format!("/stocks/{}/movements", products[1]);
    let reply = keyed(&instance, &path, Some("held"), &json!({"change": 1})).await;
    assert_eq!((reply.status, reply.code()), (409, "request_in_progress"), "{reply:?}");
    assert_eq!(keyed(&instance, &path, Some("free"), &json!({"change": 1})).await.status, 200);
    holder.query_drop("ROLLBACK").await.unwrap();
    assert_eq!(quantity(&database, products[1]).await, 11);
}
