//! An HTTP/1.1 connection for a load generator. Requests are given as bytes, and answers are read in place. It costs
//! little more than its system calls and holds a few KiB while it is idle.
//!
//! It carries one request at a time, without a pool and without hidden retries. [`NetError::ClosedIdle`] promises that
//! nothing of a request was sent.

use std::borrow::Cow;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::time::Instant;

use super::NetError;
use super::addresses::Tally;
use super::body::{BodyBudget, BodyEnd, FREE_BYTES, KeepBody, Kept, MOST_BYTES_OF_ALL, Share};
use super::dialer::{Caller, Dialer, OpenPhases, Opened};
use super::reply::{self, Framing, Head};
use super::stream::{Stream, Unasked};

/// Buffer for a small answer, head and body; an idle connection keeps it.
const SMALL_BUFFER: usize = FREE_BYTES;

/// Buffer for a part of a large body: few system calls, and small enough for a core's own cache.
const LARGE_BUFFER: usize = 64 << 10;

/// The least free space that a read of a head should have.
const LEAST_ROOM: usize = 512;

/// How long a connection is listened to.
const LISTEN: Duration = Duration::from_millis(100);

thread_local! {
    /// The buffer that the bodies of all connections of a thread are read through, so that an answer costs its
    /// connection no memory unless it is kept.
    static PASSING: RefCell<Vec<u8>> = RefCell::new(vec![0; LARGE_BUFFER]);
}

/// A complete answer. It borrows the connection's buffer, so it is valid until the next request.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// The status code.
    pub status: u16,
    /// The status line and the headers, as received.
    pub head: &'a [u8],
    /// The body, or its beginning, or nothing of it: see [`KeepBody`].
    pub body: &'a [u8],
    /// Bytes of the body, without the chunk lengths.
    pub body_bytes: u64,
    /// When its first byte was read.
    pub first_byte_at: Instant,
}

impl<'a> Reply<'a> {
    /// An answer that has just come, with its whole body.
    pub fn of(status: u16, head: &'a [u8], body: &'a [u8]) -> Self {
        Self { status, head, body, body_bytes: body.len() as u64, first_byte_at: Instant::now() }
    }

    /// The body, if all of it was kept.
    pub fn whole_body(&self) -> Option<&'a [u8]> {
        (self.body.len() as u64 == self.body_bytes).then_some(self.body)
    }

    /// The values of a header by its name, whose case is ignored. A value that is folded over several lines has spaces
    /// in their place (RFC 9112, section 5.2).
    pub fn header(&self, name: &str) -> impl Iterator<Item = Cow<'a, [u8]>> {
        let mut lines = self.head.split(|byte| *byte == b'\n').skip(1).peekable();
        std::iter::from_fn(move || {
            loop {
                let line = lines.next()?;
                // No name has a colon, so that it ends where the wanted one would.
                let Some((own, [b':', value @ ..])) = line.split_at_checked(name.len()) else { continue };
                if !own.eq_ignore_ascii_case(name.as_bytes()) {
                    continue;
                }
                let mut value = Cow::Borrowed(value.trim_ascii());
                while let Some(more) = lines.next_if(|line| line.starts_with(b" ") || line.starts_with(b"\t")) {
                    let value = value.to_mut();
                    value.push(b' ');
                    value.extend_from_slice(more.trim_ascii());
                }
                return Some(value);
            }
        })
    }
}

/// How far an answer has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) status: u16,
    pub(super) received: u64,
    pub(super) promised: Option<u64>,
}

/// What came behind an answer, although nothing was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    Nothing,
    /// Ends of lines.
    Blank,
    Bytes,
}

impl Behind {
    fn of(bytes: &[u8]) -> Self {
        match bytes {
            [] => Self::Nothing,
            blank if blank.iter().all(|byte| matches!(byte, b'\r' | b'\n')) => Self::Blank,
            _ => Self::Bytes,
        }
    }
}

/// An open connection without a time limit of its own.
#[derive(Debug)]
pub struct LeanConnection {
    stream: Stream,
    /// What it took to open it.
    phases: OpenPhases,
    /// The address that it goes to, and the requests that were sent over it.
    tally: Option<Arc<Tally>>,
    requests: u64,
    /// The head of an answer, and what came with it.
    received: Vec<u8>,
    /// The memory that a long head takes.
    head_share: Share,
    /// What is kept of a body that did not come with its head.
    kept: Kept,
    /// How far the answer has come whose head is complete.
    progress: Option<Progress>,
    /// Whether a complete answer came over it, so that the server may since have closed it for being idle.
    used: bool,
    /// When the first byte of the last answer was read.
    first_byte_at: Instant,
    /// Whether the next request may be sent over it.
    open: bool,
}

impl LeanConnection {
    /// Opens a connection for a user. What it keeps of answers counts for the budget.
    pub async fn open(dialer: &Dialer, caller: &Caller, budget: &Arc<BodyBudget>) -> Result<Self, NetError> {
        Ok(Self::on(dialer.open(caller).await?, budget))
    }

