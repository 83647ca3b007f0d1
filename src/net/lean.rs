//! An HTTP/1.1 connection for a load generator. Requests are given as bytes, and answers are read in place. It costs
//! little more than its system calls and holds a few KiB while it is idle.
//!
//! It carries one request at a time, without a pool and without hidden retries. [`NetError::ClosedIdle`] promises that
//! nothing of a request was sent.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::reply::{self, Chunks, Framing, Head};
use super::{NetError, Target};

/// Buffer for a small answer, head and body; an idle connection keeps it.
const SMALL_BUFFER: usize = 4 << 10;

/// Buffer for a part of a large answer: few system calls, and small enough for a core's own cache.
const LARGE_BUFFER: usize = 64 << 10;

/// The least free space that a read should have.
const LEAST_ROOM: usize = 512;

/// The most bytes of a body that are kept; no answer that is checked is near it.
const MOST_BODY_BYTES: usize = 64 << 20;

/// The bodies that a caller wants to read; the others are counted and discarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepBody {
    /// Bodies of answers with a status of 400 or more.
    Failures,
    /// All bodies.
    All,
}

/// A complete answer. It borrows the connection's buffer, so it is valid until the next request.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// The status code.
    pub status: u16,
    /// The status line and the headers, as received.
    pub head: &'a [u8],
    /// The body, if it was to be kept. Otherwise it may be complete, partial or empty.
    pub body: &'a [u8],
    /// Bytes of the body, without the chunk lengths.
    pub body_bytes: u64,
}

impl<'a> Reply<'a> {
    /// The values of a header by its name, whose case is ignored.
    pub fn header(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let lines = self.head.split(|byte| *byte == b'\n').skip(1);
        lines.filter_map(move |line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            line[..colon].eq_ignore_ascii_case(name.as_bytes()).then(|| line[colon + 1..].trim_ascii())
        })
    }
}

