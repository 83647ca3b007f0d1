//! Loads the configuration that flags do not give: the environment, then `.env`, then `.storemgr/env`.
//!
//! The file that `stack up` writes describes one whole stack. Mixing part of it with another configuration would be worse
//! than using none of it (the host of one database with the password of another), so its database variables count only if
//! nothing else sets a `DB_` variable. The same holds for `REDIS_` and `PROMETHEUS_`.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::anyhow;
use storemgr::process::env_file;

use crate::failure::Failure;

/// The file that `storemgr stack up` writes, relative to the working directory.
const STACK_FILE: &str = ".storemgr/env";

/// Prefixes of variables that belong together: all variables of a group come from one source.
const GROUPS: [&str; 3] = ["DB_", "REDIS_", "PROMETHEUS_"];

/// The environment before the files were read.
static SHELL: OnceLock<BTreeMap<String, String>> = OnceLock::new();

/// The variables that the shell set, without those from the files.
pub(crate) fn of_the_shell() -> BTreeMap<String, String> {
    SHELL.get().cloned().unwrap_or_default()
}

/// Remembers the shell's variables, and reads neither file: for a command that checks them.
#[expect(clippy::unnecessary_wraps, reason = "the other way of the same choice can fail")]
pub(crate) fn load_the_shell_alone() -> Result<(), Failure> {
    remember_the_shell();
    Ok(())
}

fn remember_the_shell() {
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    SHELL.get_or_init(|| variables.collect());
}

/// Sets those variables of both files that are not set yet. Must be called before the command line is parsed.
pub(crate) fn load() -> Result<(), Failure> {
    remember_the_shell();
    match dotenvy::from_path(".env") {
        Ok(()) => {}
        Err(dotenvy::Error::Io(error)) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(unreadable(".env", &error)),
    }
    let text = match std::fs::read_to_string(STACK_FILE) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::usage(anyhow!("{STACK_FILE} cannot be read: {error}"))),
    };
    let set: Vec<String> = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    let wanted = stack_lines(&text, &set);
    dotenvy::from_read(wanted.as_bytes()).map_err(|error| unreadable(STACK_FILE, &error))
}

/// Why a file of variables cannot be read. dotenvy's own message would show the line, which may hold a secret.
fn unreadable(file: &str, error: &dotenvy::Error) -> Failure {
    match error {
        dotenvy::Error::LineParse(..) => {
            let line =
                std::fs::read_to_string(file).map_or_else(|_| "a line".to_owned(), |text| env_file::bad_line(&text));
            Failure::usage(anyhow!("{file} cannot be read: {line} is not NAME=value"))
        }
        error => Failure::usage(anyhow!("{file} cannot be read: {error}")),
    }
}

/// The lines of the stack's file, without those of groups for which another source sets a variable.
fn stack_lines(text: &str, set: &[String]) -> String {
    let untouched = |line: &&str| {
        let group = GROUPS.iter().find(|group| line.starts_with(**group));
        group.is_none_or(|group| !set.iter().any(|name| name.starts_with(*group)))
    };
    text.lines().filter(untouched).map(|line| format!("{line}\n")).collect()
}

/// The files that configure storemgr: those with variables, and those that variables name (`DB_PASSWORD_FILE`).
pub(crate) fn files() -> Vec<PathBuf> {
    let is_ours = |name: &str| ["DB_", "OBSERVE_", "REDIS_", "STOREMGR_"].iter().any(|prefix| name.starts_with(prefix));
    let names_file = |name: &str| is_ours(name) && name.ends_with("_FILE");
    let named = std::env::vars_os().filter(|(name, _)| names_file(&name.to_string_lossy()));
    let named = named.map(|(_, path)| path.into());
    [".env", STACK_FILE].map(PathBuf::from).into_iter().chain(named).collect()
}

/// Reads a secret from the variable, or from the file that `NAME_FILE` names. The first name that is set wins.
pub(crate) fn secret(names: &[&str]) -> Result<Option<String>, Failure> {
    for name in names {
        if let Some(value) = std::env::var_os(name) {
            let text = value.into_string();
            return text.map(Some).map_err(|_| Failure::usage(anyhow!("{name} is not valid UTF-8")));
        }
        let variable = format!("{name}_FILE");
        if let Some(path) = std::env::var_os(&variable).filter(|path| !path.is_empty()) {
            let text = std::fs::read_to_string(&path).map_err(|error| {
                Failure::usage(anyhow!("{variable} names {}, which cannot be read: {error}", path.display()))
            })?;
            return Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_read_is_not_shown() {
        let error = dotenvy::from_read_iter(&b"DB_PASSWORD = geheim nis"[..]).find_map(Result::err).unwrap();
        let said = format!("{:?}", unreadable("absent.env", &error));
        assert!(said.contains("is not NAME=value") && !said.contains("geheim"), "{said}");
    }

    #[test]
    fn a_group_comes_from_one_place() {
        let text = "DB_HOST=127.0.0.1\nDB_PORT=3\nREDIS_HOST=127.0.0.1\nSTOREMGR_URL=http://127.0.0.1:8\n";
        assert_eq!(stack_lines(text, &[]), text);
        let elsewhere = ["DB_HOST".to_owned(), "STOREMGR_LOG".to_owned()];
        assert_eq!(stack_lines(text, &elsewhere), "REDIS_HOST=127.0.0.1\nSTOREMGR_URL=http://127.0.0.1:8\n");
    }
}
