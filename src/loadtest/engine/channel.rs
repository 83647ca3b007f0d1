//! What a user sends its requests over: an HTTP/1.1 connection of its own, or a stream of an HTTP/2 connection that it may
//! share with others.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use hyper::Method;
use tokio::sync::Mutex;

use super::state::{RunState, Service};
use crate::loadtest::recording::Phases;
use crate::loadtest::scenario::{Rendered, Task};
use crate::net::{Caller, Cut, Http2Connection, Http2Reader, KeepBody, LeanConnection, NetError, OpenPhases, Reply};

/// The places of HTTP/2 connections that users share, one for each service; none for HTTP/1.1. Whoever finds no connection
/// opens one, and the others wait for it.
#[derive(Debug)]
pub(super) struct Slot(Box<[Mutex<Option<Http2Connection>>]>);

/// Gives the users of a worker their slots, one for so many users that start one after another.
#[derive(Debug)]
pub(super) struct Slots {
    users_each: u32,
    services: usize,
    last: Arc<Slot>,
    given: u32,
}

impl Slot {
    fn new(services: usize) -> Arc<Self> {
        Arc::new(Self((0..services).map(|_| Mutex::default()).collect()))
    }
}

impl Slots {
    pub(super) fn new(run: &RunState) -> Self {
        let services = if run.dialer.speaks_http2() { run.services.len() } else { 0 };
        Self { users_each: run.config.streams.max(1), services, last: Slot::new(services), given: 0 }
    }

    pub(super) fn next(&mut self) -> Arc<Slot> {
        if self.given == self.users_each {
            (self.last, self.given) = (Slot::new(self.services), 0);
        }
        self.given += 1;
        Arc::clone(&self.last)
    }
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all channels of a run are of its one kind")]
pub(super) enum Channel {
    Http1 { service: usize, caller: Caller, connection: Option<LeanConnection> },
    Http2(Box<Http2Channel>),
}

#[derive(Debug)]
pub(super) struct Http2Channel {
    service: usize,
    caller: Caller,
    slot: Arc<Slot>,
    connection: Option<Http2Connection>,
    reader: Http2Reader,
    /// The next request.
    head: Option<Request<()>>,
    body: Bytes,
}

impl Channel {
    /// A channel to the service of this number.
    pub(super) fn new(run: &RunState, service: usize, slot: Arc<Slot>) -> Self {
        let dialer = &run.services[service].dialer;
        let caller = dialer.caller();
        if !dialer.speaks_http2() {
            return Self::Http1 { service, caller, connection: None };
        }
        let reader = Http2Reader::new(&run.bodies);
        Self::Http2(Box::new(Http2Channel {
            service,
            caller,
            slot,
            connection: None,
            reader,
            head: None,
            body: Bytes::new(),
        }))
    }

    /// A channel to another service, whose connection is shared by those who share that of this one.
    pub(super) fn to_another(&self, run: &RunState, service: usize) -> Self {
        let slot = match self {
            Self::Http1 { .. } => Slot::new(0),
            Self::Http2(channel) => Arc::clone(&channel.slot),
        };
        Self::new(run, service, slot)
    }

    /// Writes the next request: for HTTP/1.1 into `into`.
    pub(super) fn write(&mut self, run: &RunState, outgoing: &Outgoing<'_>, into: &mut Vec<u8>) {
        match self {
            Self::Http1 { service, .. } => write_http1(&run.services[*service], outgoing, into),
            Self::Http2(channel) => {
                channel.head = http2_head(&run.services[channel.service], outgoing);
                channel.body = Bytes::copy_from_slice(outgoing.body());
            }
        }
    }

