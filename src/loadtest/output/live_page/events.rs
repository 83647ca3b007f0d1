//! What a viewer is sent: server-sent events (HTML standard, section 9.2), each with what is new to this viewer.
//!
//! Nothing is queued: a viewer who reads slowly is sent the newest state when he has read the last one. One who reads nothing
//! at all is dropped.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use tokio::time::Instant;

use super::board::Viewer;
use super::places::Places;

/// How long a viewer may leave what he was sent unread.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// When nothing is new for so long, a comment is sent, so that a broken connection is noticed.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Since when a viewer has not read what he was sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Unread(Arc<Mutex<Option<Instant>>>);

impl Unread {
    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// Resolves when the viewer has read nothing for too long.
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

/// The frames of an answer that goes on.
pub(super) type Frames = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>>;

/// Notes when a frame is asked for: hyper asks for the next one when the one before has gone to the socket.
struct Watched {
    frames: Frames,
    unread: Unread,
}

impl Stream for Watched {
    type Item = Result<Frame<Bytes>, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.frames.as_mut().poll_next(context);
        self.unread.set(matches!(next, Poll::Ready(Some(_))).then(Instant::now));
        next
    }
}

/// The body of the answer to a viewer.
pub(super) fn events(viewer: Viewer, unread: Unread) -> StreamBody<Frames> {
    let frames = futures_util::stream::unfold((viewer, None), next);
    StreamBody::new(Box::pin(Watched { frames: Box::pin(frames), unread }))
}

type Shown = Option<Arc<Places>>;

/// The next event of a viewer who was shown `before`; none after the last one.
async fn next((mut viewer, before): (Viewer, Shown)) -> Option<(Result<Frame<Bytes>, Infallible>, (Viewer, Shown))> {
    if before.as_ref().is_some_and(|before| !before.files.is_empty()) {
        return None;
    }
    loop {
        if before.is_some() {
            match tokio::time::timeout(SIGN_OF_LIFE, viewer.shown.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => return Some((Ok(Frame::data(Bytes::from_static(b":\n\n"))), (viewer, before))),
            }
        }
        let now = Arc::clone(&viewer.shown.borrow_and_update());
        if let Some(message) = now.message(before.as_deref()) {
            // JSON has no line breaks outside of texts, and none inside.
            let event = Bytes::from(format!("data: {message}\n\n"));
            return Some((Ok(Frame::data(event)), (viewer, Some(now))));
        }
        // The first message is never empty.
        before.as_ref()?;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_reads_nothing_is_noticed_and_who_waits_is_not() {
        let frame = || Ok(Frame::data(Bytes::from_static(b"data: 1\n\n")));
        let unread = Unread::default();
        let frames = futures_util::stream::iter([frame(), frame()]).chain(futures_util::stream::pending());
        let mut watched = Watched { frames: Box::pin(frames), unread: unread.clone() };
        let dropped = async |patience: u64| {
            tokio::time::timeout(Duration::from_secs(patience), unread.for_too_long()).await.is_ok()
        };
        assert!(!dropped(60).await, "nothing was sent yet");
        watched.next().await;
        assert!(!dropped(9).await);
        watched.next().await;
        assert!(!dropped(9).await, "the next one was asked for");
        assert!(dropped(9).await, "and not read");
        let asking = tokio::time::timeout(Duration::from_secs(1), watched.next()).await;
        assert!(asking.is_err() && !dropped(60).await, "a viewer who waits for news has read everything");
    }
}
