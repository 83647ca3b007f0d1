//! A server that does so many things at a time and lets the rest wait: one with a limit.

use std::sync::Arc;
use std::time::Duration;

use storemgr::net::Target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// The server.
pub struct Narrow {
    pub target: Target,
}

impl Narrow {
    /// So many requests at a time, each of which takes so many milliseconds.
    pub async fn start(at_a_time: usize, milliseconds: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::loopback(listener.local_addr().unwrap().port());
        let permits = Arc::new(Semaphore::new(at_a_time));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&permits), Duration::from_millis(milliseconds)));
            }
        });
        Self { target }
    }
}

async fn talk(mut stream: TcpStream, permits: Arc<Semaphore>, takes: Duration) {
    let mut received = Vec::new();
    loop {
        while !received.ends_with(b"\r\n\r\n") {
            match stream.read_buf(&mut received).await {
                Ok(1..) => {}
                _ => return,
            }
        }
        if super::asks_about_the_store(&received) {
            received.clear();
            stream.write_all(super::NO_STORE).await.unwrap();
            continue;
        }
        received.clear();
        let permit = permits.acquire().await.unwrap();
        tokio::time::sleep(takes).await;
        drop(permit);
        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]").await.is_err() {
            return;
        }
    }
}
