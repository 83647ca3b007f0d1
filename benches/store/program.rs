//! Starts the program that is built for users.

use std::process::Stdio;

use tokio::process::Command;

/// A command that runs the program with these variables, without any setting of the caller's environment.
pub(crate) fn command(variables: &[(&'static str, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_storemgr"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("STOREMGR_") || name.starts_with("DB_")) {
        command.env_remove(name);
    }
    command.envs(variables.iter().cloned()).stdin(Stdio::null());
    command
}