/// An open connection without a time limit of its own.
#[derive(Debug)]
pub struct LeanConnection {
    stream: TcpStream,
    received: Vec<u8>,
    /// The body of a chunked answer, without the chunk lengths.
    joined: Vec<u8>,
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
    /// Connects to the first address that accepts.
    pub async fn open(addresses: &[SocketAddr]) -> Result<Self, NetError> {
        let mut failure = NetError::Refused;
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // Requests are sent at once; waiting to combine them would only add latency.
                    stream.set_nodelay(true).map_err(|error| NetError::from_connect(&error))?;
                    return Ok(Self { stream, received: Vec::new(), joined: Vec::new(), used: false, open: true });
                }
                Err(error) => failure = NetError::from_connect(&error),
            }
        }
        Err(failure)
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
        self.joined = Vec::new();
    }

    /// Sends `request`, which is the complete request, and reads the complete answer. `to_head` says that the method is
    /// HEAD.
    ///
    /// There is no time limit here: wrap the call. A caller that drops the future before it is done must drop the
    /// connection as well, because the answer may still come.
    pub async fn exchange(&mut self, request: &[u8], to_head: bool, keep: KeepBody) -> Result<Reply<'_>, NetError> {
        if !std::mem::replace(&mut self.open, false) || (self.used && self.was_closed()) {
            return Err(NetError::ClosedIdle);
        }
        self.received.clear();
        self.joined.clear();
        let was_used = std::mem::replace(&mut self.used, true);
        self.send(request, was_used).await?;
        let head = self.read_head(to_head).await?;
        let keep = keep == KeepBody::All || head.status >= 400;
        let body_bytes = match head.framing {
            Framing::Length(length) => self.read_length(head, length, keep).await?,
            Framing::UntilClosed => self.read_to_end(head, keep).await?,
            Framing::Chunked => self.read_chunks(head, keep).await?,
        };
        let chunked = head.framing == Framing::Chunked;
        let body = if chunked { &self.joined[..] } else { &self.received[head.bytes..] };
        Ok(Reply { status: head.status, head: &self.received[..head.bytes], body, body_bytes })
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

    /// Reads more; the end of the connection is an error.
    async fn read_more(&mut self) -> Result<(), NetError> {
        if self.read().await? == 0 { Err(NetError::Closed) } else { Ok(()) }
    }

    async fn read(&mut self) -> Result<usize, NetError> {
        let room = self.received.capacity() - self.received.len();
        if room < LEAST_ROOM {
            let wanted = if self.received.capacity() == 0 { SMALL_BUFFER } else { LARGE_BUFFER };
            self.received.reserve(wanted);
        }
        self.stream.read_buf(&mut self.received).await.map_err(|error| NetError::from_io(&error))
    }

    async fn read_head(&mut self, to_head: bool) -> Result<Head, NetError> {
        loop {
            self.read_more().await?;
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

    async fn read_length(&mut self, head: Head, length: u64, keep: bool) -> Result<u64, NetError> {
        if keep && length > MOST_BODY_BYTES as u64 {
            return Err(NetError::TooLarge { limit: MOST_BODY_BYTES as u64 });
        }
        let mut forgotten = 0;
        loop {
            let here = (self.received.len() - head.bytes) as u64 + forgotten;
            if here >= length {
                // Bytes after the answer belong to no request.
                self.open = head.keeps && here == length;
                self.received.truncate(self.received.len() - usize::try_from(here - length).unwrap_or(0));
                return Ok(length);
            }
            if !keep && self.received.len() >= LARGE_BUFFER {
                forgotten = here;
                self.received.truncate(head.bytes);
            }
            self.read_more().await?;
        }
    }

    async fn read_to_end(&mut self, head: Head, keep: bool) -> Result<u64, NetError> {
        let mut forgotten = 0;
        loop {
            let body = self.received.len() - head.bytes;
            if keep && body > MOST_BODY_BYTES {
                return Err(NetError::TooLarge { limit: MOST_BODY_BYTES as u64 });
            }
            if !keep && self.received.len() >= LARGE_BUFFER {
                forgotten += body as u64;
                self.received.truncate(head.bytes);
            }
            if self.read().await? == 0 {
                return Ok(forgotten + (self.received.len() - head.bytes) as u64);
            }
        }
    }

    async fn read_chunks(&mut self, head: Head, keep: bool) -> Result<u64, NetError> {
        let (mut chunks, mut bytes) = (Chunks::default(), 0);
        loop {
            let (joined, raw) = (&mut self.joined, &self.received[head.bytes..]);
            let read = chunks.read(raw, |data| {
                bytes += data.len() as u64;
                if keep {
                    joined.extend_from_slice(data);
                }
            })?;
            if self.joined.len() > MOST_BODY_BYTES {
                return Err(NetError::TooLarge { limit: MOST_BODY_BYTES as u64 });
            }
            self.received.drain(head.bytes..head.bytes + read);
            if chunks == Chunks::Done {
                self.open = head.keeps && self.received.len() == head.bytes;
                return Ok(bytes);
            }
            self.read_more().await?;
        }
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
        (LeanConnection::open(&[address]).await.unwrap(), server)
    }

    fn with_body(head: &str, body: &[u8]) -> Vec<u8> {
        [format!("HTTP/1.1 200 OK\r\n{head}\r\n").as_bytes(), body].concat()
    }

    #[tokio::test]
    async fn answers_are_read_completely_in_whatever_pieces_they_come() {
        let large = vec![b'x'; 300_000];
        let answers = [
            with_body("content-length: 5\r\nX-Name:  a b \r\n", b"hello"),
            with_body("transfer-encoding: chunked\r\n", b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
            [b"HTTP/1.1 100 Continue\r\n\r\n".as_slice(), &with_body("content-length: 2\r\n", b"ok")].concat(),
            with_body(&format!("content-length: {}\r\n", large.len()), &large),
            with_body("", b"until the end"),
        ];
        for piece in [1, 7, 1_000_000] {
            // Sending the large one byte by byte would only be slow.
            let answers: Vec<_> = answers.iter().filter(|answer| piece > 1 || answer.len() < 1_000).cloned().collect();
            let (mut connection, server) = serve(answers, piece).await;
            let reply = connection.exchange(REQUEST, false, KeepBody::All).await.unwrap();
            assert_eq!((reply.status, reply.body, reply.body_bytes), (200, &b"hello"[..], 5));
            assert_eq!(reply.header("x-name").collect::<Vec<_>>(), [b"a b"]);
            assert_eq!(connection.exchange(REQUEST, false, KeepBody::All).await.unwrap().body, b"abcde");
            assert_eq!(connection.exchange(REQUEST, false, KeepBody::All).await.unwrap().body, b"ok");
            if piece > 1 {
                let reply = connection.exchange(REQUEST, false, KeepBody::Failures).await.unwrap();
                assert!(reply.body_bytes == 300_000 && reply.body.len() <= 2 * LARGE_BUFFER);
                connection.rest();
                assert!(connection.received.capacity() <= SMALL_BUFFER);
            }
            assert_eq!(connection.exchange(REQUEST, false, KeepBody::All).await.unwrap().body, b"until the end");
            assert!(!connection.is_open());
            let error = connection.exchange(REQUEST, false, KeepBody::All).await.unwrap_err();
            assert!(matches!(error, NetError::ClosedIdle), "{error:?}");
            server.await.unwrap();
        }
    }

    #[tokio::test]
    async fn the_answer_to_a_head_request_has_no_body() {
        let answer = with_body("content-length: 5\r\n", b"");
        let (mut connection, _server) = serve(vec![answer.clone(), answer], 1_000).await;
        for _ in 0..2 {
            assert_eq!(connection.exchange(REQUEST, true, KeepBody::All).await.unwrap().body_bytes, 0);
        }
    }

    #[tokio::test]
    async fn bytes_after_an_answer_end_the_connection() {
        let (mut connection, _server) = serve(vec![with_body("content-length: 2\r\n", b"okok")], 1_000).await;
        assert_eq!(connection.exchange(REQUEST, false, KeepBody::All).await.unwrap().body, b"ok");
        assert!(!connection.is_open());
    }

    #[tokio::test]
    async fn a_broken_answer_is_a_failure_and_a_connection_closed_while_idle_is_not() {
        for broken in [&b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"[..], b"HTTP/1.1 20", b""] {
            let (mut connection, _server) = serve(vec![broken.to_vec()], 1_000).await;
            let error = connection.exchange(REQUEST, false, KeepBody::All).await.unwrap_err();
            assert!(matches!(error, NetError::Closed), "{error:?}");
        }
        let (mut connection, server) = serve(vec![with_body("content-length: 2\r\n", b"ok")], 1_000).await;
        connection.exchange(REQUEST, false, KeepBody::All).await.unwrap();
        server.await.unwrap();
        // Waits until the end of the connection has arrived.
        connection.stream.readable().await.unwrap();
        let error = connection.exchange(REQUEST, false, KeepBody::All).await.unwrap_err();
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
        let mut connection = LeanConnection::open(&[address]).await.unwrap();
        let request = [REQUEST, &vec![b'x'; 3 << 20]].concat();
        assert_eq!(connection.exchange(&request, false, KeepBody::All).await.unwrap().status, 413);
        assert!(!connection.is_open());
    }

    #[tokio::test]
    async fn a_connection_within_one_machine_is_recognised() {
        let (connection, _server) = serve(Vec::new(), 1).await;
        assert!(connection.is_local());
    }
}
