//! The connection of one user. It is opened on demand, sends one request at a time and records each when it is
//! completed.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use rand_pcg::Pcg64Mcg;
use tokio::time::{Instant, Sleep};

use super::channel::{Channel, Elsewhere, Outgoing, Slot};
use super::session::{Address, Look, Next, Session, path_of, service_of};
use super::state::{RunState, WorkerRecords};
use crate::loadtest::recording::{Failure, Phases, Sample, cause};
use crate::loadtest::scenario::{Rendered, Scenario, Step, Task, ThinkTime, When};
use crate::net::{Decoder, KeepBody, NetError, Reply};

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
    channel: Channel,
    /// Channels to the other services of the scenario, each with the number of its service.
    others: Vec<(usize, Channel)>,
    /// What it keeps from one request to the next; None if each is sent by itself.
    session: Option<Box<Session>>,
    /// Whether a connection was ever opened; opening another one is a reconnect.
    opened: bool,
    deadline: Deadline,
    rendered: Rendered,
    request: Vec<u8>,
    decoder: Decoder,
}

/// The part of an answer that is recorded.
struct Answer {
    /// When its last byte had come. Checks take place after it.
    ended_at: Instant,
    /// None if no complete answer came.
    status: Option<u16>,
    body_bytes: u64,
    decoded_bytes: Option<u64>,
    redirects: u32,
    phases: Phases,
    failure: Option<Failure>,
}

/// A request that a session is asked to send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The index of its task.
    pub(super) place: usize,
    /// The step that it is of; None for a task.
    pub(super) step: Option<&'a Step>,
    /// The end of the wait for a state.
    pub(super) give_up: Option<Instant>,
}

/// What became of a request of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepDone {
    Good,
    /// The state that is waited for has not come.
    Again,
    /// It failed. `connected` says whether a connection could be opened.
    Failed {
        connected: bool,
    },
}

impl Answer {
    /// An error in the place of an answer, of whose body so many bytes had come.
    fn of_error(error: &NetError, body_bytes: u64) -> Self {
        Self {
            ended_at: Instant::now(),
            status: None,
            body_bytes,
            decoded_bytes: None,
            redirects: 0,
            phases: Phases::default(),
            failure: Some(cause::of_error(error)),
        }
    }
}

impl UserConnection {
    /// A user that shares the connection of a slot with others, or has it alone.
    pub(super) fn new(user: u64, run: &RunState, slot: Arc<Slot>) -> Self {
        let (rendered, request) = (Rendered::default(), Vec::new());
        let channel = Channel::new(run, 0, slot);
        let decoder = Decoder::new(&run.bodies);
        let session = (!run.scenario.is_plain()).then(|| Box::new(Session::new(run)));
        let (others, deadline) = (Vec::new(), Deadline::default());
        Self { user, channel, others, session, opened: false, deadline, rendered, request, decoder }
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
        self.channel.write(run, &Outgoing::of(task, &self.rendered), &mut self.request);
        let in_flight = records.send(task.group, due);
        let sent = Instant::now();
        let result = self.exchange_in_time(run, task, due, sent, 0, None).await;
        in_flight.end();
        let (answer, connected) = match result {
            Ok(answer) => (answer, true),
            Err(error) => {
                records.count_exhausted(due, &error);
                gave_up(&mut self.channel, &error)
            }
        };
        record(run, records, task, due, sent, answer);
        RequestDone { think_time: task.think_time, connected }
    }

    /// Begins a journey: nothing of the one before is left.
    pub(super) fn begin_journey(&mut self) {
        self.session.iter_mut().for_each(|session| session.clear());
        Scenario::begin_journey(&mut self.rendered);
    }

    /// Begins a task, which has other rows of the tables; its jar stays.
    pub(super) fn begin_task(&mut self) {
        Scenario::begin_journey(&mut self.rendered);
    }

    /// Whether a condition leaves its step out.
    pub(super) fn leaves_out(&mut self, when: &When, run: &RunState, random: &mut Pcg64Mcg) -> bool {
        let Some(session) = &self.session else { return false };
        run.scenario.is_left_out(when, self.user, random, &session.captured, &mut self.rendered)
    }

    /// Sends a request of a session, follows its redirects, and records all of that as one request.
    pub(super) async fn step(
        &mut self,
        run: &RunState,
        records: &WorkerRecords,
        random: &mut Pcg64Mcg,
        due: Instant,
        asked: Asked<'_>,
    ) -> StepDone {
        // It is put back at the end: the answer is looked at while the rest of the user waits for it.
        let mut session = self.session.take().unwrap_or_default();
        let task = &run.scenario.tasks()[asked.place];
        let rendered = run.scenario.render_step(asked.place, self.user, random, &session.captured, &mut self.rendered);
        let in_flight = records.send(task.group, due);
        let sent = Instant::now();
        let exchanged = match rendered {
            Ok(()) => self.follow(run, task, (due, sent), &asked, &mut session).await,
            Err(unsendable) => Err((NetError::Unsendable(unsendable.0), None)),
        };
        in_flight.end();
        self.session = Some(session);
        let (answer, done) = match exchanged {
            Ok((answer, Next::Again)) => (answer, StepDone::Again),
            Ok((answer, _)) => {
                let done = if answer.failure.is_some() { StepDone::Failed { connected: true } } else { StepDone::Good };
                (answer, done)
            }
            Err((error, service)) => {
                records.count_exhausted(due, &error);
                let (answer, connected) = match service {
                    Some(service) => gave_up(self.channel_to(run, service), &error),
                    None => (Answer::of_error(&error, 0), false),
                };
                (answer, StepDone::Failed { connected })
            }
        };
        record(run, records, task, due, sent, answer);
        done
    }

