//! `storemgr completions`: prints completion scripts for shells.

use storemgr::process::Exit;

use crate::failure::CommandResult;
use crate::output;

/// Print a completion script for a shell, e.g. `storemgr completions bash > ~/.local/share/bash-completion/completions/storemgr`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell that reads the script
    shell: clap_complete::Shell,
}

pub(crate) fn run(args: &Args, command: &mut clap::Command) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "storemgr", &mut script);
    output::write(&script)?;
    Ok(Exit::Good)
}
