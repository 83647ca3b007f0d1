//! `secrets-strong`: no secret is empty, a placeholder, a common password or too short. Values are never shown.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Compose, Files, SecretSource, read_text};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::place::Place;
use crate::deploy_check::secrets::{Weakness, is_secret, weakness};

pub(crate) const CHECK: Check = Check {
    id: "secrets-strong",
    expected: "every secret has at least 12 characters, and is not a placeholder or a common password",
    probe: Probe::Files(|files| finished(check(files))),
};

/// The secrets that are empty files where the store asks for no token, and where a mail server asks for no password.
const MAY_BE_EMPTY: [&str; 3] = ["store_token", "tokens", "alert_mail_password"];

/// A secret: how it is called, its value, where it is set.
struct Secret {
    name: String,
    value: String,
    place: Option<Place>,
}

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let mut faults = Vec::new();
    let mut secrets = of_env(files, compose);
    of_files(files, compose, &mut secrets, &mut faults);
    for service in &compose.services {
        for (name, value) in &service.environment {
            // A value taken from a secret variable is judged under that variable's name; an empty one may be intended.
            let is_default = service.variables.get(name).is_some_and(|variable| variable.written.contains('$'));
            let judged = files.is_value_of_a_secret(value) && is_default;
            let is_path = value.starts_with('/') || value.starts_with("./");
            if is_secret(name) && !value.is_empty() && !judged && !is_path {
                let place = Some(service.place_of_variable(name));
                secrets.push(Secret { name: format!("{name} of {}", service.name), value: value.clone(), place });
            }
        }
    }
    let users = files.user_names();
    for secret in &secrets {
        let fault = |says: &str, error: bool| {
            let says = format!("{} {says}", secret.name);
            if error { Fault::error(secret.place.clone(), says) } else { Fault::warning(secret.place.clone(), says) }
        };
        match weakness(&secret.value, &users) {
            None => {}
            Some(weakness @ Weakness::Open(_)) => faults.push(fault(weakness.why(), true)),
            Some(weakness @ Weakness::Short(_)) => faults.push(fault(weakness.why(), false)),
        }
    }
    if secrets.is_empty() && faults.is_empty() {
        return Err(CheckOutcome::skip("no secrets are named", "see env-complete"));
    }
    Ok(CheckOutcome::of(faults, "make each with `openssl rand -hex 24`", || format!("{} secrets", secrets.len())))
}

/// The secrets of `.env` that the project uses.
fn of_env(files: &Files, compose: &Compose) -> Vec<Secret> {
    let wanted = |name: &String, value: &String| is_secret(name) && !(value.is_empty() && is_optional(compose, name));
    let own = files.own_variables().filter(|(name, value)| wanted(name, value));
    own.map(|(name, value)| Secret { name: name.clone(), value: value.clone(), place: files.place_in_env(name) })
        .collect()
}

/// The secrets of the compose file: files and variables.
fn of_files(files: &Files, compose: &Compose, secrets: &mut Vec<Secret>, faults: &mut Vec<Fault>) {
    for (name, source) in &compose.secrets {
        match source {
            SecretSource::File(path) => match read_text(path) {
                // Nobody asks for it, and nobody has one.
                Ok(text) if text.trim().is_empty() && MAY_BE_EMPTY.contains(&name.as_str()) => {}
                // A key or a certificate is no password.
                Ok(text) if text.contains("-----BEGIN") => {}
                Ok(text) => secrets.push(Secret {
                    name: path.display().to_string(),
                    value: text.trim_end_matches(['\r', '\n']).to_owned(),
                    place: Some(Place::new(path, 0)),
                }),
                Err(error) => {
                    let says = format!("{}, for the secret {name}: {error}", path.display());
                    faults.push(Fault::error(compose.files.first().map(|file| Place::new(file, 0)), says));
                }
            },
            // A variable of .env whose name says that it is a secret is in the list already.
            SecretSource::Variable(variable) if secrets.iter().all(|known| known.name != *variable) => {
                let value = files.variable(variable);
                secrets.extend(value.map(|value| Secret {
                    name: variable.clone(),
                    value: value.to_owned(),
                    place: files.place_in_env(variable),
                }));
            }
            SecretSource::Variable(_) | SecretSource::Text(_) | SecretSource::External => {}
        }
    }
}

/// Whether the compose file works without the variable.
fn is_optional(compose: &Compose, name: &str) -> bool {
    let is_secret = compose.secrets.values().any(|source| *source == SecretSource::Variable(name.to_owned()));
    let mut references = compose.references.iter().filter(|reference| reference.name == name);
    !is_secret && references.all(|reference| !reference.required)
}
