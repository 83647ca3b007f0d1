//! The list of connections, look by look, and what the looks add up to.

use std::collections::{BTreeMap, HashMap};

use mysql_async::Row;

use super::answers::{decimal, number, text};
use super::sources::Sources;
use crate::observe::normalised::normalised;
use crate::observe::observed::{ConnectionLook, UserConnections};

/// The most connections of one look, statements, states and points of the timeline that are kept.
const MOST_CONNECTIONS: usize = 5000;
const MOST_STATEMENTS: usize = 500;
const MOST_STATES: usize = 50;
const MOST_POINTS: usize = 400;
const MOST_USERS: usize = 20;

/// From this time on a connection is long asleep.
const LONG_ASLEEP_S: f64 = 2.0;

/// The most letters of a statement that are asked for.
const LETTERS: u32 = 300;

/// A connection at one look.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Connection {
    pub(super) id: u64,
    pub(super) user: String,
    pub(super) command: String,
    pub(super) for_s: f64,
    pub(super) state: String,
    /// The statement that it runs, without values; empty if it runs none.
    pub(super) statement: String,
    pub(super) database: String,
}

/// The statement that reads the list.
pub(super) fn query(sources: Sources, with_statements: bool) -> String {
    let time = if sources.is_mariadb { "TIME_MS / 1000" } else { "TIME" };
    let table = if sources.fast_list { "performance_schema.processlist" } else { "information_schema.PROCESSLIST" };
    let statement = if with_statements { format!("LEFT(INFO, {LETTERS})") } else { "''".to_owned() };
    format!("SELECT ID, USER, COMMAND, {time}, STATE, {statement}, DB FROM {table} LIMIT {MOST_CONNECTIONS}")
}

/// Reads a row of the list; `None` for one that is no open connection: one that is being made, a thread of the server, or the
/// observer's own.
pub(super) fn connection(row: &Row, own_id: u64) -> Option<Connection> {
    let (id, command) = (number(row, 0), text(row, 2));
    let is_open =
        id != own_id && !matches!(command.as_str(), "Connect" | "Daemon" | "Binlog Dump" | "Binlog Dump GTID");
    let user = text(row, 1);
    (is_open && user != "system user" && user != "event_scheduler").then(|| Connection {
        id,
        user,
        command,
        for_s: decimal(row, 3).max(0.0),
        state: text(row, 4),
        statement: normalised(&text(row, 5)),
        database: text(row, 6),
    })
}

impl Connection {
    pub(super) fn is_asleep(&self) -> bool {
        self.command == "Sleep"
    }

    fn runs(&self) -> bool {
        matches!(self.command.as_str(), "Query" | "Execute" | "Prepare")
    }
}

/// How often a statement was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sightings {
    pub(super) seen: u64,
    pub(super) most_at_once: u64,
}

/// What all looks add up to.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections {
    pub(super) looks: u64,
    pub(super) timeline: Vec<ConnectionLook>,
    /// A point of the timeline stands for so many looks.
    stride: u64,
    pub(super) peak: ConnectionLook,
    pub(super) users: Vec<UserConnections>,
    pub(super) states: BTreeMap<String, u64>,
    pub(super) statements: HashMap<String, Sightings>,
    open: u64,
    running: u64,
    busy: u64,
}

impl Connections {
    /// Adds a look. `all` counts the server's connections; `of_service` are those of the watched database, of which `in_transaction` are the
    /// numbers of those with a transaction.
    pub(super) fn add(&mut self, at_s: f64, all: usize, of_service: &[Connection], in_transaction: &[u64]) {
        let asleep = || of_service.iter().filter(|connection| connection.is_asleep());
        let count =
            |is: &dyn Fn(&Connection) -> bool| of_service.iter().filter(|connection| is(connection)).count() as u64;
        let has_transaction = |connection: &Connection| in_transaction.contains(&connection.id);
        let look = ConnectionLook {
            at_s,
            all: all as u64,
            open: of_service.len() as u64,
            running: count(&Connection::runs),
            asleep: asleep().count() as u64,
            long_asleep: asleep().filter(|connection| connection.for_s >= LONG_ASLEEP_S).count() as u64,
            longest_sleep_s: asleep()
                .map(|connection| connection.for_s)
                .filter(|for_s| *for_s <= at_s + 1.0)
                .fold(0.0, f64::max),
            in_transaction: count(&has_transaction),
        };
        self.open += look.open;
        self.running += look.running;
        self.busy += count(&|connection| connection.runs() || has_transaction(connection));
        if (look.open, look.asleep) >= (self.peak.open, self.peak.asleep) {
            self.peak = look;
            self.users = users(of_service);
        }
        let running = of_service.iter().filter(|connection| connection.runs());
        let mut at_once: HashMap<&str, u64> = HashMap::new();
        for connection in running {
            if self.states.len() < MOST_STATES || self.states.contains_key(&connection.state) {
                *self.states.entry(connection.state.clone()).or_default() += 1;
            }
            if !connection.statement.is_empty() {
                *at_once.entry(&connection.statement).or_default() += 1;
            }
        }
        for (statement, count) in at_once {
            if self.statements.len() >= MOST_STATEMENTS && !self.statements.contains_key(statement) {
                continue;
            }
            let seen = self.statements.entry(statement.to_owned()).or_default();
            seen.seen += count;
            seen.most_at_once = seen.most_at_once.max(count);
        }
        self.keep(look);
        self.looks += 1;
    }

