//! Requests to end sessions on the server, sent without waiting for the result.
//!
//! A session that is given up cannot end itself, and the code that drops it cannot wait. So it leaves its name here,
//! and a task with the control connection ends it.

use tokio::sync::mpsc;

use super::connector::SessionName;

/// What to end.
#[derive(Clone, Debug)]
pub(super) enum KillRequest {
    /// The session, with its transaction.
    Session(SessionName),
    /// Only the statement that the session runs, if it still runs.
    Statement(SessionName),
}

/// Sends requests. Cheap to clone: every session has one.
#[derive(Clone, Debug)]
pub(super) struct SessionKiller(mpsc::UnboundedSender<KillRequest>);

impl SessionKiller {
    /// Creates a killer and the receiver of its requests. There are never more requests than there were connections.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<KillRequest>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Ends a session whose connection was given up.
    pub(super) fn end(&self, name: SessionName) {
        // The receiver is gone only when the store has ended, and its connections with it.
        drop(self.0.send(KillRequest::Session(name)));
    }

    /// Interrupts the statement of a session.
    pub(super) fn interrupt(&self, name: SessionName) {
        drop(self.0.send(KillRequest::Statement(name)));
    }
}
