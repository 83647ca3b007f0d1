//! The accept loop: a permit before each connection, back-off when accepting fails, a drain with a deadline.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::dispatch::Dispatcher;
use super::{Limits, Store};
use crate::metrics::GaugeGuard;

/// hyper's smallest buffer; below it, it panics.
const SMALLEST_BUFFER: usize = 8192;

/// The first and the longest pause after a failed accept. It fails when file handles run out, and then again at once.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Answers requests on a bound socket until `shutdown`, then drains. True if every request in flight was answered.
pub async fn serve(
    listener: TcpListener,
    store: Arc<Store>,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send,
) -> bool {
    let permits = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    let dispatcher = Arc::new(Dispatcher::new(Arc::clone(&store), limits));
    let accepting = accept_all(&listener, &dispatcher, &permits, &graceful);
    let summing_up = tokio::spawn({
        let dispatcher = Arc::clone(&dispatcher);
        async move { dispatcher.refusals.sum_up_every_second().await }
    });
    tokio::select! {
        biased;
        () = &mut shutdown => {}
        () = accepting => {}
    }
    store.start_draining();
    tracing::info!(notice_ms = limits.drain_notice.as_millis() as u64, "draining: not ready any more");
    let notice = tokio::time::sleep(limits.drain_notice);
    tokio::select! {
        () = notice => {}
        () = accept_all(&listener, &dispatcher, &permits, &graceful) => {}
    }
    drop(listener);
    let open = graceful.count();
    let drained = tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_ok();
    summing_up.abort();
    dispatcher.refusals.sum_up();
    if drained {
        tracing::info!(connections = open, "drained");
    } else {
        tracing::warn!(
            limit_ms = limits.drain.as_millis() as u64,
            "some requests were not answered before the drain's limit"
        );
    }
    drained
}

async fn accept_all(
    listener: &TcpListener,
    dispatcher: &Arc<Dispatcher>,
    permits: &Arc<Semaphore>,
    graceful: &GracefulShutdown,
) {
    // The semaphore is never closed, so this loop ends with its caller.
    while let Ok(permit) = Arc::clone(permits).acquire_owned().await {
        let stream = accept(listener).await;
        let connection = serve_connection(stream, Arc::clone(dispatcher), graceful);
        let open = GaugeGuard::new(&dispatcher.store.metrics.http_connections);
        tokio::spawn(until_closed(connection, permit, open));
    }
}

async fn until_closed(
    connection: impl Future<Output = Result<(), hyper::Error>>,
    permit: OwnedSemaphorePermit,
    open: GaugeGuard,
) {
    // Clients hang up, send nonsense or nothing: hyper has answered what can be answered, and there is nobody to tell.
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
    drop((permit, open));
}

async fn accept(listener: &TcpListener) -> TcpStream {
    let mut pause = FIRST_PAUSE;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // The client is gone again; the next one is not concerned.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, pause_ms = pause.as_millis() as u64, "no connection can be accepted");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

fn serve_connection(
    stream: TcpStream,
    dispatcher: Arc<Dispatcher>,
    graceful: &GracefulShutdown,
) -> impl Future<Output = Result<(), hyper::Error>> + use<> {
    // Answers are written whole; waiting to coalesce them would only add latency. A socket that refuses still works.
    drop(stream.set_nodelay(true));
    let limits = dispatcher.limits;
    let service = service_fn(move |request: Request<Incoming>| {
        let dispatcher = Arc::clone(&dispatcher);
        async move { Ok::<_, Infallible>(dispatcher.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle)
        .max_buf_size(limits.header_bytes.max(SMALLEST_BUFFER))
        .serve_connection(TokioIo::new(stream), service);
    graceful.watch(connection)
}
