//! `mounts-exist`: every file that is mounted into a service exists. In place of a missing one the container engine
//! makes an empty folder, and the service does not start, or starts without its configuration. A missing folder of data is
//! made, and nothing is wrong with it.

use std::path::Path;

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Source, whole};
use crate::deploy_check::finding::{CheckOutcome, Fault};

pub(crate) const CHECK: Check = Check {
    id: "mounts-exist",
    expected: "every file that the compose file mounts is there",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let directory = whole(&compose.directory);
    let mut faults = Vec::new();
    let mut count = 0;
    for service in &compose.services {
        for mount in &service.mounts {
            let Source::Path(here) = &mount.source else { continue };
            count += 1;
            // What is of the machine itself, such as the socket of Docker, is there where it will run.
            let own = mount.is_relative || here.starts_with(&directory);
            let wanted = is_file(here, &mount.target) || !mount.makes_folder;
            if wanted && own && !here.exists() {
                let says = format!("{}: there is no {}", service.name, here.display());
                faults.push(Fault::error(Some(mount.place.clone()), says));
            } else if own && here.is_dir() && is_file(here, &mount.target) && is_empty(here) {
                // The folder that the engine made when the file was missing.
                let says = format!("{}: {} is an empty folder, and a file is expected", service.name, here.display());
                faults.push(Fault::error(Some(mount.place.clone()), says));
            }
        }
    }
    if count == 0 {
        return Err(CheckOutcome::skip("no service mounts a file", "nothing to do"));
    }
    let advice = "correct the path; it is relative to the folder of the compose file";
    Ok(CheckOutcome::of(faults, advice, || format!("{count} files and folders")))
}

/// Whether a mount is one of a file: both ends have an ending, or are names that files have.
fn is_file(here: &Path, target: &str) -> bool {
    let has_ending = |path: &Path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let ending = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, ending)| ending.to_owned());
        // conf.d and its like are folders; so is what ends in a version.
        ending.is_some_and(|ending| {
            ending.len() > 1 && ending.len() < 10 && ending.bytes().any(|byte| byte.is_ascii_alphabetic())
        }) || ["Caddyfile", ".htpasswd", "Corefile"].contains(&name.as_str())
    };
    let target = Path::new(target);
    let same_name =
        || here.file_name().zip(target.file_name()).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other));
    has_ending(target) && (has_ending(here) || same_name())
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_from_folders_by_both_ends() {
        for (here, target, file) in [
            ("./nginx.conf", "/etc/nginx/nginx.conf", true),
            ("./data", "/var/lib/postgresql/data", false),
            ("./conf.d", "/etc/nginx/conf.d", false),
            ("./Caddyfile", "/etc/caddy/Caddyfile", true),
            ("./rules", "/etc/prometheus/rules.d", false),
        ] {
            assert_eq!(is_file(Path::new(here), target), file, "{here}");
        }
    }
}
