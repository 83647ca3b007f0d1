//! The schema, brought up to date by numbered files.
//!
//! MySQL commits every DDL statement by itself, so a file cannot be applied all or nothing. Instead every statement of a
//! file can be repeated (`IF NOT EXISTS`, `INSERT IGNORE`): a file whose application was killed half way is applied again
//! from its start. A file is recorded with its checksum after its last statement. A named lock keeps two instances that
//! start together from applying at the same time; losing it (a cluster where such locks are local) costs nothing but
//! repeated statements.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{Address, Config, ConnectionMode, DbError, Session};

/// One numbered file with its statements.
struct Migration {
    version: u32,
    name: &'static str,
    sql: &'static str,
}

/// Every file, in the order of application. A file that was released is never changed: another one follows it.
const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "catalog", sql: include_str!("../../sql/schema/0001_catalog.sql") },
    Migration { version: 2, name: "orders", sql: include_str!("../../sql/schema/0002_orders.sql") },
];

/// Time limit for connecting, for another instance that is migrating, and for one statement.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const LOCK_TIMEOUT: Duration = Duration::from_mins(2);
const STATEMENT_TIMEOUT: Duration = Duration::from_hours(1);

/// Schema versions before and after a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Version before; 0 for an empty database.
    pub from: u32,
    /// Version after.
    pub to: u32,
}

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
    /// A file that was already applied has changed since.
    #[error(
        "migration {version} ({name}) was changed after it was applied to this database: restore the file, and put the \
         change into a new one"
    )]
    Changed {
        /// Number of the file.
        version: u32,
        /// Name of the file.
        name: String,
    },
    /// Another instance has held the migration lock for too long.
    #[error("another instance has been migrating this database for 2 minutes: wait for it, or end it, and try again")]
    Busy,
}

/// State of a database's schema compared with this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// All files of this program are applied. A newer program may have applied more.
    Current {
        /// Version of the schema.
        version: u32,
    },
    /// Files are missing; `storemgr migrate` applies them.
    Behind {
        /// Version of the schema; 0 for an empty database.
        version: u32,
        /// Version that this program needs.
        needed: u32,
    },
    /// A file that was applied differs from the one in this program.
    Changed {
        /// Number of the file.
        version: u32,
    },
}

/// Brings the schema up to date. Safe to call from several instances at once, and again after being killed.
pub async fn migrate(address: &Address) -> Result<Migrated, MigrateError> {
    let config = Config {
        address: address.clone(),
        connections: ConnectionMode::PerRequest { linger: Duration::ZERO, wait: CONNECT_TIMEOUT },
        statement_timeout: STATEMENT_TIMEOUT,
        lock_wait_timeout: LOCK_TIMEOUT,
    };
    let mut session = Session::connect_within(CONNECT_TIMEOUT, &config).await?;
    let result = migrate_on(&mut session, &address.name).await;
    // The lock belongs to the connection and is released with it.
    session.disconnect().await;
    result
}

async fn migrate_on(session: &mut Session, database: &str) -> Result<Migrated, MigrateError> {
    let applied = session.migrations().await?;
    check_unchanged(&applied)?;
    let from = applied.last().map_or(0, |record| record.version);
    if pending(&applied).next().is_none() {
        return Ok(Migrated { from, to: from });
    }
    lock(session, database).await?;
    // Another instance may have applied them while this one waited for the lock.
    let applied = session.migrations().await?;
    check_unchanged(&applied)?;
    for migration in pending(&applied) {
        apply(session, migration).await?;
        tracing::info!(version = migration.version, name = migration.name, "applied a schema migration");
    }
    let to = MIGRATIONS.last().map_or(from, |last| last.version.max(from));
    Ok(Migrated { from, to })
}

/// A row of `schema_migrations`.
struct Record {
    version: u32,
    checksum: String,
}

fn pending(applied: &[Record]) -> impl Iterator<Item = &'static Migration> {
    MIGRATIONS.iter().filter(|migration| !applied.iter().any(|record| record.version == migration.version))
}

fn changed(applied: &[Record]) -> Option<&'static Migration> {
    MIGRATIONS.iter().find(|migration| {
        applied.iter().any(|record| record.version == migration.version && record.checksum != checksum(migration.sql))
    })
}

