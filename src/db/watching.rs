//! Activity of the database server: its connections and its counters, for monitoring tools.

use super::{DbError, Session};

/// One connection of the server, other than the one that reads this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionState {
    /// Its current activity.
    pub activity: Activity,
    /// Duration of that activity in whole seconds.
    pub for_s: u64,
}

/// Activity of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Open and unused.
    Asleep,
    /// Runs a statement.
    Running,
    /// Is being opened or closed.
    Other,
}

/// Counters of the server since it started, over all connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerCounters {
    /// Statements that read or write rows, begin or end a transaction, or set a variable; statements sent together
    /// count one by one.
    pub statements: u64,
    /// The part of `statements` that commits a transaction.
    pub commits: u64,
    /// Rows that statements have read, including those of temporary tables.
    pub rows_read: u64,
}

/// Suffixes of the `Com_` variables that are counted.
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

/// Handler variables that count rows read; MariaDB no longer counts them in InnoDB's variables.
const ROWS_READ: &str = "Handler_read_";
const READS: [&str; 7] = ["first", "key", "last", "next", "prev", "rnd", "rnd_next"];

impl Session {
    /// Open connections that this account may see, except this one. A connection that is still being made, and may be refused,
    /// is not open, and neither is a thread of the server itself.
    pub async fn connection_states(&mut self) -> Result<Vec<ConnectionState>, DbError> {
        // The columns are Id, User, Host, db, Command, Time, State, Info, and another one on MariaDB.
        let rows = self.run_rows::<mysql_async::Row>("SHOW PROCESSLIST").await?;
        let own = self.connection_number();
        let others = rows.iter().filter(|row| row.get::<u64, _>(0).map(|id| id as u32) != own);
        let open = others.filter(|row| !NOT_OPEN.contains(&command(row).as_str()));
        Ok(open.map(state).collect())
    }

    /// The counters at this moment; none of them includes this query.
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

/// Commands of the list that are no open connections: one that is being made, and the server's own threads.
const NOT_OPEN: [&str; 2] = ["Connect", "Daemon"];

fn command(row: &mysql_async::Row) -> String {
    row.get_opt(4).and_then(Result::ok).unwrap_or_default()
}

fn state(row: &mysql_async::Row) -> ConnectionState {
    let activity = match command(row).as_str() {
        "Sleep" => Activity::Asleep,
        "Query" | "Execute" | "Prepare" => Activity::Running,
        _ => Activity::Other,
    };
    let for_s = row.get_opt::<i64, _>(5).and_then(Result::ok).unwrap_or_default();
    ConnectionState { activity, for_s: u64::try_from(for_s).unwrap_or_default() }
}

impl ServerCounters {
    /// Increase since an earlier reading.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            statements: self.statements.saturating_sub(earlier.statements),
            commits: self.commits.saturating_sub(earlier.commits),
            rows_read: self.rows_read.saturating_sub(earlier.rows_read),
        }
    }
}
