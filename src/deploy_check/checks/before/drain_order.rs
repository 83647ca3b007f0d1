//! `drain-order`: an instance that is stopped has the time it needs to finish its requests.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::defaults::{DRAIN_NOTICE, DRAIN_TIMEOUT};
use crate::deploy_check::files::Files;
use crate::deploy_check::finding::CheckOutcome;
use crate::units;

pub(crate) const CHECK: Check = Check {
    id: "drain-order",
    expected: "stop_grace_period is longer than an instance's drain notice and drain timeout together",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let instances = files.instances()?;
    let mut wrong = Vec::new();
    for instance in &instances {
        let needs = DRAIN_NOTICE.duration(Some(instance)) + DRAIN_TIMEOUT.duration(Some(instance));
        if instance.stop_grace <= needs {
            let (grace, needs) = (units::duration(instance.stop_grace), units::duration(needs));
            wrong.push(format!("{} is killed {grace} after it was asked to stop; it may need {needs}", instance.name));
        }
    }
    if wrong.is_empty() {
        return Ok(CheckOutcome::pass(format!("{} instances", instances.len())));
    }
    Ok(CheckOutcome::fail(wrong.join("\n"), "raise stop_grace_period, or lower STOREMGR_DRAIN_TIMEOUT"))
}
