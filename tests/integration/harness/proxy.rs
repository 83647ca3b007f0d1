//! A TCP proxy between an instance and its database that breaks on purpose.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use storemgr::db::Address;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How late a late COMMIT is: long enough to look for the order many times.
const LATE: Duration = Duration::from_millis(300);

/// What the proxy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Passes everything on.
    None,
    /// Closes every connection and every new one at once.
    Refuse,
    /// Holds everything back, in both directions, until the fault is over.
    Freeze,
    /// Passes one COMMIT on to the database and keeps its answer back: the connection breaks. Then works again.
    BreakAfterCommit,
    /// Breaks the connection instead of passing one COMMIT on. Then works again.
    BreakBeforeCommit,
    /// Breaks the connection at one COMMIT, which reaches the database a little later all the same. Then works again.
    CommitLate,
}

/// A running proxy; it ends with the test's runtime.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    fault: Arc<watch::Sender<Fault>>,
}

impl Proxy {
    /// Starts a proxy before a database.
    pub async fn before(address: &Address) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let fault = Arc::new(watch::Sender::new(Fault::None));
        let upstream = format!("{}:{}", address.host, address.port);
        let faults = Arc::clone(&fault);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, upstream.clone(), Arc::clone(&faults)));
            }
        });
        Self { port, fault }
    }

    /// From now on does this.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// The environment variables of a database, led through the proxy.
    pub fn variables(&self, mut variables: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
        for (name, value) in &mut variables {
            match *name {
                "DB_HOST" => "127.0.0.1".clone_into(value),
                "DB_PORT" => *value = self.port.to_string(),
                _ => {}
            }
        }
        variables
    }
}

async fn carry(client: TcpStream, upstream: String, fault: Arc<watch::Sender<Fault>>) {
    let mut refused = fault.subscribe();
    if *refused.borrow() == Fault::Refuse {
        return;
    }
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let cut = AtomicBool::new(false);
    tokio::select! {
        () = to_database(from_client, to_server, &fault, &cut) => {}
        () = to_instance(from_server, to_client, &fault, &cut) => {}
        _ = refused.wait_for(|fault| *fault == Fault::Refuse) => {}
    }
}

/// Waits while everything is frozen.
async fn thawed(fault: &watch::Sender<Fault>) {
    drop(fault.subscribe().wait_for(|fault| *fault != Fault::Freeze).await);
}

async fn to_database(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, fault: &watch::Sender<Fault>, cut: &AtomicBool) {
    let mut buffer = vec![0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        thawed(fault).await;
        let bytes = &buffer[..length];
        if bytes.ends_with(b"COMMIT") {
            if take(fault, Fault::BreakBeforeCommit) {
                return;
            }
            if take(fault, Fault::CommitLate) {
                tokio::spawn(commit_late(to, bytes.to_vec()));
                return;
            }
            cut.store(take(fault, Fault::BreakAfterCommit), Ordering::SeqCst);
        }
        if to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

async fn to_instance(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, fault: &watch::Sender<Fault>, cut: &AtomicBool) {
    let mut buffer = vec![0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        thawed(fault).await;
        if cut.load(Ordering::SeqCst) || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

async fn commit_late(mut to: OwnedWriteHalf, bytes: Vec<u8>) {
    tokio::time::sleep(LATE).await;
    drop(to.write_all(&bytes).await);
    tokio::time::sleep(LATE).await;
}

/// Whether this fault was set; it is over once it has happened.
fn take(fault: &watch::Sender<Fault>, wanted: Fault) -> bool {
    fault.send_if_modified(|fault| {
        let happens = *fault == wanted;
        if happens {
            *fault = Fault::None;
        }
        happens
    })
}
