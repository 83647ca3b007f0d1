//! Notices a connection whose other end takes nothing of what is written: a page that nobody reads, a download that stands
//! still. Whoever reads slowly takes something now and then, and is waited for.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// How long the other end may take nothing while something waits to be written.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Since when nothing could be written.
#[derive(Clone, Debug, Default)]
pub(super) struct Stalled(Arc<Mutex<Option<Instant>>>);

impl Stalled {
    /// Notes whether something was taken.
    fn note<Written>(&self, written: &Poll<Written>) {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if written.is_ready() {
            *since = None;
        } else {
            since.get_or_insert_with(Instant::now);
        }
    }

    /// Resolves when the other end has taken nothing for too long.
    pub(super) async fn for_too_long(&self) {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if since.is_some_and(|since| since.elapsed() > PATIENCE) {
                return;
            }
        }
    }
}

/// A connection of which it is noted whether what is written is taken.
#[derive(Debug)]
pub(super) struct Watched<Stream> {
    stream: Stream,
    stalled: Stalled,
}

impl<Stream> Watched<Stream> {
    pub(super) fn new(stream: Stream, stalled: Stalled) -> Self {
        Self { stream, stalled }
    }
}

impl<Stream: AsyncRead + Unpin> AsyncRead for Watched<Stream> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<Stream: AsyncWrite + Unpin> AsyncWrite for Watched<Stream> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.stalled.note(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.stalled.note(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// A watched connection that holds a kilobyte, its other end, and an event of sixteen that is on its way to it.
    fn sending() -> (Stalled, tokio::io::DuplexStream) {
        let (ours, theirs) = tokio::io::duplex(1024);
        let stalled = Stalled::default();
        let mut watched = Watched::new(ours, stalled.clone());
        tokio::spawn(async move {
            watched.write_all(&[0; 16 << 10]).await.unwrap();
            // It waits for news, with the connection open.
            std::future::pending::<()>().await;
        });
        (stalled, theirs)
    }

    async fn is_dropped_within(stalled: &Stalled, seconds: u64) -> bool {
        tokio::time::timeout(Duration::from_secs(seconds), stalled.for_too_long()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_noticed() {
        let (stalled, _theirs) = sending();
        assert!(!is_dropped_within(&stalled, 9).await);
        assert!(is_dropped_within(&stalled, 3).await);
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_an_event_slowly_is_waited_for_and_so_is_who_has_taken_all() {
        let (stalled, mut theirs) = sending();
        for _ in 0..16 {
            assert!(!is_dropped_within(&stalled, 5).await, "he reads a little now and then");
            theirs.read_exact(&mut [0; 1024]).await.unwrap();
        }
        assert!(!is_dropped_within(&stalled, 60).await, "he waits for news");
    }
}
