//! Runs programs that check their own configuration or know the containers: nginx, promtool, docker.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

/// Folders of servers on Debian, which are not in the search path of an ordinary user.
const SERVER_FOLDERS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// The path of a program; `None` if it is not installed.
pub(in crate::deploy_check) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SERVER_FOLDERS.map(PathBuf::from));
    let is_program =
        |path: &PathBuf| path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0);
    folders.map(|folder| folder.join(name)).find(is_program)
}

/// The output of a program, and whether its exit code was 0.
#[derive(Debug)]
pub(in crate::deploy_check) struct ProgramOutput {
    pub(in crate::deploy_check) succeeded: bool,
    /// Standard output, then standard error.
    pub(in crate::deploy_check) text: String,
    /// Standard output without standard error.
    pub(in crate::deploy_check) result: String,
}

/// Runs a program to its end, without input. It is killed if the future is dropped.
pub(in crate::deploy_check) async fn run<S: AsRef<OsStr>>(
    program: &PathBuf,
    arguments: &[S],
) -> Result<ProgramOutput, String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
    let result = String::from_utf8_lossy(&output.stdout).into_owned();
    let text = format!("{result}{}", String::from_utf8_lossy(&output.stderr));
    Ok(ProgramOutput { succeeded: output.status.success(), text, result })
}
