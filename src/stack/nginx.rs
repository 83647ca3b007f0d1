//! nginx: one address in front of both instances.

use std::ffi::OsString;
use std::process::Command;
use std::thread::available_parallelism;

use rustix::process::{Resource, getrlimit};

use super::process::{Ingredients, Recipe};
use super::{Name, StackError, ready};

/// The configuration, with the reasons for it.
const CONFIGURATION: &str = include_str!("nginx.conf");

/// More workers than this only take cores from what they stand in front of.
const MOST_WORKERS: usize = 4;

/// Open files a worker may have, if the system allows as many: room for 4,000 clients at once on each.
const WANTED_FILES: u64 = 16_384;

pub(super) fn recipe(ingredients: &Ingredients<'_>) -> Result<Recipe, StackError> {
    let home = ingredients.layout.home(Name::Nginx);
    let program = ingredients.programs.nginx.clone();
    let version = Command::new(&program).arg("-v").output().map_err(StackError::file(&program, "run"))?;
    let mut arguments: Vec<OsString> = vec!["-p".into(), home.clone().into(), "-c".into(), "nginx.conf".into()];
    if knows_early_log(&String::from_utf8_lossy(&version.stderr)) {
        arguments.extend(["-e".into(), "stderr".into()]);
    }
    Ok(Recipe {
        program,
        arguments,
        directories: vec![home.join("temporary"), home.clone()],
        files: vec![(home.join("nginx.conf"), configuration(ingredients))],
        ..Recipe::default()
    })
}

pub(super) async fn answers(port: u16) -> bool {
    ready::says_ok(port, "/health-check").await
}

fn configuration(ingredients: &Ingredients<'_>) -> String {
    let files = getrlimit(Resource::Nofile).maximum.unwrap_or(WANTED_FILES).min(WANTED_FILES);
    let workers = available_parallelism().map_or(1, usize::from).min(MOST_WORKERS);
    let address = |name| format!("127.0.0.1:{}", ingredients.ports.of(name));
    // As root it would otherwise hand its work to an account that cannot see the stack's folder.
    let user = if rustix::process::geteuid().is_root() { "user root root;" } else { "" };
    let values = [
        ("user", user.to_owned()),
        ("workers", workers.to_string()),
        ("files", files.to_string()),
        ("connections", (files / 2).to_string()),
        ("listen", address(Name::Nginx)),
        ("serve-1", address(Name::Serve1)),
        ("serve-2", address(Name::Serve2)),
    ];
    let fill = |text: String, (name, value): &(&str, String)| text.replace(&format!("{{{{{name}}}}}"), value);
    values.iter().fold(CONFIGURATION.to_owned(), fill)
}

/// Whether this version can be told where to write before it has read its configuration (`-e`, from 1.19.5). An older
/// one first tries its own log in /var/log, and goes on if it cannot.
fn knows_early_log(version: &str) -> bool {
    let number = version.split('/').nth(1).unwrap_or_default();
    let mut parts = number.split(|character: char| !character.is_ascii_digit()).map(str::parse::<u32>);
    let mut part = || parts.next().and_then(Result::ok).unwrap_or_default();
    [part(), part(), part()] >= [1, 19, 5]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_early_log_is_asked_for_only_where_it_is_known() {
        assert!(knows_early_log("nginx version: nginx/1.22.1\n"));
        assert!(knows_early_log("nginx version: nginx/1.30.0 (Ubuntu)\n"));
        assert!(!knows_early_log("nginx version: nginx/1.18.0 (Ubuntu)\n"));
        assert!(!knows_early_log(""));
    }
}
