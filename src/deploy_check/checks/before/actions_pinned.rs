//! `actions-pinned`: no workflow runs third-party code that its author can still change.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::Files;
use crate::deploy_check::finding::{CheckOutcome, Fault};

pub(crate) const CHECK: Check = Check {
    id: "actions-pinned",
    expected: "every action of a workflow is named by the hash of a commit",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let workflows = files.workflows()?;
    if workflows.is_empty() {
        return Err(CheckOutcome::skip("there are no workflows", "name the folder if it is elsewhere; see --help"));
    }
    let all = || workflows.iter().flat_map(|workflow| &workflow.uses);
    let loose = all().filter(|(used, _)| !is_pinned(used));
    let loose: Vec<_> = loose.map(|(used, place)| Fault::warning(Some(place.clone()), used.clone())).collect();
    let advice = "write the commit's 40 digits after the @, and the version in a comment";
    Ok(CheckOutcome::of(loose, advice, || format!("{} actions in {} workflows", all().count(), workflows.len())))
}

fn is_pinned(used: &str) -> bool {
    if used.starts_with("./") || used.contains("@sha256:") {
        return true;
    }
    let reference = used.rsplit_once('@').map_or("", |(_, reference)| reference);
    reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}
