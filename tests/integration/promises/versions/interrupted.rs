//! A migration that is killed at any statement, that freezes with its lock, or that runs several times at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use storemgr::db::{MigrateError, migrate_to};
use tokio::task::JoinSet;

use super::{first_schema, limits, next};
use crate::harness::{Breakage, Fault, Proxy, TestDatabase};

/// The definition of every table, and the rows that migrations write.
async fn schema(database: &TestDatabase) -> Vec<String> {
    let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1";
    let mut parts = Vec::new();
    for table in database.query::<String>(tables).await {
        let shown = database.query::<(String, String)>(&format!("SHOW CREATE TABLE {table}")).await;
        parts.extend(shown.into_iter().map(|(_, definition)| definition));
    }
    let records = "SELECT CONCAT_WS(' ', version, name, checksum) FROM schema_migrations ORDER BY version";
    parts.extend(database.query::<String>(records).await);
    let blocks = "SELECT CONCAT_WS(' ', name, next_id) FROM id_blocks ORDER BY name";
    parts.extend(database.query::<String>(blocks).await);
    parts
}

/// Migrates an empty database, is killed at a statement, and migrates again. Whether it was killed; nothing if there are
/// fewer statements. What is cut may also be the second connection of a migration, which only watches the first.
async fn kill_at(statement: u32, breakage: Breakage, whole: &[String]) -> Option<bool> {
    let database = TestDatabase::create().await;
    let proxy = Proxy::before(&database.address()).await;
    proxy.set(Fault::AtStatement(statement, breakage));
    let killed = migrate_to(&proxy.address(database.address()), &next(), limits()).await;
    if !proxy.is_over() {
        assert_eq!(killed.unwrap().to, 4);
        return None;
    }
    let again = migrate_to(&database.address(), &next(), limits()).await;
    assert_eq!(again.unwrap_or_else(|error| panic!("statement {statement} {breakage:?}: {error}")).to, 4);
    assert_eq!(schema(&database).await, whole, "statement {statement} {breakage:?}");
    Some(killed.is_err())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_killed_at_any_statement_is_finished_by_the_next() {
    let database = TestDatabase::create().await;
    migrate_to(&database.address(), &next(), limits()).await.unwrap();
    let whole = Arc::new(schema(&database).await);
    for breakage in [Breakage::Before, Breakage::After] {
        let (mut kills, mut start) = (0, 0);
        let mut more = true;
        while more {
            let mut together = JoinSet::new();
            for statement in start..start + 4 {
                let whole = Arc::clone(&whole);
                together.spawn(async move { kill_at(statement, breakage, &whole).await });
            }
            let found = together.join_all().await;
            kills += found.iter().filter(|killed| **killed == Some(true)).count();
            more = found.iter().all(Option::is_some);
            start += 4;
        }
        // Every statement of the four files at least, and a record for each file.
        assert!(kills > 20, "killed at {kills} statements");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_that_migrate_at_once_migrate_once() {
    let database = first_schema().await;
    let migrations: Vec<_> = (0..6)
        .map(|_| {
            let address = database.address();
            tokio::spawn(async move { migrate_to(&address, &next(), limits()).await })
        })
        .collect();
    for migration in migrations {
        assert_eq!(migration.await.unwrap().unwrap().to, 4);
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM schema_migrations").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lock_of_a_machine_that_is_gone_is_free_after_seconds() {
    let database = first_schema().await;
    let proxy = Proxy::before(&database.address()).await;
    // The lock is taken, and the first column added.
    proxy.set(Fault::AtStatement(12, Breakage::Silence));
    let address = proxy.address(database.address());
    let gone = tokio::spawn(async move { migrate_to(&address, &next(), limits()).await });
    let locks = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND command = 'Sleep'";
    crate::harness::wait_until("a migration that is silent", async || {
        proxy.is_over() && database.number(locks).await > 0
    })
    .await;
    let begun = Instant::now();
    let impatient = storemgr::db::MigrationLimits { lock_wait: Duration::from_secs(1), ..limits() };
    match migrate_to(&database.address(), &next(), impatient).await {
        Err(MigrateError::Busy { session, .. }) => assert!(session.parse::<u64>().is_ok(), "{session}"),
        other => panic!("the lock was not held: {other:?}"),
    }
    assert_eq!(migrate_to(&database.address(), &next(), limits()).await.unwrap().to, 4);
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    gone.abort();
}
