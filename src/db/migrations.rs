//! The schema, brought up to date by numbered files.
//!
//! A file is recorded with its checksum after its last statement, so a file whose application was killed is applied again
//! from its first statement; [`Step`] says why that is harmless. A named lock keeps two instances that start together from
//! applying at the same time; where such locks are local (a cluster), the statements are repeated.
//!
//! The store keeps working meanwhile. While a statement waits for a table, nobody else can use it, so it waits only for
//! [`Limits::table_wait`], and is tried again after a pause in which the others continue.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::migration_step::{Step, plain, statements};
use super::table_wait::TableWaitWatch;
use super::{Address, Config, ConnectionMode, DbError, Session};

/// One numbered file with its statements.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Number of the file, from 1 without gaps.
    pub version: u32,
    /// Name of the file.
    pub name: &'static str,
    /// Text of the file.
    pub sql: &'static str,
}

/// Every file, in the order of application. A file that was released is never changed: another one follows it.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "catalog", sql: include_str!("../../sql/schema/0001_catalog.sql") },
    Migration { version: 2, name: "orders", sql: include_str!("../../sql/schema/0002_orders.sql") },
    Migration { version: 3, name: "clients", sql: include_str!("../../sql/schema/0003_clients.sql") },
];

/// Time limit for connecting, and for one statement: an index on a large table takes minutes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const STATEMENT_TIMEOUT: Duration = Duration::from_hours(1);

/// Idle seconds after which the server ends the session of a migration, and with it its lock: the process may be frozen, or
/// its machine gone. The pauses between two attempts are shorter.
const IDLE_LIMIT_S: u64 = 10;

/// The server's limit on waiting for a table, where the statement is not interrupted before: the shortest that it accepts.
const SERVER_LOCK_WAIT: Duration = Duration::from_secs(1);

/// Time limits of a migration.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest wait for another instance that is migrating.
    pub lock_wait: Duration,
    /// Longest wait of one attempt for a table that a transaction uses. All others that need the table wait as long, and
    /// the writer of orders gives up after a second.
    pub table_wait: Duration,
    /// Pause between two attempts, in which the others continue; less than the 10 s after which the session ends.
    pub pause: Duration,
    /// How long one statement is tried.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lock_wait: Duration::from_mins(2),
            // Longer than a transaction of the store takes, and shorter than orders wait in the queue by default.
            table_wait: Duration::from_millis(300),
            // The queue of an instance, which grows while it waits for the table, is empty again well before that.
            pause: Duration::from_secs(3),
            patience: Duration::from_mins(5),
        }
    }
}

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
    #[error(
        "another instance is migrating this database, and was not done after {} s: wait for it, or end its session \
         {session} on the server, and try again",
        waited.as_secs()
    )]
    Busy {
        /// How long this one waited.
        waited: Duration,
        /// The server's number of the other instance's session, or `unknown`.
        session: String,
    },
    /// A transaction has used a table for too long.
    #[error(
        "migration {version} ({name}) needs a table that another session has been using for {} s: end that session \
         (SHOW PROCESSLIST lists them), and migrate again; nothing of the store was blocked for long",
        tried.as_secs()
    )]
    TableInUse {
        /// Number of the file.
        version: u32,
        /// Name of the file.
        name: String,
        /// How long it was tried.
        tried: Duration,
    },
    /// A statement of a file may not be part of a migration: a defect of this program.
    #[error("migration {version} has a statement that may not be part of a migration: {why}")]
    Statement {
        /// Number of the file.
        version: u32,
        /// Why not.
        why: &'static str,
    },
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

/// Brings the schema up to date, while the store works. Safe to call from several instances at once, and again after being
/// killed.
pub async fn migrate(address: &Address) -> Result<Migrated, MigrateError> {
    migrate_to(address, MIGRATIONS, Limits::default()).await
}

/// Like [`migrate`], to a given list of files.
pub async fn migrate_to(address: &Address, migrations: &[Migration], limits: Limits) -> Result<Migrated, MigrateError> {
    let config = Config {
        address: address.clone(),
        connections: ConnectionMode::PerRequest { linger: Duration::ZERO, wait: CONNECT_TIMEOUT },
        statement_timeout: STATEMENT_TIMEOUT,
        lock_wait_timeout: SERVER_LOCK_WAIT,
    };
    let mut session = Session::connect_within(CONNECT_TIMEOUT, &config).await?;
    let result = Run { session: &mut session, config: &config, migrations, limits }.migrate().await;
    // The lock belongs to the connection and is released with it.
    session.disconnect().await;
    result
}

/// One migration of a database.
struct Run<'a> {
    session: &'a mut Session,
    config: &'a Config,
    migrations: &'a [Migration],
    limits: Limits,
}

