//! The collapse of the original, in small: a connection per request, each left behind asleep.

use super::{order, shop};
use crate::harness::{Instance, SMALL_ACCOUNT, wait_until};

#[tokio::test(flavor = "multi_thread")]
async fn connections_left_behind_use_the_server_up_and_a_pool_does_not() {
    let (database, products, users) = shop(&[1_000]).await;
    let mut variables = database.variables();
    for (name, value) in &mut variables {
        match *name {
            "DB_USER" | "DB_PASSWORD" => SMALL_ACCOUNT.clone_into(value),
            _ => {}
        }
    }
    let body = order(users[0], &[(products[0], 1)]);

    let original = ["--db-connections", "per-request", "--order-writer", "per-item", "--report-source", "scan"];
    let instance = Instance::start_with(&variables, &[&original[..], &["--report-cache", "off"]].concat()).await;
    let mut failures = Vec::new();
    for _ in 0..12 {
        let reply = instance.post("/orders", body.clone()).await;
        if reply.status != 201 {
            assert_eq!((reply.status, reply.code()), (503, "database_unavailable"));
            failures.push(reply.body["error"].as_str().unwrap().to_owned());
        }
    }
    assert!(failures.len() >= 6, "{failures:?}");
    assert!(failures.iter().all(|failure| failure.contains("Too many connections")), "{failures:?}");
    let asleep =
        format!("SELECT COUNT(*) FROM information_schema.processlist WHERE user = '{SMALL_ACCOUNT}' AND command = ");
    assert!(database.number(&format!("{asleep}'Sleep'")).await >= 5, "the connections should be asleep, not busy");
    assert_eq!(database.number(&format!("{asleep}'Query'")).await, 0);
    drop(instance);

    wait_until("the server to forget those connections", async || {
        database.number(&format!("{asleep}'Sleep'")).await == 0
    })
    .await;
    let instance = Instance::start_with(&variables, &["--db-pool-size", "4"]).await;
    instance.wait_ready().await;
    for _ in 0..12 {
        assert_eq!(instance.post("/orders", body.clone()).await.status, 201);
    }
}
