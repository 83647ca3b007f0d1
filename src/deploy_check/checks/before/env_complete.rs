//! `env-complete`: every variable that the compose file requires has a value.
//!
//! `secrets-strong` reports a secret that is set and empty.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::Files;
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::place::Place;
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
    let mut names: Vec<(String, bool)> = Vec::new();
    for reference in compose.references.iter().filter(|reference| reference.required) {
        if reference.name != "COMPOSE_PROJECT_NAME" && missing(&reference.name, reference.filled) {
            names.push((reference.name.clone(), reference.refused || matters(&reference.name)));
        }
    }
    for name in files.example_names() {
        // A variable for which the compose file has a default may be missing.
        let optional = compose.references.iter().any(|reference| reference.name == name && !reference.required);
        // One that no compose file refers to may be meant for something else.
        let used = compose.references.iter().any(|reference| reference.name == name);
        if !optional && !name.starts_with("COMPOSE_") && missing(name, false) {
            names.push((name.to_owned(), used || is_secret(name)));
        }
    }
    names.sort();
    // The worst of a name comes last.
    names.dedup_by(|later, first| {
        later.0 == first.0 && {
            first.1 |= later.1;
            true
        }
    });
    let env = files.env_path();
    let who = env.map_or_else(
        || "there is no .env, and nothing sets".to_owned(),
        |path| format!("{} does not set", path.display()),
    );
    let fault = |worst: bool| {
        let wanted: Vec<_> = names.iter().filter(|(_, bad)| *bad == worst).map(|(name, _)| name.as_str()).collect();
        let place = env.map(|path| Place::new(path, 0));
        let says = format!("{who} {}", wanted.join(", "));
        let lines: Vec<_> = wanted.iter().map(|name| format!("{name}=")).collect();
        let fault = if worst { Fault::error(place, says) } else { Fault::warning(place, says) };
        (!wanted.is_empty()).then(|| fault.write(lines.join("\n")))
    };
    let faults = [true, false].into_iter().filter_map(fault).collect();
    let required = compose.references.iter().filter(|reference| reference.required).count();
    Ok(CheckOutcome::of(faults, "set them there, or in the environment of compose", || {
        format!("{required} variables without a default, all set")
    }))
}

/// Whether a deployment is broken by an empty value of this variable. Compose itself only warns of it.
fn matters(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words = ["HOST", "PORT", "USER", "USERNAME", "URL", "DB", "DATABASE", "IMAGE", "TAG", "VERSION", "DIR", "NAME"];
    is_secret(&name) || name.split(['_', '-']).any(|word| words.contains(&word))
}
