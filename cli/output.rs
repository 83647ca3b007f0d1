//! Standard output, for results. A reader that has seen enough (`| head`) is no failure.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, Write};

use anyhow::Context;

use crate::failure::Failure;

/// Prints a text and ends the line. What a service said is printable in it: tables and documents see to that, and
/// `units::printable` for any other sentence. Colours are left as they are.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    tolerate(writeln!(io::stdout().lock(), "{text}"))
}

/// Prints a text as it is and at once; false when nobody reads any more.
pub(crate) fn offer(text: &str) -> Result<bool, Failure> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => tolerate(written).map(|()| true),
    }
}

/// Prints bytes as they are.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    tolerate(io::stdout().lock().write_all(bytes))
}

/// Writes bytes to a file in place of what it holds. The file is never empty in between, so that whoever is killed here
/// leaves the results from before or these; what is no regular file, such as a pipe, is written to once more.
pub(crate) fn replace(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    let regular = file.metadata()?.is_file();
    if regular {
        file.rewind()?;
    }
    file.write_all(bytes)?;
    if regular { file.set_len(bytes.len() as u64) } else { Ok(()) }
}

fn tolerate(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written").map_err(Failure::could_not_run),
    }
}
