//! `files-readable`: every file of the deployment can be read and parsed.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Nginx, PrometheusConfig};
use crate::deploy_check::finding::{CheckOutcome, Fault};

pub(crate) const CHECK: Check = Check {
    id: "files-readable",
    expected: "every file that is there, or was named, can be read and is well-formed",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let states = files.states();
    let bad = states.iter().filter_map(|state| state.err());
    let bad: Vec<_> = bad.map(|problem| Fault::error(Some(problem.place.clone()), problem.says.clone())).collect();
    if !bad.is_empty() {
        return Ok(CheckOutcome::of(bad, "correct the file at that place, or name another one", String::new));
    }
    let read = states.iter().filter(|state| **state == Ok(true)).count();
    if read == 0 {
        return Err(CheckOutcome::skip(
            "there are no files of a deployment here",
            "run it in the folder that has the compose file",
        ));
    }
    if let Some(unseen) = files.unseen_services() {
        return Ok(CheckOutcome::warn(
            format!("{read} files; {unseen}, so its services are not checked"),
            "write it out with `docker compose config > whole.yml`, and check that with --compose whole.yml",
        ));
    }
    // One line for what is included and not here; the checks that it matters to say so themselves.
    let nginx = files.nginx().unwrap_or_default().into_iter().filter_map(Nginx::unseen);
    let prometheus = files.prometheus().unwrap_or_default().into_iter().filter_map(PrometheusConfig::unseen);
    let unseen: Vec<_> = nginx.chain(prometheus).map(|what| Fault::note(None, format!("not seen: {what}"))).collect();
    Ok(CheckOutcome::of(unseen, "see that part by hand", || format!("{read} files")))
}
