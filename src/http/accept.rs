//! The accept loop: a bound on connections, back-off when accepting fails, a drain with a deadline.

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
use super::{Limits, PROBE_CONNECTIONS, Store, connection};
use crate::metrics::GaugeGuard;

/// The first and the longest pause after a failed accept. It fails when file handles run out, and then again at once.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long a connection that was asked to leave, or one that is worked for, is waited for before another one is asked.
const ROOM_PATIENCE: Duration = Duration::from_millis(20);

/// Where an instance listens.
#[derive(Debug)]
pub struct Listeners {
    /// For everybody.
    pub main: TcpListener,
    /// For whoever watches the instance: answers `/live`, `/ready` and `/metrics`, also when all connections of the main
    /// one are taken.
    pub probes: Option<TcpListener>,
}

/// Answers requests on bound sockets until `shutdown`, then drains. True if every request in flight was answered.
pub async fn serve(
    listeners: Listeners,
    store: Arc<Store>,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send,
) -> bool {
    let Listeners { main: listener, probes } = listeners;
    let room = Room::new(limits.connections);
    let stopping = watch::Sender::new(false);
    let mut shutdown = pin!(shutdown);
    let dispatcher = Arc::new(Dispatcher::new(Arc::clone(&store), limits));
    let summing_up = tokio::spawn({
        let dispatcher = Arc::clone(&dispatcher);
        async move { dispatcher.refusals.sum_up_every_second().await }
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
    // Until here, so that whoever asks sees "not ready" and not nobody.
    if let Some(probing) = probing {
        probing.abort();
    }
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

async fn answer_probes(listener: TcpListener, dispatcher: Arc<Dispatcher>) {
    let room = Room::new(PROBE_CONNECTIONS);
    accept_all(&listener, &dispatcher, &room, &watch::Sender::new(false)).await;
}

/// Room for so many connections.
#[derive(Debug)]
struct Room {
    permits: Arc<Semaphore>,
    crowd: Arc<Crowd>,
}

impl Room {
    fn new(connections: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(connections)), crowd: Arc::default() }
    }

    /// A permit for one more connection; while there is none, others are asked to leave. Each time that one is, it is
    /// counted.
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
        tokio::spawn(async move {
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
