//! What the database answers when it does not do its work: the store is not available, and says so; it has no defect.

use serde_json::json;

use super::{WRITERS, ledger, order, shop, shop_in};
use crate::harness::{Fault, Instance, PrivateServer, Proxy, TestDatabase, wait_until};

/// Read-only in three ways, offline, full, too many statements, encryption wanted, refused by a group, shutting down,
/// locked, expired, no right, no such database, a foreign column, the wrong binary log, and two that nobody knows.
const REFUSALS: [u16; 18] =
    [1290, 1836, 1792, 3032, 1114, 1461, 3159, 3100, 1053, 4151, 3118, 1820, 1142, 1049, 1364, 1665, 1105, 9999];

/// KILL QUERY and time limits of the server: they end a statement, and say nothing of the next one.
const ENDED: [u16; 3] = [1317, 1969, 3024];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_server_refuses_for_the_store_is_not_available_and_ready_says_so() {
    for writer in WRITERS {
        let (database, products, users) = shop(&[1_000]).await;
        let proxy = Proxy::before(&database.address()).await;
        let instance = Instance::start_behind(&proxy, &database, &["--order-writer", writer]).await;
        let body = order(users[0], &[(products[0], 1)]);
        let first = instance.post("/orders", body.clone()).await.body["order_id"].clone();
        let mut accepted = 1;
        for code in REFUSALS.into_iter().chain(ENDED) {
            proxy.set(Fault::ErrorToWrites(code));
            let stock = json!({"product_id": products[0], "quantity": 5});
            for reply in [
                instance.post("/orders", body.clone()).await,
                instance.post("/users", json!({"name": "Ada", "email": "refused@example.com"})).await,
                instance.post("/products", json!({"name": "Lamp", "sku": "R-1", "price": 1})).await,
                instance.post("/stocks", stock).await,
                instance.delete(&format!("/orders/{first}")).await,
            ] {
                assert_eq!((reply.status, reply.code()), (503, "database_unavailable"), "{writer}, {code}: {reply:?}");
                assert!(!reply.header("retry-after").is_empty());
            }
            assert_eq!(instance.get(&format!("/orders/{first}")).await.status, 200, "{writer}, {code}: reading works");
            let ready = instance.get("/ready").await;
            if ENDED.contains(&code) {
                assert_eq!(ready.status, 200, "{writer}, {code}: {ready:?}");
            } else {
                assert_eq!((ready.status, ready.code()), (503, "database_unavailable"), "{writer}, {code}: {ready:?}");
            }
            proxy.set(Fault::None);
            let reply = instance.post("/orders", body.clone()).await;
            assert_eq!(reply.status, 201, "{writer}, {code}: it works again: {reply:?}");
            accepted += 1;
            assert_eq!(instance.get("/ready").await.status, 200, "{writer}, {code}: a commit has shown it");
            proxy.set(Fault::ErrorToAll(code));
            for path in ["/products", "/ready"] {
                assert_eq!(instance.get(path).await.code(), "database_unavailable", "{writer}, {code}: {path}");
            }
            proxy.set(Fault::None);
            assert_eq!(instance.post("/orders", body.clone()).await.status, 201, "{writer}, {code}");
            accepted += 1;
        }
        assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, accepted, "a refused order was stored");
        assert_eq!(database.number("SELECT COUNT(*) FROM users WHERE email LIKE 'refused%'").await, 0);
        ledger::audit(&database, &[(products[0], 1_000)]).await;
        for (kind, least) in [("unavailable", 10.0), ("setup", 6.0), ("defect", 0.0)] {
            let count = instance.metric(&format!("storemgr_db_errors_total{{kind=\"{kind}\"}}")).await;
            assert!(count >= least && (kind != "defect" || count < 1.0), "{kind}: {count}");
        }
        assert!(instance.log().contains("look where the primary is now"), "the log says what to do");
    }
}

