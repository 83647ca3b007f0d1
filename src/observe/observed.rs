//! What was seen, as it is written to the JSON of a run under `observed`.
//!
//! Counts are those of the time that was watched. `None`, or an empty list together with an entry in `missing`, means that
//! it could not be seen; a zero means that it was looked at and did not happen.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Commands that read or change rows, by the names of the counters `Com_…`.
pub(super) const ROW_COMMANDS: [&str; 8] =
    ["select", "insert", "insert_select", "update", "update_multi", "delete", "delete_multi", "replace"];

/// Everything that was seen of the parts of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Observed {
    /// How long was watched, in seconds: the load, with its warm-up and the last answers.
    pub seconds: f64,
    /// The processors of this machine.
    pub processors: usize,
    /// MySQL and MariaDB servers.
    pub databases: Vec<ObservedDatabase>,
    /// Redis servers.
    pub caches: Vec<ObservedRedis>,
    /// Processes, each with its children.
    pub processes: Vec<ObservedProcess>,
}

/// What was seen of a MySQL or MariaDB server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObservedDatabase {
    /// The account, server and database that were watched, without a password.
    pub address: String,
    /// The version that the server reports.
    pub version: String,
    /// The most connections that the server accepts.
    pub max_connections: u64,
    /// The most connections of one account, where the server has such a limit.
    pub user_limit: Option<u64>,
    /// How often the connections were looked at.
    pub looks: u64,
    /// The connections over time; in a long run a point stands for several looks.
    pub timeline: Vec<ConnectionLook>,
    /// The look with most connections of the service; of several, the one with most asleep.
    pub peak: ConnectionLook,
    /// The mean number of the service's connections over all looks.
    pub mean_open: f64,
    /// The mean number of them that ran a statement. By Little's law, times the seconds, this is the time of all statements.
    pub mean_running: f64,
    /// The mean number of them that ran a statement or had a transaction open.
    pub mean_busy: f64,
    /// The connections by account at the peak, the most first.
    pub users: Vec<UserConnections>,
    /// How often a connection was seen in each state while it ran a statement.
    pub states: BTreeMap<String, u64>,
    /// Statements without their values, those that took longest first.
    pub statements: Vec<Statement>,
    /// Whether statements were counted and timed by the server; otherwise they were only seen in the list of connections.
    pub statements_counted: bool,
    /// Counters of the server by its own names: how much each rose. Empty if they could not be read at the end.
    pub counters: BTreeMap<String, u64>,
    /// Transactions that were open.
    pub transactions: Option<Transactions>,
    /// Who waited for whose rows, the longest wait first.
    pub row_waits: Vec<RowWait>,
    /// Transactions that the server ended because of a deadlock.
    pub deadlocks: Option<u64>,
    /// The time that the server spent on making its logs durable, in seconds, over all threads.
    pub flush_s: Option<f64>,
    /// How often it did.
    pub flushes: Option<u64>,
    /// What could not be seen, and what would show it.
    pub missing: Vec<Missing>,
    /// What looking cost the server.
    pub cost: Cost,
}

/// The connections at one time, without that of the observer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectionLook {
    /// Seconds since the watching began.
    pub at_s: f64,
    /// All connections of the server that the account may see, those of other services included.
    pub all: u64,
    /// The connections to the watched database; all of them if none was named.
    pub open: u64,
    /// Of these, connections that ran a statement.
    pub running: u64,
    /// Of these, connections that were unused.
    pub asleep: u64,
    /// Of those asleep, connections that had been unused for two seconds or more.
    pub long_asleep: u64,
    /// The longest time for which one of them had been unused, in seconds, not counting those that were unused before the first
    /// look.
    pub longest_sleep_s: f64,
    /// Connections with an open transaction; 0 where transactions cannot be seen.
    pub in_transaction: u64,
}

/// The connections of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserConnections {
    /// The name of the account.
    pub user: String,
    /// Connections that were open.
    pub open: u64,
    /// Of these, connections that were unused.
    pub asleep: u64,
    /// The most connections that the account may have; `None` without a limit of its own, or if it cannot be read.
    #[serde(default)]
    pub limit: Option<u64>,
}

/// A statement without its values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Statement {
    /// Its text; values are question marks.
    pub text: String,
    /// How often it ran; `None` where the server does not count statements.
    pub count: Option<u64>,
    /// The time of all its runs in seconds, by the server's clock, or by how often it was seen.
    pub time_s: f64,
    /// Rows that it read.
    pub rows_examined: Option<u64>,
    /// Rows that it gave or changed.
    pub rows_sent: Option<u64>,
    /// Runs that read a table from its first row to its last, or an index that does not fit.
    pub without_index: Option<u64>,
    /// The time for which it waited for locks of tables and rows, in seconds.
    pub lock_s: Option<f64>,
    /// Runs that ended with an error.
    pub errors: Option<u64>,
    /// How often it was seen running.
    pub seen: u64,
    /// The most connections that ran it at the same time.
    pub most_at_once: u64,
}

/// Transactions that were open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transactions {
    /// The most at the same time.
    pub most: u64,
    /// The longest time for which one was open, in seconds.
    pub oldest_s: f64,
    /// The longest time for which one was open whose connection did nothing, in seconds.
    pub oldest_idle_s: f64,
    /// The statement that the oldest one ran when it was last seen; `None` if its connection did nothing.
    pub oldest_runs: Option<String>,
}

