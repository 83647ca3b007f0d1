//! `prometheus-valid`: `promtool check` accepts Prometheus's configuration and the rules.

use std::path::{Path, PathBuf};

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::files::{Files, find, run};
use crate::deploy_check::finding::CheckOutcome;

pub(crate) const CHECK: Check = Check {
    id: "prometheus-valid",
    expected: "`promtool check` accepts the configuration and every rule file",
    probe: Probe::Files(|files| Box::pin(outcome_of(check(files)))),
};

async fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let config = files.prometheus();
    let rules = files.rules().unwrap_or_default();
    if let (Err(skip), true) = (&config, rules.is_empty()) {
        return Err(skip.clone());
    }
    let promtool =
        find("promtool").ok_or_else(|| CheckOutcome::skip("promtool is not installed here", "install prometheus"))?;
    let mut complaints = Vec::new();
    if let Ok(config) = config {
        // Syntax only: the files that it names have other paths in Prometheus's container.
        let arguments = ["check", "config", "--syntax-only"].map(PathBuf::from);
        complaints.extend(complaint(&promtool, &arguments, &config.path).await?);
    }
    let count = rules.len();
    for file in rules {
        complaints.extend(complaint(&promtool, &["check", "rules"].map(PathBuf::from), &file.path).await?);
    }
    if complaints.is_empty() {
        return Ok(CheckOutcome::pass(format!("the configuration and {count} rule files are accepted")));
    }
    Ok(CheckOutcome::fail(complaints.join("\n"), "correct what promtool reports"))
}

async fn complaint(promtool: &PathBuf, arguments: &[PathBuf], path: &Path) -> Result<Option<String>, CheckOutcome> {
    let mut arguments = arguments.to_vec();
    arguments.push(path.to_owned());
    let output =
        run(promtool, &arguments).await.map_err(|reason| CheckOutcome::skip(reason, "see that promtool can be run"))?;
    let lines: Vec<_> = output.text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Ok((!output.succeeded).then(|| lines.join(" ")))
}
