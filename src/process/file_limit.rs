//! What happens where a file may not grow any more (`ulimit -f`).

use std::io;

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

/// Makes a file that reaches the limit an error of the write, like a full disk, and no longer the end of the process. Processes
/// that this one starts are not affected. Must be called in a runtime.
pub fn outlive_file_limit() -> io::Result<()> {
    // The handler stays when nobody listens.
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
}