    fn on(opened: Opened, budget: &Arc<BodyBudget>) -> Self {
        let (head_share, kept) = (Share::of(budget), Kept::new(budget));
        let Opened { stream, tally, phases } = opened;
        Self {
            stream,
            phases,
            tally,
            requests: 0,
            received: Vec::new(),
            head_share,
            kept,
            progress: None,
            used: false,
            first_byte_at: Instant::now(),
            open: true,
        }
    }

    /// What it took to open it.
    pub fn phases(&self) -> OpenPhases {
        self.phases
    }

    /// Waits for a tenth of a second whether something comes although nothing was asked for. Gives an error if the server
    /// ended the connection or spoke: HTTP begins with a request.
    pub async fn listen(&mut self) -> Result<(), NetError> {
        match tokio::time::timeout(LISTEN, self.stream.read(&mut [0])).await {
            Err(_) => Ok(()),
            Ok(Ok(0)) => Err(NetError::Closed),
            Ok(Ok(_)) => Err(NetError::Unasked),
            Ok(Err(error)) => Err(NetError::from_io(&error)),
        }
    }

    /// Whether the service runs on this machine.
    pub fn is_local(&self) -> bool {
        self.stream.is_local()
    }

    /// Whether the next request may be sent over it, as far as the answers said.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Frees the memory that a large answer took, and discards the last answer.
    pub fn rest(&mut self) {
        self.received.clear();
        self.received.shrink_to(SMALL_BUFFER);
        self.head_share.give_back();
        self.kept.rest();
    }

    /// Bytes that have come of the body of the answer that is awaited, or of the last one.
    pub fn body_bytes(&self) -> u64 {
        self.progress.map_or(0, |progress| progress.received)
    }

    /// An error that ended an exchange, with the status of the answer if its head had come.
    pub fn told_with_status(&self, error: NetError) -> NetError {
        told_with_status(self.progress, error)
    }

