//! An HTTP/1.1 connection for a load generator. Requests are given as bytes, and answers are read in place. It costs
//! little more than its system calls and holds a few KiB while it is idle.
//!
//! It carries one request at a time, without a pool and without hidden retries. [`NetError::ClosedIdle`] promises that
//! nothing of a request was sent.

use std::borrow::Cow;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use super::body::{BodyBudget, BodyEnd, FREE_BYTES, KeepBody, Kept, MOST_BYTES_OF_ALL, Share};
use super::reply::{self, Framing, Head};
use super::{NetError, Target};

/// Buffer for a small answer, head and body; an idle connection keeps it.
const SMALL_BUFFER: usize = FREE_BYTES;

/// Buffer for a part of a large body: few system calls, and small enough for a core's own cache.
const LARGE_BUFFER: usize = 64 << 10;

/// The least free space that a read of a head should have.
const LEAST_ROOM: usize = 512;

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
}

impl<'a> Reply<'a> {
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
                let colon = line.iter().position(|byte| *byte == b':');
                let Some(colon) = colon.filter(|colon| line[..*colon].eq_ignore_ascii_case(name.as_bytes())) else {
                    continue;
                };
                let mut value = Cow::Borrowed(line[colon + 1..].trim_ascii());
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
struct Progress {
    status: u16,
    received: u64,
    promised: Option<u64>,
}

/// An open connection without a time limit of its own.
#[derive(Debug)]
pub struct LeanConnection {
    stream: TcpStream,
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
    /// Whether the next request may be sent over it.
    open: bool,
}

/// Resolves all addresses of a service.
pub async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, NetError> {
    let host = target.host().trim_start_matches('[').trim_end_matches(']');
    let unresolved = || NetError::Unresolved { host: host.to_owned() };
    let found = tokio::net::lookup_host((host, target.port())).await.map_err(|_| unresolved())?;
    let addresses: Vec<_> = found.collect();
    if addresses.is_empty() { Err(unresolved()) } else { Ok(addresses) }
}

impl LeanConnection {
    /// Connects to the first address that accepts. What it keeps of answers counts for the budget.
    pub async fn open(addresses: &[SocketAddr], budget: &Arc<BodyBudget>) -> Result<Self, NetError> {
        let mut failure = NetError::Refused;
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // Requests are sent at once; waiting to combine them would only add latency.
                    stream.set_nodelay(true).map_err(|error| NetError::from_connect(&error))?;
                    return Ok(Self::on(stream, budget));
                }
                Err(error) => failure = NetError::from_connect(&error),
            }
        }
        Err(failure)
    }

    fn on(stream: TcpStream, budget: &Arc<BodyBudget>) -> Self {
        let (head_share, kept) = (Share::of(budget), Kept::new(budget));
        Self { stream, received: Vec::new(), head_share, kept, progress: None, used: false, open: true }
    }

    /// Whether the service runs on this machine.
    pub fn is_local(&self) -> bool {
        let ends = (self.stream.local_addr(), self.stream.peer_addr());
        matches!(ends, (Ok(own), Ok(other)) if own.ip() == other.ip())
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
        let Some(Progress { status, received, promised }) = self.progress else { return error };
        NetError::CutShort { status, received, promised, cut: error.into() }
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
        if !std::mem::replace(&mut self.open, false) || (self.used && self.was_closed()) {
            return Err(NetError::ClosedIdle);
        }
        self.received.clear();
        self.progress = None;
        let was_used = std::mem::replace(&mut self.used, true);
        self.send(request, was_used).await?;
        let head = self.read_head(to_head).await?;
        let promised = if let Framing::Length(length) = head.framing { Some(length) } else { None };
        self.progress = Some(Progress { status: head.status, received: 0, promised });
        let came = self.received.len() - head.bytes;
        if let Some(length) = promised.and_then(|length| usize::try_from(length).ok()).filter(|length| came >= *length)
        {
            // Bytes after the answer belong to no request.
            self.open = head.keeps && came == length;
            let body = &self.received[head.bytes..head.bytes + length];
            return Ok(Reply {
                status: head.status,
                head: &self.received[..head.bytes],
                body,
                body_bytes: length as u64,
            });
        }
        self.kept.begin(keep(head.status));
        match self.read_body(head).await {
            Ok(body_bytes) => {
                let head_bytes = &self.received[..head.bytes];
                Ok(Reply { status: head.status, head: head_bytes, body: self.kept.bytes(), body_bytes })
            }
            Err(error) => Err(self.told_with_status(error)),
        }
    }

    /// Whether the server has closed the connection, or sent something unasked, since the last answer. Makes no system
    /// call unless the operating system has announced something.
    fn was_closed(&self) -> bool {
        !matches!(self.stream.try_read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
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
        Ok(())
    }

    async fn read_head(&mut self, to_head: bool) -> Result<Head, NetError> {
        loop {
            if self.read_more().await? == 0 {
                let received = self.received.len();
                return Err(if received == 0 { NetError::Closed } else { NetError::HeadCutShort { received } });
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
        let mut behind = came.len() > end.read(came, &mut self.kept)?;
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
        // Bytes after the answer belong to no request.
        self.open = head.keeps && !behind;
        Ok(end.received)
    }

    fn count(&mut self, received: u64) {
        if let Some(progress) = &mut self.progress {
            progress.received = received;
        }
    }

    /// Reads once and gives it to the body. Gives whether bytes came behind the body; None at the end of the
    /// connection.
    async fn pass_on(&mut self, end: &mut BodyEnd) -> Result<Option<bool>, NetError> {
        let Self { stream, kept, .. } = self;
        poll_fn(|context| {
            PASSING.with_borrow_mut(|buffer| {
                let mut buffer = ReadBuf::new(buffer);
                let read = ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer));
                Poll::Ready(match read {
                    Err(error) => Err(NetError::from_io(&error)),
                    Ok(()) if buffer.filled().is_empty() => Ok(None),
                    Ok(()) => end.read(buffer.filled(), kept).map(|read| Some(read < buffer.filled().len())),
                })
            })
        })
        .await
    }
}

