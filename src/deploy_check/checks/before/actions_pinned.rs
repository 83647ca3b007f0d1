//! `actions-pinned`: no workflow runs third-party code that its author can still change.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::Files;
use crate::deploy_check::finding::CheckOutcome;

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
    let all = || workflows.iter().flat_map(|workflow| workflow.uses.iter().map(move |used| (workflow, used)));
    let loose = all().filter(|(_, used)| !is_pinned(used));
    let loose: Vec<_> = loose.map(|(workflow, used)| format!("{}: {used}", workflow.path.display())).collect();
    if loose.is_empty() {
        return Ok(CheckOutcome::pass(format!("{} actions in {} workflows", all().count(), workflows.len())));
    }
    Ok(CheckOutcome::fail(loose.join("\n"), "write the commit's 40 digits after the @, and the version in a comment"))
}

fn is_pinned(used: &str) -> bool {
    if used.starts_with("./") || used.contains("@sha256:") {
        return true;
    }
    let reference = used.rsplit_once('@').map_or("", |(_, reference)| reference);
    reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}
