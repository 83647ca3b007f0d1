//! `stack.json`: which processes were started and on which ports. The only state_file a stack has between two commands.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::files;
use super::identity::Identity;
use super::layout::Layout;
use super::ports::Ports;
use super::{ProcessName, StackError};

/// The format below; another number is another program's.
const VERSION: u32 = 1;

/// What is remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    version: u32,
    /// Kept while the stack is down, so that addresses stay the same.
    pub(super) ports: Ports,
    /// What should run. A process is here from before it does anything until it is known to have ended.
    pub(super) processes: BTreeMap<ProcessName, ProcessEntry>,
}

/// A process that was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ProcessEntry {
    #[serde(flatten)]
    pub(super) identity: Identity,
    /// What it runs, known when it answers: a script may hand over to another program at its start.
    pub(super) executable: Option<PathBuf>,
    /// Whether it is not the server yet, but the program that makes its first data.
    #[serde(default)]
    pub(super) preparing: bool,
    /// Of the launch_spec it was started from.
    pub(super) fingerprint: String,
}

impl ProcessEntry {
    /// Whether this very process still runs the program it ran when it was written down.
    pub(super) fn is_alive(&self) -> bool {
        let same = |expected: &PathBuf| self.running_executable().is_none_or(|seen| seen == *expected);
        self.identity.is_alive() && self.executable.as_ref().is_none_or(same)
    }

    /// What the process runs, if the system lets us see it.
    pub(super) fn running_executable(&self) -> Option<PathBuf> {
        let path = fs::read_link(format!("/proc/{}/exe", self.identity.pid)).ok()?;
        // The system says so of a program whose file was replaced while it runs, as a build does.
        let text = path.to_str().and_then(|text| text.strip_suffix(" (deleted)")).map(PathBuf::from);
        Some(text.unwrap_or(path))
    }
}

/// The state together with its file: every change is written before the caller goes on.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    state: Mutex<State>,
}

impl State {
    /// What the file says; nothing when there is none.
    pub(super) fn read(layout: &Layout) -> Result<Option<Self>, StackError> {
        let path = layout.state();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StackError::file(&path, "read")(error)),
        };
        match serde_json::from_slice::<Self>(&text) {
            Ok(state) if state.version == VERSION => Ok(Some(state)),
            Ok(state) => Err(StackError::State { path, reason: format!("it has format {}", state.version) }),
            Err(error) => Err(StackError::State { path, reason: error.to_string() }),
        }
    }
}

impl StateFile {
    /// Reads the state, or begins a new one.
    pub(super) fn load(layout: &Layout) -> Result<Self, StackError> {
        let new = || State { version: VERSION, ports: Ports::default(), processes: BTreeMap::new() };
        let state = State::read(layout)?.unwrap_or_else(new);
        Ok(Self { path: layout.state(), state: Mutex::new(state) })
    }

    /// A copy of the state as it is now.
    pub(super) fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is remembered of one process.
    pub(super) fn entry(&self, name: ProcessName) -> Option<ProcessEntry> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).processes.get(&name).cloned()
    }

    /// Changes the state and writes it.
    pub(super) fn change(&self, change: impl FnOnce(&mut State)) -> Result<(), StackError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let text = serde_json::to_string_pretty(&*state).unwrap_or_default() + "\n";
        files::replace(&self.path, &text)
    }
}
