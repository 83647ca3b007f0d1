//! `credentials-agree`: the instances use the account that the database creates, and the secret files hold the values
//! of `.env`.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::defaults::{DB_NAME, DB_USER};
use crate::deploy_check::files::{Files, SecretSource, Service};
use crate::deploy_check::finding::CheckOutcome;

pub(crate) const CHECK: Check = Check {
    id: "credentials-agree",
    expected: "user, password and database of every instance are those the database service is created with",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let instances = files.instances()?;
    let database = files.database()?;
    let made = |names: [&str; 2]| names.iter().find_map(|name| files.secret(database, name));
    let mut wrong = outdated(files);
    let mut compared = 0;
    for instance in instances {
        let user = text(files, instance, "DB_USER", &DB_USER.of(instance));
        let (made_user, made_password) = match user.as_str() {
            "root" => (None, made(["MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD"])),
            _ => (made(["MYSQL_USER", "MARIADB_USER"]), made(["MYSQL_PASSWORD", "MARIADB_PASSWORD"])),
        };
        if let Some(made_user) = made_user {
            compared += 1;
            if made_user != user {
                wrong.push(format!("{} logs in as {user}; {} creates {made_user}", instance.name, database.name));
                continue;
            }
        }
        let password = files.secret(instance, "DB_PASSWORD").or_else(|| files.secret(instance, "DB_PASS"));
        if let (Some(made), used) = (made_password, password.unwrap_or_default()) {
            compared += 1;
            if made != used {
                wrong.push(format!(
                    "the password of {} is not the one {} is created with",
                    instance.name, database.name
                ));
            }
        }
        if let Some(made) = made(["MYSQL_DATABASE", "MARIADB_DATABASE"]) {
            compared += 1;
            let name = text(files, instance, "DB_NAME", &DB_NAME.of(instance));
            if made != name {
                wrong.push(format!("{} uses the database {name}; {} creates {made}", instance.name, database.name));
            }
        }
    }
    if !wrong.is_empty() {
        return Ok(CheckOutcome::fail(
            wrong.join("\n"),
            "take both from the same variable or secret, and write the secret files again (`ops/deploy prepare`)",
        ));
    }
    if compared == 0 {
        return Err(CheckOutcome::skip(
            "the database service does not say which account it creates",
            "see database-reachable",
        ));
    }
    Ok(CheckOutcome::pass(format!("{compared} values of {} agree", database.name)))
}

/// A sentence for each secret file that differs from the variable of the same name in `.env`: one of them was changed.
fn outdated(files: &Files) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, source) in files.compose().map(|compose| &compose.secrets).into_iter().flatten() {
        let variable = name.to_uppercase();
        let expected = files.own_variables().find(|(own, value)| **own == variable && !value.is_empty());
        let (Some((_, expected)), SecretSource::File(path)) = (expected, source) else { continue };
        if std::fs::read_to_string(path).is_ok_and(|text| text.trim_end_matches(['\r', '\n']) != expected) {
            wrong.push(format!("{} is not the {variable} of .env", path.display()));
        }
    }
    wrong
}

fn text(files: &Files, instance: &Service, name: &str, otherwise: &str) -> String {
    files.secret(instance, name).unwrap_or_else(|| otherwise.to_owned())
}
