//! A file to which a command also writes its result.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use crate::failure::Failure;

/// A file for a result. It is opened before the work starts, so that a bad path fails at once.
#[derive(Debug)]
pub(crate) struct ReportFile(Option<(PathBuf, File)>);

impl ReportFile {
    /// Creates the file; without a path, `write` does nothing.
    pub(crate) fn open(path: Option<&PathBuf>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self(None)) };
        let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()));
        Ok(Self(Some((path.clone(), file.map_err(Failure::usage)?))))
    }

    /// Writes the result to the file, if there is one.
    pub(crate) fn write(self, text: &str) -> Result<(), Failure> {
        let Some((path, mut file)) = self.0 else { return Ok(()) };
        let written = file.write_all(text.as_bytes());
        written.with_context(|| format!("{} cannot be written", path.display())).map_err(Failure::could_not_run)
    }
}
