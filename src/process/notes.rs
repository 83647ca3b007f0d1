//! Standard error, for a person who watches.

use std::io::{self, Write};
use std::time::Duration;

use super::log_writer::stderr_is_writable;
use crate::units::printable;

/// The longest that a sentence waits for a reader.
const PATIENCE: Duration = Duration::from_secs(1);

/// Tells a person something, in a line that cannot steer a terminal, whoever said it first. Nobody may be reading any more (a
/// pipe that was closed or is full, a full disk), and then the work goes on without them: `eprintln!` would end it, or wait
/// for ever.
pub fn tell(text: &str) {
    if stderr_is_writable(PATIENCE) {
        drop(writeln!(io::stderr().lock(), "{}", printable(text)));
    }
}
