//! An independent account of what was answered, held against the database.
//!
//! Every attempt carries an idempotency key of its own, so that an attempt without an answer can be told apart from one
//! that was refused: it may or may not have been stored, but not twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use hyper::Method;
use serde_json::Value;

use crate::harness::{Instance, TestDatabase};

/// What the clients were told.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    /// Order number to total in cents.
    accepted: BTreeMap<u64, u64>,
    accepted_keys: BTreeSet<String>,
    deleted: BTreeSet<u64>,
    /// Deletions of which the store could not say what became of them.
    perhaps_deleted: BTreeSet<u64>,
    refused_keys: BTreeSet<String>,
    unknown_keys: BTreeSet<String>,
    /// Orders without a key that had no answer.
    unknown_keyless: usize,
    /// E-mail address to whether the user was added; nothing for those of whom it is not known.
    users: BTreeMap<String, Option<bool>>,
}

impl Ledger {
    /// Sends an order under a key and writes down the answer; gives the order's number if it was accepted.
    pub async fn order(&self, instance: &Instance, key: &str, body: &Value) -> Option<u64> {
        self.place(instance, Some(key), body).await
    }

    /// The same without a key.
    pub async fn order_without_key(&self, instance: &Instance, body: &Value) -> Option<u64> {
        self.place(instance, None, body).await
    }

    async fn place(&self, instance: &Instance, key: Option<&str>, body: &Value) -> Option<u64> {
        let headers: Vec<_> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
        let sent = instance.try_send(Method::POST, "/orders", &headers, &body.to_string()).await;
        let mut entries = self.entries.lock().unwrap();
        match sent {
            Ok(reply) if reply.status == 201 => {
                let id = reply.body["order_id"].as_u64().unwrap();
                let total = (reply.body["total_amount"].as_f64().unwrap() * 100.0).round() as u64;
                assert_eq!(*entries.accepted.entry(id).or_insert(total), total, "order {id} has two totals");
                entries.accepted_keys.extend(key.map(ToOwned::to_owned));
                Some(id)
            }
            Ok(reply) if reply.status != 504 => {
                assert!([409, 422, 503].contains(&reply.status), "{reply:?}");
                entries.refused_keys.extend(key.map(ToOwned::to_owned));
                None
            }
            _ => {
                match key {
                    Some(key) => drop(entries.unknown_keys.insert(key.to_owned())),
                    None => entries.unknown_keyless += 1,
                }
                None
            }
        }
    }

    /// Deletes an order while the database is at fault, and writes down what was answered.
    pub async fn try_delete(&self, instance: &Instance, id: u64) {
        let sent = instance.try_send(Method::DELETE, &format!("/orders/{id}"), &[], "").await;
        let mut entries = self.entries.lock().unwrap();
        match sent {
            Ok(reply) if reply.status == 200 => drop(entries.deleted.insert(id)),
            Ok(reply) if reply.status == 503 => {}
            Ok(reply) => assert_eq!(reply.status, 504, "order {id} was acknowledged and not deleted: {reply:?}"),
            Err(_) => {}
        }
        if !entries.deleted.contains(&id) {
            entries.perhaps_deleted.insert(id);
        }
    }

    /// Adds a user under an address of the user's own, and writes down what was answered.
    pub async fn add_user(&self, instance: &Instance, email: &str) {
        let body = serde_json::json!({"name": "Ada", "email": email}).to_string();
        let sent = instance.try_send(Method::POST, "/users", &[], &body).await;
        let added = match sent {
            Ok(reply) if reply.status == 201 => Some(true),
            Ok(reply) if reply.status == 503 => Some(false),
            Ok(reply) => {
                assert_eq!(reply.status, 504, "{email}: {reply:?}");
                None
            }
            Err(_) => None,
        };
        self.entries.lock().unwrap().users.insert(email.to_owned(), added);
    }

    /// Deletes an order and writes it down. 503 promises that nothing was done, so it is tried again, as by a client.
    pub async fn delete(&self, instance: &Instance, id: u64) {
        let mut reply = instance.delete(&format!("/orders/{id}")).await;
        for _ in 0..100 {
            if reply.status != 503 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            reply = instance.delete(&format!("/orders/{id}")).await;
        }
        assert_eq!(reply.status, 200, "{reply:?}");
        self.entries.lock().unwrap().deleted.insert(id);
    }

