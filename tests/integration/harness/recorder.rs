//! A relay that keeps what clients send, as a capture on the way would.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A running relay; it ends with the test's runtime.
#[derive(Debug)]
pub struct Recorder {
    pub port: u16,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Recorder {
    /// Relays to a port of this machine.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let sent = Arc::<Mutex<Vec<u8>>>::default();
        let kept = Arc::clone(&sent);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, port, Arc::clone(&kept)));
            }
        });
        Self { port: own, sent }
    }

    /// Whether any client has sent this text in clear.
    pub fn has_seen(&self, text: &str) -> bool {
        self.sent.lock().unwrap().windows(text.len()).any(|part| part == text.as_bytes())
    }

    /// How many bytes clients have sent.
    pub fn bytes(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}

async fn relay(client: TcpStream, port: u16, kept: Arc<Mutex<Vec<u8>>>) {
    let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    tokio::spawn(async move { drop(tokio::io::copy(&mut from_server, &mut to_client).await) });
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
        kept.lock().unwrap().extend(&buffer[..read]);
        if to_server.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
