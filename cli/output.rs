//! Standard output, which carries results. A reader that closes the pipe early (`| head`) is not an error.

use std::io::{self, ErrorKind, Write};

use anyhow::Context;

use crate::failure::Failure;

/// Prints a text and ends the line. Text that came from a service must be printable already: tables and documents ensure
/// that, and `units::printable` does it for other sentences. Colour codes are passed through.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    tolerate(writeln!(io::stdout().lock(), "{text}"))
}

/// Prints a text unchanged and flushes. Returns false if the reader has closed the pipe.
pub(crate) fn offer(text: &str) -> Result<bool, Failure> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => tolerate(written).map(|()| true),
    }
}

/// Prints bytes unchanged, without a line end.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    tolerate(io::stdout().lock().write_all(bytes))
}

fn tolerate(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written").map_err(Failure::could_not_run),
    }
}
