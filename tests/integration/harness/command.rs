//! A command that is run to its end.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use tokio::process::Command;

/// What a command printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// The binary under test: the one that was built with the tests, or the one that `STOREMGR` names.
pub fn program() -> PathBuf {
    std::env::var_os("STOREMGR").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_storemgr")), PathBuf::from)
}

/// The binary under test with arguments and nothing of the machine's own configuration.
pub fn command(arguments: &[&str], variables: &[(&str, String)]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
    command.current_dir(env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null()).kill_on_drop(true);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the binary under test to its end, with no more than so many file handles.
pub async fn run_with_handles(handles: u32, arguments: &[&str]) -> Ran {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {handles} && exec \"$0\" \"$@\"")]).arg(program()).args(arguments);
    command.env_clear().current_dir(env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null()).kill_on_drop(true);
    ran(command.output().await.unwrap())
}

/// Runs the binary under test to its end.
pub async fn run_command(arguments: &[&str], variables: &[(&str, String)]) -> Ran {
    ran(command(arguments, variables).output().await.unwrap())
}

fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
