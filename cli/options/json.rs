//! `--json FILE`: writes the result of a command for programs.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{ReportFile, numbered};
use crate::failure::Failure;
use crate::output;

/// The `--json` option of every command that prints a table.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct JsonArgs {
    /// Also write the result as JSON to FILE; `-` writes it to standard output instead of the tables
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The destination of the JSON. It is checked before the work starts, so that a bad path fails at once and not after the
/// measurement.
#[derive(Debug)]
pub(crate) enum JsonOutput {
    /// `--json` was not given.
    Nowhere,
    /// `--json -`: standard output, instead of the tables.
    Standard,
    /// A file, in addition to the tables.
    File(ReportFile),
}

impl JsonArgs {
    /// The same for one of several runs.
    pub(crate) fn numbered(&self, number: u64) -> Self {
        Self { json: self.json.as_deref().map(|path| numbered(path, number)) }
    }

    /// The path of `--json`, if it was given.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.json.as_deref()
    }

    /// Checks that the file can be written. If the command fails before it has a result, the older result is kept.
    pub(crate) fn open(&self) -> Result<JsonOutput, Failure> {
        match &self.json {
            None => Ok(JsonOutput::Nowhere),
            Some(path) if path.as_os_str() == "-" => Ok(JsonOutput::Standard),
            Some(path) => Ok(JsonOutput::File(ReportFile::open("--json", Some(path))?)),
        }
    }
}

impl JsonOutput {
    /// Whether the tables go to standard output.
    pub(crate) fn tables_wanted(&self) -> bool {
        !matches!(self, Self::Standard)
    }

    /// Replaces the content of the file, if there is one, with the result so far.
    pub(crate) fn write_so_far(&self, result: &impl Serialize) -> Result<(), Failure> {
        let Self::File(file) = self else { return Ok(()) };
        file.write_so_far(&text(result)?)
    }

    /// Writes the final result to its destination.
    pub(crate) fn write(self, result: &impl Serialize) -> Result<(), Failure> {
        match &self {
            Self::Nowhere => Ok(()),
            Self::Standard => output::write(text(result)?.as_bytes()),
            Self::File(file) => file.write(&text(result)?),
        }
    }
}

fn text(result: &impl Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(result).map_err(Failure::could_not_run)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_result_stays_until_there_is_a_new_one() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("result.json");
        std::fs::write(&path, "an older and much longer result").unwrap();
        let output = JsonArgs { json: Some(path.clone()) }.open().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "an older and much longer result");
        output.write(&7).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "7\n");
    }
}