    /// Sends what was rendered, and what redirects ask for. An error comes with the number of its service, if it was sent
    /// to one.
    async fn follow(
        &mut self,
        run: &RunState,
        task: &Task,
        (due, sent): (Instant, Instant),
        asked: &Asked<'_>,
        session: &mut Session,
    ) -> Result<(Answer, Next), (NetError, Option<usize>)> {
        let unsendable = |said: String| (NetError::Unsendable(said), None);
        let mut elsewhere = if task.is_captured() {
            Some(captured_url(run, task, self.rendered.path()).map_err(unsendable)?)
        } else {
            None
        };
        // Its authorization is for the service that it goes to first.
        let home = elsewhere.as_ref().map_or(task.host, |elsewhere| elsewhere.service);
        let (mut redirects, mut earlier_bytes) = (0, 0);
        let mut cookies = String::new();
        loop {
            let service = elsewhere.as_ref().map_or(task.host, |elsewhere| elsewhere.service);
            // Both are put back: the answer is looked at while the rest of the user waits for it.
            let (rendered, mut request) = (std::mem::take(&mut self.rendered), std::mem::take(&mut self.request));
            let address = Address { run, service, elsewhere: elsewhere.as_ref(), path: rendered.path() };
            if let Err(said) = session.write_cookies(&address, &mut cookies) {
                (self.rendered, self.request) = (rendered, request);
                return Err(unsendable(said));
            }
            let outgoing = Outgoing { task, rendered: &rendered, cookies: &cookies, elsewhere: elsewhere.as_ref() };
            self.channel_to(run, service).write(run, &outgoing, &mut request);
            self.request = request;
            let (step, give_up) = (asked.step, asked.give_up);
            let follows = redirects < run.scenario.client().redirects;
            let mut look = Look { session, address, home, step, follows, give_up, next: Next::Nothing };
            let exchanged = self.exchange_in_time(run, task, due, sent, service, Some(&mut look)).await;
            let next = std::mem::replace(&mut look.next, Next::Nothing);
            self.rendered = rendered;
            let mut answer = exchanged.map_err(|error| (error, Some(service)))?;
            answer.body_bytes += earlier_bytes;
            answer.redirects = redirects;
            let Next::Redirect(target) = next else { return Ok((answer, next)) };
            (redirects, earlier_bytes) = (redirects + 1, answer.body_bytes);
            elsewhere = Some(target);
        }
    }

    /// The channel to a service of the scenario.
    fn channel_to(&mut self, run: &RunState, service: usize) -> &mut Channel {
        channel_to(&mut self.channel, &mut self.others, run, service)
    }

    /// Makes one exchange within the time limit. When the limit passes the request is given up, because the answer may
    /// still come.
    async fn exchange_in_time(
        &mut self,
        run: &RunState,
        task: &Task,
        due: Instant,
        sent: Instant,
        service: usize,
        look: Option<&mut Look<'_>>,
    ) -> Result<Answer, NetError> {
        let after = run.config.timeout;
        let Self { channel, others, opened, deadline, request, decoder, .. } = self;
        let channel = channel_to(channel, others, run, service);
        let is_other = service > 0;
        let mut exchange = Exchange { channel, request, decoder, run, task, due, look, is_other };
        tokio::select! {
            biased;
            result = exchange.send(opened, sent) => return result,
            () = deadline.passed(due + after) => {}
        }
        Err(if channel.is_connected() {
            channel.told_with_status(NetError::TimedOut { after })
        } else {
            NetError::ConnectTimedOut { after }
        })
    }
}

/// On how many new connections that answered nobody the server may not begin with a request, until that is its failure.
const MOST_REFUSED: u32 = 2;

/// One request, which was due at `due`, and what it is sent with.
struct Exchange<'a, 'l> {
    channel: &'a mut Channel,
    request: &'a [u8],
    decoder: &'a mut Decoder,
    run: &'a RunState,
    task: &'a Task,
    due: Instant,
    /// How a session looks at the answer; None if the request is sent by itself.
    look: Option<&'a mut Look<'l>>,
    /// Whether it goes to another service than that of the run, whose connections are not counted as reopened.
    is_other: bool,
}

