//! The status of a stack: which of its processes run.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::layout::Layout;
use super::state::State;
use super::{ProcessName, StackError};

/// The status of all processes of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The processes, in the order of [`ProcessName::all`].
    pub processes: Vec<ProcessStatus>,
}

/// The status of one process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessStatus {
    /// The process.
    pub name: ProcessName,
    /// The process number, while it runs.
    pub pid: Option<u32>,
    /// The address on which it listens, as `host:port`, also while it does not run.
    pub address: Option<String>,
    /// Whether it runs, and whether it should.
    pub state: ProcessState,
    /// The path of its log.
    pub log: PathBuf,
}

/// Whether a process runs, and whether it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessState {
    /// It runs, as it should.
    Running,
    /// It should run but has ended by itself.
    Dead,
    /// It does not run and should not.
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
    /// Whether all processes run.
    pub fn all_run(&self) -> bool {
        self.processes.iter().all(|process| process.state == ProcessState::Running)
    }

    /// The status of one process by its name.
    pub fn of(&self, name: ProcessName) -> Option<&ProcessStatus> {
        self.processes.iter().find(|process| process.name == name)
    }
}

/// Reads the state and checks each process. Takes no lock, so it also shows a stack that is just starting.
pub(super) fn status(layout: &Layout) -> Result<Option<Status>, StackError> {
    Ok(State::read(layout)?.map(|state| look(layout, &state)))
}

/// Checks which processes of a state run.
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
    Status { processes: state.known().into_iter().map(one).collect() }
}
