//! `rule-files-found`: every rule file that Prometheus is told to load is there. A name that stands for no file is no mistake
//! to Prometheus: it loads nothing, and no alert ever fires.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, PrometheusConfig};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::place::Place;

pub(crate) const CHECK: Check = Check {
    id: "rule-files-found",
    expected: "each entry of rule_files stands for a file that Prometheus sees in its container",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let configurations = files.prometheus()?;
    let mut faults = Vec::new();
    let mut looked = 0;
    for config in configurations {
        for (pattern, place) in &config.rule_files {
            let view = config.service.as_ref().and_then(|(name, _)| files.view(name));
            let found = config.rules_of(pattern, view);
            looked += usize::from(found.is_some());
            if found.is_some_and(|found| found.is_empty()) {
                faults.push(fault(config, pattern, place));
            }
        }
    }
    if looked == 0 {
        return Err(CheckOutcome::skip("no rule file is named that could be looked for here", "see alerts-loaded"));
    }
    let advice =
        "correct the name, or mount the file; the path is that of the container, or starts from prometheus.yml";
    Ok(CheckOutcome::of(faults, advice, || format!("{looked} entries of rule_files")))
}

fn fault(config: &PrometheusConfig, pattern: &str, place: &Place) -> Fault {
    let seen_by = config.service.as_ref().map(|(name, _)| name.as_str()).unwrap_or_default();
    Fault::error(Some(place.clone()), format!("no file of {seen_by} is {pattern}, so none of its rules are loaded"))
}
