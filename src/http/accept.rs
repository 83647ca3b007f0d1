//! The accept loop: it limits connections, lets addresses take turns, backs off when accepting fails, and drains with a
//! deadline.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use prometheus::Counter;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::crowd::Crowd;
use super::dispatch::Dispatcher;
use super::request_log::LoggedRequests;
use super::turns::Turns;
use super::{Limits, PROBE_CONNECTIONS, Store, connection, handlers};
use crate::metrics::GaugeGuard;

/// The first and the longest pause after a failed accept. Accepting fails when file handles run out, and an immediate
/// second attempt would fail as well.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long to wait for a place to become free before another connection is asked to close.
const ROOM_PATIENCE: Duration = Duration::from_millis(20);

/// The bound sockets on which an instance listens.
#[derive(Debug)]
pub struct Listeners {
    /// The socket for all requests of clients.
    pub main: TcpListener,
    /// A separate socket for monitoring: it serves only `/live`, `/ready` and `/metrics`, and still answers when all
    /// connections of the main socket are taken.
    pub probes: Option<TcpListener>,
}

/// Answers requests on the bound sockets until `shutdown` resolves, then drains. Returns true if every request in
/// flight was answered.
pub async fn serve(
    listeners: Listeners,
    store: Arc<Store>,
    limits: Limits,
    logged: LoggedRequests,
    shutdown: impl Future<Output = ()> + Send,
) -> bool {
    let Listeners { main: listener, probes } = listeners;
    let room = Room::new(limits.connections);
    let stopping = watch::Sender::new(false);
    let mut shutdown = pin!(shutdown);
    let dispatcher = Arc::new(Dispatcher::new(Arc::clone(&store), limits, logged));
    let summing_up = tokio::spawn({
        let dispatcher = Arc::clone(&dispatcher);
        async move { dispatcher.log.sum_up_every_second().await }
    });
    let looking = tokio::spawn({
        let store = Arc::clone(&store);
        async move { handlers::ready::keep_looking(&store).await }
    });
    let probing = probes.map(|probes| tokio::spawn(answer_probes(probes, Arc::new(dispatcher.of_probes()))));
    tokio::select! {
        biased;
        () = &mut shutdown => {}
        () = accept_all(&listener, &dispatcher, &room, &stopping) => {}
    }
    store.start_draining();
    tracing::info!(notice_ms = limits.drain_notice.as_millis() as u64, "draining: not ready any more");
    let notice = tokio::time::sleep(limits.drain_notice);
    tokio::select! {
        () = notice => {}
        () = accept_all(&listener, &dispatcher, &room, &stopping) => {}
    }
    drop(listener);
    let open = stopping.receiver_count();
    stopping.send_replace(true);
    let drained = tokio::time::timeout(limits.drain, stopping.closed()).await.is_ok();
    // The probes are answered up to this point, so that monitoring sees "not ready" and not a refused connection.
    if let Some(probing) = probing {
        probing.abort();
    }
    looking.abort();
    summing_up.abort();
    dispatcher.log.sum_up();
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

async fn answer_probes(listener: TcpListener, dispatcher: Arc<Dispatcher>) {
    let room = Room::new(PROBE_CONNECTIONS);
    accept_all(&listener, &dispatcher, &room, &watch::Sender::new(false)).await;
}

/// The limited number of places for connections, and the connections that hold them.
#[derive(Debug)]
struct Room {
    permits: Arc<Semaphore>,
    crowd: Arc<Crowd>,
}

impl Room {
    fn new(connections: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(connections)), crowd: Arc::default() }
    }

    /// Waits for a permit for one more connection. While none is free, other connections are asked to close, and each
    /// of them is counted in `displaced`.
    async fn permit(&self, displaced: &Counter) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some(permit);
        }
        loop {
            if self.crowd.make_room() {
                displaced.inc();
            }
            let waiting = Arc::clone(&self.permits).acquire_owned();
            if let Ok(permit) = tokio::time::timeout(ROOM_PATIENCE, waiting).await {
                return permit.ok();
            }
        }
    }
}

async fn accept_all(listener: &TcpListener, dispatcher: &Arc<Dispatcher>, room: &Room, stopping: &watch::Sender<bool>) {
    let turns = Arc::new(Turns::new());
    loop {
        let (stream, client) = accept(listener).await;
        // The semaphore is never closed, so this loop ends with its caller.
        let Some(permit) = room.permit(&dispatcher.store.metrics.http_connections_displaced_total).await else {
            return;
        };
        let open = GaugeGuard::new(&dispatcher.store.metrics.http_connections);
        let place = room.crowd.enter(client.ip());
        let member = Arc::clone(place.member());
        let serving = connection::serve(stream, Arc::clone(dispatcher), member, stopping.subscribe());
        turns.begin(client.ip(), async move {
            serving.await;
            drop((place, permit, open));
        });
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let mut pause = FIRST_PAUSE;
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The client has already gone; this does not affect the next one.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, pause_ms = pause.as_millis() as u64, "no connection can be accepted");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}
