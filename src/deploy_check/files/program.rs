//! Programs that know their own configuration: nginx, promtool, docker.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

/// Where Debian keeps servers: not in the search path of an ordinary user.
const SERVER_FOLDERS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// A program, if it is installed.
pub(in crate::deploy_check) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SERVER_FOLDERS.map(PathBuf::from));
    let is_program =
        |path: &PathBuf| path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0);
    folders.map(|folder| folder.join(name)).find(is_program)
}

/// What a program said, and whether it was content.
#[derive(Debug)]
pub(in crate::deploy_check) struct Said {
    pub(in crate::deploy_check) good: bool,
    /// Both of its outputs.
    pub(in crate::deploy_check) text: String,
    /// Its standard output alone.
    pub(in crate::deploy_check) result: String,
}

/// Runs a program to its end, without input. It is killed when the caller gives up.
pub(in crate::deploy_check) async fn run<S: AsRef<OsStr>>(program: &PathBuf, arguments: &[S]) -> Result<Said, String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
    let result = String::from_utf8_lossy(&output.stdout).into_owned();
    let text = format!("{result}{}", String::from_utf8_lossy(&output.stderr));
    Ok(Said { good: output.status.success(), text, result })
}
