//! `storemgr stack`: starts, stops and shows a private stack in this directory.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Subcommand;
use storemgr::process::{self, Exit, terminated};
use storemgr::stack::{Config, Event, ProcessState, Stack, StackError, Status};
use storemgr::table::{Align, Table, Tone};
use storemgr::units;

use crate::failure::{CommandResult, Failure};
use crate::options::{JsonArgs, NamedFiles};

/// Run a private database, Redis, Prometheus, nginx and two instances of the store in .storemgr/
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the processes that do not run, and wait until all of them answer
    Up(Up),
    /// Stop everything that `up` started; the data are kept
    Down,
    /// Show which processes run; exit code 0 when all of them do, otherwise 1
    Status(JsonArgs),
}

#[derive(Debug, clap::Args)]
struct Up {
    #[command(flatten)]
    processes: ProcessArgs,
    /// Options for both instances, after `--`, e.g. `-- --order-writer per-item`; instances that run with other options
    /// are restarted
    #[arg(last = true, value_name = "SERVE OPTIONS", help_heading = "Instances")]
    serve_options: Vec<OsString>,
}

/// The options for the processes of the stack.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Processes")]
struct ProcessArgs {
    /// The database server to run [default: mariadbd or mysqld, whichever is installed]
    #[arg(long, env = "STOREMGR_MYSQLD", value_name = "PATH")]
    mysqld: Option<PathBuf>,
    /// The port of 127.0.0.1 on which nginx listens [default: a free port, the same each time]
    #[arg(long, env = "STOREMGR_STACK_PORT", value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// How long to wait until a process answers
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = crate::options::duration)]
    timeout: Duration,
}

pub(crate) async fn run(args: Args) -> CommandResult {
    let stack = Stack::open(Path::new(".")).context("this directory cannot be read").map_err(Failure::usage)?;
    match args.command {
        Command::Up(up) => run_up(&stack, up).await,
        Command::Down => run_down(&stack).await,
        Command::Status(json) => run_status(&stack, &json),
    }
}

async fn run_up(stack: &Stack, up: Up) -> CommandResult {
    let program = std::env::current_exe().context("the path of this program cannot be found");
    let config = Config {
        mysqld: up.processes.mysqld,
        port: up.processes.port,
        serve_options: up.serve_options,
        start_timeout: up.processes.timeout,
        ..Config::new(program.map_err(Failure::could_not_run)?)
    };
    let cancelled = terminated().map_err(Failure::could_not_run)?;
    match stack.up(&config, &say, cancelled).await {
        Ok(status) => {
            crate::output::say(&table(&status).to_terminal())?;
            crate::output::say("Commands in this directory now use this stack. `storemgr stack down` stops it.")?;
            Ok(Exit::Good)
        }
        Err(error @ StackError::Interrupted) => {
            process::tell(&format!("storemgr: {error}"));
            Ok(Exit::Interrupted)
        }
        Err(error) => Err(failure(error)),
    }
}

async fn run_down(stack: &Stack) -> CommandResult {
    stack.down(&say).await.map_err(failure)?;
    process::tell("the stack is stopped");
    Ok(Exit::Good)
}

fn run_status(stack: &Stack, json: &JsonArgs) -> CommandResult {
    NamedFiles::default().output("--json", json.path()).check()?;
    let output = json.open()?;
    let status = stack.status().map_err(failure)?;
    let Some(status) = status else {
        process::tell("there is no stack in this directory: `storemgr stack up` starts one");
        output.write(&Status { processes: Vec::new() })?;
        return Ok(Exit::Bad);
    };
    if output.tables_wanted() {
        crate::output::say(&table(&status).to_terminal())?;
    }
    output.write(&status)?;
    if status.all_run() {
        return Ok(Exit::Good);
    }
    let stopped = status.processes.iter().all(|process| process.state == ProcessState::Stopped);
    let what = if stopped { "the stack is stopped" } else { "not all of the stack runs" };
    process::tell(&format!("{what}: `storemgr stack up` starts what does not run"));
    Ok(Exit::Bad)
}

fn failure(error: StackError) -> Failure {
    if error.is_usage() { Failure::usage(error) } else { Failure::could_not_run(error) }
}

/// One short line on standard error for each event, so that standard output holds the table alone.
fn say(event: Event) {
    match event {
        Event::Waiting => process::tell("another command is changing this stack; waiting for it"),
        Event::Running(name) => process::tell(&format!("{name:<10} is already running")),
        Event::Changed(name) => process::tell(&format!("{name:<10} runs with other options; restarting")),
        Event::Started(name) => process::tell(&format!("{name:<10} started")),
        Event::Ready(name, after) => process::tell(&format!("{name:<10} ready after {}", units::duration(after))),
        Event::TakingBack => process::tell("the stack did not start; stopping what was started"),
        Event::Stopped(name) => process::tell(&format!("{name:<10} stopped")),
        Event::Killed(name) => process::tell(&format!("{name:<10} did not stop in time and was killed")),
    }
}

fn table(status: &Status) -> Table {
    let columns = [
        ("Process", Align::Left),
        ("State", Align::Left),
        ("Address", Align::Left),
        ("Pid", Align::Right),
        ("Log", Align::Left),
    ];
    let mut table = Table::new("", &columns);
    let here = std::env::current_dir().unwrap_or_default();
    for process in &status.processes {
        let tone = match process.state {
            ProcessState::Running => Tone::Good,
            ProcessState::Dead => Tone::Bad,
            ProcessState::Stopped => Tone::Doubtful,
        };
        let log = process.log.strip_prefix(&here).unwrap_or(&process.log);
        table.toned_row([
            (process.name.to_string(), Tone::Plain),
            (process.state.to_string(), tone),
            (process.address.clone().unwrap_or_default(), Tone::Plain),
            (process.pid.map(|pid| pid.to_string()).unwrap_or_default(), Tone::Plain),
            (log.display().to_string(), Tone::Plain),
        ]);
    }
    table
}
