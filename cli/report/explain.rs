//! `report --explain`: what explains a run, and what a cure changed.

use std::path::PathBuf;

use anyhow::anyhow;
use serde::Serialize;
use storemgr::explain::{self, Changes, Explanation};
use storemgr::process::Exit;
use storemgr::report;
use storemgr::run_result::read_result;
use storemgr::table;
use storemgr::units::Language;

use super::shown::{Format, file_name, show};
use crate::failure::{CommandResult, Failure};
use crate::options::json::JsonOutput;
use crate::output;

/// The JSON of an explanation.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    explanation: &'a Explanation,
    /// What the cure changed, if there is a second run.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<&'a Changes>,
}

/// Explains the first run; with a second one, says what changed. The exit code is 1 if a cause is named.
pub(super) fn run(files: &[PathBuf], format: Format, language: Language, json: JsonOutput) -> CommandResult {
    let [first, second] = [files.first(), files.get(1)];
    let Some(path) = first else {
        return Err(Failure::usage(anyhow!(
            "--explain takes the file of a run, and another one of a run after a cure"
        )));
    };
    let run = read_result(path).map_err(Failure::usage)?;
    // JSON is always in English.
    let in_english = explain::explain(&run, Language::English);
    let changes = match second {
        Some(path) => Some(explain::changes(&run, &read_result(path).map_err(Failure::usage)?, &in_english)),
        None => None,
    };
    let explanation = explain::explain(&run, language);
    let exit = if explanation.names_any() { Exit::Bad } else { Exit::Good };
    let written = Written { explanation: &in_english, changes: changes.as_ref() };
    if format == Format::Table && json.tables_wanted() {
        let shown = explain::shown(&explanation, run.observed.as_deref(), language);
        let change = changes.as_ref().map(|changes| explain::shown_changes(changes, language));
        let folded = |text: &str| table::folded(text, table::terminal_width());
        shown.paragraphs.iter().try_for_each(|text| output::say(&format!("{}\n", folded(text))))?;
        let tables = change.iter().chain(&shown.tables);
        tables.into_iter().try_for_each(|table| output::say(&format!("{}\n", table.to_terminal())))?;
        shown.notes.iter().try_for_each(|text| output::say(&folded(&format!("* {text}"))))?;
        json.write(&written)?;
        return Ok(exit);
    }
    let document = report::explanation_document(&run, &explanation, changes.as_ref(), &file_name(path), language);
    show(format, &written, &document, json).map(|_| exit)
}
