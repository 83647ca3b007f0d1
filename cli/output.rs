//! Standard output, for results. A reader that has seen enough (`| head`) is no failure.

use std::io::{self, ErrorKind, Write};

use anyhow::Context;

use crate::failure::Failure;

/// Prints a text and ends the line.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    tolerate(writeln!(io::stdout().lock(), "{text}"))
}

/// Prints bytes as they are.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    tolerate(io::stdout().lock().write_all(bytes))
}

fn tolerate(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written").map_err(Failure::could_not_run),
    }
}
