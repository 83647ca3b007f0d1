//! HTTP/2 for a load generator (RFC 9113): a connection that several users may share, each with one request at a time.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Ping, PingPong, Reason, RecvStream};
use http::{HeaderMap, Request};
use tokio::time::Instant;

use super::NetError;
use super::addresses::Tally;
use super::body::{BodyBudget, KeepBody, Kept};
use super::dialer::{Caller, Dialer, OpenPhases, Opened};
use super::error::Cut;
use super::lean::{Progress, Reply, told_with_status};

/// How much of one answer, and of all answers on a connection, may be on its way to us. What came is read at once, so this
/// bounds what waits in memory.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// The most bytes of an answer's head.
const MOST_HEAD_BYTES: u32 = 256 << 10;

/// An open connection, which can be cloned for each user that shares it. It is closed when all clones are dropped.
#[derive(Clone, Debug)]
pub struct Http2Connection {
    sender: SendRequest<Bytes>,
    phases: OpenPhases,
    tally: Option<Arc<Tally>>,
    is_local: bool,
    alive: Arc<AtomicBool>,
    /// Whether an answer came over it, so that the server may since have closed it for being idle.
    used: Arc<AtomicBool>,
}

/// What one user keeps of the answers to its requests.
#[derive(Debug)]
pub struct Http2Reader {
    head: Vec<u8>,
    kept: Kept,
    progress: Option<Progress>,
}

impl Http2Connection {
    /// Opens a connection for a user: with TLS by ALPN, without it by prior knowledge. Must be called within a runtime,
    /// which drives the connection.
    pub async fn open(dialer: &Dialer, caller: &Caller) -> Result<Self, NetError> {
        Self::begin(dialer, caller).await.map(|(connection, _)| connection)
    }

    /// Opens a connection and waits until the server has shown that it speaks HTTP/2.
    pub async fn try_out(dialer: &Dialer, caller: &Caller) -> Result<Self, NetError> {
        let tried = async {
            let (connection, ping) = Self::begin(dialer, caller).await?;
            if let Some(mut ping) = ping {
                ping.ping(Ping::opaque()).await.map_err(|error| from_h2(&error))?;
            }
            Ok(connection)
        };
        tried.await.map_err(|error| match error {
            NetError::Closed | NetError::Reset | NetError::NotHttp2(_) | NetError::GoneAway(_) => {
                NetError::Other("the server does not speak HTTP/2 on this port: leave --http2 out".to_owned())
            }
            error => error,
        })
    }

    async fn begin(dialer: &Dialer, caller: &Caller) -> Result<(Self, Option<PingPong>), NetError> {
        let Opened { stream, tally, phases } = dialer.open(caller).await?;
        let is_local = stream.is_local();
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
        builder.max_header_list_size(MOST_HEAD_BYTES).enable_push(false);
        let handshake = Box::pin(builder.handshake(stream));
        let (sender, mut connection) = handshake.await.map_err(|error| from_h2(&error))?;
        let ping = connection.ping_pong();
        let alive = Arc::new(AtomicBool::new(true));
        let driven = Arc::clone(&alive);
        // The task ends when either side closes. Errors reach the requests in flight.
        tokio::spawn(async move {
            drop(connection.await);
            driven.store(false, Ordering::Release);
        });
        Ok((Self { sender, phases, tally, is_local, alive, used: Arc::default() }, ping))
    }

    /// What it took to open it.
    pub fn phases(&self) -> OpenPhases {
        self.phases
    }

    /// Whether the service runs on this machine.
    pub fn is_local(&self) -> bool {
        self.is_local
    }

    /// Whether the connection was not closed, as far as is known.
    pub fn is_open(&self) -> bool {
        self.alive.load(Ordering::Acquire)
    }

    /// Whether a request was answered on it, whoever of those who share it has sent that.
    pub fn has_answered(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether both are clones of one connection.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.alive, &other.alive)
    }
}

impl Http2Reader {
    /// What it keeps counts for the budget.
    pub fn new(budget: &Arc<BodyBudget>) -> Self {
        Self { head: Vec::new(), kept: Kept::new(budget), progress: None }
    }

    /// Bytes that have come of the body of the answer that is awaited, or of the last one.
    pub fn body_bytes(&self) -> u64 {
        self.progress.map_or(0, |progress| progress.received)
    }

    /// An error that ended an exchange, with the status of the answer if its head had come.
    pub fn told_with_status(&self, error: NetError) -> NetError {
        told_with_status(self.progress, error)
    }

    /// An error that ended the body of an answer.
    fn of_body(&self, error: &h2::Error) -> NetError {
        // The library says no more of a body that is shorter or longer than its head says: it ends that stream alone.
        let is_of_the_stream = error.is_library() && error.is_reset() && error.reason() == Some(Reason::PROTOCOL_ERROR);
        match self.progress {
            Some(Progress { status, received, promised: promised @ Some(_) }) if is_of_the_stream => {
                NetError::CutShort { status, received, promised, cut: Cut::OtherLength }
            }
            progress => told_with_status(progress, from_h2(error)),
        }
    }

