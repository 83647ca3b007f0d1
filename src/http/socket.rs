//! The client's socket as hyper sees it: writes have a time limit, and hyper's own refusals get a body.
//!
//! hyper refuses input that is not HTTP or has too many headers with a status without a body, before any of our code
//! sees the request. This module replaces that answer by one in the store's JSON shape.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::call::RequestId;
use crate::wire::{Code, ErrorBody, JSON, REQUEST_ID};

/// A client's connection with a limit on stalled writes.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TokioIo<TcpStream>,
    /// How long a client may read nothing of an answer.
    write_limit: Duration,
    /// The timer that runs while the client reads nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    /// Whether the write limit has passed.
    unread: bool,
    /// The answer that is being written in place of hyper's own refusal.
    exchanged: Option<Exchanged>,
}

#[derive(Debug)]
struct Exchanged {
    answer: Vec<u8>,
    written: usize,
    /// The number of bytes of hyper's answer that it replaces.
    length: usize,
}

impl Socket {
    /// Wraps an accepted connection.
    pub(super) fn new(stream: TcpStream, write_limit: Duration) -> Self {
        Self { stream: TokioIo::new(stream), write_limit, stalled: None, unread: false, exchanged: None }
    }

    /// Whether the connection was given up because the client did not read its answer in time.
    pub(super) fn is_unread(&self) -> bool {
        self.unread
    }

    /// Whether a write is waiting for the client to read.
    pub(super) fn is_stalled(&self) -> bool {
        self.stalled.is_some()
    }

    /// Unwraps the connection, to close it.
    pub(super) fn into_stream(self) -> TcpStream {
        self.stream.into_inner()
    }

    /// Passes on the result of a write, or an error if the client has read nothing for `write_limit`.
    fn within_limit(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let limit = self.write_limit;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(stalled.as_mut().poll(context));
        self.unread = true;
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read its answer")))
    }

    /// Writes the rest of the replacement. When all is written, the result is the length of hyper's answer.
    fn poll_exchanged(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while let Some(Exchanged { answer, written, length }) = &mut self.exchanged {
            if *written == answer.len() {
                let length = *length;
                self.exchanged = None;
                return Poll::Ready(Ok(length));
            }
            let result = Pin::new(&mut self.stream).poll_write(context, &answer[*written..]);
            if let Poll::Ready(Ok(more)) = result {
                *written += more;
            }
            ready!(self.within_limit(context, result))?;
        }
        Poll::Ready(Ok(0))
    }
}

/// The replacement for hyper's own refusal, or `None` if `head` is another answer. Our answers can be told apart
/// because they have a body, or, in answer to HEAD, the length of one.
fn exchange(head: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(head.strip_prefix(b"HTTP/1.1 4")?).ok()?;
    if !text.ends_with("\r\n\r\n") || !text.to_ascii_lowercase().contains("\r\ncontent-length: 0\r\n") {
        return None;
    }
    let (status, error) = match &text[..2] {
        "00" => ("400 Bad Request", "the request is not valid HTTP"),
        "14" => ("414 URI Too Long", "the address is longer than allowed"),
        "31" => ("431 Request Header Fields Too Large", "the headers are larger, or more, than allowed"),
        _ => return None,
    };
    let request_id = RequestId::random();
    let body = ErrorBody {
        deleted: None,
        error: error.to_owned(),
        code: Code::InvalidParameter,
        request_id: request_id.as_str().to_owned(),
    };
    let body = serde_json::to_string(&body).ok()?;
    let (length, name) = (body.len(), request_id.as_str());
    let answer = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: {JSON}\r\n{REQUEST_ID}: {name}\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    Some(answer.into_bytes())
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Write for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.exchanged.is_none() {
            let Some(answer) = exchange(bytes) else {
                let written = Pin::new(&mut self.stream).poll_write(context, bytes);
                return self.within_limit(context, written);
            };
            self.exchanged = Some(Exchanged { answer, written: 0, length: bytes.len() });
        }
        self.poll_exchanged(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        let alone = slices.iter().filter(|slice| !slice.is_empty()).count() == 1;
        if let Some(first) = first
            && alone
        {
            return self.poll_write(context, first);
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.within_limit(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Does nothing, because `connection.rs` decides how to close the connection when hyper has finished with it.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_refusals_without_a_body_are_exchanged() {
        let bare = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let answer = String::from_utf8(exchange(bare).unwrap()).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 431 ") && head.contains(&format!("content-length: {}", body.len())),
            "{head}"
        );
        assert!(body.contains(r#""code":"invalid_parameter""#), "{body}");
        for other in [
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 20\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        ] {
            assert_eq!(exchange(other.as_bytes()), None, "{other}");
        }
    }
}
