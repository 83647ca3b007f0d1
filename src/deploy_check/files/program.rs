//! Runs programs that check their own configuration or know the containers: nginx, promtool, docker, git.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// Folders of servers on Debian, which are not in the search path of an ordinary user.
const SERVER_FOLDERS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// The account of nobody, on Debian and elsewhere.
pub(in crate::deploy_check) const NOBODY: u32 = 65_534;

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

/// What a program may use that reads a stranger's files.
#[derive(Clone, Copy, Debug)]
pub(in crate::deploy_check) struct Bounds {
    pub(in crate::deploy_check) time: Duration,
    /// Its address space in KiB; 0 for programs that reserve much more than they use.
    pub(in crate::deploy_check) memory_kib: u64,
    /// Whether it runs as nobody, if this is root. It then sees only what everybody may read.
    pub(in crate::deploy_check) as_nobody: bool,
}

/// Runs a program to its end, without input. It is killed if the future is dropped.
pub(in crate::deploy_check) async fn run<S: AsRef<OsStr>>(
    program: &PathBuf,
    arguments: &[S],
) -> Result<ProgramOutput, String> {
    let mut command = Command::new(program);
    command.args(arguments);
    finished(command, program).await
}

/// Runs a program that reads a stranger's files, with an empty environment but for `variables`,
/// and within bounds of time, memory and what it may write.
pub(in crate::deploy_check) async fn run_bounded<S: AsRef<OsStr>>(
    program: &PathBuf,
    arguments: &[S],
    variables: &[(&str, &str)],
    bounds: Bounds,
) -> Result<ProgramOutput, String> {
    let seconds = bounds.time.as_secs().max(1);
    let memory = if bounds.memory_kib == 0 { String::new() } else { format!("ulimit -v {};", bounds.memory_kib) };
    let script = format!("ulimit -c 0; ulimit -t {seconds}; ulimit -f 65536; {memory} exec \"$0\" \"$@\"");
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(script).arg(program).args(arguments).env_clear().current_dir("/");
    command.env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").envs(variables.iter().copied());
    if bounds.as_nobody && rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let late = || format!("{} took longer than {} s", program.display(), bounds.time.as_secs());
    tokio::time::timeout(bounds.time, finished(command, program)).await.unwrap_or_else(|_| Err(late()))
}

async fn finished(mut command: Command, program: &std::path::Path) -> Result<ProgramOutput, String> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
    let result = String::from_utf8_lossy(&output.stdout).into_owned();
    let text = format!("{result}{}", String::from_utf8_lossy(&output.stderr));
    Ok(ProgramOutput { succeeded: output.status.success(), text, result })
}
