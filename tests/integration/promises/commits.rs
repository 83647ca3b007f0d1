//! A COMMIT that is not answered with OK: whatever the answer is, what became of the write is looked up; and a ROLLBACK
//! that is not.

use std::time::Duration;

use mysql_async::prelude::Queryable;
use serde_json::json;

use super::{WRITERS, ledger, order, shop};
use crate::harness::{Fault, Instance, Proxy, wait_until};

/// What something before the database, or the database itself, may answer to a COMMIT: an unknown error, a deadlock, an
/// error during the commit, certification, a held row, read-only, interrupted.
const CODES: [u16; 7] = [1105, 1213, 1180, 3101, 1205, 1290, 1317];

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_commit_is_answered_with_an_error_is_looked_up() {
    for writer in WRITERS {
        let (database, products, users) = shop(&[100]).await;
        let proxy = Proxy::before(&database.address()).await;
        let instance = Instance::start_behind(&proxy, &database, &["--order-writer", writer]).await;
        let body = order(users[0], &[(products[0], 1)]);
        let faults =
            CODES.into_iter().flat_map(|code| [Fault::ErrorAfterCommit(code), Fault::ErrorInsteadOfCommit(code)]);
        for (stored, fault) in (1..).zip(faults) {
            proxy.set(fault);
            // Without a key, so that nothing but the look-up can tell whether it was stored.
            let reply = instance.post("/orders", body.clone()).await;
            assert_eq!(reply.status, 201, "{writer}, {fault:?}: {reply:?}");
            assert!(proxy.is_over(), "{writer}, {fault:?}: no commit was met");
            assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, stored, "{writer}, {fault:?}");
            let id = &reply.body["order_id"];
            assert_eq!(database.number(&format!("SELECT COUNT(*) FROM orders WHERE id = {id}")).await, 1);
        }
        ledger::audit(&database, &[(products[0], 100)]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_write_whose_commit_is_answered_with_an_error_is_looked_up() {
    let (database, products, users) = shop(&[100]).await;
    let proxy = Proxy::before(&database.address()).await;
    let instance = Instance::start_behind(&proxy, &database, &[]).await;
    let count = async |sql: &str| database.number(&format!("SELECT COUNT(*) FROM {sql}")).await;
    let (product, user) = (products[0], users[0]);
    for (round, code) in CODES.into_iter().enumerate() {
        let ordered = instance.post("/orders", order(user, &[(product, 1)])).await.body["order_id"].clone();
        let (fault, stored) = (Fault::ErrorAfterCommit(code), (round + 1) as u64);

        proxy.set(fault);
        let reply = instance.delete(&format!("/orders/{ordered}")).await;
        assert_eq!((reply.status, &reply.body["deleted"]), (200, &json!(true)), "{code}: {reply:?}");
        assert_eq!(count(&format!("orders WHERE id = {ordered}")).await, 0);

        proxy.set(fault);
        let email = format!("commit-{code}@example.com");
        let reply = instance.post("/users", json!({"name": "Ada", "email": email})).await;
        assert_eq!(reply.status, 201, "{code}: {reply:?}");
        let added = reply.body["user_id"].clone();
        assert_eq!(count(&format!("users WHERE id = {added} AND email = '{email}'")).await, 1);
        proxy.set(fault);
        assert_eq!(instance.delete(&format!("/users/{added}")).await.status, 200, "{code}");
        assert_eq!(count(&format!("users WHERE id = {added}")).await, 0);

        proxy.set(fault);
        let reply = instance.post("/products", json!({"name": "Lamp", "sku": "C-1", "price": 2.5})).await;
        assert_eq!(reply.status, 201, "{code}: {reply:?}");
        let added = reply.body["product_id"].clone();
        assert_eq!(count("products WHERE sku = 'C-1'").await, stored, "{code}: stored once");
        proxy.set(fault);
        let reply = instance.post("/stocks", json!({"product_id": added, "quantity": 7})).await;
        assert_eq!(reply.status, 201, "{code}: {reply:?}");
        assert_eq!(database.number(&format!("SELECT quantity FROM stocks WHERE product_id = {added}")).await, 7);
        let other = instance.product(1.0, 1).await;
        proxy.set(fault);
        assert_eq!(instance.delete(&format!("/products/{other}")).await.status, 200, "{code}");
        assert_eq!(count(&format!("products WHERE id = {other}")).await, 0);
        assert!(proxy.is_over());

        // Refused, and not done.
        proxy.set(Fault::ErrorInsteadOfCommit(code));
        let email = format!("refused-{code}@example.com");
        let reply = instance.post("/users", json!({"name": "Ada", "email": email})).await;
        assert_eq!((reply.status, reply.code()), (503, "database_unavailable"), "{code}: {reply:?}");
        assert_eq!(count(&format!("users WHERE email = '{email}'")).await, 0);
        proxy.set(Fault::ErrorInsteadOfCommit(code));
        let reply = instance.post("/stocks", json!({"product_id": added, "quantity": 9})).await;
        assert_eq!((reply.status, reply.code()), (503, "database_unavailable"), "{code}: {reply:?}");
        assert_eq!(database.number(&format!("SELECT quantity FROM stocks WHERE product_id = {added}")).await, 7);
    }
    ledger::audit(&database, &[(product, 100)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_session_is_ended_and_a_stranger_with_its_number_is_not() {
    let (database, products, users) = shop(&[100]).await;
    let mut stranger = database.connect().await;
    // As behind a router: the number that the store is told is that of somebody else's connection on the server.
    let proxy = Proxy::renumbering(&database.address(), stranger.id()).await;
    for writer in WRITERS {
        let instance = Instance::start_behind(&proxy, &database, &["--order-writer", writer]).await;
        for fault in [Fault::BreakBeforeCommit, Fault::CommitLate, Fault::ErrorInsteadOfCommit(1105)] {
            proxy.set(fault);
            let reply = instance.post("/orders", order(users[0], &[(products[0], 1)])).await;
            assert_eq!(reply.status, 201, "{writer}, {fault:?}: {reply:?}");
        }
        assert_eq!(
            stranger.query_first::<u8, _>("SELECT 1").await.unwrap(),
            Some(1),
            "{writer}: a stranger was killed"
        );
    }
    // A connection that is swallowed in the middle of a transaction: the server would wait for it.
    let instance = Instance::start_behind(&proxy, &database, &["--db-statement-timeout", "2s"]).await;
    let mut holder = database.connect().await;
    holder.query_drop("START TRANSACTION").await.unwrap();
    holder.query_drop(format!("SELECT * FROM stocks WHERE product_id = {} FOR UPDATE", products[0])).await.unwrap();
    let changing = instance.post("/stocks", json!({"product_id": products[0], "quantity": 97}));
    let swallowing = async {
        let waits = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE \
                     'SELECT quantity, quantity_sold FROM stocks%'";
        wait_until("the change to wait", async || database.number(waits).await >= 1).await;
        proxy.set(Fault::SwallowOpen);
        holder.query_drop("ROLLBACK").await.unwrap();
        proxy.set(Fault::None);
    };
    let (reply, ()) = tokio::join!(changing, swallowing);
    assert_eq!(reply.status, 503, "{reply:?}");
    let asked = std::time::Instant::now();
    wait_until("the row to be free", async || {
        let free = format!("SELECT product_id FROM stocks WHERE product_id = {} FOR UPDATE NOWAIT", products[0]);
        stranger.query_drop(free).await.is_ok()
    })
    .await;
    assert!(asked.elapsed() < Duration::from_secs(3), "the lost session held its row for {:?}", asked.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_undone_is_not_committed_by_the_next_transaction() {
    for writer in WRITERS {
        let (database, products, users) = shop(&[100, 100]).await;
        let proxy = Proxy::before(&database.address()).await;
        let instance = Instance::start_behind(&proxy, &database, &["--order-writer", writer]).await;
        let mut holder = database.connect().await;
        holder.query_drop("START TRANSACTION").await.unwrap();
        let held = format!("SELECT * FROM user_totals WHERE user_id = {} FOR UPDATE", users[0]);
        holder.query_drop(held).await.unwrap();
        // The last row that the order needs is held, so its pieces, lines and head are written and must be undone.
        proxy.set(Fault::ErrorToRollbacks(1213));
        let reply = instance.post("/orders", order(users[0], &[(products[0], 1), (products[1], 2)])).await;
        assert_eq!(reply.status, 503, "{writer}: {reply:?}");
        proxy.set(Fault::None);
        holder.query_drop("ROLLBACK").await.unwrap();
        database.settled().await;
        assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, 0, "{writer}: refused and stored");
        ledger::audit(&database, &[(products[0], 100), (products[1], 100)]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_which_only_a_part_was_executed_is_not_committed() {
    let (database, products, users) = shop(&[100, 100]).await;
    let proxy = Proxy::before(&database.address()).await;
    let instance = Instance::start_behind(&proxy, &database, &[]).await;
    let mut stored = 0;
    for statements in 1..=3 {
        // Each changes two rows with one of its first statements, as many as with its last.
        for items in [&[(products[0], 1)][..], &[(products[0], 1), (products[1], 2)]] {
            proxy.set(Fault::LeaveOutAfter(statements));
            let reply = instance.post("/orders", order(users[0], items)).await;
            assert!(proxy.is_over(), "no batch was met");
            assert_eq!(reply.status, 201, "{statements}, {items:?}: {reply:?}");
            stored += 1;
            assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, stored, "{statements}, {items:?}");
        }
    }
    ledger::audit(&database, &[(products[0], 100), (products[1], 100)]).await;
}
