//! What of a stack runs.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::layout::Layout;
use super::state::State;
use super::{ProcessName, StackError};

/// All processes of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Always the same ones, in the order of [`ProcessName::ALL`].
    pub processes: Vec<ProcessStatus>,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessStatus {
    /// Which one.
    pub name: ProcessName,
    /// Its number while it runs.
    pub pid: Option<u32>,
    /// Where it listens, as `host:port`; kept while it does not run.
    pub address: Option<String>,
    /// Whether it runs.
    pub state: ProcessState,
    /// What it wrote.
    pub log: PathBuf,
}

/// Whether a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessState {
    /// It runs.
    Running,
    /// It should run, and has ended by itself.
    Dead,
    /// It should not run, and does not.
    Stopped,
}

impl fmt::Display for ProcessState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Running => "running",
            Self::Dead => "dead",
            Self::Stopped => "stopped",
        })
    }
}

impl Status {
    /// Whether every process runs.
    pub fn all_run(&self) -> bool {
        self.processes.iter().all(|process| process.state == ProcessState::Running)
    }

    /// One process of them.
    pub fn of(&self, name: ProcessName) -> Option<&ProcessStatus> {
        self.processes.iter().find(|process| process.name == name)
    }
}

/// Reads the state and looks at each process. Takes no lock: it only reads, and shows a stack that is on its start too.
pub(super) fn status(layout: &Layout) -> Result<Option<Status>, StackError> {
    Ok(State::read(layout)?.map(|state| look(layout, &state)))
}

/// What a state comes to.
pub(super) fn look(layout: &Layout, state: &State) -> Status {
    let one = |name: ProcessName| {
        let entry = state.processes.get(&name);
        let running = entry.filter(|entry| entry.is_alive());
        ProcessStatus {
            name,
            pid: running.map(|entry| entry.identity.pid),
            address: state.ports.address(name),
            state: match (entry, running) {
                (_, Some(_)) => ProcessState::Running,
                (Some(_), None) => ProcessState::Dead,
                (None, None) => ProcessState::Stopped,
            },
            log: layout.log(name),
        }
    };
    Status { processes: ProcessName::ALL.map(one).into() }
}