    /// How many orders were accepted.
    pub fn accepted(&self) -> usize {
        self.entries.lock().unwrap().accepted.len()
    }

    /// How many attempts had no answer.
    pub fn unknown(&self) -> usize {
        let entries = self.entries.lock().unwrap();
        entries.unknown_keys.len() + entries.unknown_keyless
    }

    /// Holds the account against the database.
    pub async fn audit(&self, database: &TestDatabase, given: &[(u64, u64)]) {
        self.audit_after(0, database, given).await;
    }

    /// The same, where the orders up to a number were there before.
    pub async fn audit_after(&self, history: u64, database: &TestDatabase, given: &[(u64, u64)]) {
        audit(database, given).await;
        let orders = format!("SELECT id, total_cents FROM orders WHERE id > {history}");
        let stored: BTreeMap<u64, u64> = database.query(&orders).await.into_iter().collect();
        let keys: BTreeMap<String, u64> = database
            .query("SELECT idempotency_key, order_id FROM idempotency_keys WHERE answer_kind = 0")
            .await
            .into_iter()
            .collect();
        let users: BTreeSet<String> = database.query("SELECT email FROM users").await.into_iter().collect();
        let entries = self.entries.lock().unwrap();
        for (id, total) in &entries.accepted {
            if entries.perhaps_deleted.contains(id) {
                continue;
            }
            let expected = (!entries.deleted.contains(id)).then_some(total);
            assert_eq!(stored.get(id), expected, "order {id} was acknowledged");
        }
        // A repeated order may be refused although it was accepted before.
        for key in entries.refused_keys.difference(&entries.accepted_keys) {
            assert!(!keys.contains_key(key), "{key} was refused and stored");
        }
        let mut keyless = 0;
        for id in stored.keys().filter(|id| !entries.accepted.contains_key(id)) {
            match keys.iter().find(|(_, order)| *order == id).map(|(key, _)| key) {
                Some(key) => {
                    let unknown = entries.unknown_keys.contains(key);
                    assert!(unknown, "order {id} (key {key}) is stored and nobody was told");
                }
                None => keyless += 1,
            }
        }
        let unknown = entries.unknown_keyless;
        assert!(
            keyless <= unknown,
            "{keyless} orders without a key are stored and nobody was told; {unknown} are unknown"
        );
        for (email, added) in &entries.users {
            assert!(
                added.is_none_or(|added| added == users.contains(email)),
                "{email} was answered as added: {added:?}"
            );
        }
    }
}

/// What must hold in any database of the store at rest: stock and sold pieces add up to what was given, money adds up,
/// read models equal a recomputation.
pub async fn audit(database: &TestDatabase, given: &[(u64, u64)]) {
    for (product, stock) in given {
        let sql = format!("SELECT quantity + quantity_sold FROM stocks WHERE product_id = {product}");
        assert_eq!(database.number(&sql).await, *stock, "pieces of product {product}");
    }
    for (what, sql) in [
        (
            "orders whose total is not the sum of their lines",
            "SELECT COUNT(*) FROM orders o WHERE total_cents <> COALESCE((SELECT SUM(quantity * unit_price_cents) FROM \
             order_items i WHERE i.order_id = o.id), 0)",
        ),
        (
            "lines without an order",
            "SELECT COUNT(*) FROM order_items i LEFT JOIN orders o ON o.id = i.order_id WHERE o.id IS NULL",
        ),
        (
            "products whose sold pieces are not those of the lines",
            "SELECT COUNT(*) FROM stocks s WHERE quantity_sold <> COALESCE((SELECT SUM(quantity) FROM order_items i WHERE \
             i.product_id = s.product_id), 0)",
        ),
        (
            "users whose totals are not those of their orders",
            "SELECT COUNT(*) FROM user_totals u WHERE expense_cents <> COALESCE((SELECT SUM(total_cents) FROM orders o \
             WHERE o.user_id = u.user_id), 0) OR order_count <> (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.user_id)",
        ),
        (
            "keys that share an order",
            "SELECT COUNT(*) FROM (SELECT order_id FROM idempotency_keys WHERE answer_kind = 0 GROUP BY order_id HAVING COUNT(*) > 1) doubled",
        ),
    ] {
        assert_eq!(database.number(sql).await, 0, "{what}");
    }
}
