//! Starts the program that is built for users, or the one that `STOREMGR` names.

use std::process::Stdio;

use tokio::process::Command;

/// A command that runs the program with these variables, without any setting of the caller's environment.
pub(crate) fn command(variables: &[(&'static str, String)]) -> Command {
    let program = std::env::var_os("STOREMGR").unwrap_or_else(|| env!("CARGO_BIN_EXE_storemgr").into());
    let mut command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("STOREMGR_") || name.starts_with("DB_")) {
        command.env_remove(name);
    }
    command.envs(variables.iter().cloned()).stdin(Stdio::null());
    command
}
