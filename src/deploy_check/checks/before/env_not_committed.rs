//! `env-not-committed`: no file of variables with secrets in it is in the repository.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::files::{Bounds, Files, Variables, find, read_text, run_bounded};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::place::Place;
use crate::deploy_check::secrets::{Weakness, is_secret, weakness};

pub(crate) const CHECK: Check = Check {
    id: "env-not-committed",
    expected: "git keeps no file of variables that has secrets in it",
    probe: Probe::Files(|files| Box::pin(outcome_of(check(files)))),
};

/// Git reads an index, and nothing else.
const BOUNDS: Bounds = Bounds { time: Duration::from_secs(3), memory_kib: 0, as_nobody: false };

/// What keeps git from running programs that a repository names, and from asking.
const SAFE: [&str; 8] = [
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "safe.directory=*",
    "--no-optional-locks",
    "--literal-pathspecs",
];

async fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let mut paths: Vec<PathBuf> = files.env_path().map(Path::to_owned).into_iter().collect();
    for service in files.compose().map(|compose| compose.services.as_slice()).unwrap_or_default() {
        paths.extend(service.env_files.iter().cloned());
    }
    paths.sort();
    paths.dedup();
    let is_example = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.contains("example") || name.contains("sample")
    };
    paths.retain(|path| path.exists() && !is_example(path));
    if paths.is_empty() {
        return Err(CheckOutcome::skip("there is no file of variables", "nothing to do"));
    }
    if !paths.iter().any(|path| is_in_repository(path)) {
        return Err(CheckOutcome::skip("the files are in no repository of git", "nothing to do"));
    }
    let git = find("git").ok_or_else(|| CheckOutcome::skip("git is not installed here", "install git"))?;
    let mut faults = Vec::new();
    let mut looked = 0;
    for path in &paths {
        match is_tracked(&git, path).await {
            None => {}
            Some(false) => looked += 1,
            Some(true) => {
                looked += 1;
                faults.extend(fault(path));
            }
        }
    }
    if looked == 0 {
        return Err(CheckOutcome::skip("git does not say what the repository keeps", "see that git can be run"));
    }
    let advice = "`git rm --cached` it, add it to .gitignore, and change every password in it: the history keeps them";
    Ok(CheckOutcome::of(faults, advice, || format!("{looked} files of variables, none of them with secrets in git")))
}

fn is_in_repository(path: &Path) -> bool {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    whole.ancestors().skip(1).any(|folder| folder.join(".git").exists())
}

/// Whether git keeps a file; `None` if it does not say.
async fn is_tracked(git: &PathBuf, path: &Path) -> Option<bool> {
    let whole = std::path::absolute(path).ok()?;
    let (folder, name) = (whole.parent()?.to_str()?, whole.file_name()?.to_str()?);
    let mut arguments: Vec<&str> = SAFE.to_vec();
    arguments.extend(["-C", folder, "ls-files", "--cached", "--", name]);
    let variables = [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("HOME", "/nonexistent"),
        ("GIT_TERMINAL_PROMPT", "0"),
    ];
    let output = run_bounded(git, &arguments, &variables, BOUNDS).await.ok()?;
    output.succeeded.then(|| !output.result.trim().is_empty())
}

/// The first secret of a file that is committed: a value that is no placeholder.
fn fault(path: &Path) -> Option<Fault> {
    let text = read_text(path).ok()?;
    let read = Variables::parse(path, &text, &std::collections::BTreeMap::new()).ok()?;
    let is_filled = |value: &str| {
        !value.is_empty() && !matches!(weakness(value, &[]), Some(Weakness::Open("is empty" | "is a placeholder")))
    };
    let secret = read.values.iter().filter(|(name, value)| is_secret(name) && is_filled(value));
    let first = secret.map(|(name, _)| (read.lines.get(name).copied().unwrap_or_default(), name)).min()?;
    let place = Place::new(path, first.0);
    let name = path.file_name()?.to_string_lossy();
    let fault = Fault::error(Some(place), format!("git keeps this file, with {} in it", first.1));
    Some(fault.write(format!("{name} in .gitignore")))
}