/// An account of a test's own, which is dropped with it.
async fn account(database: &TestDatabase, name: &str, grants: &[&str]) -> Vec<(&'static str, String)> {
    for host in ["127.0.0.1", "localhost"] {
        let account = format!("'{name}'@'{host}'");
        database.execute(&format!("DROP USER IF EXISTS {account}")).await;
        database.execute(&format!("CREATE USER {account} IDENTIFIED BY 'few-5f2c'")).await;
        for grant in grants {
            database.execute(&format!("GRANT {grant} TO {account}")).await;
        }
    }
    let mut variables = database.variables();
    for (variable, value) in &mut variables {
        match *variable {
            "DB_USER" => name.clone_into(value),
            "DB_PASSWORD" => "few-5f2c".clone_into(value),
            _ => {}
        }
    }
    variables
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_is_told_at_start_and_by_ready_before_anybody_orders() {
    let (database, products, users) = shop(&[10]).await;
    let name = database.address().name;
    let tables = ["products", "stocks", "users", "user_totals", "order_items", "idempotency_keys", "id_blocks"];
    let mut grants = vec![format!("SELECT ON {name}.*")];
    grants.extend(tables.map(|table| format!("INSERT, UPDATE, DELETE ON {name}.{table}")));
    let grants: Vec<_> = grants.iter().map(String::as_str).collect();
    let variables = account(&database, "storemgr_reads", &grants).await;
    let instance = Instance::start_with(&variables, &[]).await;
    wait_until("the log to tell", async || instance.log().contains("the account misses a right")).await;
    let ready = instance.get("/ready").await;
    assert_eq!((ready.status, ready.code()), (503, "database_unavailable"), "{ready:?}");
    let reply = instance.post("/orders", order(users[0], &[(products[0], 1)])).await;
    assert_eq!((reply.status, reply.code()), (503, "database_unavailable"), "{reply:?}");
    for host in ["127.0.0.1", "localhost"] {
        database.execute(&format!("GRANT INSERT, UPDATE, DELETE ON {name}.orders TO 'storemgr_reads'@'{host}'")).await;
    }
    instance.wait_ready().await;
    assert_eq!(instance.post("/orders", order(users[0], &[(products[0], 1)])).await.status, 201);
    ledger::audit(&database, &[(products[0], 10)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_somebody_has_changed_is_a_wrong_set_up_and_not_a_defect() {
    let (database, products, users) = shop(&[10]).await;
    let body = order(users[0], &[(products[0], 1)]);
    for (broken, mended) in [
        ("DELETE FROM id_blocks", "INSERT INTO id_blocks VALUES ('orders', 1000000)"),
        ("ALTER TABLE orders ADD COLUMN note VARCHAR(9) NOT NULL", "ALTER TABLE orders DROP COLUMN note"),
        ("RENAME TABLE order_items TO order_items_gone", "RENAME TABLE order_items_gone TO order_items"),
    ] {
        database.execute(broken).await;
        let instance = Instance::start_with(&database.variables(), &[]).await;
        wait_until("the log to tell", async || instance.log().contains("not set up for the store")).await;
        assert_eq!(instance.get("/ready").await.status, 503, "{broken}");
        let reply = instance.post("/orders", body.clone()).await;
        assert_eq!(reply.status, 503, "{broken}: {reply:?}");
        assert!(["database_unavailable", "not_ready"].contains(&reply.code()), "{broken}: {reply:?}");
        database.execute(mended).await;
        instance.wait_ready().await;
        assert_eq!(instance.post("/orders", body.clone()).await.status, 201, "{mended}");
    }
    ledger::audit(&database, &[(products[0], 10)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_becomes_read_only_is_left_until_it_takes_writes_again() {
    let server = PrivateServer::start("read-only", &[]).await;
    let (database, products, users) = shop_in(TestDatabase::migrated_on(&server).await, &[10]).await;
    let grant = format!("SELECT, INSERT, UPDATE, DELETE ON {}.*", database.address().name);
    let variables = account(&database, "storemgr_plain", &[grant.as_str()]).await;
    let instance = Instance::start_with(&variables, &[]).await;
    instance.wait_ready().await;
    let body = order(users[0], &[(products[0], 1)]);
    assert_eq!(instance.post("/orders", body.clone()).await.status, 201);
    database.execute("SET GLOBAL read_only = 1").await;
    // Nothing was written: readiness sees it by itself.
    let ready = instance.get("/ready").await;
    assert_eq!((ready.status, ready.code()), (503, "database_unavailable"), "{ready:?}");
    let reply = instance.post("/orders", body.clone()).await;
    assert_eq!((reply.status, reply.code()), (503, "database_unavailable"), "{reply:?}");
    assert_eq!(instance.get("/products").await.status, 200, "reading works");
    database.execute("SET GLOBAL read_only = 0").await;
    instance.wait_ready().await;
    assert_eq!(instance.post("/orders", body).await.status, 201);
    ledger::audit(&database, &[(products[0], 10)]).await;
}