    /// Whether the next request may be sent over the connection that is there.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Http1 { connection, .. } => connection.as_ref().is_some_and(LeanConnection::is_open),
            Self::Http2(channel) => channel.connection.as_ref().is_some_and(Http2Connection::is_open),
        }
    }

    /// Whether there is a connection, whatever its state.
    pub(super) fn is_connected(&self) -> bool {
        match self {
            Self::Http1 { connection, .. } => connection.is_some(),
            Self::Http2(channel) => channel.connection.is_some(),
        }
    }

    /// Opens a connection in place of the one that is there. Gives what that took, which is nothing for a connection that
    /// another user opened.
    pub(super) async fn open(&mut self, run: &RunState) -> Result<Phases, NetError> {
        match self {
            Self::Http1 { service, caller, connection } => {
                *connection = None;
                let dialer = &run.services[*service].dialer;
                let open = connection.insert(LeanConnection::open(dialer, caller, &run.bodies).await?);
                if run.reached.speaks_first {
                    open.listen().await?;
                }
                Ok(phases(open.phases()))
            }
            Self::Http2(channel) => channel.open(run).await,
        }
    }

    /// Sends the request that was written, and reads the complete answer.
    pub(super) async fn exchange(
        &mut self,
        request: &[u8],
        to_head: bool,
        keep: impl Fn(u16) -> KeepBody,
    ) -> Result<Reply<'_>, NetError> {
        match self {
            Self::Http1 { connection: Some(open), .. } => open.exchange(request, to_head, keep).await,
            Self::Http1 { connection: None, .. } => Err(NetError::Closed),
            Self::Http2(channel) => channel.exchange(keep).await,
        }
    }

    /// An error that ended an exchange, with the status of the answer if its head had come.
    pub(super) fn told_with_status(&self, error: NetError) -> NetError {
        match self {
            Self::Http1 { connection: Some(open), .. } => open.told_with_status(error),
            Self::Http1 { connection: None, .. } => error,
            Self::Http2(channel) => channel.reader.told_with_status(error),
        }
    }

    /// Ends what cannot be used any more after an error, and gives the bytes that had come of the body. The state of an
    /// HTTP/1.1 connection is then unknown; of HTTP/2 only the stream has failed if the server says so.
    pub(super) fn give_up(&mut self, error: &NetError) -> u64 {
        match self {
            Self::Http1 { connection, .. } => connection.take().as_ref().map_or(0, LeanConnection::body_bytes),
            Self::Http2(channel) => {
                let is_of_the_request = matches!(
                    error,
                    NetError::Unprocessed(_)
                        | NetError::StreamReset(_)
                        | NetError::CutShort { cut: Cut::StreamReset(_) | Cut::OtherLength, .. }
                );
                if !is_of_the_request {
                    channel.leave();
                }
                channel.reader.body_bytes()
            }
        }
    }

    /// Whether a request was answered on the connection that it has, this user's or another's.
    pub(super) fn has_answered(&self) -> bool {
        match self {
            Self::Http1 { .. } => false,
            Self::Http2(channel) => channel.connection.as_ref().is_some_and(Http2Connection::has_answered),
        }
    }

    /// Frees the memory that a large answer took.
    pub(super) fn rest(&mut self) {
        match self {
            Self::Http1 { connection, .. } => connection.iter_mut().for_each(LeanConnection::rest),
            Self::Http2(channel) => channel.reader.rest(),
        }
    }
}

impl Http2Channel {
    async fn open(&mut self, run: &RunState) -> Result<Phases, NetError> {
        let before = self.connection.take();
        let mut place = self.slot.0[self.service].lock().await;
        let other = place
            .as_ref()
            .filter(|shared| shared.is_open() && !before.as_ref().is_some_and(|before| before.is_same(shared)));
        if let Some(shared) = other {
            self.connection = Some(shared.clone());
            return Ok(Phases::default());
        }
        *place = None;
        let opened = Http2Connection::open(&run.services[self.service].dialer, &self.caller).await?;
        *place = Some(opened.clone());
        let opened = self.connection.insert(opened);
        Ok(phases(opened.phases()))
    }

    async fn exchange(&mut self, keep: impl Fn(u16) -> KeepBody) -> Result<Reply<'_>, NetError> {
        let invalid = || NetError::Unsendable("a header or the path is not valid in HTTP/2".to_owned());
        let Some(connection) = &mut self.connection else { return Err(NetError::Closed) };
        // It may be sent a second time on another connection.
        let request = self.head.clone().ok_or_else(invalid)?;
        self.reader.exchange(connection, request, self.body.clone(), keep).await
    }

    /// Leaves the connection, and lets nobody else take it. Whoever is still on it stays.
    fn leave(&mut self) {
        let Some(left) = self.connection.take() else { return };
        // If another user is opening one, it will replace this one.
        if let Ok(mut place) = self.slot.0[self.service].try_lock()
            && place.as_ref().is_some_and(|shared| shared.is_same(&left))
        {
            *place = None;
        }
    }
}

