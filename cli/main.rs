//! The `storemgr` command: the list of subcommands. Each subcommand is one file with its `Args` and its `run`.

mod completions;
mod deploy_check;
mod failure;
mod health_check;
mod lab;
mod loadtest;
mod migrate;
mod options;
mod output;
mod report;
mod seed;
mod serve;
mod stack;
mod token;

use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use failure::CommandResult;
use options::TypedOptions;

/// A store back end that does not collapse under load, and the tools that measure it.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, arg_required_else_help = true, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Configuration: flags, then the environment, then .env in the working directory, then .storemgr/env (written by `storemgr \
stack up`), then defaults. The database password comes from DB_PASSWORD or DB_PASSWORD_FILE, never from a flag.

Exit codes: 0 good; 1 done, but the result is bad; 2 wrong usage or configuration; 3 could not run; 98 the load generator was \
the bottleneck; 99 a threshold was crossed; 130 interrupted.";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Args>),
    Seed(seed::Args),
    Migrate(migrate::Args),
    Loadtest(Box<loadtest::Args>),
    Report(report::Args),
    DeployCheck(Box<deploy_check::Args>),
    Lab(Box<lab::Args>),
    Stack(stack::Args),
    Token(token::Args),
    Completions(completions::Args),
}

fn main() -> ExitCode {
    let checks_files = deploy_check::checks_files(std::env::args_os());
    let loaded = if checks_files { options::environment::load_the_shell_alone() } else { options::environment::load() };
    let command = || if checks_files { deploy_check::without_variables(Cli::command()) } else { Cli::command() };
    let matches = command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut Cli::command()).exit());
    let outcome = loaded.and_then(|()| run(cli.command, &matches));
    ExitCode::from(failure::report(outcome))
}

fn run(command: Command, matches: &ArgMatches) -> CommandResult {
    let runtime = tokio::runtime::Runtime::new().map_err(failure::Failure::could_not_run)?;
    runtime.block_on(async {
        storemgr::process::outlive_file_limit().map_err(failure::Failure::could_not_run)?;
        let typed = TypedOptions::of(Cli::command(), matches);
        match command {
            Command::Serve(args) => serve::run(*args).await,
            Command::Seed(args) => seed::run(args).await,
            Command::Migrate(args) => migrate::run(args).await,
            Command::Loadtest(args) => Box::pin(loadtest::run(*args, &typed)).await,
            Command::Report(args) => report::run(&args, &typed).await,
            Command::DeployCheck(args) => deploy_check::run(*args, &typed).await,
            Command::Lab(args) => lab::run(*args, &typed).await,
            Command::Stack(args) => stack::run(args).await,
            Command::Token(args) => token::run(&args),
            Command::Completions(args) => completions::run(&args, &mut Cli::command()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
