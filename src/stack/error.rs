//! Why a stack cannot be brought up or down, in sentences that say what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ProcessName;
use crate::units;

/// A program that is not installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingProgram {
    /// What was looked for.
    pub program: &'static str,
    /// The package of Debian and Ubuntu that has it.
    pub package: &'static str,
}

/// Why the stack is not as it was asked to be.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// Programs are not installed.
    #[error("{}", missing(.0))]
    Missing(Vec<MissingProgram>),
    /// The program named for the database is none.
    #[error("{} is no program that can be run", .path.display())]
    NoProgram {
        /// The path that was given.
        path: PathBuf,
    },
    /// The program named for the database is something else.
    #[error("{} is neither mysqld nor mariadbd: its --version says {said:?}", .path.display())]
    NoDatabase {
        /// The path that was given.
        path: PathBuf,
        /// What it said.
        said: String,
    },
    /// The port asked for is taken.
    #[error("port {port} is in use by another program: choose another, or none for a free one")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// There is no free port.
    #[error("no free port on 127.0.0.1: {0}")]
    NoPort(io::Error),
    /// Another command changes this stack and does not come to an end.
    #[error("another command has been working on this stack for {}: wait for it, or stop it", units::duration(*.waited))]
    Busy {
        /// How long was waited.
        waited: Duration,
    },
    /// A file of the stack cannot be read or written.
    #[error("{} cannot be {verb}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read`, `written` or the like.
        verb: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The list of processes makes no sense.
    #[error(
        "{} cannot be understood ({reason}): if nothing of the stack runs, remove this file and run `storemgr stack up`",
        .path.display()
    )]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system did not start the program.
    #[error("{name} could not be started: {source}")]
    Spawn {
        /// Which process.
        name: ProcessName,
        /// What the system says.
        source: io::Error,
    },
    /// The program ended instead of answering.
    #[error("{name} {ending} before it was ready; the last lines of {}:{}", .log.display(), quoted(.lines))]
    Crashed {
        /// Which process.
        name: ProcessName,
        /// How it ended.
        ending: String,
        /// Its log.
        log: PathBuf,
        /// The end of its log.
        lines: Vec<String>,
    },
    /// The program runs and does not answer.
    #[error("{name} runs, but was not ready after {}; the last lines of {}:{}", units::duration(*.after), .log.display(), quoted(.lines))]
    NotReady {
        /// Which process.
        name: ProcessName,
        /// How long was waited.
        after: Duration,
        /// Its log.
        log: PathBuf,
        /// The end of its log.
        lines: Vec<String>,
    },
    /// Processes survived SIGKILL, which a process stuck in the kernel does.
    #[error("still running after SIGKILL: {}", names(.0))]
    WouldNotStop(Vec<ProcessName>),
    /// Somebody asked to stop.
    #[error("interrupted; what was started is stopped again")]
    Interrupted,
}

impl StackError {
    /// Whether the machine or the command line must change first, so that trying again is of no use.
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::Missing(_) | Self::NoProgram { .. } | Self::NoDatabase { .. })
    }

    /// For `map_err` on what is done with a file.
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
    names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Lines of a log, set off from the sentence before them.
fn quoted(lines: &[String]) -> impl fmt::Display {
    if lines.is_empty() {
        return " (nothing was written)".to_owned();
    }
    lines.iter().map(|line| format!("\n    {line}")).collect()
}
