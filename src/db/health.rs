//! Whether this instance can do its work on the database: read, and write, without writing anything to find out.
//!
//! Three things tell. The last statements of customers: one that the server refused as a whole stands for some seconds,
//! unless a commit succeeded since. The server's own variables. And what the account may do: `EXPLAIN` of a write asks
//! for the same rights and the same columns as the write, and changes nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::id_blocks::{NO_ROW, NO_ROW_ADVICE};
use super::{DbError, ErrorKind, SchemaState, Session};

/// For how long a refusal stands when nothing else is tried: then the instance is offered requests again.
const REFUSAL_STANDS: Duration = Duration::from_secs(10);

/// The same thing that is wrong is told in the log this often.
const TELL_AGAIN: Duration = Duration::from_secs(10);

/// Variables that keep a server from taking writes while they are on. Not every server has each.
const READ_ONLY: [&str; 4] = ["read_only", "super_read_only", "offline_mode", "innodb_read_only"];

/// How often the set-up is looked at while it is as it should be; a look is some twenty short statements.
const SETUP_STANDS: Duration = Duration::from_secs(10);

/// What a probe found.
#[derive(Clone, Debug)]
pub struct Health {
    /// The server's limit of connections.
    pub max_connections: u64,
    /// How the schema stands to this program.
    pub schema: SchemaState,
    /// Why it does not take writes, if it does not; no word of it is secret.
    pub obstacle: Option<String>,
}

/// What became of the last statements, as far as it says something about the server.
#[derive(Debug, Default)]
pub(super) struct RecentRefusals {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    refused: Option<(Instant, String)>,
    /// When the set-up was as it should be.
    set_up: Option<Instant>,
    told: BTreeMap<&'static str, Instant>,
}

impl RecentRefusals {
    /// A transaction was committed: whatever was refused before, the server takes writes.
    pub(super) fn committed(&self) {
        self.state().refused = None;
    }

    /// An operation failed. Says in the log what is to be done, if it is to be done by somebody.
    pub(super) fn failed(&self, error: &DbError) {
        let Some(kind) = error.kind() else { return };
        if !matches!(kind, ErrorKind::Unavailable | ErrorKind::Setup | ErrorKind::TooManyConnections) {
            return;
        }
        let mut state = self.state();
        let now = Instant::now();
        if kind != ErrorKind::TooManyConnections {
            match error {
                DbError::Unavailable { reason, .. } | DbError::WrongSetup { reason, .. } => {
                    state.refused = Some((now, (*reason).to_owned()));
                }
                // The probe sees both for itself.
                _ => state.set_up = None,
            }
        }
        let silent = state.told.get(kind.label()).is_some_and(|told| now - *told < TELL_AGAIN);
        if !silent {
            state.told.insert(kind.label(), now);
            drop(state);
            tracing::error!(kind = kind.label(), %error, "the database does not do its work: see docs/runbook.md, StoreDatabaseErrors");
        }
    }

    /// Why the last statement was refused, if that stands.
    fn standing(&self) -> Option<String> {
        let state = self.state();
        state.refused.as_ref().filter(|(when, _)| when.elapsed() < REFUSAL_STANDS).map(|(_, reason)| reason.clone())
    }

    /// Whether the set-up was found as it should be not long ago.
    fn is_set_up(&self) -> bool {
        self.state().set_up.is_some_and(|when| when.elapsed() < SETUP_STANDS)
    }

    fn set_up(&self) {
        self.state().set_up = Some(Instant::now());
    }

    /// Nothing that holds the lock can panic in the middle of a change.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Looks whether the server can be read and would take writes.
    pub(super) async fn health(&mut self, refusals: &RecentRefusals) -> Result<Health, DbError> {
        let variables = self.variables().await?;
        let schema = self.schema_state().await?;
        let max_connections = variables.get("max_connections").and_then(|value| value.parse().ok()).unwrap_or(0);
        let on = |name: &&&str| variables.get(**name).is_some_and(|value| value != "OFF" && value != "0");
        let mut obstacle = match READ_ONLY.iter().find(on) {
            Some(variable) => Some(format!("{variable} is on")),
            None => refusals.standing(),
        };
        if obstacle.is_none() && matches!(schema, SchemaState::Current { .. }) && !refusals.is_set_up() {
            obstacle = self.setup_faults().await?.into_iter().next();
            if obstacle.is_none() {
                refusals.set_up();
            }
        }
        Ok(Health { max_connections, schema, obstacle })
    }

    /// What of the server, the schema and the account's rights keeps this program from working, each with what to do;
    /// nothing if all is well. The schema must be there.
    pub async fn setup_faults(&mut self) -> Result<Vec<String>, DbError> {
        let mut faults = Vec::new();
        let variables = self.variables().await?;
        let is = |name: &str, value: &str| variables.get(name).is_some_and(|now| now.eq_ignore_ascii_case(value));
        if is("log_bin", "ON") && is("binlog_format", "STATEMENT") {
            faults.push("binlog_format is STATEMENT, which does not go with READ COMMITTED: set it to ROW".to_owned());
        }
        for statement in include_str!("../../sql/setup/writes.sql").lines().filter(|line| !line.starts_with("--")) {
            match self.run(&format!("EXPLAIN {statement}")).await {
                Ok(()) => {}
                Err(DbError::WrongSetup { reason, advice, .. }) => {
                    faults.push(format!("{reason}: {advice}"));
                    return Ok(faults);
                }
                Err(DbError::SchemaMissing(_)) => {
                    faults.push("a table or a column is missing: restore it, or the whole schema".to_owned());
                    return Ok(faults);
                }
                // Told by readiness, by the moment.
                Err(DbError::Unavailable { .. }) => return Ok(faults),
                Err(error) => return Err(error),
            }
        }
        for (table, column) in
            self.run_rows::<(String, String)>(include_str!("../../sql/setup/foreign_columns.sql")).await?
        {
            faults.push(format!(
                "the column {table}.{column} is not this program's and needs a value: give it a default"
            ));
        }
        let blocks = self.run_rows::<u64>("SELECT COUNT(*) FROM id_blocks WHERE name = 'orders'").await?;
        if blocks.first() == Some(&0) {
            faults.push(format!("{NO_ROW}: {NO_ROW_ADVICE}"));
        }
        Ok(faults)
    }

    /// The server's variables that this module reads; those that a server does not have are missing.
    async fn variables(&mut self) -> Result<BTreeMap<String, String>, DbError> {
        let others = ["max_connections", "log_bin", "binlog_format"];
        let names: Vec<_> = READ_ONLY.iter().chain(&others).map(|name| format!("'{name}'")).collect();
        let sql = format!("SHOW GLOBAL VARIABLES WHERE Variable_name IN ({})", names.join(","));
        Ok(self.run_rows::<(String, String)>(&sql).await?.into_iter().collect())
    }
}
