//! A TCP proxy between an instance and its database that breaks on purpose.

use std::sync::Arc;
use std::time::Duration;

use storemgr::db::Address;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the proxy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Passes everything on.
    None,
    /// Closes every connection and every new one at once.
    Refuse,
    /// Holds everything back, in both directions, until the fault is over.
    Freeze,
    /// Passes a COMMIT on to the database and then breaks the connection, before its answer.
    BreakAfterCommit,
    /// Breaks the connection instead of passing a COMMIT on.
    BreakBeforeCommit,
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
                tokio::spawn(carry(client, upstream.clone(), faults.subscribe()));
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

async fn carry(client: TcpStream, upstream: String, mut fault: watch::Receiver<Fault>) {
    if *fault.borrow() == Fault::Refuse {
        return;
    }
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = pump(from_client, to_server, fault.clone(), true) => {}
        () = pump(from_server, to_client, fault.clone(), false) => {}
        _ = fault.wait_for(|fault| *fault == Fault::Refuse) => {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut fault: watch::Receiver<Fault>, to_server: bool) {
    let mut buffer = vec![0; 65_536];
    while let Ok(length) = from.read(&mut buffer).await {
        if length == 0 || fault.wait_for(|fault| *fault != Fault::Freeze).await.is_err() {
            return;
        }
        let bytes = &buffer[..length];
        let commits = to_server && bytes.ends_with(b"COMMIT");
        let fault = *fault.borrow();
        if commits && fault == Fault::BreakBeforeCommit {
            return;
        }
        if to.write_all(bytes).await.is_err() {
            return;
        }
        if commits && fault == Fault::BreakAfterCommit {
            // Long enough for the database to have read it, too short to carry its answer back.
            tokio::time::sleep(Duration::from_millis(1)).await;
            return;
        }
    }
}
