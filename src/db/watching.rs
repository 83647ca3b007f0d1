//! What the database server does while others use it: its connections and its counters, for tools that watch.

use super::{DbError, Session};

/// One connection of the server, other than the one that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionState {
    /// What it is doing.
    pub activity: Activity,
    /// For how long, in whole seconds.
    pub for_s: u64,
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Nothing: it is open, and nobody uses it.
    Asleep,
    /// It runs a statement.
    Running,
    /// It is being opened or closed.
    Other,
}

/// Counters of the server since it started, over all connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerCounters {
    /// Statements that read or write rows, begin or end a transaction, or set a variable; each of several that were sent
    /// at once counts.
    pub statements: u64,
    /// Those of them that commit a transaction.
    pub commits: u64,
    /// Rows that statements have read, those of temporary tables included.
    pub rows_read: u64,
}

/// The statements that are counted: their numbers are called `Com_` and this.
const STATEMENTS: [&str; 12] = [
    "select",
    "insert",
    "insert_select",
    "update",
    "update_multi",
    "delete",
    "delete_multi",
    "replace",
    "begin",
    "commit",
    "rollback",
    "set_option",
];
const COMMITS: &str = "Com_commit";

/// How rows come to be read; MariaDB no longer counts them where InnoDB does.
const ROWS_READ: &str = "Handler_read_";
const READS: [&str; 7] = ["first", "key", "last", "next", "prev", "rnd", "rnd_next"];

impl Session {
    /// The connections that this account may see, without this one.
    pub async fn connection_states(&mut self) -> Result<Vec<ConnectionState>, DbError> {
        // The columns are Id, User, Host, db, Command, Time, State, Info, and another one on MariaDB.
        let rows = self.run_rows::<mysql_async::Row>("SHOW PROCESSLIST").await?;
        let own = self.connection_number();
        let others = rows.iter().filter(|row| row.get::<u64, _>(0).map(|id| id as u32) != own);
        Ok(others.map(state).collect())
    }

    /// The counters as they are now; this question itself is in none of them.
    pub async fn server_counters(&mut self) -> Result<ServerCounters, DbError> {
        let names = STATEMENTS.iter().map(|name| format!("'Com_{name}'"));
        let names: Vec<_> = names.chain(READS.map(|name| format!("'{ROWS_READ}{name}'"))).collect();
        let sql = format!("SHOW GLOBAL STATUS WHERE Variable_name IN ({})", names.join(","));
        let mut counters = ServerCounters::default();
        for (name, value) in self.run_rows::<(String, String)>(&sql).await? {
            let value = value.parse().unwrap_or(0);
            match name.as_str() {
                name if name.starts_with(ROWS_READ) => counters.rows_read += value,
                name => {
                    counters.statements += value;
                    if name == COMMITS {
                        counters.commits = value;
                    }
                }
            }
        }
        Ok(counters)
    }
}

fn state(row: &mysql_async::Row) -> ConnectionState {
    let command: String = row.get_opt(4).and_then(Result::ok).unwrap_or_default();
    let activity = match command.as_str() {
        "Sleep" => Activity::Asleep,
        "Query" | "Execute" | "Prepare" => Activity::Running,
        _ => Activity::Other,
    };
    let for_s = row.get_opt::<i64, _>(5).and_then(Result::ok).unwrap_or_default();
    ConnectionState { activity, for_s: u64::try_from(for_s).unwrap_or_default() }
}

impl ServerCounters {
    /// How much they rose since an earlier reading.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            statements: self.statements.saturating_sub(earlier.statements),
            commits: self.commits.saturating_sub(earlier.commits),
            rows_read: self.rows_read.saturating_sub(earlier.rows_read),
        }
    }
}