/// A statement that waited for rows that another transaction held.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RowWait {
    /// The statement that waited.
    pub waits: String,
    /// What the holder ran; `None` if it did nothing, with its transaction open, or is not known.
    pub holder_runs: Option<String>,
    /// The account of the holder, if it is known.
    pub holder: Option<String>,
    /// How often it was seen, in connections and looks.
    pub seen: u64,
    /// The longest wait that was seen, in seconds.
    pub longest_s: f64,
    /// The longest time for which the holder's transaction was open, in seconds.
    pub holder_open_s: f64,
}

/// Something that could not be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What it is, such as `statements by text`.
    pub what: String,
    /// Why, in the server's words or ours.
    pub why: String,
    /// The setting or GRANT that would show it.
    pub remedy: String,
}

/// What looking cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cost {
    /// Statements or commands of the observer.
    pub queries: u64,
    /// The time until they were answered, in seconds; for processes, the processor time of reading their files.
    pub seconds: f64,
    /// Bytes that came in answer.
    pub bytes: u64,
}

/// What was seen of a Redis server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObservedRedis {
    /// Its address.
    pub address: String,
    /// Its version.
    pub version: String,
    /// Commands by name, those that took longest first, without the observer's own.
    pub commands: Vec<Command>,
    /// Look-ups that found a key.
    pub hits: u64,
    /// Look-ups that found none.
    pub misses: u64,
    /// Keys that were deleted because the memory was full.
    pub evicted: u64,
    /// Keys whose time to live ended.
    pub expired: u64,
    /// Keys in all databases at the end.
    pub keys: u64,
    /// The most keys that were seen.
    pub most_keys: u64,
    /// The most clients at the same time, without the observer.
    pub most_clients: u64,
    /// Connections that it refused because there were too many.
    pub refused: u64,
    /// The memory at the end, in bytes.
    pub memory_bytes: u64,
    /// The limit of its memory in bytes; 0 for none.
    pub max_memory_bytes: u64,
    /// The mean number of processors that it used; it can use about one.
    pub cpu_cores: f64,
    /// What could not be seen, and what would show it.
    pub missing: Vec<Missing>,
    /// What looking cost.
    pub cost: Cost,
}

/// A kind of command of Redis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Command {
    /// Its name in small letters.
    pub name: String,
    /// How often it ran.
    pub calls: u64,
    /// The time of all its runs in seconds.
    pub time_s: f64,
}

/// What a process is to the service that is under load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The service itself.
    #[default]
    Service,
    /// Its database.
    Database,
    /// Its Redis.
    Cache,
}

/// What was seen of a process and its children.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObservedProcess {
    /// The number of the process that was named.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// `service`, `database` or `cache`.
    pub role: Role,
    /// Whether it still ran at the end.
    pub alive: bool,
    /// Children that ended while it was watched.
    pub children_ended: u64,
    /// The most processes at the same time, with its children.
    pub most_processes: u64,
    /// The mean number of processors that they used together.
    pub cpu_cores: f64,
    /// The highest number of processors that they used in one second.
    pub peak_cores: f64,
    /// The mean number of their threads that could run and waited for a processor; `None` where the kernel does not tell.
    pub waiting_cores: Option<f64>,
    /// The busiest threads, the busiest first.
    pub busiest: Vec<Busiest>,
    /// The processors on which it may run.
    pub processors_allowed: u64,
    /// The most threads at the same time.
    pub most_threads: u64,
    /// The most resident memory, in bytes.
    pub peak_memory_bytes: u64,
    /// The most open file handles of one process; `None` where they cannot be read.
    pub most_handles: Option<u64>,
    /// The most file handles that a process may open.
    pub handles_limit: Option<u64>,
    /// The most sockets in each state, such as `established`; empty where they cannot be read.
    pub sockets: BTreeMap<String, u64>,
    /// What could not be seen, and what would show it.
    pub missing: Vec<Missing>,
    /// What looking cost.
    pub cost: Cost,
}

/// A thread that used much processor time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Busiest {
    /// The name of the thread.
    pub name: String,
    /// Its number.
    pub id: u32,
    /// The mean number of processors that it used, at most 1.
    pub cpu_cores: f64,
    /// The share of the time for which it could run and waited for a processor.
    pub waiting_cores: f64,
}

impl Observed {
    /// Whether nothing was watched.
    pub fn is_empty(&self) -> bool {
        self.databases.is_empty() && self.caches.is_empty() && self.processes.is_empty()
    }
}

impl ObservedDatabase {
    /// How much a counter of the server rose; 0 if it was not read.
    pub fn counter(&self, name: &str) -> u64 {
        self.counters.get(name).copied().unwrap_or(0)
    }

    /// The statements that read or change rows, without those that begin, end and set up.
    pub fn row_statements(&self) -> u64 {
        ROW_COMMANDS.iter().map(|command| self.counter(&format!("Com_{command}"))).sum()
    }

    /// Connections that the server refused because all were taken.
    pub fn refused(&self) -> u64 {
        self.counter("Connection_errors_max_connections")
    }
}

impl ObservedRedis {
    /// How often a command ran, and the time of all its runs in seconds.
    pub fn command(&self, name: &str) -> (u64, f64) {
        self.commands.iter().find(|command| command.name == name).map_or((0, 0.0), |found| (found.calls, found.time_s))
    }
}

impl Cost {
    /// Adds one question, the time until it was answered, and the bytes of the answer.
    pub(super) fn add(&mut self, took: Duration, bytes: u64) {
        self.queries += 1;
        self.seconds += took.as_secs_f64();
        self.bytes += bytes;
    }
}
