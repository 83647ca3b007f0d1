//! `DB_HOST` is a list: the server that takes writes is used, and left when it no longer answers or takes none.
//!
//! Two proxies before one database stand for two servers with the same data; real groups are tested by `ops/group`.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{order, shop, shop_in};
use crate::harness::{Fault, Instance, PrivateServer, Proxy, TestDatabase, free_port, wait_until};

type Variables = Vec<(&'static str, String)>;

/// Variables that lead to these places in the order given.
fn list(mut variables: Variables, places: &[String]) -> Variables {
    variables.retain(|(name, _)| *name != "DB_HOST");
    variables.push(("DB_HOST", places.join(",")));
    variables
}

/// Two proxies before one database, and where they are.
async fn proxies_before(database: &TestDatabase) -> ([Proxy; 2], Vec<String>) {
    let proxies = [Proxy::before(&database.address()).await, Proxy::before(&database.address()).await];
    let places = proxies.iter().map(|proxy| proxy.address(database.address()).servers.to_string()).collect();
    (proxies, places)
}

async fn accepts(instance: &Instance, body: &Value) -> bool {
    instance.post("/orders", body.clone()).await.status == 201
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stands_still_or_is_gone_is_left_for_another_one() {
    let (database, products, users) = shop(&[1_000]).await;
    let (proxies, places) = proxies_before(&database).await;
    let gone = format!("127.0.0.1:{}", free_port());
    let variables = list(database.variables(), &[gone, places[0].clone(), places[1].clone()]);
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

/// Ends the sessions of an account, those that have not ended by themselves meanwhile.
async fn end_sessions(database: &TestDatabase, account: &str) {
    database.execute(&format!("KILL USER '{account}'")).await;
}

/// Two servers with the same schema and no data in common, so that it shows which of them is used, and variables of an account
/// that both have. The second one is read-only, for that account as well.
struct Pair {
    first: TestDatabase,
    second: TestDatabase,
    products: Vec<u64>,
    users: Vec<u64>,
    variables: Variables,
    _servers: [PrivateServer; 2],
}

impl Pair {
    async fn start(names: [&'static str; 2], account: &str) -> Self {
        let servers = [PrivateServer::start(names[0], &[]).await, PrivateServer::start(names[1], &[]).await];
        let (first, products, users) = shop_in(TestDatabase::migrated_on(&servers[0]).await, &[1_000]).await;
        let second = first.twin_on(&servers[1]).await;
        second.execute("SET GLOBAL read_only = 1").await;
        let mut variables = Vec::new();
        for database in [&first, &second] {
            variables = database.account(account, &["SELECT, INSERT, UPDATE, DELETE ON *.*"]).await;
        }
        let places: Vec<_> = servers.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
        Self { first, second, products, users, variables: list(variables, &places), _servers: servers }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_becomes_read_only_is_left_for_another_one() {
    let pair = Pair::start(["first-of-two", "second-of-two"], "moves").await;
    let Pair { first, second, products, users, variables, .. } = &pair;
    let instance = Instance::start_with(variables, &["--no-migrate"]).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_the_account_is_left_for_another_one() {
    let pair = Pair::start(["first-refuses", "second-takes"], "forgotten").await;
    let Pair { first, second, products, variables, .. } = &pair;
    let instance = Instance::start_with(variables, &["--no-migrate"]).await;
    instance.wait_ready().await;
    let path = format!("/products/{}", products[0]);
    assert_eq!(instance.get(&path).await.status, 200);
    // As if it had been made anew, without the account and as nobody's primary.
    for host in ["127.0.0.1", "localhost"] {
        first.execute(&format!("DROP USER 'forgotten'@'{host}'")).await;
    }
    end_sessions(first, "forgotten").await;
    wait_until("the refusal to be seen", async || instance.get(&path).await.status == 503).await;
    second.execute("SET GLOBAL read_only = 0").await;
    wait_until("the other server to be read", async || instance.get(&path).await.status == 404).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_refused_says_nothing_about_it_once_it_is_the_one_again() {
    // A refusal counts for ten seconds if nothing else is known. A busy machine may need as long for other reasons.
    const REFUSAL_STANDS: Duration = Duration::from_secs(10);
    const LOOKS: Duration = Duration::from_millis(2_500);
    let pair = Pair::start(["refuses-a-while", "never-takes"], "waits").await;
    let Pair { first, products, variables, .. } = &pair;
    let instance = Instance::start_with(variables, &["--no-migrate"]).await;
    instance.wait_ready().await;
    let path = format!("/products/{}", products[0]);
    let change_rights = async |sql: &str| {
        for host in ["127.0.0.1", "localhost"] {
            first.execute(&format!("{sql} 'waits'@'{host}'")).await;
        }
    };
    let mut waits = Vec::new();
    for _ in 0..3 {
        // The store looks at its servers every second, and has to see the one of before and the refusal.
        tokio::time::sleep(LOOKS).await;
        change_rights("REVOKE SELECT, INSERT, UPDATE, DELETE ON *.* FROM").await;
        end_sessions(first, "waits").await;
        wait_until("the refusal to be seen", async || instance.get(&path).await.status == 503).await;
        wait_until("readiness to say so", async || instance.get("/ready").await.status == 503).await;
        tokio::time::sleep(LOOKS).await;
        change_rights("GRANT SELECT, INSERT, UPDATE, DELETE ON *.* TO").await;
        let begun = Instant::now();
        wait_until("readiness", async || instance.get("/ready").await.status == 200).await;
        if begun.elapsed() < REFUSAL_STANDS / 2 {
            return;
        }
        waits.push(begun.elapsed());
    }
    panic!("ready after {waits:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_all_servers_stand_still_nobody_is_told_that_the_pool_is_too_small() {
    let (database, ..) = shop(&[1_000]).await;
    let (proxies, places) = proxies_before(&database).await;
    let instance = Instance::start_with(&list(database.variables(), &places), &["--db-statement-timeout", "1s"]).await;
    instance.wait_ready().await;
    for proxy in &proxies {
        proxy.set(Fault::Freeze);
    }
    // Nobody is asked, so nothing but the look at the servers finds it out.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let asked = (0..30).map(|_| instance.get("/products"));
    for reply in futures_util::future::join_all(asked).await {
        assert_eq!((reply.status, reply.code()), (503, "database_unavailable"), "{reply:?}");
    }
    let timeouts = instance.metric(r#"storemgr_db_errors_total{kind="pool_timeout"}"#).await;
    assert!(timeouts < 1.0, "the runbook would lead to a larger pool");
    let log = instance.log();
    assert!(log.contains("no server of DB_HOST takes writes"), "{log}");
}
