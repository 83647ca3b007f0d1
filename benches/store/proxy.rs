//! A proxy that makes a database some milliseconds more distant, by delaying its answers.

use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Forwards connections and delays each answer; stops when it is dropped.
pub(crate) struct Distance {
    pub(crate) port: u16,
    accepting: JoinHandle<()>,
}

impl Distance {
    pub(crate) async fn before(host: String, port: u16, delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let own = listener.local_addr()?.port();
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let host = host.clone();
                // Both ends notice themselves if the connection breaks.
                tokio::spawn(async move { drop(forward(near, &host, port, delay).await) });
            }
        });
        Ok(Self { port: own, accepting })
    }
}

impl Drop for Distance {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn forward(near: TcpStream, host: &str, port: u16, delay: Duration) -> Result<()> {
    let far = TcpStream::connect((host, port)).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    let there = tokio::spawn(async move { tokio::io::copy(&mut from_near, &mut to_far).await });
    let mut bytes = vec![0; 64 << 10];
    loop {
        let read = from_far.read(&mut bytes).await?;
        if read == 0 {
            break;
        }
        tokio::time::sleep(delay).await;
        to_near.write_all(&bytes[..read]).await?;
    }
    there.abort();
    Ok(())
}
