//! The connection of one user. It is opened on demand, sends one request at a time and records each when it is
//! completed.

use std::pin::Pin;
use std::time::Duration;

use hyper::Method;
use rand_pcg::Pcg64Mcg;
use tokio::time::{Instant, Sleep};

use super::state::{RunState, WorkerRecords};
use crate::loadtest::recording::{Failure, Sample, failure};
use crate::loadtest::scenario::{Rendered, Task, ThinkTime};
use crate::net::{KeepBody, LeanConnection, NetError};

/// What a user needs to know after a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestDone {
    /// The think time of the task that was sent.
    pub(super) think_time: ThinkTime,
    /// Whether a connection could be opened; if not, the user pauses before it tries again.
    pub(super) connected: bool,
}

/// A user's connection and the buffers for its requests, which are reused.
#[derive(Debug)]
pub(super) struct UserConnection {
    /// The number of the user, from 1.
    user: u64,
    connection: Option<LeanConnection>,
    /// Whether a connection was ever opened; opening another one is a reconnect.
    opened: bool,
    deadline: Deadline,
    rendered: Rendered,
    request: Vec<u8>,
}

/// The part of an answer that is recorded.
struct Answer {
    /// None if no complete answer came.
    status: Option<u16>,
    body_bytes: u64,
    failure: Option<Failure>,
}

impl UserConnection {
    pub(super) fn new(user: u64) -> Self {
        let (rendered, request) = (Rendered::default(), Vec::new());
        Self { user, connection: None, opened: false, deadline: Deadline::default(), rendered, request }
    }

    /// Draws a task, sends its request, waits for the complete answer and records it. `due` is when the request should
    /// have been sent: response time and time limit count from there.
    pub(super) async fn request(
        &mut self,
        run: &RunState,
        records: &WorkerRecords,
        random: &mut Pcg64Mcg,
        due: Instant,
    ) -> RequestDone {
        let place = run.scenario.draw(random);
        let task = &run.scenario.tasks()[place];
        run.scenario.render(place, self.user, random, &mut self.rendered);
        self.write_request(run, task);
        let in_flight = records.send(task.group, due);
        let sent = Instant::now();
        let result = self.exchange_in_time(run, task, due).await;
        let ended_at = Instant::now();
        in_flight.end();
        let (answer, connected) = match result {
            Ok(answer) => (answer, true),
            Err(error) => {
                records.count_exhausted(due, &error);
                // After any error the state of the connection is unknown, so it is dropped.
                let connected = self.connection.take().is_some();
                (Answer { status: None, body_bytes: 0, failure: failure::of(Err(&error), &task.check) }, connected)
            }
        };
        let (response, service) = (ended_at - due, run.is_open().then(|| ended_at - sent));
        let Answer { status, body_bytes, failure } = answer;
        let sample = Sample { response, service, body_bytes, status, checked: task.checked, failure };
        records.record(task.group, due, sample);
        RequestDone { think_time: task.think_time, connected }
    }

    fn write_request(&mut self, run: &RunState, task: &Task) {
        let Self { rendered, request, .. } = self;
        request.clear();
        let mut write = |parts: &[&str]| parts.iter().for_each(|part| request.extend_from_slice(part.as_bytes()));
        let prefix = run.config.target.prefix();
        write(&[task.method.as_str(), " ", prefix, rendered.path(), " HTTP/1.1\r\n", &run.host_header]);
        for (name, value) in rendered.headers(task) {
            write(&[name, ": ", value, "\r\n"]);
        }
        let body = rendered.body();
        // Without a body, a content length is sent only for methods whose body a server may wait for (RFC 9110, section
        // 8.6).
        if !body.is_empty() || matches!(task.method, Method::POST | Method::PUT | Method::PATCH) {
            write(&["content-length: ", itoa::Buffer::new().format(body.len()), "\r\n"]);
        }
        write(&["\r\n"]);
        request.extend_from_slice(body);
    }

    /// Makes one exchange within the time limit. When the limit passes the connection is dropped, because the answer
    /// may still come.
    async fn exchange_in_time(&mut self, run: &RunState, task: &Task, due: Instant) -> Result<Answer, NetError> {
        let after = run.config.timeout;
        let Self { connection, opened, deadline, request, .. } = self;
        let counts = due >= run.measured_from;
        tokio::select! {
            biased;
            result = send(connection, opened, request, run, task, counts) => return result,
            () = deadline.passed(due + after) => {}
        }
        let connecting = connection.is_none();
        Err(if connecting { NetError::ConnectTimedOut { after } } else { NetError::TimedOut { after } })
    }
}

/// Sends one request on the open connection or on a new one. `counts` says whether a reconnect is counted.
async fn send(
    connection: &mut Option<LeanConnection>,
    opened: &mut bool,
    request: &[u8],
    run: &RunState,
    task: &Task,
    counts: bool,
) -> Result<Answer, NetError> {
    if let Some(open) = connection.as_mut().filter(|open| open.is_open()) {
        // A server may close an idle connection at the moment of the next request. If nothing of that request was sent,
        // nothing has failed, and it is sent on a new connection.
        match exchange(open, request, task).await {
            Err(NetError::ClosedIdle) => {}
            result => return result,
        }
    }
    *connection = None;
    let open = connection.insert(LeanConnection::open(&run.addresses).await?);
    if std::mem::replace(opened, true) && counts {
        run.counts.count_reconnect();
    }
    exchange(open, request, task).await
}

async fn exchange(open: &mut LeanConnection, request: &[u8], task: &Task) -> Result<Answer, NetError> {
    let keep = if task.check.reads_answers() { KeepBody::All } else { KeepBody::Failures };
    let reply = open.exchange(request, task.method == Method::HEAD, keep).await?;
    let failure = failure::of(Ok(&reply), &task.check);
    let answer = Answer { status: Some(reply.status), body_bytes: reply.body_bytes, failure };
    open.rest();
    Ok(answer)
}

/// A time limit that is set for every request and rarely reached. Its timer is moved only when it fires, which is
/// cheaper than setting it for each request.
#[derive(Debug, Default)]
struct Deadline {
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    async fn passed(&mut self, at: Instant) {
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        if timer.deadline() > at {
            timer.as_mut().reset(at);
        }
        loop {
            timer.as_mut().await;
            if Instant::now() >= at {
                return;
            }
            timer.as_mut().reset(at);
        }
    }
}

/// The pause of a user whose connection could not be opened. Nobody clicks faster, and a service that is down must not
/// be counted as a hundred thousand failures a second.
pub(super) const RECONNECT_PAUSE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_holds_however_often_it_was_moved() {
        let start = Instant::now();
        let mut deadline = Deadline::default();
        for _ in 0..100 {
            let at = Instant::now() + Duration::from_mins(1);
            let answer = tokio::time::sleep(Duration::from_secs(1));
            tokio::select! { biased; () = answer => {}, () = deadline.passed(at) => panic!("too early") }
        }
        assert_eq!(start.elapsed().as_secs(), 100);
        deadline.passed(Instant::now() + Duration::from_mins(1)).await;
        assert_eq!(start.elapsed().as_secs(), 160);
        deadline.passed(Instant::now() + Duration::from_secs(5)).await;
        assert_eq!(start.elapsed().as_secs(), 165, "an earlier limit than the last");
    }
}
