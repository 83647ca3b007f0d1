//! The forms of a report on standard output.

use std::path::Path;

use serde::Serialize;
use storemgr::process::Exit;
use storemgr::report::{self, Document};

use crate::failure::{CommandResult, Failure};
use crate::options::json::JsonOutput;
use crate::output;

/// The values of `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Tables for a terminal
    Table,
    /// Tables for an issue
    Markdown,
    /// Everything, for programs
    Json,
    /// Everything, for spreadsheets and notebooks
    Csv,
    /// One page with charts
    Html,
}

/// The name of a file without its folder.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Prints the result in the format and writes the JSON file, if one was asked for.
pub(super) fn show(format: Format, result: &impl Serialize, document: &Document, json: JsonOutput) -> CommandResult {
    if json.tables_wanted() {
        let text = match format {
            Format::Table => document.to_terminal(),
            Format::Markdown => document.to_markdown(),
            Format::Json => serde_json::to_string_pretty(result).map_err(Failure::could_not_run)?,
            Format::Csv => report::csv(&serde_json::to_value(result).map_err(Failure::could_not_run)?),
            Format::Html => document.to_html(),
        };
        output::say(text.trim_end())?;
    }
    json.write(result)?;
    Ok(Exit::Good)
}
