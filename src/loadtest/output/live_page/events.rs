//! What a viewer is sent: server-sent events (HTML standard, section 9.2), each with what is new to this viewer.
//!
//! Nothing is queued: a viewer who reads slowly is sent the newest state when he has read the last one.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use tokio::time::Instant;

use super::board::Viewer;
use super::moment::Moment;

/// When nothing is new for so long, an event without news is sent, so that either side notices a broken connection. The script
/// of the page waits three times as long.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// That event. A comment would not do: no script is told of one.
const ALIVE: &[u8] = b"event: alive\ndata: -\n\n";

/// The frames of an answer that goes on.
pub(super) type Frames = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>>;

/// The body of the answer to a viewer.
pub(super) fn events(viewer: Viewer) -> StreamBody<Frames> {
    StreamBody::new(Box::pin(futures_util::stream::unfold((viewer, None), next)))
}

type Shown = Option<Arc<Moment>>;

/// The next event of a viewer who was shown `before`; none after the last one.
async fn next((mut viewer, before): (Viewer, Shown)) -> Option<(Result<Frame<Bytes>, Infallible>, (Viewer, Shown))> {
    if before.as_ref().is_some_and(|before| !before.places().files.is_empty()) {
        return None;
    }
    let alive = Instant::now() + SIGN_OF_LIFE;
    loop {
        if before.is_some() {
            match tokio::time::timeout_at(alive, viewer.shown.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => return Some((Ok(Frame::data(Bytes::from_static(ALIVE))), (viewer, before))),
            }
        }
        let now = Arc::clone(&viewer.shown.borrow_and_update());
        if let Some(event) = now.event(before.as_deref()) {
            return Some((Ok(Frame::data(event)), (viewer, Some(now))));
        }
        // The first message is never empty.
        before.as_ref()?;
    }
}
