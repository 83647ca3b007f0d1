//! Signals as futures.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Resolves when the process is asked to end: SIGTERM from an orchestrator, SIGINT from a terminal.
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

/// Resolves when a person presses Ctrl-C or the process is told to end: the same signals, for commands that write what
/// they have gathered and leave with 130.
pub fn interrupted() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    terminated()
}