    /// Frees the memory that a large answer took, and discards the last answer.
    pub fn rest(&mut self) {
        self.head.clear();
        self.kept.rest();
    }

    /// Sends a request and reads the complete answer. `keep` says by its status what is wanted of its body.
    ///
    /// [`NetError::ClosedIdle`] promises that the server has not begun with it. If the future is dropped before it is done,
    /// the request is cancelled, and the connection stays open.
    pub async fn exchange(
        &mut self,
        connection: &mut Http2Connection,
        request: Request<()>,
        body: Bytes,
        keep: impl Fn(u16) -> KeepBody,
    ) -> Result<Reply<'_>, NetError> {
        self.progress = None;
        let used = connection.used.load(Ordering::Relaxed);
        let unsent = |error: &h2::Error| if used { NetError::ClosedIdle } else { from_h2(error) };
        poll_fn(|context| connection.sender.poll_ready(context)).await.map_err(|error| unsent(&error))?;
        let ends = body.is_empty();
        let sent = connection.sender.send_request(request, ends);
        let (response, mut sending) = sent.map_err(|error| unsent(&error))?;
        if let Some(tally) = &connection.tally {
            tally.add_requests(1);
        }
        if !ends {
            // A server may answer before it has read everything, so an error here is told by the answer.
            drop(sending.send_data(body, true));
        }
        let response = response.await.map_err(|error| from_h2(&error))?;
        let first_byte_at = Instant::now();
        connection.used.store(true, Ordering::Relaxed);
        let (head, mut body) = response.into_parts();
        let status = head.status.as_u16();
        self.write_head(status, &head.headers);
        let promised = head.headers.get(http::header::CONTENT_LENGTH);
        let promised = promised.and_then(|value| value.to_str().ok()?.parse().ok());
        self.progress = Some(Progress { status, received: 0, promised });
        self.kept.begin(keep(status));
        let body_bytes = self.read_body(&mut body).await?;
        Ok(Reply { status, head: &self.head, body: self.kept.bytes(), body_bytes, first_byte_at })
    }

    async fn read_body(&mut self, body: &mut RecvStream) -> Result<u64, NetError> {
        let mut received = 0;
        while let Some(data) = body.data().await {
            let data = data.map_err(|error| self.of_body(&error))?;
            received += data.len() as u64;
            if let Some(progress) = &mut self.progress {
                progress.received = received;
            }
            self.kept.add(&data);
            // The connection may have ended meanwhile, which the next read tells.
            drop(body.flow_control().release_capacity(data.len()));
        }
        Ok(received)
    }

    /// Writes the head as HTTP/1.1 would have it, for those who look at headers.
    fn write_head(&mut self, status: u16, headers: &HeaderMap) {
        self.head.clear();
        self.head.extend_from_slice(b"HTTP/2 ");
        self.head.extend_from_slice(itoa::Buffer::new().format(status).as_bytes());
        for (name, value) in headers {
            self.head.extend_from_slice(b"\r\n");
            self.head.extend_from_slice(name.as_str().as_bytes());
            self.head.extend_from_slice(b": ");
            self.head.extend_from_slice(value.as_bytes());
        }
        self.head.extend_from_slice(b"\r\n\r\n");
    }
}

fn from_h2(error: &h2::Error) -> NetError {
    if let Some(io) = error.get_io() {
        return NetError::from_io(io);
    }
    let Some(reason) = error.reason() else { return NetError::Closed };
    let name = name(reason);
    if error.is_go_away() && error.is_remote() {
        // Requests that the server has begun with are answered after a GOAWAY without an error; this one is beyond them.
        return if reason == Reason::NO_ERROR { NetError::ClosedIdle } else { NetError::GoneAway(name) };
    }
    match reason {
        Reason::REFUSED_STREAM if error.is_remote() => NetError::Unprocessed(name),
        _ if error.is_remote() => NetError::StreamReset(name),
        _ => NetError::NotHttp2(name),
    }
}

/// The name of a reason in RFC 9113.
fn name(reason: Reason) -> &'static str {
    match reason {
        Reason::NO_ERROR => "NO_ERROR",
        Reason::PROTOCOL_ERROR => "PROTOCOL_ERROR",
        Reason::INTERNAL_ERROR => "INTERNAL_ERROR",
        Reason::FLOW_CONTROL_ERROR => "FLOW_CONTROL_ERROR",
        Reason::SETTINGS_TIMEOUT => "SETTINGS_TIMEOUT",
        Reason::STREAM_CLOSED => "STREAM_CLOSED",
        Reason::FRAME_SIZE_ERROR => "FRAME_SIZE_ERROR",
        Reason::REFUSED_STREAM => "REFUSED_STREAM",
        Reason::CANCEL => "CANCEL",
        Reason::COMPRESSION_ERROR => "COMPRESSION_ERROR",
        Reason::CONNECT_ERROR => "CONNECT_ERROR",
        Reason::ENHANCE_YOUR_CALM => "ENHANCE_YOUR_CALM",
        Reason::INADEQUATE_SECURITY => "INADEQUATE_SECURITY",
        Reason::HTTP_1_1_REQUIRED => "HTTP_1_1_REQUIRED",
        _ => "an unknown reason",
    }
}
