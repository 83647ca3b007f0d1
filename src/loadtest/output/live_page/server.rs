//! Serves the page: accepts connections, with TLS where it is wanted, and drops those whose other end takes nothing.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;

use super::answers::Answers;
use super::stalled::{Stalled, Watched};
use crate::net::ServerTls;

/// Connections at the same time. A browser opens up to six.
const MOST_CONNECTIONS: usize = 256;

/// A connection that has not sent its request, or finished its TLS handshake, within this time is closed.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the system keeps for a viewer who has not read it, and Linux doubles: a few events. Its own choice is up to some
/// megabytes, which is all of a run that has passed.
const SEND_BUFFER: u32 = 8 << 10;

/// Listens on an address. What is accepted has the small buffer of the listener.
pub(super) fn bound(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(1024)
}

/// Accepts connections for ever.
pub(super) async fn serve(listener: TcpListener, answers: Arc<Answers>, tls: Option<ServerTls>) {
    let permits = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // For example no file handle was left; there may be one later.
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        };
        let (answers, tls) = (Arc::clone(&answers), tls.clone());
        tokio::spawn(async move {
            // An error means that the browser closed the connection, which it knows.
            drop(connection(stream, answers, tls).await);
            drop(permit);
        });
    }
}

/// What is written for a viewer before he has read what came before, and the longest head of a request: as little as hyper
/// allows, so that he is sent the newest state and not those that have passed.
const BUFFER: usize = 8 << 10;

async fn connection(stream: TcpStream, answers: Arc<Answers>, tls: Option<ServerTls>) -> io::Result<()> {
    let stalled = Stalled::default();
    let stream = Watched::new(stream, stalled.clone());
    let served = async {
        match tls {
            None => answer(stream, answers).await,
            Some(tls) => {
                let stream = tokio::time::timeout(PATIENCE, tls.accept(stream)).await??;
                answer(stream, answers).await
            }
        }
    };
    tokio::select! {
        served = served => served,
        () = stalled.for_too_long() => Err(io::ErrorKind::TimedOut.into()),
    }
}

async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, answers: Arc<Answers>) -> io::Result<()> {
    let service = service_fn(move |request: Request<Incoming>| {
        let answers = Arc::clone(&answers);
        async move { Ok::<_, Infallible>(answers.answer(request).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(BUFFER);
    builder.serve_connection(TokioIo::new(stream), service).await.map_err(io::Error::other)
}