    /// Sends `request`, which is the complete request, and reads the complete answer. `to_head` says that the method is
    /// HEAD; `keep` says by its status what is wanted of its body.
    ///
    /// There is no time limit here: wrap the call. A caller that drops the future before it is done must drop the
    /// connection as well, because the answer may still come.
    pub async fn exchange(
        &mut self,
        request: &[u8],
        to_head: bool,
        keep: impl Fn(u16) -> KeepBody,
    ) -> Result<Reply<'_>, NetError> {
        if !std::mem::replace(&mut self.open, false) {
            return Err(NetError::ClosedIdle);
        }
        self.look_for_unasked().await?;
        self.received.clear();
        self.progress = None;
        let was_used = std::mem::replace(&mut self.used, true);
        self.requests += 1;
        self.send(request, was_used).await?;
        let head = self.read_head(to_head).await?;
        let promised = if let Framing::Length(length) = head.framing { Some(length) } else { None };
        self.progress = Some(Progress { status: head.status, received: 0, promised });
        let came = self.received.len() - head.bytes;
        if let Some(length) = promised.and_then(|length| usize::try_from(length).ok()).filter(|length| came >= *length)
        {
            let behind = Behind::of(&self.received[head.bytes + length..]);
            self.ends(head, behind)?;
            let body = &self.received[head.bytes..head.bytes + length];
            return Ok(Reply {
                status: head.status,
                head: &self.received[..head.bytes],
                body,
                body_bytes: length as u64,
                first_byte_at: self.first_byte_at,
            });
        }
        self.kept.begin(keep(head.status));
        match self.read_body(head).await {
            Ok(body_bytes) => {
                let head_bytes = &self.received[..head.bytes];
                let (body, first_byte_at) = (self.kept.bytes(), self.first_byte_at);
                Ok(Reply { status: head.status, head: head_bytes, body, body_bytes, first_byte_at })
            }
            Err(error) => Err(self.told_with_status(error)),
        }
    }

    /// Looks for what came since the last answer, or since the connection was opened. A server may close a connection
    /// that is idle, and tell so with a 408 (RFC 9110, section 15.5.9). Whatever else it sends belongs to no request, so
    /// that nobody knows which answer belongs to which.
    async fn look_for_unasked(&mut self) -> Result<(), NetError> {
        let mut start = [0; 12];
        match self.stream.unasked(&mut start).await {
            Unasked::Nothing => Ok(()),
            Unasked::End if self.used => Err(NetError::ClosedIdle),
            Unasked::End => Err(NetError::Closed),
            Unasked::Bytes(count) => {
                let said = &start[..count];
                let is_408 = said.starts_with(b"HTTP/1.") && said.ends_with(b" 408");
                let is_harmless = is_408 || Behind::of(said) == Behind::Blank;
                Err(if is_harmless && self.used { NetError::ClosedIdle } else { NetError::Unasked })
            }
        }
    }

    async fn send(&mut self, request: &[u8], was_used: bool) -> Result<(), NetError> {
        let mut sent = 0;
        while sent < request.len() {
            match self.stream.write(&request[sent..]).await {
                Ok(count) => sent += count,
                Err(_) if sent == 0 && was_used => return Err(NetError::ClosedIdle),
                // A server that refuses a large body answers before it has read all of it, so its answer is read first.
                Err(error) if sent > 0 && is_cut(&error) => return Ok(()),
                Err(error) => return Err(NetError::from_io(&error)),
            }
        }
        if let Stream::Tls(stream) = &mut self.stream {
            // What is encrypted may still wait to be written.
            match stream.flush().await {
                Err(error) if !is_cut(&error) => return Err(NetError::from_io(&error)),
                _ => {}
            }
        }
        Ok(())
    }

    async fn read_head(&mut self, to_head: bool) -> Result<Head, NetError> {
        loop {
            let is_first = self.received.is_empty();
            if self.read_more().await? == 0 {
                let received = self.received.len();
                return Err(if received == 0 { NetError::Closed } else { NetError::HeadCutShort { received } });
            }
            if is_first {
                self.first_byte_at = Instant::now();
            }
            // An answer of 1xx only announces the real one, which may already have arrived with it.
            while let Some(head) = reply::parse(&self.received, to_head)? {
                if head.status >= 200 || head.status == 101 {
                    return Ok(head);
                }
                self.received.drain(..head.bytes);
            }
            if self.received.len() > reply::MOST_HEAD_BYTES {
                return Err(NetError::Malformed { why: "its head is too long" });
            }
        }
    }

    /// Reads more of a head. Gives the number of bytes, 0 at the end of the connection.
    async fn read_more(&mut self) -> Result<usize, NetError> {
        let room = self.received.capacity() - self.received.len();
        if self.received.capacity() == 0 {
            self.received.reserve_exact(SMALL_BUFFER);
        } else if room < LEAST_ROOM {
            let more = self.received.capacity();
            if !self.head_share.take(more) {
                return Err(NetError::NoRoom { limit: MOST_BYTES_OF_ALL as u64 });
            }
            self.received.reserve_exact(room + more);
        }
        self.stream.read_buf(&mut self.received).await.map_err(|error| NetError::from_io(&error))
    }

    /// Reads the body to its end, whatever of it came with the head. Gives its bytes.
    async fn read_body(&mut self, head: Head) -> Result<u64, NetError> {
        let mut end = BodyEnd::of(head.framing);
        let came = &self.received[head.bytes..];
        let read = end.read(came, &mut self.kept)?;
        let mut behind = Behind::of(&came[read..]);
        self.received.truncate(head.bytes);
        while !end.is_reached() {
            self.count(end.received);
            let Some(is_behind) = self.pass_on(&mut end).await? else {
                if end.is_closed_by_end() {
                    break;
                }
                return Err(NetError::Closed);
            };
            behind = is_behind;
        }
        self.count(end.received);
        self.ends(head, behind)?;
        Ok(end.received)
    }

    /// An answer is complete. Bytes behind it belong to no request, and nobody knows which answer is whose; behind the
    /// last answer of a connection they may be ignored (RFC 9112, section 6.3). An empty line too many is only careless:
    /// the connection is not used again.
    fn ends(&mut self, head: Head, behind: Behind) -> Result<(), NetError> {
        if behind == Behind::Bytes && head.keeps {
            return Err(NetError::Unasked);
        }
        self.open = head.keeps && behind == Behind::Nothing;
        Ok(())
    }

    fn count(&mut self, received: u64) {
        if let Some(progress) = &mut self.progress {
            progress.received = received;
        }
    }

    /// Reads once and gives it to the body. Gives what came behind the body; None at the end of the
    /// connection.
    async fn pass_on(&mut self, end: &mut BodyEnd) -> Result<Option<Behind>, NetError> {
        let Self { stream, kept, .. } = self;
        poll_fn(|context| {
            PASSING.with_borrow_mut(|buffer| {
                let mut buffer = ReadBuf::new(buffer);
                let read = ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer));
                Poll::Ready(match read {
                    Err(error) => Err(NetError::from_io(&error)),
                    Ok(()) if buffer.filled().is_empty() => Ok(None),
                    Ok(()) => end.read(buffer.filled(), kept).map(|read| Some(Behind::of(&buffer.filled()[read..]))),
                })
            })
        })
        .await
    }
}

pub(super) fn told_with_status(progress: Option<Progress>, error: NetError) -> NetError {
    let Some(Progress { status, received, promised }) = progress else { return error };
    NetError::CutShort { status, received, promised, cut: error.into() }
}

impl Drop for LeanConnection {
    fn drop(&mut self) {
        if let Some(tally) = &self.tally {
            tally.add_requests(self.requests);
        }
    }
}

/// Whether the error means that the server no longer reads.
fn is_cut(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}

#[cfg(test)]
mod tests;
