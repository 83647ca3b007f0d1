//! `prometheus-valid`: `promtool check` accepts Prometheus's configuration and the rules.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::files::{Bounds, Files, find, run_bounded};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::place::Place;
use crate::units::nearest;

pub(crate) const CHECK: Check = Check {
    id: "prometheus-valid",
    expected: "`promtool check` accepts the configuration and every rule file",
    probe: Probe::Files(|files| Box::pin(outcome_of(check(files)))),
};

/// The most rule files that are tried; each takes a start of promtool.
const MOST: usize = 30;

/// Settings that a misspelt one is compared with.
const SETTINGS: [&str; 28] = [
    "alerting",
    "alertmanagers",
    "annotations",
    "basic_auth",
    "evaluation_interval",
    "external_labels",
    "file_sd_configs",
    "global",
    "honor_labels",
    "interval",
    "job_name",
    "labels",
    "metric_relabel_configs",
    "metrics_path",
    "params",
    "record",
    "relabel_configs",
    "remote_read",
    "remote_write",
    "rule_files",
    "rules",
    "scheme",
    "scrape_configs",
    "scrape_interval",
    "scrape_timeout",
    "static_configs",
    "targets",
    "tls_config",
];

/// promtool reserves much more address space than it uses.
const BOUNDS: Bounds = Bounds { time: Duration::from_secs(3), memory_kib: 0, as_nobody: false };

async fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let configurations = files.prometheus();
    let rules = files.rules().unwrap_or_default();
    if let (Err(skip), true) = (&configurations, rules.is_empty()) {
        return Err(skip.clone());
    }
    let promtool =
        find("promtool").ok_or_else(|| CheckOutcome::skip("promtool is not installed here", "install prometheus"))?;
    let mut faults = Vec::new();
    let mut left = Vec::new();
    for config in configurations.unwrap_or_default() {
        // Syntax only: the files that it names have other paths in Prometheus's container.
        let arguments = ["check", "config", "--syntax-only"].map(PathBuf::from);
        faults.extend(complaint(&promtool, &arguments, &config.path, &mut left).await?);
    }
    let count = rules.len();
    for file in rules.iter().take(MOST) {
        faults.extend(complaint(&promtool, &["check", "rules"].map(PathBuf::from), &file.path, &mut left).await?);
    }
    if let (true, Some(first)) = (faults.is_empty(), left.first()) {
        return Err(CheckOutcome::skip(first.clone(), "run promtool of the version that will be deployed"));
    }
    let seen = || format!("the configuration and {count} rule files are accepted");
    Ok(CheckOutcome::of(faults, "correct what promtool reports", seen))
}

async fn complaint(
    promtool: &PathBuf,
    arguments: &[PathBuf],
    path: &Path,
    left: &mut Vec<String>,
) -> Result<Option<Fault>, CheckOutcome> {
    let mut arguments = arguments.to_vec();
    arguments.push(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    let output = run_bounded(promtool, &arguments, &[], BOUNDS)
        .await
        .map_err(|reason| CheckOutcome::skip(reason, "see that promtool can be run"))?;
    let lines: Vec<_> = output.text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let says = lines.join(" ");
    if output.succeeded {
        return Ok(None);
    }
    // A newer Prometheus has more settings than the promtool of this machine knows; one that is close to a known one is
    // misspelt.
    let unknown = says
        .split("field ")
        .nth(1)
        .and_then(|rest| rest.split(" not found").next())
        .filter(|_| says.contains("not found in type"));
    if let Some(field) = unknown
        && nearest(field, &SETTINGS).is_none()
    {
        left.push(format!("promtool here does not know {field}, which a newer Prometheus may"));
        return Ok(None);
    }
    let line = says
        .split("line ")
        .nth(1)
        .and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next())
        .and_then(|text| text.parse().ok());
    Ok(Some(Fault::error(Some(Place::new(path, line.unwrap_or_default())), says)))
}