impl Exchange<'_, '_> {
    /// Sends the request on the open connection or on a new one.
    async fn send(&mut self, opened: &mut bool, sent: Instant) -> Result<Answer, NetError> {
        if self.channel.is_open() {
            // A server may close an idle connection at the moment of the next request. If nothing of that request was
            // processed, nothing has failed, and it is sent on a new connection.
            match self.complete(sent, Phases::default()).await {
                Err(NetError::ClosedIdle) => {}
                result => return result,
            }
        }
        let mut refused = 0;
        loop {
            // Most requests need none, and what opens one is large.
            let phases = Box::pin(self.channel.open(self.run)).await?;
            if !self.is_other && std::mem::replace(opened, true) && self.due >= self.run.measured_from {
                self.run.counts.count_reconnect();
            }
            let begun = if phases == Phases::default() { sent } else { Instant::now() };
            match self.complete(begun, phases).await {
                // The users with whom this one shares an HTTP/2 connection have made all requests that it allows.
                Err(NetError::ClosedIdle) if self.channel.has_answered() => {}
                Err(NetError::ClosedIdle) if refused < MOST_REFUSED => refused += 1,
                Err(NetError::ClosedIdle) => return Err(NetError::GoneAway("NO_ERROR")),
                result => return result,
            }
        }
    }

    /// Sends the request at `begun` on the connection that is there, which took `phases` to open for it.
    async fn complete(&mut self, begun: Instant, mut phases: Phases) -> Result<Answer, NetError> {
        let (task, decoder, method) = (self.task, &mut *self.decoder, &self.task.method);
        let from = self.look.as_ref().and_then(|look| look.address.elsewhere);
        let method = from.and_then(|from| from.method.as_ref()).unwrap_or(method);
        let keep = |status| match cause::reads_of(status, &task.check) {
            KeepBody::Nothing if task.decodes || task.reads => KeepBody::Whole,
            keep => keep,
        };
        let reply = self.channel.exchange(self.request, *method == Method::HEAD, &keep).await?;
        let ended_at = Instant::now();
        let took = ended_at - self.due;
        phases.first_byte = Some(reply.first_byte_at.saturating_duration_since(begun));
        phases.last_byte = Some(ended_at.saturating_duration_since(reply.first_byte_at));
        let (status, body_bytes) = (Some(reply.status), reply.body_bytes);
        // A small body comes with its head, also where nothing is wanted of it.
        let plain = if keep(reply.status) == KeepBody::Nothing { Ok(None) } else { decoder.decode(&reply) };
        let mut judge = |reply: &Reply<'_>| match &mut self.look {
            None => cause::of_answer(reply, took, &task.check),
            Some(look) => look.judge(reply, took, task),
        };
        let (failure, decoded_bytes) = match plain {
            Ok(None) => (judge(&reply), None),
            Ok(Some(plain)) => {
                let bytes = reply.whole_body().map(|_| plain.body_bytes);
                (judge(&plain), bytes)
            }
            Err(error) => (Some(cause::of_undecodable(&reply, took, &task.check, &error)), None),
        };
        decoder.rest();
        self.channel.rest();
        Ok(Answer { ended_at, status, body_bytes, decoded_bytes, redirects: 0, phases, failure })
    }
}

/// The channel to a service: that of the run, or another one, which is made when it is first needed.
fn channel_to<'a>(
    own: &'a mut Channel,
    others: &'a mut Vec<(usize, Channel)>,
    run: &RunState,
    service: usize,
) -> &'a mut Channel {
    if service == 0 {
        return own;
    }
    let place = others.iter().position(|(number, _)| *number == service).unwrap_or_else(|| {
        others.push((service, own.to_another(run, service)));
        others.len() - 1
    });
    &mut others[place].1
}

/// Ends what cannot be used any more after an error. Gives what is recorded, and whether there was a connection.
fn gave_up(channel: &mut Channel, error: &NetError) -> (Answer, bool) {
    let connected = channel.is_connected();
    let body_bytes = channel.give_up(error);
    (Answer::of_error(error, body_bytes), connected)
}

/// Records a request that was due and sent at these instants.
fn record(run: &RunState, records: &WorkerRecords, task: &Task, due: Instant, sent: Instant, answer: Answer) {
    let Answer { ended_at, status, body_bytes, decoded_bytes, redirects, phases, failure } = answer;
    let failure = failure.map(|Failure { kind, said, code }| Failure {
        kind,
        said: run.scenario.without_secrets(said),
        code: code.map(|code| run.scenario.without_secrets(code)),
    });
    let (response, service) = (ended_at - due, run.is_open().then(|| ended_at - sent));
    let checked = task.checked;
    let sample = Sample { response, service, body_bytes, decoded_bytes, redirects, status, checked, phases, failure };
    records.record(task.group, due, ended_at, sample);
}

/// Where a path leads that was captured: a whole URL of one of the scenario's services, or a path of the task's.
fn captured_url(run: &RunState, task: &Task, captured: &str) -> Result<Elsewhere, String> {
    let base = Address { run, service: task.host, elsewhere: None, path: "/" }.url()?;
    let url = base.join(captured).map_err(|error| format!("{captured:?} is not a URL: {error}"))?;
    let service = service_of(run, &url).ok_or_else(|| {
        format!("{captured:?} leads to a host that the scenario does not have: name it under [hosts]")
    })?;
    Ok(Elsewhere { service, path: path_of(&url), method: None, is_foreign: false })
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
