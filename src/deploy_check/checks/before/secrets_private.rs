//! `secrets-private`: other accounts on this machine cannot read the secrets.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, SecretSource};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::place::Place;

pub(crate) const CHECK: Check = Check {
    id: "secrets-private",
    expected: ".env is readable by its owner alone, and so are the secret files or the folder they are in",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let mut open = Vec::new();
    let mut looked = 0;
    if let Some(path) = files.env_path() {
        looked += 1;
        if is_open(path) {
            open.push(path.to_owned());
        }
    }
    for source in files.compose().map(|compose| compose.secrets.values()).into_iter().flatten() {
        // The account in the container must be able to read the file itself, so a private folder is enough.
        if let SecretSource::File(path) = source {
            looked += 1;
            if is_open(path) && path.parent().is_none_or(is_open) {
                open.push(path.clone());
            }
        }
    }
    if looked == 0 {
        return Err(CheckOutcome::skip("there are no secret files", "see env-complete"));
    }
    if open.is_empty() {
        return Ok(CheckOutcome::pass(format!("{looked} files")).with_unseen(files.unseen_services()));
    }
    let told = |path: &PathBuf| {
        let fault = Fault::warning(Some(Place::new(path, 0)), format!("{} can be read by others", path.display()));
        fault.write(format!("chmod 600 {}", path.display()))
    };
    Ok(CheckOutcome::of(open.iter().map(told).collect(), "chmod 600 the file, or chmod 700 its folder", String::new))
}

/// Whether the file's group or all accounts can read it. A missing file is reported by other checks.
fn is_open(path: &Path) -> bool {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    path.metadata().is_ok_and(|data| data.permissions().mode() & 0o077 != 0)
}
