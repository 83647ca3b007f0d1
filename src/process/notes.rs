//! Standard error, for a person who watches.

use std::io::{self, Write};

use crate::units::printable;

/// Tells a person something, in a line, whoever said it first. Nobody may be reading any more (a pipe that was closed, a full disk), and then the
/// work goes on without them: `eprintln!` would end it.
pub fn tell(text: &str) {
    drop(writeln!(io::stderr().lock(), "{}", printable(text)));
}