/// Whether the error means that the server no longer reads.
fn is_cut(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

    /// A server that answers each request on one connection with the next of these texts, in pieces of `piece` bytes.
    async fn serve(answers: Vec<Vec<u8>>, piece: usize) -> (LeanConnection, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            for answer in answers {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await.unwrap());
                }
                for piece in answer.chunks(piece) {
                    stream.write_all(piece).await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
        });
        (LeanConnection::open(&[address], &Arc::default()).await.unwrap(), server)
    }

    fn with_body(head: &str, body: &[u8]) -> Vec<u8> {
        [format!("HTTP/1.1 200 OK\r\n{head}\r\n").as_bytes(), body].concat()
    }

    #[tokio::test]
    async fn answers_are_read_completely_in_whatever_pieces_they_come() {
        let large = vec![b'x'; 300_000];
        let answers = [
            with_body("content-length: 5\r\nX-Name:  a b \r\nx-name: fol\r\n\t ded\r\n", b"hello"),
            with_body("transfer-encoding: chunked\r\n", b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
            [b"HTTP/1.1 100 Continue\r\n\r\n".as_slice(), &with_body("content-length: 2\r\n", b"ok")].concat(),
            with_body(&format!("content-length: {}\r\n", large.len()), &large),
            with_body("", b"until the end"),
        ];
        for piece in [1, 7, 1_000_000] {
            // Sending the large one byte by byte would only be slow.
            let answers: Vec<_> = answers.iter().filter(|answer| piece > 1 || answer.len() < 1_000).cloned().collect();
            let (mut connection, server) = serve(answers, piece).await;
            let reply = connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap();
            assert_eq!((reply.status, reply.body, reply.body_bytes), (200, &b"hello"[..], 5));
            assert_eq!(reply.header("x-name").collect::<Vec<_>>(), [&b"a b"[..], b"fol ded"]);
            assert_eq!(connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap().body, b"abcde");
            assert_eq!(connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap().body, b"ok");
            if piece > 1 {
                let reply = connection.exchange(REQUEST, false, |_| KeepBody::Nothing).await.unwrap();
                assert!(reply.body_bytes == 300_000 && reply.whole_body().is_none());
                assert!(connection.received.capacity() <= SMALL_BUFFER && connection.kept.bytes().is_empty());
            }
            assert_eq!(connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap().body, b"until the end");
            assert!(!connection.is_open());
            let error = connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap_err();
            assert!(matches!(error, NetError::ClosedIdle), "{error:?}");
            server.await.unwrap();
        }
    }

    #[tokio::test]
    async fn the_answer_to_a_head_request_has_no_body() {
        let answer = with_body("content-length: 5\r\n", b"");
        let (mut connection, _server) = serve(vec![answer.clone(), answer], 1_000).await;
        for _ in 0..2 {
            assert_eq!(connection.exchange(REQUEST, true, |_| KeepBody::Whole).await.unwrap().body_bytes, 0);
        }
    }

    #[tokio::test]
    async fn bytes_after_an_answer_end_the_connection() {
        let (mut connection, _server) = serve(vec![with_body("content-length: 2\r\n", b"okok")], 1_000).await;
        assert_eq!(connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap().body, b"ok");
        assert!(!connection.is_open());
    }

    #[tokio::test]
    async fn a_broken_answer_is_a_failure_and_a_connection_closed_while_idle_is_not() {
        for (broken, said) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", "200, but the body was cut short after 3 of 5 bytes"),
            (
                "HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhe",
                "500, but the body was cut short after 2 bytes",
            ),
            (
                "HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\nx",
                "500, but the answer is not valid HTTP: a chunk's length is not a number",
            ),
            ("HTTP/1.1 20", "the head of the answer was cut short after 11 bytes"),
            ("", "connection closed by the server before it answered"),
        ] {
            let (mut connection, _server) = serve(vec![broken.into()], 1_000).await;
            let error = connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap_err();
            assert_eq!(error.to_string(), said);
        }
        let (mut connection, server) = serve(vec![with_body("content-length: 2\r\n", b"ok")], 1_000).await;
        connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap();
        server.await.unwrap();
        // Waits until the end of the connection has arrived.
        connection.stream.readable().await.unwrap();
        let error = connection.exchange(REQUEST, false, |_| KeepBody::Whole).await.unwrap_err();
        assert!(matches!(error, NetError::ClosedIdle), "{error:?}");
    }

    #[tokio::test]
    async fn the_answer_of_a_server_that_refuses_a_large_body_is_read() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut some = vec![0; 1_000];
            stream.read_exact(&mut some).await.unwrap();
            let answer = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(answer).await.unwrap();
            stream.shutdown().await.unwrap();
            // It keeps reading for a while, as servers do, so that the answer is not lost to a reset.
            drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
        });
        let mut connection = LeanConnection::open(&[address], &Arc::default()).await.unwrap();
        let request = [REQUEST, &vec![b'x'; 3 << 20]].concat();
        assert_eq!(connection.exchange(&request, false, |_| KeepBody::Whole).await.unwrap().status, 413);
        assert!(!connection.is_open());
    }

    #[tokio::test]
    async fn a_connection_within_one_machine_is_recognised() {
        let (connection, _server) = serve(Vec::new(), 1).await;
        assert!(connection.is_local());
    }

    /// A server that answers one request with a beginning and then with a piece again and again.
    async fn serve_endlessly(beginning: &'static str, piece: &'static str) -> LeanConnection {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(beginning.as_bytes()).await.unwrap();
            let pieces = piece.repeat(10_000 / piece.len());
            while stream.write_all(pieces.as_bytes()).await.is_ok() {}
        });
        LeanConnection::open(&[address], &Arc::default()).await.unwrap()
    }

    #[tokio::test]
    async fn an_answer_without_end_takes_no_more_memory_the_longer_it_lasts() {
        let chunked = "HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\n";
        for (beginning, piece, ends, keep) in [
            ("HTTP/1.1 500 Oh\r\n\r\n", "x", None, KeepBody::Start),
            ("HTTP/1.1 500 Oh\r\n\r\n", "x", None, KeepBody::Whole),
            (chunked, "1\r\nx\r\n", None, KeepBody::Whole),
            ("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", None, KeepBody::Whole),
            (
                "HTTP/1.1 500 Oh\r\n",
                "x: y\r\n",
                Some("the answer is not valid HTTP: it has too many headers"),
                KeepBody::Start,
            ),
            ("HTTP/1.1 500 ", "x", Some("the answer is not valid HTTP: its head is too long"), KeepBody::Start),
            (
                chunked,
                "0;x=y",
                Some("500, but the answer is not valid HTTP: a chunk begins with an endless line"),
                KeepBody::Start,
            ),
            (
                "HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
                "x: y\r\n",
                Some("500, but the answer is not valid HTTP: its trailers are too long"),
                KeepBody::Start,
            ),
        ] {
            let mut connection = serve_endlessly(beginning, piece).await;
            let exchange = connection.exchange(REQUEST, false, |_| keep);
            let ended = tokio::time::timeout(std::time::Duration::from_millis(400), exchange).await;
            match (ends, ended) {
                (None, Err(_)) => {}
                (Some(said), Ok(Err(error))) => assert_eq!(error.to_string(), said),
                (_, ended) => panic!("{beginning:?} {piece:?}: {ended:?}"),
            }
            let memory = connection.received.capacity() + connection.kept.bytes().len();
            assert!(memory <= 2 * reply::MOST_HEAD_BYTES, "{beginning:?} {piece:?}: {memory}");
        }
    }
}
