//! What sessions rely on: they set it themselves, whatever a server sets by default, and notice when they were forgotten.

use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;
use storemgr::db::Session;

use super::{WRITERS, order, shop, shop_in};
use crate::harness::{Fault, Instance, PrivateServer, Proxy, TestDatabase};

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_that_are_forgotten_on_the_way_cost_nobody_an_answer() {
    for writer in WRITERS {
        let (database, products, users) = shop(&[1_000]).await;
        let proxy = Proxy::before(&database.address()).await;
        let instance = Instance::start_behind(&proxy, &database, &["--order-writer", writer]).await;
        for idle in [1_200, 3_000, 4_500] {
            let (path, body) = (format!("/stocks/{}", products[0]), order(users[0], &[(products[0], 1)]));
            assert_eq!(instance.get(&path).await.status, 200);
            assert_eq!(instance.post("/orders", body.clone()).await.status, 201);
            tokio::time::sleep(Duration::from_millis(idle)).await;
            proxy.set(Fault::SwallowOpen);
            tokio::time::sleep(Duration::from_millis(50)).await;
            proxy.set(Fault::None);
            let asked = Instant::now();
            assert_eq!(instance.get("/ready").await.status, 200, "{writer}, {idle} ms");
            assert_eq!(instance.get(&path).await.status, 200, "{writer}, {idle} ms");
            let reply = instance.post("/orders", body).await;
            assert_eq!(reply.status, 201, "{writer}, {idle} ms: {reply:?}");
            assert!(asked.elapsed() < Duration::from_secs(3), "{writer}, {idle} ms: {:?}", asked.elapsed());
        }
    }
}

/// Settings of both kinds of servers, and of each, that would break the store's statements if it relied on them.
const BOTH: [&str; 8] = [
    "autocommit = 0",
    "innodb_lock_wait_timeout = 500",
    "lock_wait_timeout = 5000",
    "sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH'",
    "time_zone = '+09:00'",
    "sql_safe_updates = 1",
    "sql_select_limit = 1",
    "wait_timeout = 1000",
];
const MARIADB: [&str; 3] = ["tx_isolation = 'SERIALIZABLE'", "tx_read_only = 1", "max_statement_time = 0.5"];
const MYSQL: [&str; 3] =
    ["transaction_isolation = 'SERIALIZABLE'", "transaction_read_only = 1", "max_execution_time = 500"];

/// Every writer does all of its work, and leaves nothing open behind it.
async fn all_is_committed(database: &TestDatabase, product: u64, user: u64, is_mysql: bool) {
    for writer in WRITERS {
        let instance = Instance::start(database, &["--order-writer", writer]).await;
        let reply = instance.post("/orders", order(user, &[(product, 1)])).await;
        assert_eq!(reply.status, 201, "{writer}: {reply:?}");
        let id = &reply.body["order_id"];
        assert_eq!(instance.get(&format!("/orders/{id}")).await.status, 200);
        assert_eq!(instance.get("/orders/reports/best-sellers").await.status, 200);
        assert_eq!(instance.delete(&format!("/orders/{id}")).await.status, 200);
        // Nothing is left open behind reading, or this would wait for it.
        let open = "SELECT COUNT(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p \
                    ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE() AND p.id <> CONNECTION_ID()";
        assert_eq!(database.number(open).await, 0, "{writer}: a transaction was left open");
        let mut changer = database.connect().await;
        let own = if is_mysql { "transaction_read_only = 0" } else { "max_statement_time = 0, tx_read_only = 0" };
        changer.query_drop(format!("SET SESSION lock_wait_timeout = 2, {own}")).await.unwrap();
        changer.query_drop("ALTER TABLE orders COMMENT = 'changed'").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_do_not_rely_on_what_the_server_sets_by_default() {
    let server = PrivateServer::start("defaults", &[]).await;
    let (database, products, users) = shop_in(TestDatabase::migrated_on(&server).await, &[100]).await;
    for setting in BOTH.into_iter().chain(if server.is_mysql { MYSQL } else { MARIADB }) {
        database.execute(&format!("SET GLOBAL {setting}")).await;
    }
    all_is_committed(&database, products[0], users[0], server.is_mysql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_started_without_autocommit_keeps_what_the_store_writes() {
    let server = PrivateServer::start("autocommit", &["--autocommit=0"]).await;
    // The migration, the seed of it, and everything that one statement does by itself.
    let (database, products, users) = shop_in(TestDatabase::migrated_on(&server).await, &[100]).await;
    assert_eq!(database.number("SELECT @@global.autocommit").await, 0, "the server is not as it should be");
    all_is_committed(&database, products[0], users[0], server.is_mysql).await;
    // The sweep of old keys is one statement as well.
    let mut writer = database.connect().await;
    for age in ["49 HOUR", "1 HOUR"] {
        let key = format!("REPLACE('{age}', ' ', '')");
        let insert = format!(
            "INSERT INTO idempotency_keys VALUES ({key}, REPEAT('x', 32), 1, 1, UTC_TIMESTAMP(6) - INTERVAL {age}, 0)"
        );
        writer.query_drop(insert).await.unwrap();
    }
    writer.query_drop("COMMIT").await.unwrap();
    let mut session = Session::connect(&database.address(), Duration::from_secs(5)).await.unwrap();
    assert_eq!(session.forget_answers(Duration::from_hours(24), 100).await.unwrap(), 1);
    assert_eq!(
        database
            .query::<String>("SELECT idempotency_key FROM idempotency_keys WHERE idempotency_key NOT LIKE ' %'")
            .await,
        ["1HOUR"]
    );
}
