//! Real servers that are set not to do their work: read-only, offline, without the account or its rights, without the
//! database. The store is not available meanwhile, says so, and comes back by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use serde_json::json;

use super::{WRITERS, ledger, order, shop_in};
use crate::harness::{ACCOUNT_PASSWORD, Instance, PrivateServer, TestDatabase, run_command, wait_until};

const ACCOUNT: &str = "storemgr_plain";

/// A way to set a server, and back.
struct Refusal {
    name: &'static str,
    begin: String,
    end: String,
    /// Whether it concerns new sessions alone, so that the open ones are ended too.
    of_new_sessions: bool,
    /// Whether reading works meanwhile.
    reads: bool,
}

/// Every way that both kinds of servers have, and those of MySQL.
fn refusals(is_mysql: bool, database: &str) -> Vec<Refusal> {
    let setting = |name, reads, of_new_sessions| Refusal {
        name,
        begin: format!("SET GLOBAL {name} = 1"),
        end: format!("SET GLOBAL {name} = 0"),
        of_new_sessions,
        reads,
    };
    let account = |name, begin: &str, end: &str, reads| Refusal {
        name,
        begin: begin.replace("WHO", &format!("'{ACCOUNT}'@'127.0.0.1'")),
        end: end.replace("WHO", &format!("'{ACCOUNT}'@'127.0.0.1'")),
        of_new_sessions: true,
        reads,
    };
    let identified = format!("ALTER USER WHO IDENTIFIED BY '{ACCOUNT_PASSWORD}'");
    let (revoked, granted) = (
        format!("REVOKE INSERT, UPDATE, DELETE ON {database}.* FROM WHO"),
        format!("GRANT INSERT, UPDATE, DELETE ON {database}.* TO WHO"),
    );
    let mut all = vec![
        setting("read_only", true, false),
        setting("require_secure_transport", false, true),
        account("account lock", "ALTER USER WHO ACCOUNT LOCK", "ALTER USER WHO ACCOUNT UNLOCK", false),
        account("password expiry", "ALTER USER WHO PASSWORD EXPIRE", &identified, false),
        account("another password", "ALTER USER WHO IDENTIFIED BY 'other-1f'", &identified, false),
        account("revoked rights", &revoked, &granted, true),
    ];
    if is_mysql {
        // Ending it alone would leave the server read-only.
        let end = "SET GLOBAL read_only = 0".to_owned();
        all.push(Refusal { end, ..setting("super_read_only", true, false) });
        all.push(setting("offline_mode", false, false));
    }
    all
}

/// Ends the sessions of the store's account.
async fn end_sessions(conn: &mut Conn, what: &str) {
    let sessions = format!("SELECT id FROM information_schema.processlist WHERE user = '{ACCOUNT}'");
    for id in conn.query::<u64, _>(sessions).await.unwrap() {
        // It may have ended in between.
        drop(conn.query_drop(format!("{what} {id}")).await);
    }
}

