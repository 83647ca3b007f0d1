//! The schema under concurrent, changed and half-applied migrations.

use storemgr::db::{MigrateError, Migrated, migrate};

use crate::harness::TestDatabase;

const TABLES: &str = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()";

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_start_together_migrate_once() {
    let database = TestDatabase::create().await;
    let migrations: Vec<_> = (0..6)
        .map(|_| {
            let address = database.address();
            tokio::spawn(async move { migrate(&address).await })
        })
        .collect();
    for migration in migrations {
        assert_eq!(migration.await.unwrap().unwrap().to, 3);
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM schema_migrations").await, 3);
    assert_eq!(database.number("SELECT next_id FROM id_blocks").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_killed_after_any_statement_is_finished_by_the_next() {
    let whole = TestDatabase::migrated().await;
    let tables = whole.number(TABLES).await;
    // What is left behind by a kill: some tables and no record of the file they came from.
    for dropped in ["products", "stocks", "users", "user_totals", "orders", "order_items", "idempotency_keys"] {
        let database = TestDatabase::migrated().await;
        database.execute(&format!("DROP TABLE {dropped}")).await;
        database.execute("DELETE FROM schema_migrations").await;
        assert_eq!(migrate(&database.address()).await.unwrap(), Migrated { from: 0, to: 3 });
        assert_eq!(database.number(TABLES).await, tables);
    }
    // Rows that are there already are not touched.
    let database = TestDatabase::migrated().await;
    database.execute("UPDATE id_blocks SET next_id = 5000").await;
    database.execute("DELETE FROM schema_migrations WHERE version >= 2").await;
    assert_eq!(migrate(&database.address()).await.unwrap(), Migrated { from: 1, to: 3 });
    assert_eq!(database.number("SELECT next_id FROM id_blocks").await, 5000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_changed_is_refused_and_nothing_is_done() {
    let database = TestDatabase::migrated().await;
    database.execute("UPDATE schema_migrations SET checksum = REPEAT('0', 64) WHERE version = 1").await;
    database.execute("DELETE FROM schema_migrations WHERE version >= 2").await;
    database.execute("DROP TABLE orders").await;
    let refused = migrate(&database.address()).await;
    assert!(matches!(refused, Err(MigrateError::Changed { version: 1, .. })), "{refused:?}");
    let orders =
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'orders'";
    assert_eq!(database.number(orders).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_newer_than_the_program_is_left_alone() {
    let database = TestDatabase::migrated().await;
    database.execute("INSERT INTO schema_migrations VALUES (9, 'future', REPEAT('0', 64), NOW())").await;
    assert_eq!(migrate(&database.address()).await.unwrap(), Migrated { from: 9, to: 9 });
    let instance = crate::harness::Instance::start(&database, &[]).await;
    assert_eq!(instance.get("/ready").await.status, 200);
}
