//! Activity of the database server: its connections and its counters, for monitoring tools.

use std::time::Duration;

use super::{Address, DbError, Session};

/// One connection of a database.
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
    /// A session that watches the server of this address and uses no database of its own, so that nobody counts it among the
    /// connections of a store. `limit` applies to connecting and to each statement.
    pub async fn connect_to_watch(address: &Address, limit: Duration) -> Result<Self, DbError> {
        Self::connect(&Address { name: WITHOUT_DATABASE.to_owned(), ..address.clone() }, limit).await
    }

    /// Open connections that use this database and that this account may see. A connection that is still being made, and may
    /// be refused, is not open.
    pub async fn connection_states(&mut self, database: &str) -> Result<Vec<ConnectionState>, DbError> {
        // The columns are Id, User, Host, db, Command, Time, State, Info, and another one on MariaDB.
        let rows = self.run_rows::<mysql_async::Row>("SHOW PROCESSLIST").await?;
        let uses = |row: &&mysql_async::Row| {
            let used = row.get_opt::<String, _>(3).and_then(Result::ok);
            used.is_some_and(|used| used.eq_ignore_ascii_case(database))
        };
        let open = rows.iter().filter(uses).filter(|row| command(row) != BEING_MADE);
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

/// The database that every server has and every account may use, and that has no tables of a store.
const WITHOUT_DATABASE: &str = "information_schema";

/// The command of a connection that is still being made.
const BEING_MADE: &str = "Connect";

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
    /// The sum with what another server has counted.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            statements: self.statements + other.statements,
            commits: self.commits + other.commits,
            rows_read: self.rows_read + other.rows_read,
        }
    }

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
