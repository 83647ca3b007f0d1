//! From one version to the next, and back, while orders are placed.
//!
//! The version before is a program that `STOREMGR_OLD` names; `ops/versions` builds one from a commit. Without it, this
//! version takes its place, on the schema and with the statements of the first version (`tests/data/versions/first`). The
//! version after exists as a migration alone (`tests/data/versions/next`).

/// A migration that is killed, frozen, or run twice at once.
mod interrupted;
/// Orders for a changing set of instances.
mod load;
/// A migration of a large store, under load.
mod online;
/// What the first version wrote: statements, cached reports, results.
mod recorded;
/// Instances of two versions, replaced one by one.
mod side_by_side;

use std::path::PathBuf;
use std::time::Duration;

use storemgr::db::{MIGRATIONS, Migration, MigrationLimits, migrate_to};

use crate::harness::{TestDatabase, program};

/// The schema of the first version.
const FIRST: [Migration; 2] = [
    Migration {
        version: 1,
        name: "catalog",
        sql: include_str!("../../../data/versions/first/schema/0001_catalog.sql"),
    },
    Migration { version: 2, name: "orders", sql: include_str!("../../../data/versions/first/schema/0002_orders.sql") },
];

/// The schema of this version, and a migration that follows it.
fn next() -> Vec<Migration> {
    let sql = include_str!("../../../data/versions/next/next.sql");
    let version = MIGRATIONS.len() as u32 + 1;
    MIGRATIONS.iter().copied().chain([Migration { version, name: "next", sql }]).collect()
}

/// Of so many orders at most one may be refused, which happens on a machine that is busy with other things.
const FEW: usize = 50;

/// The usual limits, with shorter pauses.
fn limits() -> MigrationLimits {
    MigrationLimits { pause: Duration::from_secs(1), patience: Duration::from_mins(2), ..MigrationLimits::default() }
}

/// A database with the schema of the first version.
async fn first_schema() -> TestDatabase {
    let database = TestDatabase::create().await;
    migrate_to(&database.address(), &FIRST, limits()).await.unwrap();
    database
}

/// The program of the version before, or of this one in its place.
fn old_program() -> PathBuf {
    std::env::var_os("STOREMGR_OLD").map_or_else(program, PathBuf::from)
}

#[test]
fn a_migration_that_was_released_is_never_changed() {
    for (first, now) in FIRST.iter().zip(MIGRATIONS) {
        assert_eq!(
            first.sql, now.sql,
            "migration {} ({}) differs from the one of the first version",
            now.version, now.name
        );
    }
}
