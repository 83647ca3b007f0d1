//! `secrets-in-urls`: no password is written into a URL of a compose file. There it is shown by logs and by error messages, and
//! committed with the file.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Service};
use crate::deploy_check::finding::{CheckOutcome, Fault};

pub(crate) const CHECK: Check = Check {
    id: "secrets-in-urls",
    expected: "a URL takes its password from a variable, and holds none itself",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let mut faults = Vec::new();
    let mut urls = 0;
    for service in &compose.services {
        for (name, variable) in &service.variables {
            let own = compose.files.iter().any(|path| **path == *variable.place.path);
            let written = variable.written.as_str();
            urls += usize::from(written.contains("://"));
            // A file of variables is where passwords belong; whether it is committed, env-not-committed tells.
            if own && holds_password(written) {
                let says = format!("{name} of {} has a password in its URL", service.name);
                let line = format!("${{{}_PASSWORD:?}} in place of it", prefix(service, name));
                faults.push(Fault::warning(Some(variable.place.clone()), says).write(line));
            }
        }
        for word in service.words() {
            if holds_password(&word) {
                let says = format!("the command of {} has a password in a URL", service.name);
                faults.push(Fault::warning(Some(service.place_of("command")), says));
            }
        }
    }
    if urls == 0 && faults.is_empty() {
        return Err(CheckOutcome::skip("no variable of a service is a URL", "nothing to do"));
    }
    let advice = "put the password into .env, and write ${NAME:?} in the URL; it has to be one without / @ : # in it";
    Ok(CheckOutcome::of(faults, advice, || format!("{urls} URLs, none with a password of its own")))
}

fn prefix(service: &Service, variable: &str) -> String {
    let name = variable.trim_end_matches("_URL").trim_end_matches("_URI").trim_end_matches("_DSN");
    if name.is_empty() { service.name.to_uppercase().replace('-', "_") } else { name.to_owned() }
}

/// Whether a text has `scheme://user:password@`, with a password that is no variable.
fn holds_password(text: &str) -> bool {
    let urls = text.match_indices("://").take(16).filter_map(|(at, _)| {
        let rest = &text[at + 3..];
        let rest = &rest[..rest.find([' ', '"', '\'']).unwrap_or(rest.len())];
        // `${NAME:?}` has a colon and a slash of its own, perhaps.
        let (login, _) = rest.rsplit_once('@')?;
        let (user, password) = login.split_once(':')?;
        // `host:port/path` has an @ only in what follows.
        let is_port = password.split_once('/').is_some_and(|(port, _)| port.bytes().all(|byte| byte.is_ascii_digit()));
        if is_port {
            return None;
        }
        Some((user.to_owned(), password.to_owned()))
    });
    let mut urls = urls.filter(|(user, password)| {
        let is_variable = password.starts_with('$') && !password.starts_with("$$")
            || password.starts_with("{{")
            || password.starts_with('<');
        // In `${USER:-x}:…` the first colon is the variable's.
        let broken = user.contains("${") && !user.contains('}');
        !password.is_empty() && !is_variable && !broken && password.chars().any(char::is_alphanumeric)
    });
    urls.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_told_from_a_variable() {
        for (text, holds) in [
            ("postgres://shop:hunter2hunter2@db/shop", true),
            ("redis://:hunter2@cache", true),
            ("postgres://shop:${PASSWORD:?}@db/shop", false),
            ("postgres://${USER:-shop}:${PASSWORD}@db/shop", false),
            ("postgres://$USER:$PASSWORD@db/shop", false),
            ("http://api:8000/x@y", false),
            ("http://shop@db", false),
            ("http://a:80/ and user@host", false),
        ] {
            assert_eq!(holds_password(text), holds, "{text}");
        }
    }
}
