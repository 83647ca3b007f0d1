//! Messages on standard error for the person who runs a command.

use std::io::{self, Write};
use std::time::Duration;

use super::log_writer::stderr_is_writable;
use crate::units::printable;

/// The longest wait until standard error takes a message.
const PATIENCE: Duration = Duration::from_secs(1);

/// Writes a line for a person to standard error. Control characters are made harmless, since part of the text may come
/// from elsewhere. If standard error cannot be written (a closed or full pipe, a full disk), the message is lost and
/// the work goes on; `eprintln!` would panic or wait forever.
pub fn tell(text: &str) {
    tell_within(PATIENCE, text);
}

/// The same for what is worth nothing later, and for a caller who must not wait: the text is lost unless standard error
/// takes it now. A terminal that was stopped with Ctrl-S does not.
pub fn tell_at_once(text: &str) {
    tell_within(Duration::ZERO, text);
}

fn tell_within(patience: Duration, text: &str) {
    if stderr_is_writable(patience) {
        drop(writeln!(io::stderr().lock(), "{}", printable(text)));
    }
}

/// Writes what is drawn on the terminal of standard error, control characters included. Returns whether it was written; a
/// terminal that somebody has stopped takes nothing, and the work goes on.
pub fn draw(text: &str) -> bool {
    draw_within(PATIENCE, text)
}

/// The same for what is worth nothing later, and for a caller who must not wait.
pub fn draw_at_once(text: &str) -> bool {
    draw_within(Duration::ZERO, text)
}

fn draw_within(patience: Duration, text: &str) -> bool {
    stderr_is_writable(patience) && io::stderr().lock().write_all(text.as_bytes()).is_ok()
}
