//! A migration of a store with a long history, while instances of two versions take orders, and while somebody reads.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;
use storemgr::db::{MigrateError, Migration, MigrationLimits, migrate_to};
use tokio::process::Command;

use super::load::{Load, Shop};
use super::{FEW, first_schema, limits, next, old_program};
use crate::harness::{Instance, TestDatabase, program};

/// How long somebody uses a table that the migration needs.
const HELD: Duration = Duration::from_secs(6);

/// Bounds an order during a migration: the wait for a table, and as much again as a busy machine may take.
const LONGEST: Duration = Duration::from_secs(4);

/// One more column after [`next`].
fn after_next() -> Vec<Migration> {
    let mut migrations = next();
    let sql = "ALTER TABLE orders ADD COLUMN note VARCHAR(100) NULL, ALGORITHM = INSTANT;\n";
    migrations.push(Migration { version: migrations.len() as u32 + 1, name: "note", sql });
    migrations
}

/// Orders that the program seeds; a longer history is made of copies of them, which the server makes faster.
const SEEDED_ORDERS: u64 = 200_000;

/// Fills a store with a history of about so many order lines (1.6 for an order), in the blocks of numbers that follow.
async fn fill(program: &Path, database: &TestDatabase, lines: u64) {
    let orders = lines * 10 / 16;
    let mut command = Command::new(program);
    command.args(["seed", "--stock", "1000000", "--orders", &orders.min(SEEDED_ORDERS).to_string()]).env_clear();
    command.current_dir(env!("CARGO_TARGET_TMPDIR")).envs(database.variables());
    let seeded = command.output().await.unwrap();
    assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
    let copies = orders.div_ceil(SEEDED_ORDERS).max(1);
    let seeded = database.number("SELECT MAX(id) FROM orders").await;
    let mut conn = database.connect().await;
    for copy in 1..copies {
        let shift = copy * seeded;
        for sql in [
            format!(
                "INSERT INTO orders SELECT id + {shift}, user_id, total_cents, created_at FROM orders WHERE id <= {seeded}"
            ),
            format!(
                "INSERT INTO order_items SELECT order_id + {shift}, product_id, quantity, unit_price_cents \
                 FROM order_items WHERE order_id <= {seeded}"
            ),
        ] {
            conn.query_drop(sql).await.unwrap();
        }
    }
    for sql in [
        format!("UPDATE stocks SET quantity_sold = quantity_sold * {copies}"),
        format!(
            "UPDATE user_totals SET order_count = order_count * {copies}, expense_cents = expense_cents * {copies}"
        ),
        format!("UPDATE id_blocks SET next_id = {copies} * {seeded} + 1 WHERE name = 'orders'"),
    ] {
        conn.query_drop(sql).await.unwrap();
    }
    conn.disconnect().await.unwrap();
}

/// Migrates while somebody has read from a table in a transaction that stays open for a while.
async fn migrate_while_held(
    database: &TestDatabase,
    table: &str,
    migrations: &[Migration],
    held: Duration,
) -> Duration {
    let mut reader = database.connect().await;
    reader.query_drop("START TRANSACTION").await.unwrap();
    reader.query_drop(format!("SELECT * FROM {table} LIMIT 1")).await.unwrap();
    let begun = Instant::now();
    let (address, migrations) = (database.address(), migrations.to_vec());
    let migration = tokio::spawn(async move { migrate_to(&address, &migrations, limits()).await });
    tokio::time::sleep(held).await;
    assert!(!migration.is_finished(), "the table was not in use");
    reader.query_drop("ROLLBACK").await.unwrap();
    reader.disconnect().await.unwrap();
    migration.await.unwrap().unwrap();
    begun.elapsed()
}

/// The sizes of what is migrated, the times, and what orders felt.
async fn run(old: PathBuf, lines: u64) {
    let database = first_schema().await;
    let begun = Instant::now();
    fill(&old, &database, lines).await;
    let mut table = format!("{:<44} {:>9}\n", "filling the store", format!("{:.1?}", begun.elapsed()));
    let history = database.number("SELECT MAX(id) FROM orders").await;
    let shop = Shop::open(database).await;
    let database = &shop.database;
    let start = async |program: &Path| {
        let arguments = ["--order-queue-wait", "5s"];
        let instance = Instance::start_program(program, &database.variables(), &arguments).await;
        instance.wait_ready().await;
        Arc::new(instance)
    };
    let instances = vec![start(&old).await, start(&program()).await];
    let load = Load::start(instances, &shop);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut longest_of_all = Duration::ZERO;
    let mut note = |what: &str, took: Duration, load: &Load| {
        let (longest, accepted, failed) = (load.longest(), load.accepted(), load.failed());
        longest_of_all = longest_of_all.max(longest);
        let took = format!("{took:.1?}");
        writeln!(table, "{what:<44} {took:>9} {longest:>12.1?} {accepted:>9} {failed:>7}").unwrap();
    };
    note("before, without a migration", Duration::from_secs(2), &load);
    let begun = Instant::now();
    migrate_to(&database.address(), &next(), limits()).await.unwrap();
    note("migration: 2 indexes, 3 columns, 1 wider", begun.elapsed(), &load);
    let took = migrate_while_held(database, "orders", &after_next(), HELD).await;
    note(&format!("1 column, a reader holds the table {HELD:.0?}"), took, &load);
    let failed = load.failed();
    let ledger = load.stop().await;
    let counted = database.number("SELECT COUNT(*) FROM order_items").await;
    eprintln!("{counted} order lines\n{:<44} {:>9} {:>12} {:>9} {:>7}", "", "took", "longest", "accepted", "failed");
    eprint!("{table}");
    shop.audit(&ledger, history).await;
    assert!(failed * FEW <= ledger.accepted(), "{failed} orders were refused or not answered");
    assert!(longest_of_all < LONGEST, "an order took {longest_of_all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_under_load_delays_orders_by_seconds_at_most() {
    run(program(), 50_000).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an older program, and minutes for a large store: ops/versions runs it"]
async fn a_migration_of_a_large_store_under_load_delays_orders_by_seconds_at_most() {
    let lines = std::env::var("VERSIONS_LINES").map_or(1_000_000, |lines| lines.parse().unwrap());
    run(old_program(), lines).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_stays_in_use_ends_the_migration_and_not_the_store() {
    let shop = Shop::open(first_schema().await).await;
    let database = &shop.database;
    let instance = Arc::new(Instance::start(database, &["--order-queue-wait", "5s"]).await);
    let mut reader = database.connect().await;
    reader.query_drop("START TRANSACTION").await.unwrap();
    reader.query_drop("SELECT * FROM orders LIMIT 1").await.unwrap();
    let load = Load::start(vec![instance], &shop);
    let impatient = MigrationLimits { patience: Duration::from_secs(3), ..limits() };
    let given_up = migrate_to(&database.address(), &next(), impatient).await;
    assert!(matches!(given_up, Err(MigrateError::TableInUse { version: 4, .. })), "{given_up:?}");
    assert!(load.longest() < LONGEST);
    reader.query_drop("ROLLBACK").await.unwrap();
    reader.disconnect().await.unwrap();
    assert_eq!(migrate_to(&database.address(), &next(), limits()).await.unwrap().to, 4);
    let failed = load.failed();
    let ledger = load.stop().await;
    shop.audit(&ledger, 0).await;
    assert!(failed * FEW <= ledger.accepted(), "{failed} of {} and more orders were refused", ledger.accepted());
}