fn phases(opened: OpenPhases) -> Phases {
    Phases { connect: Some(opened.connect), handshake: opened.handshake, ..Phases::default() }
}

/// A request on its way out: a task that was rendered, or what a redirect or a captured URL made of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outgoing<'a> {
    pub(super) task: &'a Task,
    pub(super) rendered: &'a Rendered,
    /// The cookies, or nothing.
    pub(super) cookies: &'a str,
    /// Where it goes instead; None for the path of the task.
    pub(super) elsewhere: Option<&'a Elsewhere>,
}

/// Where a request goes instead of to the path of its task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Elsewhere {
    pub(super) service: usize,
    /// The whole path, with the prefix of the service and the query.
    pub(super) path: String,
    /// The method, where a redirect changed it: the body is then left out (RFC 9110, section 15.4).
    pub(super) method: Option<Method>,
    /// Whether it is another service than before, which gets no authorization.
    pub(super) is_foreign: bool,
}

impl<'a> Outgoing<'a> {
    /// What a task sends without further ado.
    pub(super) fn of(task: &'a Task, rendered: &'a Rendered) -> Self {
        Self { task, rendered, cookies: "", elsewhere: None }
    }

    pub(super) fn method(&self) -> &'a Method {
        self.elsewhere.and_then(|elsewhere| elsewhere.method.as_ref()).unwrap_or(&self.task.method)
    }

    /// The path with what stands before it.
    fn path(&self, service: &'a Service) -> [&'a str; 2] {
        match self.elsewhere {
            None => [service.prefix(), self.rendered.path()],
            Some(elsewhere) => ["", &elsewhere.path],
        }
    }

    fn body(&self) -> &'a [u8] {
        let left_out = self.elsewhere.is_some_and(|elsewhere| elsewhere.method.is_some());
        if left_out { b"" } else { self.rendered.body() }
    }

    fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let elsewhere = self.elsewhere;
        let goes_along = move |(name, _): &(&str, &str)| match elsewhere {
            None => true,
            Some(Elsewhere { method, is_foreign, .. }) => {
                let is_left_out =
                    *is_foreign && *name == "authorization" || method.is_some() && *name == "content-type";
                !is_left_out
            }
        };
        let cookies = (!self.cookies.is_empty()).then_some(("cookie", self.cookies));
        self.rendered.headers(self.task).filter(goes_along).chain(cookies)
    }
}

fn write_http1(service: &Service, outgoing: &Outgoing<'_>, request: &mut Vec<u8>) {
    request.clear();
    let mut write = |parts: &[&str]| parts.iter().for_each(|part| request.extend_from_slice(part.as_bytes()));
    let [prefix, path] = outgoing.path(service);
    write(&[outgoing.method().as_str(), " ", prefix, path, " HTTP/1.1\r\n", &service.host_header]);
    for (name, value) in outgoing.headers() {
        write(&[name, ": ", value, "\r\n"]);
    }
    let body = outgoing.body();
    if has_length(outgoing.method(), body) {
        write(&["content-length: ", itoa::Buffer::new().format(body.len()), "\r\n"]);
    }
    write(&["\r\n"]);
    request.extend_from_slice(body);
}

/// The head of a request; None if a value cannot be sent.
fn http2_head(service: &Service, outgoing: &Outgoing<'_>) -> Option<Request<()>> {
    let [prefix, path] = outgoing.path(service);
    let uri = [service.origin.as_str(), prefix, path].concat();
    let mut request = Request::builder().method(outgoing.method().clone()).uri(uri);
    for (name, value) in outgoing.headers() {
        // What speaks of the connection does not exist in HTTP/2 (RFC 9113, section 8.2.2).
        if !["connection", "host", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]
            .iter()
            .any(|left_out| name.eq_ignore_ascii_case(left_out))
        {
            request = request.header(name, value);
        }
    }
    let body = outgoing.body();
    if has_length(outgoing.method(), body) {
        request = request.header(http::header::CONTENT_LENGTH, body.len());
    }
    request.body(()).ok()
}

/// Without a body, a content length is sent only for methods whose body a server may wait for (RFC 9110, section 8.6).
fn has_length(method: &Method, body: &[u8]) -> bool {
    !body.is_empty() || matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}
