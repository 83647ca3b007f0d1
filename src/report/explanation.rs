//! What explains a run, as a document.

use super::document::Document;
use crate::explain::{self, Changes, Explanation};
use crate::page::Judgement;
use crate::run_result::RunResult;
use crate::say;
use crate::units::Language;

/// Makes the document of an explanation, with what a cure changed if there is a second run.
pub fn explanation_document(
    run: &RunResult,
    explanation: &Explanation,
    changes: Option<&Changes>,
    name: &str,
    language: Language,
) -> Document {
    let shown = explain::shown(explanation, run.observed.as_deref(), language);
    let judgement = if explanation.names_any() {
        Judgement::Bad
    } else if explanation.unknown.is_some() {
        Judgement::Doubtful
    } else {
        Judgement::Good
    };
    let change = changes.map(|changes| explain::shown_changes(changes, language));
    Document {
        language,
        title: say!(language, "What explains {name}", name),
        heading: shown.paragraphs.join("\n\n"),
        judgement,
        facts: Vec::new(),
        at_a_glance: None,
        charts: Vec::new(),
        tables: change.into_iter().chain(shown.tables).collect(),
        notes: shown.notes,
    }
}
