//! `files-readable`: every file of the deployment can be read and parsed.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::Files;
use crate::deploy_check::finding::CheckOutcome;

pub(crate) const CHECK: Check = Check {
    id: "files-readable",
    expected: "every file that is there, or was named, can be read and is well-formed",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let states = files.states();
    let bad: Vec<_> = states.iter().filter_map(|state| state.err()).collect();
    if !bad.is_empty() {
        return Ok(CheckOutcome::fail(bad.join("\n"), "correct the file at that place, or name another one"));
    }
    let read = states.iter().filter(|state| **state == Ok(true)).count();
    if read == 0 {
        return Err(CheckOutcome::skip(
            "there are no files of a deployment here",
            "run it in the folder that has ops/ and nginx/",
        ));
    }
    if let Some(unseen) = files.unseen_services() {
        return Ok(CheckOutcome::warn(
            format!("{read} files; {unseen}, so its services are not checked"),
            "write it out with `docker compose config > whole.yml`, and check that with --compose whole.yml",
        ));
    }
    Ok(CheckOutcome::pass(format!("{read} files")))
}
