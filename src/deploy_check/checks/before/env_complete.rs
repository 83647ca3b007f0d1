//! `env-complete`: every variable that the compose file requires has a value.
//!
//! `secrets-strong` reports a secret that is set and empty.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::Files;
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::secrets::is_secret;

pub(crate) const CHECK: Check = Check {
    id: "env-complete",
    expected: "every variable without a default that the compose file or .env.example names is set",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let value = |name: &str| files.variable(name);
    let missing = |name: &str, filled: bool| match value(name) {
        None => true,
        Some(value) => filled && value.is_empty() && !is_secret(name),
    };
    let mut names: Vec<String> = Vec::new();
    for reference in compose.references.iter().filter(|reference| reference.required) {
        if missing(&reference.name, reference.filled) {
            names.push(reference.name.clone());
        }
    }
    for name in files.example_names() {
        // A variable for which the compose file has a default may be missing.
        let optional = compose.references.iter().any(|reference| reference.name == name && !reference.required);
        if !optional && missing(name, false) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    names.dedup();
    if names.is_empty() {
        let required = compose.references.iter().filter(|reference| reference.required).count();
        return Ok(CheckOutcome::pass(format!("{required} variables without a default, all set")));
    }
    let place = files.env_path().map_or_else(
        || "there is no .env, and nothing sets ".to_owned(),
        |path| format!("{} does not set ", path.display()),
    );
    Ok(CheckOutcome::fail(format!("{place}{}", names.join(", ")), "set them there, or in the environment of compose"))
}
