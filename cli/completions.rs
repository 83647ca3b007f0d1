//! `storemgr completions`: completion scripts for shells.

/// Print a completion script for a shell, e.g. `storemgr completions bash > ~/.local/share/bash-completion/completions/storemgr`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: clap_complete::Shell,
}

pub(crate) fn run(args: &Args, command: &mut clap::Command) {
    clap_complete::generate(args.shell, command, "storemgr", &mut std::io::stdout());
}
