//! What explains a run, below its tables and on its page.

use crate::explain::{self, Explanation, Shown};
use crate::run_result::RunResult;
use crate::say;
use crate::units::Language;

/// What explains a run, whole; `None` if nothing was watched and nothing is to be explained.
pub(super) fn explained(run: &RunResult, language: Language) -> Option<Shown> {
    shown(run, language).map(|(_, shown)| shown)
}

/// The same in short, for a terminal: the causes with their figures, and how many others were ruled out.
pub fn explained_briefly(run: &RunResult, language: Language) -> Option<Shown> {
    let (explanation, mut shown) = shown(run, language)?;
    shown.tables.truncate(usize::from(explanation.names_any()));
    if run.observed.is_some() && !explanation.ruled_out.is_empty() {
        let ruled_out = say!(
            language,
            "{count} causes were looked at and ruled out: `storemgr report --explain` says why, from the file of --json.",
            count = explanation.ruled_out.len()
        );
        shown.notes.insert(0, ruled_out);
    }
    Some(shown)
}

fn shown(run: &RunResult, language: Language) -> Option<(Explanation, Shown)> {
    let explanation = explain::explain(run, language);
    let wanted = run.observed.is_some() || explanation.names_any() || explanation.unknown.is_some();
    wanted.then(|| {
        let mut shown = explain::shown(&explanation, run.observed.as_deref(), language);
        if run.observed.is_none() {
            // What the run alone cannot tell would be most of it.
            shown.tables.truncate(usize::from(explanation.names_any()));
            shown.notes.clear();
        }
        (explanation, shown)
    })
}
