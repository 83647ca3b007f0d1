//! Anything that can happen between an instance and its database, at random, under writers with a ledger.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;
use rand::RngExt;

use super::ledger::Ledger;
use super::{WRITERS, order, shop};
use crate::harness::{Fault, Instance, Proxy, TestDatabase, wait_until};

/// So many clients order, delete and add users on two instances.
const CLIENTS: usize = 8;

const STOCK: u64 = 50_000_000;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// The way to the database: cut, delayed, swallowed, answered with errors, COMMIT included.
    Way,
    /// On the database: KILL, KILL QUERY, rows that are held, locked tables.
    Server,
}

/// Two instances in trouble for a time; then everything works again and is counted.
async fn run(writer: &str, trouble: Trouble, time: Duration) {
    let (database, products, users) = shop(&[STOCK, STOCK]).await;
    let proxies = [Proxy::before(&database.address()).await, Proxy::before(&database.address()).await];
    let arguments = ["--order-writer", writer, "--db-statement-timeout", "1s", "--db-pool-size", "8"];
    let mut instances = Vec::new();
    for proxy in &proxies {
        let instance = Instance::start_with(&proxy.variables(database.variables()), &arguments).await;
        instance.wait_ready().await;
        proxy.set(if trouble == Trouble::Way { Fault::Random } else { Fault::None });
        instances.push(instance);
    }
    let (instances, ledger, end) = (Arc::new(instances), Arc::new(Ledger::default()), Instant::now() + time);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (instances, ledger) = (Arc::clone(&instances), Arc::clone(&ledger));
            let body = order(users[client % 3], &[(products[0], 1), (products[1], 2)]);
            tokio::spawn(async move {
                for number in 0_usize.. {
                    if Instant::now() >= end {
                        return;
                    }
                    let instance = &instances[(client + number) % 2];
                    let name = format!("{client}-{number}");
                    let placed = match number % 3 {
                        0 => ledger.order_without_key(instance, &body).await,
                        _ => ledger.order(instance, &name, &body).await,
                    };
                    if let Some(id) = placed.filter(|_| number % 5 == 0) {
                        ledger.try_delete(instance, id).await;
                    }
                    if number % 7 == 0 {
                        ledger.add_user(instance, &format!("{name}@example.org")).await;
                    }
                }
            })
        })
        .collect();
    if trouble == Trouble::Server {
        while Instant::now() < end {
            // What is killed may be this very connection.
            drop(trouble_on(&database, products[0], users[0]).await);
        }
    }
    for client in clients {
        client.await.unwrap();
    }
    for proxy in &proxies {
        proxy.set(Fault::None);
    }
    for instance in instances.iter() {
        instance.wait_ready().await;
    }
    wait_until("orders to be accepted again", async || {
        ledger.order_without_key(&instances[0], &order(users[0], &[(products[0], 1), (products[1], 2)])).await.is_some()
    })
    .await;
    database.settled().await;
    assert!(ledger.accepted() > 10, "{writer}: {} orders were accepted", ledger.accepted());
    ledger.audit(&database, &[(products[0], STOCK), (products[1], STOCK)]).await;
    let (accepted, unknown) = (ledger.accepted(), ledger.unknown());
    eprintln!("{writer}: {accepted} orders accepted, {unknown} unknown, 0 lost, 0 doubled");
}

/// One trouble, chosen at random.
async fn trouble_on(database: &TestDatabase, product: u64, user: u64) -> mysql_async::Result<()> {
    let (choice, pause) = {
        let mut random = rand::rng();
        (random.random_range(0..10), Duration::from_millis(random.random_range(1..1_500)))
    };
    let mut conn = database.connect().await;
    match choice {
        0..6 => {
            let victims = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() \
                           ORDER BY RAND() LIMIT 2";
            let what = if choice < 3 { "KILL" } else { "KILL QUERY" };
            for id in conn.query::<u64, _>(victims).await? {
                // It may have ended in between.
                drop(conn.query_drop(format!("{what} {id}")).await);
            }
            tokio::time::sleep(pause / 20).await;
        }
        6..8 => {
            conn.query_drop("START TRANSACTION").await?;
            conn.query_drop(match choice {
                6 => format!("SELECT * FROM stocks WHERE product_id = {product} FOR UPDATE"),
                _ => format!("SELECT * FROM user_totals WHERE user_id = {user} FOR UPDATE"),
            })
            .await?;
            tokio::time::sleep(pause).await;
            conn.query_drop("ROLLBACK").await?;
        }
        _ => {
            let table = if choice == 8 { "stocks READ" } else { "idempotency_keys WRITE" };
            conn.query_drop(format!("LOCK TABLES {table}")).await?;
            tokio::time::sleep(pause / 2).await;
            conn.query_drop("UNLOCK TABLES").await?;
        }
    }
    conn.disconnect().await
}

/// All writers at the same time, each with a store of its own.
async fn run_all(trouble: Trouble, time: Duration) {
    let [first, second, third] = WRITERS;
    tokio::join!(run(first, trouble, time), run(second, trouble, time), run(third, trouble, time));
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_at_random_on_the_way_lose_and_double_nothing() {
    run_all(Trouble::Way, Duration::from_secs(8)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_and_locks_at_random_lose_and_double_nothing() {
    run_all(Trouble::Server, Duration::from_secs(8)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ten minutes: run it by name"]
async fn ten_minutes_of_faults_at_random_on_the_way_lose_and_double_nothing() {
    run_all(Trouble::Way, Duration::from_mins(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ten minutes: run it by name"]
async fn ten_minutes_of_kills_and_locks_at_random_lose_and_double_nothing() {
    run_all(Trouble::Server, Duration::from_mins(10)).await;
}
