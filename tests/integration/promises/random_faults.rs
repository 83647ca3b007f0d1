//! Anything that can happen between an instance and its database, at random, under writers with a ledger.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ledger::Ledger;
use super::{WRITERS, order, shop};
use crate::harness::{Fault, Instance, Proxy, wait_until};

/// So many clients order, delete and add users on two instances.
const CLIENTS: usize = 8;

const STOCK: u64 = 50_000_000;

/// Two instances behind proxies that break at random, for a time; then everything works again and is counted.
async fn run(writer: &str, time: Duration) {
    let (database, products, users) = shop(&[STOCK, STOCK]).await;
    let proxies = [Proxy::before(&database.address()).await, Proxy::before(&database.address()).await];
    let arguments = ["--order-writer", writer, "--db-statement-timeout", "1s", "--db-pool-size", "8"];
    let mut instances = Vec::new();
    for proxy in &proxies {
        let instance = Instance::start_with(&proxy.variables(database.variables()), &arguments).await;
        instance.wait_ready().await;
        proxy.set(Fault::Random);
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

/// All writers at the same time, each with a store of its own.
async fn run_all(time: Duration) {
    let [first, second, third] = WRITERS;
    tokio::join!(run(first, time), run(second, time), run(third, time));
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_at_random_lose_and_double_nothing() {
    run_all(Duration::from_secs(8)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ten minutes: run it by name"]
async fn ten_minutes_of_faults_at_random_lose_and_double_nothing() {
    run_all(Duration::from_mins(10)).await;
}
