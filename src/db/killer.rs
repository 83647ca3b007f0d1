//! Asks for sessions on the server to be ended, without waiting for it.
//!
//! A session that is given up cannot end itself, and whoever drops it cannot wait. So it leaves its name here, and a task that
//! has the control connection does the rest.

use tokio::sync::mpsc;

use super::connector::SessionName;

/// What is to be ended.
#[derive(Clone, Debug)]
pub(super) enum KillRequest {
    /// The session, with its transaction.
    Session(SessionName),
    /// The statement that the session runs, if it still does.
    Statement(SessionName),
}

/// Takes requests. Cheap to clone: every session has one.
#[derive(Clone, Debug)]
pub(super) struct SessionKiller(mpsc::UnboundedSender<KillRequest>);

impl SessionKiller {
    /// The killer, and what was asked of it. There are never more requests than there were connections.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<KillRequest>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Ends a session whose connection was given up.
    pub(super) fn end(&self, name: SessionName) {
        // Nobody takes requests any more when the store has ended, and its connections with it.
        drop(self.0.send(KillRequest::Session(name)));
    }

    /// Interrupts the statement of a session.
    pub(super) fn interrupt(&self, name: SessionName) {
        drop(self.0.send(KillRequest::Statement(name)));
    }
}
