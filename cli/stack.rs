//! `storemgr stack`: starts, stops and shows a private stack in this directory.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Subcommand;
use storemgr::process::{self, Exit, terminated};
use storemgr::stack::{Balance, Config, Event, Part, ProcessName, ProcessState, Stack, StackError, Status};
use storemgr::table::{Align, Table, Tone};
use storemgr::units;

use crate::failure::{CommandResult, Failure};
use crate::options::{JsonArgs, NamedFiles};

/// Run a private database, Redis, Prometheus, nginx and instances of the store in .storemgr/
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
    /// Kill a part, as a failure would: the database server that takes writes, the Redis that is the master, or an instance
    Fail {
        /// primary, redis or instance
        #[arg(value_name = "PART", value_parser = part)]
        part: Part,
    },
    /// Start again what has failed, with the options of the last `up`
    Heal,
    /// Show which processes run; exit code 0 when all of them do, otherwise 1
    Status(JsonArgs),
}

#[derive(Debug, clap::Args)]
struct Up {
    #[command(flatten)]
    processes: ProcessArgs,
    /// Options for all instances, after `--`, e.g. `-- --order-writer per-item`; instances that run with other options
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
    /// The number of instances of the store behind nginx; those beyond it are stopped
    #[arg(long, env = "STOREMGR_STACK_INSTANCES", value_name = "COUNT", default_value_t = 2,
          value_parser = clap::value_parser!(u8).range(1..=i64::from(ProcessName::MOST_INSTANCES)))]
    instances: u8,
    /// The number of database servers: 1, or 3 as a MySQL group (Group Replication), with two Redis and a Sentinel
    #[arg(long, env = "STOREMGR_STACK_REPLICAS", value_name = "COUNT", default_value_t = 1, value_parser = replicas)]
    replicas: u8,
    /// How nginx chooses the instance for a request: least_conn, round_robin, ip_hash or random
    #[arg(long, env = "STOREMGR_STACK_BALANCE", value_name = "POLICY", default_value_t = Balance::LeastConn,
          value_parser = crate::options::balance)]
    balance: Balance,
    /// How long to wait until a process answers
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = crate::options::duration)]
    timeout: Duration,
}

pub(crate) async fn run(args: Args) -> CommandResult {
    let stack = Stack::open(Path::new(".")).context("this directory cannot be read").map_err(Failure::usage)?;
    match args.command {
        Command::Up(up) => run_up(&stack, up).await,
        Command::Down => run_down(&stack).await,
        Command::Fail { part } => run_fail(&stack, part).await,
        Command::Heal => run_heal(&stack).await,
        Command::Status(json) => run_status(&stack, &json),
    }
}

async fn run_up(stack: &Stack, up: Up) -> CommandResult {
    let program = std::env::current_exe().context("the path of this program cannot be found");
    let config = Config {
        mysqld: up.processes.mysqld,
        port: up.processes.port,
        serve_options: up.serve_options,
        instances: up.processes.instances,
        replicas: up.processes.replicas,
        balance: up.processes.balance,
        token: crate::options::token()?,
        start_timeout: up.processes.timeout,
        ..Config::new(program.map_err(Failure::could_not_run)?)
    };
    let cancelled = terminated().map_err(Failure::could_not_run)?;
    shown(stack.up(&config, &say, cancelled).await)
}

async fn run_fail(stack: &Stack, part: Part) -> CommandResult {
    let killed = stack.fail(part).await.map_err(failure)?;
    crate::output::say(&format!("Killed {killed}. `storemgr stack heal` starts it again."))?;
    Ok(Exit::Good)
}

async fn run_heal(stack: &Stack) -> CommandResult {
    let program = std::env::current_exe().context("the path of this program cannot be found");
    let config = Config { token: crate::options::token()?, ..Config::new(program.map_err(Failure::could_not_run)?) };
    let cancelled = terminated().map_err(Failure::could_not_run)?;
    shown(stack.heal(config, &say, cancelled).await)
}

/// Reads the name of a part that may fail.
fn part(text: &str) -> Result<Part, String> {
    match text {
        "primary" => Ok(Part::Primary),
        "redis" => Ok(Part::Redis),
        "instance" => Ok(Part::Instance),
        other => Err(format!("{other:?} is none of primary, redis and instance")),
    }
}

/// Reads the number of database servers.
fn replicas(text: &str) -> Result<u8, String> {
    match text.trim() {
        "1" => Ok(1),
        "3" => Ok(ProcessName::GROUP),
        other => Err(format!("{other:?} is neither 1 nor 3")),
    }
}

/// Shows the stack that was started.
fn shown(started: Result<Status, StackError>) -> CommandResult {
    match started {
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
