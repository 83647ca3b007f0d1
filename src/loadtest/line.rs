//! A user's way to the service: one connection, opened when it is needed; one request at a time, recorded when it is over.

use std::pin::Pin;
use std::time::Duration;

use rand_pcg::Pcg64Mcg;
use tokio::time::{Instant, Sleep};

use super::failure;
use super::recorder::Sample;
use super::scenario::Task;
use super::worker::{Shared, Station};
use crate::net::{Keep, LeanConnection, NetError};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// With an answer, or with its connection's end.
    Heard,
    /// No connection could be opened.
    Unconnected,
}

/// The line of one user.
#[derive(Debug, Default)]
pub(super) struct Line {
    connection: Option<LeanConnection>,
    /// Whether there ever was one.
    opened: bool,
    deadline: Deadline,
    request: Vec<u8>,
}

/// What came back, as far as it is counted.
struct Heard {
    body_bytes: u64,
    failure: Option<String>,
}

impl Line {
    /// Draws a task, sends its request, waits for the whole answer and records it. `due` is when it should have been
    /// sent: its response time and its time limit count from there.
    pub(super) async fn ask(
        &mut self,
        shared: &Shared,
        station: &Station,
        random: &mut Pcg64Mcg,
        due: Instant,
    ) -> Ended {
        let place = shared.scenario.draw(random);
        let task = &shared.scenario.tasks()[place];
        self.write_request(shared, task, random);
        station.count_sent();
        let sent = Instant::now();
        let result = self.ask_in_time(shared, task, due).await;
        let ended_at = Instant::now();
        station.count_over();
        let (heard, ended) = match result {
            Ok(heard) => (heard, Ended::Heard),
            Err(error) => {
                // Whatever happened, nothing more may come over this connection.
                let unconnected = self.connection.take().is_none() && !matches!(error, NetError::TimedOut { .. });
                station.count_exhausted(&error);
                let ended = if unconnected { Ended::Unconnected } else { Ended::Heard };
                (Heard { body_bytes: 0, failure: failure::message(Err(&error)) }, ended)
            }
        };
        let (response, service) = (ended_at - due, shared.is_open().then(|| ended_at - sent));
        station.record(place, due, Sample { response, service, body_bytes: heard.body_bytes, failure: heard.failure });
        ended
    }

    fn write_request(&mut self, shared: &Shared, task: &Task, random: &mut Pcg64Mcg) {
        let request = &mut self.request;
        request.clear();
        let body = task.body(random);
        for part in [task.method.as_str(), " ", shared.config.target.prefix(), task.route, " HTTP/1.1\r\n"] {
            request.extend_from_slice(part.as_bytes());
        }
        request.extend_from_slice(shared.fixed_headers.as_bytes());
        if !body.is_empty() {
            request.extend_from_slice(b"content-type: application/json\r\n");
        }
        if !body.is_empty() || task.method != hyper::Method::GET {
            request.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(&body);
    }

    /// One request within its time. When the time passes the connection goes with it: its answer may still come.
    async fn ask_in_time(&mut self, shared: &Shared, task: &Task, due: Instant) -> Result<Heard, NetError> {
        let after = shared.config.timeout;
        let Self { connection, opened, deadline, request } = self;
        let timed_out = tokio::select! {
            biased;
            result = ask(connection, opened, request, shared, task) => return result,
            () = deadline.passed(due + after) => true,
        };
        debug_assert!(timed_out);
        let connecting = connection.take().is_none();
        Err(if connecting { NetError::ConnectTimedOut { after } } else { NetError::TimedOut { after } })
    }
}

/// One request, on the open connection or a new one.
async fn ask(
    connection: &mut Option<LeanConnection>,
    opened: &mut bool,
    request: &[u8],
    shared: &Shared,
    task: &Task,
) -> Result<Heard, NetError> {
    let to_head = task.method == hyper::Method::HEAD;
    if let Some(open) = connection.as_mut().filter(|open| open.is_open()) {
        // A service may close an idle connection in the very moment of the next request; if nothing of that request was
        // sent, nothing has failed.
        match exchange(open, request, to_head).await {
            Err(NetError::ClosedIdle) => {}
            result => return result,
        }
    }
    *connection = None;
    let open = connection.insert(LeanConnection::open(&shared.addresses).await?);
    if std::mem::replace(opened, true) {
        shared.counts.count_reconnect();
    }
    exchange(open, request, to_head).await
}

async fn exchange(open: &mut LeanConnection, request: &[u8], to_head: bool) -> Result<Heard, NetError> {
    let reply = open.exchange(request, to_head, Keep::Failures).await?;
    let heard = Heard { body_bytes: reply.body_bytes, failure: failure::message(Ok(&reply)) };
    open.rest();
    Ok(heard)
}

/// A time limit that is set for every request and almost never met: its timer is moved only when it fires.
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

/// After a connection that could not be opened, a user tries again after this: nobody clicks faster, and a service that
/// is down must not be counted as a hundred thousand failures a second.
pub(super) const RECONNECT_PAUSE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_limit_is_kept_however_often_it_was_moved() {
        let start = Instant::now();
        let mut deadline = Deadline::default();
        for _ in 0..100 {
            let at = Instant::now() + Duration::from_secs(60);
            let answer = tokio::time::sleep(Duration::from_secs(1));
            tokio::select! { biased; () = answer => {}, () = deadline.passed(at) => panic!("too early") }
        }
        assert_eq!(start.elapsed().as_secs(), 100);
        deadline.passed(Instant::now() + Duration::from_secs(60)).await;
        assert_eq!(start.elapsed().as_secs(), 160);
        deadline.passed(Instant::now() + Duration::from_secs(5)).await;
        assert_eq!(start.elapsed().as_secs(), 165, "an earlier limit than the last");
    }
}
