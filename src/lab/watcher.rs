//! Watches the database's connections while a load test runs.
//!
//! The watcher opens its own connection before the load, because during the collapse it would get none. It therefore uses
//! one of the server's connections, which no figure includes. Where several servers form a group, it goes over to the next
//! primary when the one that it watches is gone.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::measurement::{ConnectionPoint, DatabaseSide};
use crate::db::{Activity, Address, ConnectionState, DbError, ServerCounters, Session};
use crate::process;

/// The time between two looks. A statement that takes a millisecond is rarely seen, so the looks must be frequent; reading
/// a list of 151 connections costs little.
const INTERVAL: Duration = Duration::from_millis(250);

/// The time limit of the watcher's connection and of each of its statements.
const LIMIT: Duration = Duration::from_secs(5);

/// Watches until it is asked for its result.
#[derive(Debug)]
pub(super) struct Watcher {
    begin: Begin,
    enough: oneshot::Sender<()>,
    task: JoinHandle<Seen>,
}

/// The state of the database at the beginning.
#[derive(Debug)]
struct Begin {
    at: Instant,
    version: String,
    max_connections: u64,
    counters: ServerCounters,
}

/// What the task has seen so far.
#[derive(Debug)]
struct Seen {
    /// The session with the server that takes writes; the error that ended the last one, if there is none.
    session: Result<Session, DbError>,
    /// Of the server that took over: its counters when the watcher came to it.
    took_over: Option<ServerCounters>,
    processes: Vec<ServerProcess>,
    timeline: Vec<ConnectionPoint>,
}

/// The process of a database server, and its processor time when it was last seen.
#[derive(Debug)]
struct ServerProcess {
    pid: u32,
    at_first: Option<Duration>,
    at_last: Option<Duration>,
}

impl Watcher {
    /// Starts watching. The processor time of these processes, which are those of the database, is measured.
    pub(super) async fn start(address: &Address, pids: &[u32]) -> Result<Self, DbError> {
        let mut session = Session::connect_to_watch(address, LIMIT).await?;
        let facts = session.server_facts().await?;
        let begin = Begin {
            version: facts.version,
            max_connections: facts.max_connections,
            counters: session.server_counters().await?,
            at: Instant::now(),
        };
        let (enough, asked) = oneshot::channel();
        let seen = Seen {
            session: Ok(session),
            took_over: None,
            processes: pids.iter().copied().map(ServerProcess::new).collect(),
            timeline: Vec::new(),
        };
        let task = tokio::spawn(watch(seen, address.clone(), begin.at, asked));
        Ok(Self { begin, enough, task })
    }

    /// Stops watching and returns what was seen. `last` are the counters of the first server before it was killed, if it was.
    pub(super) async fn finish(self, last: Option<ServerCounters>) -> Result<DatabaseSide, DbError> {
        let Self { begin, enough, task } = self;
        // A task that has already ended does not need the message.
        let _ = enough.send(());
        let broken = |error: tokio::task::JoinError| DbError::Unexpected(error.to_string());
        let Seen { session, took_over, mut processes, timeline } = task.await.map_err(broken)?;
        let counters = session?.server_counters().await?;
        let counters = match took_over {
            None => counters.since(&begin.counters),
            Some(before) => counters.since(&before).and(&last.unwrap_or(begin.counters).since(&begin.counters)),
        };
        processes.iter_mut().for_each(ServerProcess::look);
        let cpu: Option<Duration> = processes.iter().filter_map(ServerProcess::used).reduce(|all, used| all + used);
        let seconds = begin.at.elapsed().as_secs_f64();
        let most = |of: fn(&ConnectionPoint) -> u64| timeline.iter().map(of).max().unwrap_or_default();
        // Of several times with the same number, the one with most connections asleep explains most.
        let peak = timeline.iter().max_by_key(|point| (point.open, point.asleep)).copied();
        Ok(DatabaseSide {
            version: begin.version,
            max_connections: begin.max_connections,
            peak: peak.unwrap_or_default(),
            most_running: most(|point| point.running),
            longest_sleep_s: most(|point| point.longest_sleep_s),
            cpu_cores: cpu.map(|used| used.as_secs_f64() / seconds),
            statements: counters.statements,
            rows_read: counters.rows_read,
            timeline,
        })
    }
}

/// The sentence for a failed query of the watcher or of the other measurements.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn unwatched(error: DbError) -> String {
    format!("the database cannot be watched: {error}")
}

/// Reads the connections of the database until it is asked to end or the database fails. Of several servers, another one
/// takes the place of the one that fails.
async fn watch(mut seen: Seen, address: Address, begin: Instant, mut asked: oneshot::Receiver<()>) -> Seen {
    let several = address.servers.all().len() > 1;
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = &mut asked => return seen,
            _ = ticks.tick() => {}
        }
        seen.processes.iter_mut().for_each(ServerProcess::look);
        match &mut seen.session {
            Ok(session) => match session.connection_states(&address.name).await {
                Ok(states) => seen.timeline.push(point(begin.elapsed(), &states)),
                Err(error) => seen.session = Err(error),
            },
            Err(_) if several => {
                tokio::select! {
                    _ = &mut asked => return seen,
                    found = next_server(&address) => if let Ok((session, counters)) = found {
                        (seen.session, seen.took_over) = (Ok(session), Some(counters));
                    },
                }
            }
            Err(_) => return seen,
        }
    }
}

/// A session with the server that takes writes now, and what that has counted.
async fn next_server(address: &Address) -> Result<(Session, ServerCounters), DbError> {
    let mut session = Session::connect_to_watch(address, LIMIT).await?;
    let counters = session.server_counters().await?;
    Ok((session, counters))
}

impl ServerProcess {
    fn new(pid: u32) -> Self {
        let at_first = process::cpu_time_of(pid);
        Self { pid, at_first, at_last: at_first }
    }

    /// Reads its processor time. Of a process that has ended, the last one is kept.
    fn look(&mut self) {
        self.at_last = process::cpu_time_of(self.pid).or(self.at_last);
    }

    /// The processor time that it used while it was watched.
    fn used(&self) -> Option<Duration> {
        Some(self.at_last?.saturating_sub(self.at_first?))
    }
}

fn point(at: Duration, states: &[ConnectionState]) -> ConnectionPoint {
    let count = |activity| states.iter().filter(|state| state.activity == activity).count() as u64;
    // What was asleep before the load was left open by none of its requests: the store has a connection that waits.
    let asleep = states.iter().filter(|state| state.activity == Activity::Asleep && state.for_s <= at.as_secs() + 1);
    ConnectionPoint {
        at_s: at.as_secs_f64(),
        open: states.len() as u64,
        running: count(Activity::Running),
        asleep: count(Activity::Asleep),
        longest_sleep_s: asleep.map(|state| state.for_s).max().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_tells_who_works_from_who_sleeps() {
        let state = |activity, for_s| ConnectionState { activity, for_s };
        let states = [
            state(Activity::Asleep, 3),
            state(Activity::Asleep, 29),
            state(Activity::Running, 40),
            state(Activity::Other, 0),
        ];
        let expected = ConnectionPoint { at_s: 31.5, open: 4, running: 1, asleep: 2, longest_sleep_s: 29 };
        assert_eq!(point(Duration::from_millis(31_500), &states), expected);
        // One that has slept for longer than the load lasts is not one of its own.
        let early = ConnectionPoint { at_s: 2.5, longest_sleep_s: 3, ..expected };
        assert_eq!(point(Duration::from_millis(2_500), &states), early);
    }
}
