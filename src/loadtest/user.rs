//! One user: send, wait for the answer, think, again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use tokio::sync::watch;
use tokio::time::Instant;

use super::failure;
use super::recorder::Recorder;
use super::scenario::{Scenario, Task};
use super::{Config, ThinkTime};
use crate::net::{Answer, Connection, Limits, NetError};

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Requests are sent.
    Running,
    /// No request is sent any more; answers are waited for.
    Stopping,
    /// Nothing is waited for any more.
    Stopped,
}

/// What all users of a run share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) scenario: Scenario,
    pub(super) recorder: Recorder,
    /// Connections opened, by all users.
    pub(super) connections: AtomicU64,
    /// Users that have started.
    pub(super) users_started: AtomicU64,
    /// Requests whose answer was not waited for.
    pub(super) abandoned: AtomicU64,
}

/// Sends requests until the run stops.
pub(super) async fn run(number: usize, shared: Arc<Shared>, mut phase: watch::Receiver<Phase>) {
    // Every user has random numbers of its own, however many there are.
    let mut random = Pcg64Mcg::seed_from_u64(shared.config.seed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut connection = None;
    while *phase.borrow() == Phase::Running {
        let place = shared.scenario.draw(&mut random);
        let task = &shared.scenario.tasks()[place];
        let body = task.body(&mut random);
        let started = Instant::now();
        let result = tokio::select! {
            result = attempt(&shared, &mut connection, task, body) => result,
            _ = phase.wait_for(|phase| *phase == Phase::Stopped) => {
                shared.abandoned.fetch_add(1, Ordering::Relaxed);
                return;
            }
        };
        let took = started.elapsed();
        let bytes = result.as_ref().map_or(0, |answer| answer.body.len());
        shared.recorder.record(number, place, took, bytes, failure::message(&result));
        let pause = pause(shared.config.think_time, &mut random);
        // A sender that is gone ends the run as well.
        let stopping = phase.wait_for(|phase| *phase >= Phase::Stopping);
        if pause.is_zero() {
            tokio::task::yield_now().await;
        } else if tokio::time::timeout(pause, stopping).await.is_ok() {
            return;
        }
    }
}

/// One request within its time, on the user's connection or a new one.
async fn attempt(
    shared: &Shared,
    connection: &mut Option<Connection>,
    task: &Task,
    body: hyper::body::Bytes,
) -> Result<Answer, NetError> {
    let after = shared.config.timeout;
    let exchange = async {
        let mut open = if let Some(open) = connection.take().filter(Connection::is_open) {
            open
        } else {
            shared.connections.fetch_add(1, Ordering::Relaxed);
            Connection::open(&shared.config.target, Limits { connect_timeout: after, ..Limits::default() }).await?
        };
        let headers: &[_] = if body.is_empty() { &HEADERS[..1] } else { &HEADERS };
        let answer = open.send(task.method.clone(), task.route, headers, body).await?;
        // Only a connection that carried a whole answer is used again.
        *connection = Some(open);
        Ok(answer)
    };
    tokio::time::timeout(after, exchange).await.unwrap_or(Err(NetError::TimedOut { after }))
}

const HEADERS: [(&str, &str); 2] =
    [("user-agent", concat!("storemgr/", env!("CARGO_PKG_VERSION"))), ("content-type", crate::wire::JSON)];

fn pause(think_time: ThinkTime, random: &mut Pcg64Mcg) -> Duration {
    let ThinkTime { least, most } = think_time;
    if least >= most { least } else { random.random_range(least..=most) }
}
