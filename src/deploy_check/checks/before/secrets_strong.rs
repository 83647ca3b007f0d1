//! `secrets-strong`: no secret is empty, a placeholder, a common password or too short. Values are never shown.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Compose, Files, SecretSource};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::secrets::{is_secret, weakness};

pub(crate) const CHECK: Check = Check {
    id: "secrets-strong",
    expected: "every secret has at least 12 characters, and is not a placeholder or a common password",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let mut weak: Vec<String> = Vec::new();
    let mut secrets: Vec<(String, String)> = Vec::new();
    for (name, value) in files.own_variables() {
        if is_secret(name) && !(value.is_empty() && is_optional(compose, name)) {
            secrets.push((name.clone(), value.clone()));
        }
    }
    for (name, source) in &compose.secrets {
        match source {
            SecretSource::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => secrets.push((path.display().to_string(), text.trim_end_matches(['\r', '\n']).to_owned())),
                Err(error) => weak.push(format!("{}, for the secret {name}: {error}", path.display())),
            },
            // A variable of .env whose name says that it is a secret is in the list already.
            SecretSource::Variable(variable) if secrets.iter().all(|(known, _)| known != variable) => {
                secrets.extend(files.variable(variable).map(|value| (variable.clone(), value.to_owned())));
            }
            SecretSource::Variable(_) | SecretSource::External => {}
        }
    }
    for service in &compose.services {
        for (name, value) in &service.environment {
            if name.contains("ALLOW_EMPTY") && !["", "0", "no", "false"].contains(&value.to_lowercase().as_str()) {
                weak.push(format!("{} of {} lets anyone in", name, service.name));
            }
            // A value taken from a secret variable is judged under that variable's name; an empty one may be intended.
            if is_secret(name) && !value.is_empty() && !files.is_value_of_a_secret(value) {
                secrets.push((format!("{name} of {}", service.name), value.clone()));
            }
        }
    }
    let users = files.user_names();
    let judged = secrets.iter().filter_map(|(name, value)| Some(format!("{name} {}", weakness(value, &users)?)));
    weak.extend(judged);
    if !weak.is_empty() {
        return Ok(CheckOutcome::fail(weak.join("\n"), "make each with `openssl rand -hex 24`"));
    }
    if secrets.is_empty() {
        return Err(CheckOutcome::skip("no secrets are named", "see env-complete"));
    }
    Ok(CheckOutcome::pass(format!("{} secrets", secrets.len())))
}

/// Whether the compose file works without the variable.
fn is_optional(compose: &Compose, name: &str) -> bool {
    let mut references = compose.references.iter().filter(|reference| reference.name == name).peekable();
    references.peek().is_some() && references.all(|reference| !reference.required)
}
