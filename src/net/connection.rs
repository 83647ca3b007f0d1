//! One HTTP/1.1 connection that carries one request at a time.

use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, HeaderMap};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

use super::dialer::{Dialer, Way};
use super::{NetError, Target};

/// The limits of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest wait until the connection is open.
    pub connect_timeout: Duration,
    /// The most bytes of an answer's body.
    pub body_limit: usize,
}

impl Default for Limits {
    /// Five seconds to connect, long enough for two lost SYN packets; 64 MiB, which no answer of the store reaches.
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(5), body_limit: 64 << 20 }
    }
}

/// A complete answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: StatusCode,
    /// The headers in the order in which they came.
    pub headers: HeaderMap,
    /// The complete body.
    pub body: Bytes,
}

impl Answer {
    /// Parses the body as JSON of a known shape.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// The body as text; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// An open connection to a service, made with hyper.
#[derive(Debug)]
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
    prefix: String,
    body_limit: usize,
    /// Whether a complete answer came over it, so that the server may since have closed it for being idle.
    kept: bool,
}

impl Connection {
    /// Resolves the name and connects to the first address that accepts, with TLS if the target says so.
    pub async fn open(target: &Target, limits: Limits) -> Result<Self, NetError> {
        Self::open_by(target, &Way::default(), limits).await
    }

    /// Connects by a way of the caller's.
    pub async fn open_by(target: &Target, way: &Way, limits: Limits) -> Result<Self, NetError> {
        let dialer = Dialer::new(target, way).map_err(|error| NetError::Tls(error.to_string()))?;
        let after = limits.connect_timeout;
        // What is needed for TLS makes the future large.
        let caller = dialer.caller();
        let opened = tokio::time::timeout(after, Box::pin(dialer.open(&caller)));
        let opened = opened.await.map_err(|_| NetError::ConnectTimedOut { after })??;
        let handshake = http1::handshake(TokioIo::new(opened.stream)).await;
        let (sender, connection) = handshake.map_err(|error| NetError::from_hyper(&error))?;
        // The task ends when either side closes. Errors reach the request in flight through the sender.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self {
            sender,
            authority: target.authority(),
            prefix: target.prefix().to_owned(),
            body_limit: limits.body_limit,
            kept: false,
        })
    }

    /// Whether the next request can be sent. A server may close an idle connection at any time.
    pub fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends one request and reads the complete answer. `path` starts with a slash. There is no time limit here: wrap
    /// the call, and drop the connection when the limit passes, because the answer may still come.
    ///
    /// [`NetError::ClosedIdle`] promises that nothing was sent: the request may be sent again on a new connection.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, NetError> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.prefix));
        request = request.header(HOST, &self.authority);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).map_err(|error| NetError::Unsendable(error.to_string()))?;
        let (parts, body) = self.exchange(request).await?.into_parts();
        let body = Limited::new(body, self.body_limit).collect().await.map_err(|error| self.body_error(error))?;
        self.kept = true;
        Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes() })
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, NetError> {
        self.sender.ready().await.map_err(|_| self.closed_unsent())?;
        let sent = self.sender.try_send_request(request).await;
        sent.map_err(|mut error| match error.take_message() {
            // hyper gave the request back, so it had not begun to write it.
            Some(_) => self.closed_unsent(),
            None => NetError::from_hyper(&error.into_error()),
        })
    }

    fn closed_unsent(&self) -> NetError {
        if self.kept { NetError::ClosedIdle } else { NetError::Closed }
    }

    fn body_error(&self, error: Box<dyn std::error::Error + Send + Sync>) -> NetError {
        if error.is::<LengthLimitError>() {
            return NetError::TooLarge { limit: self.body_limit as u64 };
        }
        match error.downcast::<hyper::Error>() {
            Ok(error) => NetError::from_hyper(&error),
            Err(error) => NetError::Other(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]";

    async fn listen() -> (TcpListener, Target) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::loopback(listener.local_addr().unwrap().port());
        (listener, target)
    }

    async fn read_request(stream: &mut TcpStream) {
        let mut received = Vec::new();
        while !received.ends_with(b"\r\n\r\n") {
            received.push(stream.read_u8().await.unwrap());
        }
    }

    async fn get(connection: &mut Connection) -> Result<Answer, NetError> {
        connection.send(Method::GET, "/", &[], Bytes::new()).await
    }

    #[tokio::test]
    async fn a_connection_closed_while_idle_reports_that_nothing_was_sent() {
        let (listener, target) = listen().await;
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            stream.write_all(ANSWER).await.unwrap();
        });
        let mut connection = Connection::open(&target, Limits::default()).await.unwrap();
        get(&mut connection).await.unwrap();
        server.await.unwrap();
        while connection.is_open() {
            tokio::task::yield_now().await;
        }
        let error = get(&mut connection).await.unwrap_err();
        assert!(matches!(error, NetError::ClosedIdle), "{error:?}");
    }

    #[tokio::test]
    async fn a_request_that_was_received_is_never_reported_as_unsent() {
        let (listener, target) = listen().await;
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            stream.write_all(ANSWER).await.unwrap();
            read_request(&mut stream).await;
        });
        let mut connection = Connection::open(&target, Limits::default()).await.unwrap();
        get(&mut connection).await.unwrap();
        let error = get(&mut connection).await.unwrap_err();
        assert!(matches!(error, NetError::Closed | NetError::Reset), "{error:?}");
    }
}