fn check_unchanged(applied: &[Record]) -> Result<(), MigrateError> {
    match changed(applied) {
        Some(migration) => Err(MigrateError::Changed { version: migration.version, name: migration.name.to_owned() }),
        None => Ok(()),
    }
}

async fn lock(session: &mut Session, database: &str) -> Result<(), MigrateError> {
    // Lock names belong to the whole server and have at most 64 characters, so the name of the database is hashed.
    let name = format!("storemgr.migrate.{}", &checksum(database)[..32]);
    let taken = session.row::<Option<u8>>("SELECT GET_LOCK(?, ?)", (name, LOCK_TIMEOUT.as_secs())).await?;
    match taken {
        Some(Some(1)) => Ok(()),
        _ => Err(MigrateError::Busy),
    }
}

async fn apply(session: &mut Session, migration: &Migration) -> Result<(), DbError> {
    let table = include_str!("../../sql/migrate/schema_migrations.sql");
    for statement in statements(table).chain(statements(migration.sql)) {
        session.run(statement).await?;
    }
    let sql = "INSERT IGNORE INTO schema_migrations (version, name, checksum, applied_at) \
               VALUES (?, ?, ?, UTC_TIMESTAMP(6))";
    let record = (migration.version, migration.name, checksum(migration.sql));
    session.change(sql, record).await?;
    Ok(())
}

/// The statements of a file: each ends with a semicolon at the end of a line, and no line of a comment ends with one.
fn statements(sql: &str) -> impl Iterator<Item = &str> {
    sql.split_inclusive(";\n")
        .map(|statement| statement.trim().trim_end_matches(';'))
        .filter(|text| text.lines().any(|line| !line.trim_start().starts_with("--") && !line.trim().is_empty()))
}

fn checksum(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

impl Session {
    /// Compares the schema with this program.
    pub async fn schema_state(&mut self) -> Result<SchemaState, DbError> {
        Ok(state(&self.migrations().await?))
    }

    async fn migrations(&mut self) -> Result<Vec<Record>, DbError> {
        if self.run_rows::<String>("SHOW TABLES LIKE 'schema\\_migrations'").await?.is_empty() {
            // Nothing was applied yet.
            return Ok(Vec::new());
        }
        let sql = "SELECT version, checksum FROM schema_migrations ORDER BY version";
        let rows = self.rows::<(u32, String)>(sql, ()).await?;
        Ok(rows.into_iter().map(|(version, checksum)| Record { version, checksum }).collect())
    }
}

fn state(applied: &[Record]) -> SchemaState {
    let version = applied.last().map_or(0, |record| record.version);
    if let Some(migration) = changed(applied) {
        return SchemaState::Changed { version: migration.version };
    }
    match pending(applied).last() {
        Some(missing) => SchemaState::Behind { version, needed: missing.version },
        None => SchemaState::Current { version },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(migration: &Migration) -> Record {
        Record { version: migration.version, checksum: checksum(migration.sql) }
    }

    #[test]
    fn files_are_numbered_without_gaps_and_every_statement_can_be_repeated() {
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version as usize, index + 1, "{}", migration.name);
            for statement in statements(migration.sql) {
                let code: Vec<_> = statement.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
                let code = code.join(" ");
                let repeatable = ["IF NOT EXISTS", "IF EXISTS", "INSERT IGNORE"].iter().any(|word| code.contains(word));
                assert!(repeatable, "cannot be repeated: {code}");
            }
        }
    }

    #[test]
    fn a_schema_is_current_behind_or_changed() {
        let all: Vec<_> = MIGRATIONS.iter().map(record).collect();
        assert_eq!(state(&all), SchemaState::Current { version: 2 });
        assert_eq!(state(&all[..1]), SchemaState::Behind { version: 1, needed: 2 });
        assert_eq!(state(&[]), SchemaState::Behind { version: 0, needed: 2 });
        let newer: Vec<_> =
            MIGRATIONS.iter().map(record).chain([Record { version: 9, checksum: String::new() }]).collect();
        assert_eq!(state(&newer), SchemaState::Current { version: 9 });
        assert_eq!(state(&[Record { version: 1, checksum: "x".to_owned() }]), SchemaState::Changed { version: 1 });
    }

    #[test]
    fn comments_are_not_statements() {
        let found: Vec<_> = statements("-- a; b\nCREATE x;\n-- only words\n").collect();
        assert_eq!(found, ["-- a; b\nCREATE x"]);
    }
}