    /// The mean numbers of connections that were open, running, and busy.
    pub(super) fn means(&self) -> [f64; 3] {
        let looks = self.looks.max(1) as f64;
        [self.open, self.running, self.busy].map(|sum| sum as f64 / looks)
    }

    /// Keeps a look in the timeline; when that is full, every other point is left out.
    fn keep(&mut self, look: ConnectionLook) {
        let stride = self.stride.max(1);
        if self.looks.is_multiple_of(stride) {
            self.timeline.push(look);
        }
        if self.timeline.len() >= MOST_POINTS {
            let mut place = 0;
            self.timeline.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.stride = stride * 2;
        }
    }
}

fn users(connections: &[Connection]) -> Vec<UserConnections> {
    let mut users: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for connection in connections {
        let (open, asleep) = users.entry(&connection.user).or_default();
        *open += 1;
        *asleep += u64::from(connection.is_asleep());
    }
    let of_user = |(user, (open, asleep)): (&str, (u64, u64))| UserConnections {
        user: user.to_owned(),
        open,
        asleep,
        limit: None,
    };
    let mut users: Vec<_> = users.into_iter().map(of_user).collect();
    users.sort_by_key(|user| std::cmp::Reverse(user.open));
    users.truncate(MOST_USERS);
    users
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(id: u64, command: &str, for_s: f64, statement: &str) -> Connection {
        let [user, command, statement] = ["shop", command, statement].map(str::to_owned);
        Connection { id, user, command, for_s, state: String::new(), statement, database: "store".to_owned() }
    }

    #[test]
    fn a_look_tells_who_works_from_who_sleeps() {
        let list = [
            connection(1, "Sleep", 29.0, ""),
            connection(2, "Sleep", 0.5, ""),
            connection(3, "Query", 0.0, "SELECT ?"),
            connection(4, "Execute", 0.0, "SELECT ?"),
            connection(5, "Quit", 0.0, ""),
        ];
        let mut connections = Connections::default();
        connections.add(30.5, 9, &list, &[2, 77]);
        let expected = ConnectionLook {
            at_s: 30.5,
            all: 9,
            open: 5,
            running: 2,
            asleep: 2,
            long_asleep: 1,
            longest_sleep_s: 29.0,
            in_transaction: 1,
        };
        assert_eq!((connections.peak, connections.means()), (expected, [5.0, 2.0, 3.0]));
        assert_eq!(connections.statements["SELECT ?"], Sightings { seen: 2, most_at_once: 2 });
        assert_eq!((connections.users[0].open, connections.users[0].asleep), (5, 2));
        // One that has slept since before the first look was left open by no request of the load.
        let mut early = Connections::default();
        early.add(1.5, 9, &list, &[]);
        assert_eq!((early.peak.asleep, early.peak.longest_sleep_s), (2, 0.5));
    }

    #[test]
    fn a_long_run_keeps_a_bounded_number_of_points() {
        let mut connections = Connections::default();
        for second in 0..10_000 {
            connections.add(f64::from(second), 0, &[], &[]);
        }
        let points = &connections.timeline;
        assert!(points.len() < MOST_POINTS && points.len() >= MOST_POINTS / 4, "{}", points.len());
        let steps: Vec<_> = points.windows(2).map(|pair| pair[1].at_s - pair[0].at_s).collect();
        assert!(steps.windows(2).all(|pair| (pair[0] - pair[1]).abs() < f64::EPSILON), "{steps:?}");
    }
}
