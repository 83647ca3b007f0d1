//! `metrics-exist`: every metric that a rule or a panel names is exported, with the labels that are named.

use std::collections::BTreeSet;

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Use, names_in};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::place::Place;
use crate::metrics::{BACKUP_DECLARED, DECLARED, Declaration, FRONT_DECLARED};

pub(crate) const CHECK: Check = Check {
    id: "metrics-exist",
    expected: "every metric of the store that rules and dashboards name is declared or recorded, with its labels",
    probe: Probe::Files(|files| finished(check(files))),
};

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
    let in_rules = rules.iter().flat_map(|file| file.rules.iter().map(|rule| (rule.place.clone(), &rule.expression)));
    let whole = |path| Place::new(path, 0);
    let in_panels =
        dashboards.iter().flat_map(|file| file.expressions.iter().map(move |text| (whole(&file.path), text)));
    let mut wrong = BTreeSet::new();
    let mut uses = 0;
    for (place, expression) in in_rules.chain(in_panels) {
        for one in names_in(expression) {
            uses += 1;
            if let Some(fault) = fault(&one, &recorded) {
                wrong.insert((place.clone(), fault));
            }
        }
    }
    let faults = wrong.into_iter().map(|(place, says)| Fault::error(Some(place), says)).collect();
    let advice = "docs/metrics.md lists what the store exports, with labels";
    Ok(CheckOutcome::of(faults, advice, || format!("{uses} uses in {} files", rules.len() + dashboards.len())))
}

fn fault(used: &Use, recorded: &BTreeSet<&str>) -> Option<String> {
    let name = used.metric.as_str();
    if let Some((declared, extra)) = declaration(name) {
        let known =
            |label: &str| declared.labels.contains(&label) || ADDED_LABELS.contains(&label) || extra == Some(label);
        let stranger = used.labels.iter().find(|label| !known(label))?;
        return Some(format!("{name} has no label {stranger}"));
    }
    // What other programs export, and what others record, is not known here.
    let ours = name.starts_with("storemgr_") || name.contains(":storemgr_");
    (!recorded.contains(name) && ours).then(|| format!("no program exports {name}"))
}

/// The metric that a series belongs to, and the label that its suffix adds (`le` for `_bucket`).
fn declaration(series: &str) -> Option<(&'static Declaration, Option<&'static str>)> {
    let written = BACKUP_DECLARED.iter().chain(FRONT_DECLARED);
    let mut plain = DECLARED.iter().chain(written).filter(|metric| metric.kind != "histogram");
    if let Some(declared) = plain.find(|metric| metric.name == series) {
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
