//! One user: send, wait for the answer, think, again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::body::Bytes;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use tokio::sync::watch;
use tokio::time::Instant;

use super::failure;
use super::recorder::Recorder;
use super::scenario::{Rendered, Scenario, Task};
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
    pub(super) counts: Counts,
}

/// What happens too seldom to need a shard.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Connections opened by users who had had one before.
    pub(super) reconnects: AtomicU64,
    /// Requests that failed because this machine had no file handle or local port left.
    pub(super) exhausted: AtomicU64,
    /// Requests whose answer was not waited for.
    pub(super) unanswered: AtomicU64,
}

/// Sends requests until the run stops.
pub(super) async fn run(number: usize, shared: Arc<Shared>, mut phase: watch::Receiver<Phase>) {
    // Every user has random numbers of its own, however many there are.
    let mut random = Pcg64Mcg::seed_from_u64(shared.config.seed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut line = Line::default();
    let mut request = Rendered::default();
    while *phase.borrow() == Phase::Running {
        let place = shared.scenario.draw(&mut random);
        let task = &shared.scenario.tasks()[place];
        shared.scenario.render(place, number as u64 + 1, &mut random, &mut request);
        let started = Instant::now();
        let result = tokio::select! {
            result = line.ask_in_time(&shared, task, &request) => result,
            _ = phase.wait_for(|phase| *phase == Phase::Stopped) => {
                shared.counts.unanswered.fetch_add(1, Ordering::Relaxed);
                return;
            }
        };
        let took = started.elapsed();
        if matches!(result, Err(NetError::Exhausted { .. })) {
            shared.counts.exhausted.fetch_add(1, Ordering::Relaxed);
        }
        let bytes = result.as_ref().map_or(0, |answer| answer.body.len());
        shared.recorder.record(number, task.group, took, bytes, failure::of(&result, &task.check));
        let pause = pause(task.think_time, &mut random);
        // A sender that is gone ends the run as well.
        let stopping = phase.wait_for(|phase| *phase >= Phase::Stopping);
        if pause.is_zero() {
            tokio::task::yield_now().await;
        } else if tokio::time::timeout(pause, stopping).await.is_ok() {
            return;
        }
    }
}

/// A user's way to the service: one connection, opened when it is needed.
#[derive(Debug, Default)]
struct Line {
    connection: Option<Connection>,
    /// Whether there ever was one.
    opened: bool,
}

impl Line {
    /// One request within its time. When the time passes the connection goes with it: its answer may still come.
    async fn ask_in_time(&mut self, shared: &Shared, task: &Task, request: &Rendered) -> Result<Answer, NetError> {
        let after = shared.config.timeout;
        tokio::time::timeout(after, self.ask(shared, task, request)).await.unwrap_or(Err(NetError::TimedOut { after }))
    }

    /// One request, on the open connection or a new one.
    async fn ask(&mut self, shared: &Shared, task: &Task, request: &Rendered) -> Result<Answer, NetError> {
        if let Some(open) = self.connection.take().filter(Connection::is_open) {
            // A service may close an idle connection in the very moment of the next request; if nothing of that
            // request was sent, nothing has failed.
            match self.exchange(open, task, request).await {
                Err(NetError::ClosedIdle) => {}
                result => return result,
            }
        }
        let limits = Limits { connect_timeout: shared.config.timeout, ..Limits::default() };
        let open = Connection::open(&shared.config.target, limits).await?;
        if std::mem::replace(&mut self.opened, true) {
            shared.counts.reconnects.fetch_add(1, Ordering::Relaxed);
        }
        self.exchange(open, task, request).await
    }

    /// One request and its whole answer; only a connection that carried one is kept.
    async fn exchange(&mut self, mut open: Connection, task: &Task, request: &Rendered) -> Result<Answer, NetError> {
        let headers: Vec<_> = request.headers(task).collect();
        let body = Bytes::copy_from_slice(request.body());
        let answer = open.send(task.method.clone(), request.path(), &headers, body).await?;
        self.connection = Some(open);
        Ok(answer)
    }
}

fn pause(think_time: ThinkTime, random: &mut Pcg64Mcg) -> Duration {
    let ThinkTime { least, most } = think_time;
    if least >= most { least } else { random.random_range(least..=most) }
}
