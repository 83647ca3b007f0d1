//! `DB_HOST` is a list: the server that takes writes is used, and left when it no longer answers or takes none.
//!
//! Two proxies before one database stand for two servers with the same data; real groups are tested by `ops/group`.

use std::time::Instant;

use serde_json::Value;

use super::{order, shop, shop_in};
use crate::harness::{Fault, Instance, PrivateServer, Proxy, TestDatabase, free_port, wait_until};

/// Variables that lead to these places in the order given.
fn list(database: &TestDatabase, places: &[String]) -> Vec<(&'static str, String)> {
    let mut variables = database.variables();
    variables.retain(|(name, _)| *name != "DB_HOST");
    variables.push(("DB_HOST", places.join(",")));
    variables
}

async fn accepts(instance: &Instance, body: &Value) -> bool {
    instance.post("/orders", body.clone()).await.status == 201
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stands_still_or_is_gone_is_left_for_another_one() {
    let (database, products, users) = shop(&[1_000]).await;
    let proxies = [Proxy::before(&database.address()).await, Proxy::before(&database.address()).await];
    let gone = format!("127.0.0.1:{}", free_port());
    let places: Vec<_> = proxies.iter().map(|proxy| proxy.address(database.address()).servers.to_string()).collect();
    let variables = list(&database, &[gone, places[0].clone(), places[1].clone()]);
    let instance = Instance::start_with(&variables, &["--db-statement-timeout", "1s"]).await;
    instance.wait_ready().await;
    let body = order(users[0], &[(products[0], 1)]);
    for silent in [0, 1, 0, 1] {
        assert!(accepts(&instance, &body).await);
        proxies[silent].set(Fault::Freeze);
        let begun = Instant::now();
        wait_until("orders at the other server", async || accepts(&instance, &body).await).await;
        wait_until("the instance to be ready", async || instance.get("/ready").await.status == 200).await;
        eprintln!("left after {:?}", begun.elapsed());
        proxies[silent].set(Fault::None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_becomes_read_only_is_left_for_another_one() {
    // Two servers with the same schema and no data in common: it shows which of them is used.
    let servers = [PrivateServer::start("first-of-two", &[]).await, PrivateServer::start("second-of-two", &[]).await];
    let (first, products, users) = shop_in(TestDatabase::migrated_on(&servers[0]).await, &[1_000]).await;
    let second = first.twin_on(&servers[1]).await;
    second.execute("SET GLOBAL read_only = 1").await;
    let places: Vec<_> = servers.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
    // The second has another account without the right to write on a read-only server.
    let mut variables = list(&first, &places);
    for database in [&first, &second] {
        variables = database.account("moves", &["SELECT, INSERT, UPDATE, DELETE ON *.*"]).await;
    }
    variables.retain(|(name, _)| *name != "DB_HOST");
    variables.push(("DB_HOST", places.join(",")));
    let instance = Instance::start_with(&variables, &["--no-migrate"]).await;
    instance.wait_ready().await;
    let body = order(users[0], &[(products[0], 1)]);
    assert!(accepts(&instance, &body).await);
    second.execute("SET GLOBAL read_only = 0").await;
    first.execute("SET GLOBAL read_only = 1").await;
    // Nobody orders: the store looks by itself, and reads nothing from the server it has left.
    wait_until("the other server to be read", async || {
        instance.get(&format!("/products/{}", products[0])).await.status == 404
    })
    .await;
}
