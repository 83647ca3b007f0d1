//! A report that is kept in the file of its run, so that it can be shown when Prometheus is gone.

use std::path::Path;

use serde::Deserialize;

use super::Report;

/// The part of a run's file that is read here.
#[derive(Deserialize)]
struct Kept {
    #[serde(default)]
    report: Option<Report>,
}

/// The report in the file of a run; `None` if it has none, as the files of `loadtest --json` do.
pub fn kept(run: &Path) -> Option<Report> {
    let text = std::fs::read(run).ok()?;
    serde_json::from_slice::<Kept>(&text).ok()?.report
}
