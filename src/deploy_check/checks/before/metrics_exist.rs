//! `metrics-exist`: every metric that a rule or a panel names is exported, with the labels that are named.

use std::collections::BTreeSet;

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Use, names_in};
use crate::deploy_check::finding::CheckOutcome;
use crate::metrics::{DECLARED, Declaration, OF_THE_PROCESS};

pub(crate) const CHECK: Check = Check {
    id: "metrics-exist",
    expected: "every metric that rules and dashboards name is declared, recorded, or Prometheus's own, with its labels",
    probe: Probe::Files(|files| finished(check(files))),
};

/// The series that Prometheus itself adds for each target and each alert.
const OF_PROMETHEUS: [&str; 7] = [
    "up",
    "ALERTS",
    "ALERTS_FOR_STATE",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
];

/// Labels that Prometheus adds to every series it scrapes.
const ADDED_LABELS: [&str; 2] = ["job", "instance"];

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let (rules, dashboards) = (files.rules()?, files.dashboards()?);
    if rules.is_empty() && dashboards.is_empty() {
        return Err(CheckOutcome::skip(
            "there are no rules and no dashboards",
            "name them if they are elsewhere; see --help",
        ));
    }
    let all = rules.iter().flat_map(|file| file.rules.iter());
    let recorded: BTreeSet<_> = all.filter(|rule| !rule.is_alert).map(|rule| rule.name.as_str()).collect();
    let in_rules = rules.iter().flat_map(|file| file.rules.iter().map(|rule| (&file.path, &rule.expression)));
    let in_panels = dashboards.iter().flat_map(|file| file.expressions.iter().map(|text| (&file.path, text)));
    // The metrics of other scraped programs are not known here.
    let others = files.prometheus().is_ok_and(|config| config.jobs.len() > 1 || config.unseen().is_some());
    let mut wrong = BTreeSet::new();
    let mut uses = 0;
    for (path, expression) in in_rules.chain(in_panels) {
        for one in names_in(expression) {
            uses += 1;
            if let Some(fault) = fault(&one, &recorded, others) {
                wrong.insert(format!("{}: {fault}", path.display()));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(CheckOutcome::pass(format!("{uses} uses in {} files", rules.len() + dashboards.len())));
    }
    let wrong: Vec<_> = wrong.into_iter().collect();
    Ok(CheckOutcome::fail(wrong.join("\n"), "docs/metrics.md lists what the store exports, with labels"))
}

fn fault(used: &Use, recorded: &BTreeSet<&str>, others: bool) -> Option<String> {
    let name = used.metric.as_str();
    if let Some((declared, extra)) = declaration(name) {
        let known =
            |label: &str| declared.labels.contains(&label) || ADDED_LABELS.contains(&label) || extra == Some(label);
        let stranger = used.labels.iter().find(|label| !known(label))?;
        return Some(format!("{name} has no label {stranger}"));
    }
    let known = recorded.contains(name) || OF_PROMETHEUS.contains(&name) || OF_THE_PROCESS.contains(&name);
    let ours = name.starts_with("storemgr_") || name.contains(':');
    (!known && (ours || !others)).then(|| format!("no program exports {name}"))
}

/// The metric that a series belongs to, and the label that its suffix adds (`le` for `_bucket`).
fn declaration(series: &str) -> Option<(&'static Declaration, Option<&'static str>)> {
    if let Some(declared) = DECLARED.iter().find(|metric| metric.name == series && metric.kind != "histogram") {
        return Some((declared, None));
    }
    let histogram = |ending| {
        let name = series.strip_suffix(ending)?;
        DECLARED.iter().find(|metric| metric.name == name && metric.kind == "histogram")
    };
    if let Some(declared) = histogram("_bucket") {
        return Some((declared, Some("le")));
    }
    histogram("_sum").or_else(|| histogram("_count")).map(|declared| (declared, None))
}
