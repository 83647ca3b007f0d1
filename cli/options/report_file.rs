//! A file to which a command also writes its result.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use storemgr::files::OutputFile;

use crate::failure::Failure;

/// A file for a result, or none. Its path is checked before the work starts; what the file contains stays until there is
/// something to write.
#[derive(Debug)]
pub(crate) struct ReportFile(Option<OutputFile>);

impl ReportFile {
    /// Checks that the file can be written; without a path, writing does nothing. `option` is the one that names it.
    pub(crate) fn open(option: &str, path: Option<&PathBuf>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self(None)) };
        if path.as_os_str() == "-" {
            let sentence = format!("{option} cannot write to standard output: give it the name of a file");
            return Err(Failure::usage(anyhow!(sentence)));
        }
        let file = OutputFile::open(path).with_context(|| format!("{} cannot be written", path.display()));
        Ok(Self(Some(file.map_err(Failure::usage)?)))
    }

    /// Whether there is a file.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Replaces the content of the file, if there is one, with the result so far.
    pub(crate) fn write_so_far(&self, text: &str) -> Result<(), Failure> {
        self.written(|file| file.write_so_far(text.as_bytes()))
    }

    /// Writes the final result to the file, if there is one.
    pub(crate) fn write(&self, text: &str) -> Result<(), Failure> {
        self.written(|file| file.write(text.as_bytes()))
    }

    fn written(&self, write: impl FnOnce(&OutputFile) -> std::io::Result<()>) -> Result<(), Failure> {
        let Some(file) = &self.0 else { return Ok(()) };
        let written = write(file).with_context(|| format!("{} cannot be written", file.path().display()));
        written.map_err(Failure::could_not_run)
    }
}