impl Run<'_> {
    async fn migrate(&mut self) -> Result<Migrated, MigrateError> {
        let from = self.version_if_unchanged().await?;
        if self.pending().await?.is_empty() {
            return Ok(Migrated { from, to: from });
        }
        self.session.run(&format!("SET SESSION wait_timeout = {IDLE_LIMIT_S}")).await?;
        // Lock names belong to the whole server and have at most 64 characters, so the name of the database is hashed.
        let lock = format!("storemgr.migrate.{}", &checksum(&self.config.address.name)[..32]);
        self.lock(&lock).await?;
        let watcher = Session::connect_within(CONNECT_TIMEOUT, self.config).await?;
        let _watch = TableWaitWatch::start(watcher, lock, self.limits.table_wait);
        // Another instance may have applied them while this one waited for the lock.
        self.version_if_unchanged().await?;
        for migration in self.pending().await? {
            self.apply(migration).await?;
            tracing::info!(version = migration.version, name = migration.name, "applied a schema migration");
        }
        let to = self.migrations.last().map_or(from, |last| last.version.max(from));
        Ok(Migrated { from, to })
    }

    async fn version_if_unchanged(&mut self) -> Result<u32, MigrateError> {
        let applied = self.session.migrations().await?;
        match changed(self.migrations, &applied) {
            Some(migration) => {
                Err(MigrateError::Changed { version: migration.version, name: migration.name.to_owned() })
            }
            None => Ok(applied.last().map_or(0, |record| record.version)),
        }
    }

    async fn pending(&mut self) -> Result<Vec<Migration>, DbError> {
        let applied = self.session.migrations().await?;
        Ok(pending(self.migrations, &applied).copied().collect())
    }

    async fn lock(&mut self, name: &str) -> Result<(), MigrateError> {
        let waited = self.limits.lock_wait;
        let sql = "SELECT GET_LOCK(?, ?)";
        if let Some(Some(1)) = self.session.row::<Option<u8>>(sql, (name, waited.as_secs())).await? {
            return Ok(());
        }
        let holder = self.session.row::<Option<u64>>("SELECT IS_USED_LOCK(?)", (name,)).await?.flatten();
        let session = holder.map_or_else(|| "unknown".to_owned(), |number| number.to_string());
        Err(MigrateError::Busy { waited, session })
    }

    async fn apply(&mut self, migration: Migration) -> Result<(), MigrateError> {
        let table = include_str!("../../sql/migrate/schema_migrations.sql");
        for statement in statements(table).chain(statements(migration.sql)) {
            let code = plain(statement);
            let step = Step::parse(&code).map_err(|why| MigrateError::Statement { version: migration.version, why })?;
            if !self.session.is_done(step).await? {
                self.try_until_free(migration, statement).await?;
            }
        }
        let sql = "INSERT IGNORE INTO schema_migrations (version, name, checksum, applied_at) \
                   VALUES (?, ?, ?, UTC_TIMESTAMP(6))";
        let record = (migration.version, migration.name, checksum(migration.sql));
        self.session.change(sql, record).await?;
        Ok(())
    }

    /// Runs a statement, again and again while a transaction uses its table.
    async fn try_until_free(&mut self, migration: Migration, statement: &str) -> Result<(), MigrateError> {
        let begun = Instant::now();
        loop {
            match self.session.run_interruptible(statement).await {
                Err(DbError::LockTimeout | DbError::Deadlock) => {}
                other => return Ok(other?),
            }
            let (version, tried) = (migration.version, begun.elapsed());
            if tried + self.limits.pause > self.limits.patience {
                return Err(MigrateError::TableInUse { version, name: migration.name.to_owned(), tried });
            }
            tracing::warn!(version, tried_s = tried.as_secs(), "a migration waits for a table that a transaction uses");
            tokio::time::sleep(self.limits.pause).await;
        }
    }
}

/// A row of `schema_migrations`.
struct Record {
    version: u32,
    checksum: String,
}

fn pending<'a>(migrations: &'a [Migration], applied: &[Record]) -> impl Iterator<Item = &'a Migration> {
    migrations.iter().filter(|migration| !applied.iter().any(|record| record.version == migration.version))
}

fn changed<'a>(migrations: &'a [Migration], applied: &[Record]) -> Option<&'a Migration> {
    migrations.iter().find(|migration| {
        applied.iter().any(|record| record.version == migration.version && record.checksum != checksum(migration.sql))
    })
}

fn checksum(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

impl Session {
    /// Compares the schema with this program.
    pub async fn schema_state(&mut self) -> Result<SchemaState, DbError> {
        Ok(state(&self.migrations().await?))
    }

    /// Whether the schema shows that a step was done, perhaps by a migration that was killed.
    async fn is_done(&mut self, step: Step<'_>) -> Result<bool, DbError> {
        let (sql, names) = match step {
            Step::Repeatable => return Ok(false),
            Step::AddColumn { table, column } => (
                "SELECT COUNT(*) FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ?",
                (table, column),
            ),
            Step::AddIndex { table, index } => (
                "SELECT COUNT(*) FROM information_schema.statistics \
                 WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ?",
                (table, index),
            ),
        };
        Ok(self.row::<u64>(sql, names).await?.is_some_and(|count| count > 0))
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
    if let Some(migration) = changed(MIGRATIONS, applied) {
        return SchemaState::Changed { version: migration.version };
    }
    match pending(MIGRATIONS, applied).last() {
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
    fn files_are_numbered_without_gaps_and_every_statement_may_be_part_of_a_migration() {
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version as usize, index + 1, "{}", migration.name);
            for statement in statements(migration.sql) {
                let code = plain(statement);
                assert!(Step::parse(&code).is_ok(), "{code}: {:?}", Step::parse(&code));
            }
        }
    }

    #[test]
    fn a_schema_is_current_behind_or_changed() {
        let all: Vec<_> = MIGRATIONS.iter().map(record).collect();
        assert_eq!(state(&all), SchemaState::Current { version: 3 });
        assert_eq!(state(&all[..1]), SchemaState::Behind { version: 1, needed: 3 });
        assert_eq!(state(&[]), SchemaState::Behind { version: 0, needed: 3 });
        let newer: Vec<_> =
            MIGRATIONS.iter().map(record).chain([Record { version: 9, checksum: String::new() }]).collect();
        assert_eq!(state(&newer), SchemaState::Current { version: 9 });
        assert_eq!(state(&[Record { version: 1, checksum: "x".to_owned() }]), SchemaState::Changed { version: 1 });
    }
}
