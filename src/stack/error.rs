//! Why a stack cannot be started or stopped. Each message says what to do, if something can be done.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ProcessName;
use crate::units;

/// A program that is not installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingProgram {
    /// The name of the program.
    pub program: &'static str,
    /// The package of Debian and Ubuntu that contains it.
    pub package: &'static str,
}

/// Why the stack could not be started, stopped or read.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// These programs are not installed.
    #[error("{}", missing(.0))]
    Missing(Vec<MissingProgram>),
    /// The database server in the configuration is not an executable file.
    #[error("{} is not an executable program", .path.display())]
    NoProgram {
        /// The path in the configuration.
        path: PathBuf,
    },
    /// The program in the configuration is not a database server.
    #[error("{} is neither mysqld nor mariadbd: its --version says {said:?}", .path.display())]
    NoDatabase {
        /// The path in the configuration.
        path: PathBuf,
        /// The first line that it printed for `--version`.
        said: String,
    },
    /// A group was asked for, and the database server has none.
    #[error("{} is MariaDB, and a group needs MySQL 8.4 or newer: name its server with --mysqld", .path.display())]
    NoGroup {
        /// The path of the server.
        path: PathBuf,
    },
    /// The members of the group did not come together.
    #[error("the database servers did not become a group: {0}")]
    Group(crate::db::DbError),
    /// What is to fail does not run, or is not there.
    #[error("{0}")]
    NothingToFail(&'static str),
    /// Another program uses the port in the configuration.
    #[error("port {port} is in use by another program: choose another port, or name none to get a free one")]
    PortInUse {
        /// The port, on 127.0.0.1.
        port: u16,
    },
    /// Another program took the port of a process that was being started.
    #[error(
        "{name} cannot listen: another program has taken port {port} of 127.0.0.1; run the command again, which chooses another port"
    )]
    PortTaken {
        /// The process.
        name: ProcessName,
        /// Its port, on 127.0.0.1.
        port: u16,
    },
    /// The system gave no free port.
    #[error("no free port on 127.0.0.1: {0}")]
    NoPort(io::Error),
    /// Another command is changing this stack and did not end in time.
    #[error("another command has been working on this stack for {}: wait for it, or stop it", units::duration(*.waited))]
    Busy {
        /// How long this command waited.
        waited: Duration,
    },
    /// A file or folder of the stack could not be used.
    #[error("{} cannot be {verb}: {source}", .path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What failed: `read`, `written` or another participle.
        verb: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file with the list of processes is not valid.
    #[error(
        "{} cannot be understood ({reason}): if nothing of the stack runs, remove this file and run `storemgr stack up`",
        .path.display()
    )]
    State {
        /// Its path.
        path: PathBuf,
        /// What is wrong with the file.
        reason: String,
    },
    /// The operating system did not start the program.
    #[error("{name} could not be started: {source}")]
    Spawn {
        /// The process.
        name: ProcessName,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The program ended before it answered.
    #[error("{name} {ending} before it was ready; the last lines of {}:{}", .log.display(), quoted(.lines))]
    Crashed {
        /// The process.
        name: ProcessName,
        /// How it ended, such as `ended with exit code 1`.
        ending: String,
        /// The path of its log.
        log: PathBuf,
        /// The last lines of its log.
        lines: Vec<String>,
    },
    /// The program runs but did not answer in time.
    #[error("{name} runs, but was not ready after {}; the last lines of {}:{}", units::duration(*.after), .log.display(), quoted(.lines))]
    NotReady {
        /// The process.
        name: ProcessName,
        /// How long this command waited.
        after: Duration,
        /// The path of its log.
        log: PathBuf,
        /// The last lines of its log.
        lines: Vec<String>,
    },
    /// These processes survived SIGKILL, which happens while a process is blocked in the kernel.
    #[error("still running after SIGKILL: {}", names(.0))]
    WouldNotStop(Vec<ProcessName>),
    /// The command was interrupted. What it started has been stopped.
    #[error("interrupted; what was started has been stopped again")]
    Interrupted,
}

impl StackError {
    /// Whether the command line or the installed programs must change first, so that trying again cannot help.
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::Missing(_) | Self::NoProgram { .. } | Self::NoDatabase { .. } | Self::NoGroup { .. })
    }

    /// Makes the error of an operation on a file, for `map_err`. `verb` is a participle: `read`, `written`.
    pub(super) fn file(path: &Path, verb: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, verb, source }
    }
}

fn missing(programs: &[MissingProgram]) -> String {
    let list = |pick: fn(&MissingProgram) -> &'static str, between| {
        programs.iter().map(pick).collect::<Vec<_>>().join(between)
    };
    let verb = if programs.len() == 1 { "is" } else { "are" };
    format!(
        "{} {verb} not installed: run ops/install, or `apt-get install {}` on Debian and Ubuntu",
        list(|missing| missing.program, ", "),
        list(|missing| missing.package, " "),
    )
}

fn names(names: &[ProcessName]) -> String {
    names.iter().map(ProcessName::to_string).collect::<Vec<_>>().join(", ")
}

/// Lines of a log, each on an indented line of its own.
fn quoted(lines: &[String]) -> impl fmt::Display {
    if lines.is_empty() {
        return " (nothing was written)".to_owned();
    }
    lines.iter().map(|line| format!("\n    {line}")).collect()
}
