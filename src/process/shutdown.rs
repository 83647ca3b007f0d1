//! Signals as futures.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Resolves when the process is asked to end: SIGTERM from an orchestrator, SIGINT (Ctrl-C) from a terminal. A service
/// drains then; a command writes what it has gathered and leaves with 130.
///
/// The handlers are installed before this returns, so no signal is lost between the call and the first poll.
pub fn terminated() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