/// A private server, a shop on it, and the variables of an account without more rights than the store needs.
async fn plain_shop(
    name: &'static str,
) -> (PrivateServer, TestDatabase, Vec<u64>, Vec<u64>, Vec<(&'static str, String)>) {
    let server = PrivateServer::start(name, &[]).await;
    let (database, products, users) = shop_in(TestDatabase::migrated_on(&server).await, &[1_000]).await;
    let grant = format!("SELECT, INSERT, UPDATE, DELETE ON {}.*", database.address().name);
    let variables = database.account(ACCOUNT, &[grant.as_str()]).await;
    (server, database, products, users, variables)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_is_left_until_it_takes_writes_again() {
    let (server, database, products, users, variables) = plain_shop("refusing").await;
    let mut instances = Vec::new();
    for writer in WRITERS {
        let instance = Instance::start_with(&variables, &["--order-writer", writer]).await;
        instance.wait_ready().await;
        instances.push((writer, instance));
    }
    let body = order(users[0], &[(products[0], 1)]);
    let mut accepted = 0;
    // One that is there before, for the server may refuse new ones of this account too.
    let mut operator = database.connect().await;
    for refusal in refusals(server.is_mysql, &database.address().name) {
        for (_, instance) in &instances {
            assert_eq!(instance.post("/orders", body.clone()).await.status, 201, "before {}", refusal.name);
            accepted += 1;
        }
        operator.query_drop(&refusal.begin).await.unwrap();
        if refusal.of_new_sessions {
            end_sessions(&mut operator, "KILL").await;
        }
        for (writer, instance) in &instances {
            let what = format!("{}, {writer}", refusal.name);
            // Nothing was written yet: readiness sees it by itself, a missing right within ten seconds.
            wait_until("readiness to see it", async || {
                let ready = instance.get("/ready").await;
                assert!(ready.status == 200 || ready.code() == "database_unavailable", "{what}: {ready:?}");
                ready.status == 503
            })
            .await;
            for (path, sent) in [
                ("/orders", body.clone()),
                ("/users", json!({"name": "Ada", "email": "refused@example.com"})),
                ("/stocks", json!({"product_id": products[0], "quantity": 5})),
            ] {
                let reply = instance.post(path, sent).await;
                assert_eq!((reply.status, reply.code()), (503, "database_unavailable"), "{what}, {path}: {reply:?}");
                assert!(!reply.header("retry-after").is_empty(), "{what}, {path}");
            }
            let read = instance.get("/products").await;
            assert_eq!(read.status, if refusal.reads { 200 } else { 503 }, "{what}: {read:?}");
            assert_eq!(instance.get("/live").await.status, 200);
        }
        operator.query_drop(&refusal.end).await.unwrap();
        for (writer, instance) in &instances {
            instance.wait_ready().await;
            let reply = instance.post("/orders", body.clone()).await;
            assert_eq!(reply.status, 201, "after {}, {writer}: {reply:?}", refusal.name);
            accepted += 1;
        }
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, accepted, "a refused order was stored");
    ledger::audit(&database, &[(products[0], 1_000)]).await;
    for (writer, instance) in &instances {
        assert!(instance.metric("storemgr_db_errors_total{kind=\"defect\"}").await < 1.0, "{writer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_dropped_is_not_available_until_it_is_migrated_again() {
    let (_server, database, products, users, variables) = plain_shop("dropped").await;
    let name = database.address().name;
    for writer in WRITERS {
        let instance = Instance::start_with(&variables, &["--order-writer", writer]).await;
        instance.wait_ready().await;
        let mut conn = database.connect().await;
        conn.query_drop(format!("DROP DATABASE {name}")).await.unwrap();
        for _ in 0..3 {
            let reply = instance.post("/orders", order(users[0], &[(products[0], 1)])).await;
            assert_eq!((reply.status, reply.code()), (503, "database_unavailable"), "{writer}: {reply:?}");
            assert_eq!(instance.get("/ready").await.status, 503, "{writer}");
            let read = instance.get("/products").await;
            assert_eq!((read.status, read.code()), (503, "database_unavailable"), "{writer}: {read:?}");
        }
        conn.query_drop(format!("CREATE DATABASE {name}")).await.unwrap();
        conn.disconnect().await.unwrap();
        let migrated = run_command(&["migrate"], &database.variables()).await;
        assert_eq!(migrated.code, 0, "{migrated:?}");
        instance.wait_ready().await;
        let (product, user) = (instance.product(2.50, 10).await, instance.user().await);
        let reply = instance.post("/orders", order(user, &[(product, 1)])).await;
        assert_eq!(reply.status, 201, "{writer}: {reply:?}");
        ledger::audit(&database, &[(product, 10)]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_statement_is_no_defect_and_says_nothing_of_the_next_one() {
    let (_server, database, products, users, variables) = plain_shop("interrupted").await;
    for writer in WRITERS {
        let instance = Arc::new(Instance::start_with(&variables, &["--order-writer", writer]).await);
        instance.wait_ready().await;
        let mut holder = database.connect().await;
        holder.query_drop("START TRANSACTION").await.unwrap();
        let held = format!("SELECT * FROM stocks WHERE product_id = {} FOR UPDATE", products[0]);
        holder.query_drop(held).await.unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let ordering = {
            let (instance, done, body) =
                (Arc::clone(&instance), Arc::clone(&done), order(users[0], &[(products[0], 1)]));
            tokio::spawn(async move {
                let mut statuses = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    statuses.push(instance.post("/orders", body.clone()).await.status);
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                statuses
            })
        };
        let mut operator = database.connect().await;
        for _ in 0..40 {
            end_sessions(&mut operator, "KILL QUERY").await;
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert_eq!(instance.get("/ready").await.status, 200, "{writer}");
        holder.query_drop("ROLLBACK").await.unwrap();
        wait_until("an order to be taken", async || {
            instance.post("/orders", order(users[1], &[(products[0], 1)])).await.status == 201
        })
        .await;
        done.store(true, Ordering::Relaxed);
        let statuses = ordering.await.unwrap();
        assert!(statuses.iter().all(|status| [201, 503].contains(status)), "{writer}: {statuses:?}");
        assert!(instance.metric("storemgr_db_errors_total{kind=\"defect\"}").await < 1.0, "{writer}");
    }
    ledger::audit(&database, &[(products[0], 1_000)]).await;
}
