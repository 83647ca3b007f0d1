//! `stack.json`: the processes that were started, and their ports. It is the only state that a stack keeps between two
//! commands.

use std::collections::BTreeMap;
use std::ffi::OsString;
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

/// The version of the format below. A file with another version is refused.
const VERSION: u32 = 1;

/// The content of `stack.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    version: u32,
    /// How many instances were last asked for.
    #[serde(default = "two")]
    pub(super) instances: u8,
    /// How many database servers were last asked for.
    #[serde(default = "one")]
    pub(super) replicas: u8,
    /// The ports on which the members of a group talk with each other.
    #[serde(default)]
    pub(super) group_ports: Ports,
    /// The options that were last asked for, so that what has failed can be started again.
    #[serde(default)]
    pub(super) asked: Option<Asked>,
    /// The ports, kept while the stack is down so that addresses stay the same.
    pub(super) ports: Ports,
    /// The processes that should run. A process is recorded before it does anything, and removed when it has ended.
    pub(super) processes: BTreeMap<ProcessName, ProcessEntry>,
}

/// The options of the last `up`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) mysqld: Option<PathBuf>,
    pub(super) port: Option<u16>,
    pub(super) serve_options: Vec<OsString>,
    pub(super) balance: String,
}

/// A process that was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ProcessEntry {
    #[serde(flatten)]
    pub(super) identity: Identity,
    /// The program that it runs, which is known when it answers; before that, a script may replace itself by the program.
    pub(super) executable: Option<PathBuf>,
    /// Whether the process is not the server yet, but the program that prepares its data.
    #[serde(default)]
    pub(super) preparing: bool,
    /// The fingerprint of the launch spec from which it was started.
    pub(super) fingerprint: String,
}

impl ProcessEntry {
    /// Whether this process still runs, with the same program as when it was recorded.
    pub(super) fn is_alive(&self) -> bool {
        let same = |expected: &PathBuf| self.running_executable().is_none_or(|seen| seen == *expected);
        self.identity.is_alive() && self.executable.as_ref().is_none_or(same)
    }

    /// The program that the process runs; `None` if the system does not show it.
    pub(super) fn running_executable(&self) -> Option<PathBuf> {
        let path = fs::read_link(format!("/proc/{}/exe", self.identity.pid)).ok()?;
        // Linux appends this if the program's file was replaced while it runs, as a build does.
        let text = path.to_str().and_then(|text| text.strip_suffix(" (deleted)")).map(PathBuf::from);
        Some(text.unwrap_or(path))
    }
}

/// The state and its file. Every change is written to the file before the caller continues.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    state: Mutex<State>,
}

/// The number of instances of a stack whose file does not tell it, which is one of an earlier version.
const fn two() -> u8 {
    2
}

const fn one() -> u8 {
    1
}

impl State {
    /// The processes that were asked for, and those that are left of an earlier configuration.
    pub(super) fn known(&self) -> Vec<ProcessName> {
        let asked = ProcessName::all(self.instances).chain(ProcessName::replicated(self.replicas));
        let left = self.processes.keys().copied().filter(|name| !asked.clone().any(|asked| asked == *name));
        asked.clone().chain(left).collect()
    }

    /// Reads the file; `None` if there is none.
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
    /// Reads the state from the file, or begins an empty one.
    pub(super) fn load(layout: &Layout) -> Result<Self, StackError> {
        let new = || State {
            version: VERSION,
            instances: two(),
            replicas: one(),
            group_ports: Ports::default(),
            asked: None,
            ports: Ports::default(),
            processes: BTreeMap::new(),
        };
        let state = State::read(layout)?.unwrap_or_else(new);
        Ok(Self { path: layout.state(), state: Mutex::new(state) })
    }

    /// A copy of the present state.
    pub(super) fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The entry of one process; `None` if it should not run.
    pub(super) fn entry(&self, name: ProcessName) -> Option<ProcessEntry> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).processes.get(&name).cloned()
    }

    /// Changes the state and writes it to the file.
    pub(super) fn change(&self, change: impl FnOnce(&mut State)) -> Result<(), StackError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let text = serde_json::to_string_pretty(&*state).unwrap_or_default() + "\n";
        files::replace(&self.path, &text)
    }
}
