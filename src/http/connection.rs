//! The connection of one client, from its accept to its close.
//!
//! If a socket is closed while the client still sends, the kernel resets the connection, and the client may lose the
//! answer. So a connection whose request was not read to its end is half closed first and then read for a while
//! (RFC 9112, section 9.6). An answer that could not be finished must not look finished, so that connection is reset on
//! purpose.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderMap};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::crowd::Member;
use super::dispatch::Dispatcher;
use super::socket::Socket;

/// The smallest buffer that hyper accepts, in bytes; it panics on a smaller one.
const SMALLEST_BUFFER: usize = 8192;

/// How long, and how much, a client may go on sending a request that was already refused.
const LINGER_TIME: Duration = Duration::from_secs(5);
const LINGER_BYTES: usize = 8 << 20;

/// A client that has sent nothing for this long is taken to have stopped sending.
const LINGER_SILENCE: Duration = Duration::from_secs(1);

/// How a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Close {
    /// Everything was read and answered, so the connection can close.
    Now,
    /// Another client needs the place, so the rest of what the client sends is not read.
    AtOnce,
    /// The client may still be sending, so the connection is half closed and read for a while.
    Lingering,
    /// An answer was begun and cannot be finished, so the client must see a reset.
    Reset,
}

/// Answers requests until the client or the instance ends the connection; `stopping` tells when the instance does.
pub(super) async fn serve(
    stream: TcpStream,
    dispatcher: Arc<Dispatcher>,
    member: Arc<Member>,
    mut stopping: watch::Receiver<bool>,
) {
    // Answers are written whole, so Nagle's algorithm would only add latency. If the option fails, the socket still
    // works.
    drop(stream.set_nodelay(true));
    let limits = dispatcher.limits;
    // True once an answer has announced that the connection will be closed.
    let closing = Arc::new(AtomicBool::new(false));
    let service = service_fn(|request: Request<Incoming>| {
        let (dispatcher, closing, member) = (Arc::clone(&dispatcher), Arc::clone(&closing), Arc::clone(&member));
        async move {
            let answer = dispatcher.answer(request, &member).await;
            member.end_work();
            closing.store(says_close(answer.headers()), Ordering::Relaxed);
            Ok::<_, Infallible>(answer)
        }
    });
    let socket = Socket::new(stream, limits.write);
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle)
        .max_buf_size(limits.header_bytes.max(SMALLEST_BUFFER))
        .serve_connection(socket, service);
    let until_stopped = tokio::select! {
        // The connection is polled first, so that a finished answer is written before the connection closes.
        biased;
        ended = &mut connection => Some(Some(ended)),
        () = member.asked() => Some(None),
        _ = stopping.wait_for(|stopping| *stopping) => None,
    };
    let ended = if let Some(ended) = until_stopped {
        ended
    } else {
        Pin::new(&mut connection).graceful_shutdown();
        tokio::select! {
            biased;
            ended = &mut connection => Some(ended),
            () = member.asked() => None,
        }
    };
    let displaced = ended.is_none();
    let socket = connection.into_parts().io;
    let unread = socket.is_unread();
    let close = match ended {
        Some(ended) => how_to_close(ended, unread, closing.load(Ordering::Relaxed)),
        None if socket.is_stalled() => Close::Reset,
        None => Close::AtOnce,
    };
    if close == Close::Reset {
        let reason = if displaced {
            "displaced"
        } else if unread {
            "unread"
        } else {
            "unfinished"
        };
        dispatcher.note_cut_off(reason);
    }
    // Boxed, so that the buffer for lingering does not enlarge the future of every connection.
    Box::pin(close_stream(socket.into_stream(), close)).await;
}

fn says_close(headers: &HeaderMap) -> bool {
    headers.get(CONNECTION).is_some_and(|value| value == "close")
}

fn how_to_close(ended: Result<(), hyper::Error>, unread: bool, said_close: bool) -> Close {
    match ended {
        _ if unread => Close::Reset,
        Err(error) if error.is_user() => Close::Reset,
        Err(error) if error.is_parse() => Close::Lingering,
        // The client has hung up or sent nothing, so there is no one to answer.
        Err(error) => {
            tracing::debug!(%error, "a connection ended early");
            if said_close { Close::Lingering } else { Close::Now }
        }
        Ok(()) if said_close => Close::Lingering,
        Ok(()) => Close::Now,
    }
}

/// Closes the connection. Errors are ignored because they mean that the client has already gone.
async fn close_stream(mut stream: TcpStream, close: Close) {
    match close {
        Close::Now if stream.try_read(&mut [0]).is_ok_and(|length| length > 0) => linger(stream).await,
        Close::Now | Close::AtOnce => drop(stream.shutdown().await),
        Close::Lingering => linger(stream).await,
        Close::Reset => drop(stream.set_zero_linger()),
    }
}

/// Closes the sending half and reads what the client still sends, until the client closes its half or a limit is
/// reached.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let reading = async {
        let mut buffer = vec![0; 16 * 1024];
        let mut left = LINGER_BYTES;
        while let Ok(Ok(length @ 1..)) = tokio::time::timeout(LINGER_SILENCE, stream.read(&mut buffer)).await {
            left = left.saturating_sub(length);
            if left == 0 {
                return;
            }
        }
    };
    drop(tokio::time::timeout(LINGER_TIME, reading).await);
}
