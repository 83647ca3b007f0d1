//! `mounts-exist`: every file that is mounted into a service exists. In place of a missing one the container engine
//! makes an empty folder, and the service does not start, or starts without its configuration.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::Files;
use crate::deploy_check::finding::CheckOutcome;

pub(crate) const CHECK: Check = Check {
    id: "mounts-exist",
    expected: "every file and folder that the compose file mounts is there",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let mounts: Vec<_> =
        compose.services.iter().flat_map(|one| one.mounts.iter().map(move |(here, _)| (&one.name, here))).collect();
    let missing = mounts.iter().filter(|(_, here)| !here.exists());
    let missing: Vec<_> = missing.map(|(service, here)| format!("{service}: there is no {}", here.display())).collect();
    if mounts.is_empty() {
        return Err(CheckOutcome::skip("no service mounts a file", "nothing to do"));
    }
    if missing.is_empty() {
        return Ok(CheckOutcome::pass(format!("{} files and folders", mounts.len())));
    }
    Ok(CheckOutcome::fail(missing.join("\n"), "correct the path; it is relative to the folder of the compose file"))
}
