//! What the database answers when it does not do its work: the store is not available, and says so; it has no defect.

use serde_json::json;

use super::{WRITERS, ledger, order, shop, shop_in};
use crate::harness::{Fault, Instance, PrivateServer, Proxy, TestDatabase, run_command, wait_until};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_is_told_at_start_and_by_ready_before_anybody_orders() {
    let (database, products, users) = shop(&[10]).await;
    let name = database.address().name;
    let tables = ["products", "stocks", "users", "user_totals", "order_items", "idempotency_keys", "id_blocks"];
    let mut grants = vec![format!("SELECT ON {name}.*")];
    grants.extend(tables.map(|table| format!("INSERT, UPDATE, DELETE ON {name}.{table}")));
    let grants: Vec<_> = grants.iter().map(String::as_str).collect();
    let variables = database.account("storemgr_reads", &grants).await;
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

/// What is wrong with the set-up is known before an instance starts, and by a sentence and an exit code.
async fn told_by_migrate_and_deploy_check(database: &TestDatabase, sentence: &str) {
    let migrated = run_command(&["migrate"], &database.variables()).await;
    assert!(migrated.code == 2 && migrated.stderr.contains(sentence), "{sentence}: {migrated:?}");
    let check = ["deploy-check", "--only", "schema-current", "--json", "-"];
    let checked = run_command(&check, &database.variables()).await;
    assert!(checked.code == 1 && checked.stdout.contains(sentence), "{sentence}: {checked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_logs_statements_is_a_wrong_set_up_and_mended_without_a_restart() {
    let server =
        PrivateServer::start("statements", &["--log-bin=binlog", "--server-id=1", "--binlog-format=STATEMENT"]);
    let database = TestDatabase::create_on(&server.await).await;
    // Nothing can be migrated: the first row that is written is refused.
    let refused = run_command(&["migrate"], &database.variables()).await;
    assert!(refused.code == 2 && refused.stderr.contains("set binlog_format to ROW"), "{refused:?}");
    let instance = Instance::start_with(&database.variables(), &[]).await;
    wait_until("the log to tell", async || instance.log().contains("set binlog_format to ROW")).await;
    assert_eq!(instance.get("/ready").await.status, 503);
    database.execute("SET GLOBAL binlog_format = 'ROW'").await;
    instance.wait_ready().await;
    let (database, products, users) = shop_in(database, &[10]).await;
    // A schema that is there, and a server that is set to log statements afterwards.
    database.execute("SET GLOBAL binlog_format = 'STATEMENT'").await;
    told_by_migrate_and_deploy_check(&database, "binlog_format is STATEMENT").await;
    let body = order(users[0], &[(products[0], 1)]);
    let restarted = Instance::start_with(&database.variables(), &[]).await;
    wait_until("the log to tell", async || restarted.log().contains("not set up for the store")).await;
    let ready = restarted.get("/ready").await;
    assert_eq!((ready.status, ready.code()), (503, "database_unavailable"), "{ready:?}");
    let reply = restarted.post("/orders", body.clone()).await;
    assert_eq!((reply.status, reply.code()), (503, "database_unavailable"), "{reply:?}");
    database.execute("SET GLOBAL binlog_format = 'ROW'").await;
    restarted.wait_ready().await;
    wait_until("orders to be taken", async || restarted.post("/orders", body.clone()).await.status == 201).await;
    ledger::audit(&database, &[(products[0], 10)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_somebody_has_changed_is_a_wrong_set_up_and_not_a_defect() {
    let (database, products, users) = shop(&[10]).await;
    let body = order(users[0], &[(products[0], 1)]);
    for (broken, mended, sentence) in [
        (
            "DELETE FROM id_blocks",
            "INSERT INTO id_blocks VALUES ('orders', 1000000)",
            "id_blocks has no row for orders",
        ),
        (
            "ALTER TABLE orders ADD COLUMN note VARCHAR(9) NOT NULL",
            "ALTER TABLE orders DROP COLUMN note",
            "the column orders.note is not this program's and needs a value",
        ),
        (
            "RENAME TABLE order_items TO order_items_gone",
            "RENAME TABLE order_items_gone TO order_items",
            "a table or a column is missing",
        ),
    ] {
        assert_eq!(run_command(&["migrate"], &database.variables()).await.code, 0);
        database.execute(broken).await;
        told_by_migrate_and_deploy_check(&database, sentence).await;
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
