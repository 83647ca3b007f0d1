//! MySQL and MariaDB: the only module that contains SQL and the driver's errors. It contains no business rules.
//!
//! A [`Database`] hands out [`Session`]s; every statement is a method on a session, one file per table or subject, and
//! every statement runs under a time limit. All SQL runs unchanged on MySQL 8.4 or newer and MariaDB 10.11 or newer.
//!
//! Statements with a list of rows are written as text: whole numbers as digits, text from outside as hexadecimal
//! digits. All other statements are prepared, and values from outside are parameters.

mod batches;
mod bulk;
mod commit;
mod config;
mod connections;
mod connector;
mod control;
mod counters;
mod error;
mod error_codes;
mod grants;
mod group_facts;
mod group_setup;
mod health;
mod held_rows;
mod id_blocks;
mod idempotency;
mod interrupted_commit;
mod killer;
mod literals;
mod migration_step;
mod migrations;
mod orders;
mod pool;
mod products;
mod refusals;
mod reports;
mod route;
mod row_locking;
mod rows;
mod server;
mod servers;
mod session;
mod standing;
mod stocks;
mod store_identity;
mod table_wait;
mod users;
mod watching;

pub use batches::{BatchRows, Locked, Patience};
pub use bulk::{Contents, PastOrder};
pub use commit::{Effect, Outcome};
pub use config::{Address, Config, ConnectionMode};
pub use connections::Database;
pub use error::{DbError, ErrorKind};
pub use group_facts::GroupFacts;
pub use group_setup::{form_group, writable_server};
pub use health::Health;
pub use held_rows::{HeldRows, RowId, RowState};
pub use idempotency::{AnswerKind, FoundAnswer, KeptAnswer, StoredAnswer};
pub use interrupted_commit::InterruptedCommit;
pub use migrations::{
    Limits as MigrationLimits, MIGRATIONS, MigrateError, Migrated, Migration, SchemaState, migrate, migrate_to,
};
pub use orders::{OrderHead, StoredOrder};
pub use row_locking::RowLocking;
pub use server::ServerFacts;
pub use servers::{InvalidServers, Server, Servers};
pub use session::{RowWait, Session};
pub use stocks::{Offer, StockRow};
pub use watching::{Activity, ConnectionState, ServerCounters};
