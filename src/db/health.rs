//! Health of the database for this instance: whether it can be read and written, tested without writing.
//!
//! There are three sources. Recent statements of customers: one that the server refused as a whole counts for some
//! seconds, unless a commit succeeded since. Variables of the server. And the rights of the account: `EXPLAIN` of a
//! write needs the same rights and columns as the write, and changes nothing.

use std::collections::BTreeMap;

use super::id_blocks::{NO_ROW, NO_ROW_ADVICE};
use super::refusals::RecentRefusals;
use super::{DbError, SchemaState, Session};

/// Variables that prevent writes while they are on. Not every server has all of them.
const READ_ONLY: [&str; 4] = ["read_only", "super_read_only", "offline_mode", "innodb_read_only"];

/// Says when a member of a group reads what the group has agreed on and it has not applied yet; servers without group
/// replication do not have it.
const CONSISTENCY: &str = "group_replication_consistency";

const CONSISTENCY_ADVICE: &str = "a new primary would answer before it has all orders that were accepted; set it to \
     BEFORE_ON_PRIMARY_FAILOVER on every member (SET PERSIST)";

/// Result of a probe.
#[derive(Clone, Debug)]
pub struct Health {
    /// Largest number of connections the server accepts.
    pub max_connections: u64,
    /// State of the schema compared with this program.
    pub schema: SchemaState,
    /// Why it does not take writes, or `None` if it does; the text contains nothing secret.
    pub obstacle: Option<String>,
}

impl Session {
    /// Checks whether the server can be read and would take writes.
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

    /// Problems of the server, the schema and the account's rights that prevent this program from working, each with
    /// advice; empty if there are none. The schema must exist.
    pub async fn setup_faults(&mut self) -> Result<Vec<String>, DbError> {
        let mut faults = Vec::new();
        let variables = self.variables().await?;
        let is = |name: &str, value: &str| variables.get(name).is_some_and(|now| now.eq_ignore_ascii_case(value));
        if is("log_bin", "ON") && is("binlog_format", "STATEMENT") {
            faults.push("binlog_format is STATEMENT, which does not go with READ COMMITTED: set it to ROW".to_owned());
        }
        if is(CONSISTENCY, "EVENTUAL") {
            faults.push(format!("{CONSISTENCY} is EVENTUAL: {CONSISTENCY_ADVICE}"));
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
                // Readiness reports these, because they change from moment to moment.
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

    /// The setting of a server with group replication; `None` on any other.
    pub(super) async fn group_consistency(&mut self) -> Result<Option<String>, DbError> {
        let sql = format!("SHOW GLOBAL VARIABLES LIKE '{CONSISTENCY}'");
        Ok(self.run_rows::<(String, String)>(&sql).await?.into_iter().next().map(|(_, value)| value))
    }

    /// The server's variables that this module reads; those that a server does not have are missing.
    async fn variables(&mut self) -> Result<BTreeMap<String, String>, DbError> {
        let others = ["max_connections", "log_bin", "binlog_format", CONSISTENCY];
        let names: Vec<_> = READ_ONLY.iter().chain(&others).map(|name| format!("'{name}'")).collect();
        let sql = format!("SHOW GLOBAL VARIABLES WHERE Variable_name IN ({})", names.join(","));
        Ok(self.run_rows::<(String, String)>(&sql).await?.into_iter().collect())
    }
}
