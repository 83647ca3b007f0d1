//! A private stack as plain processes: MySQL or MariaDB, Redis, Prometheus, nginx and two instances of the store, on
//! free loopback ports, with everything they write in `.storemgr/` of one directory.
//!
//! Promises: only processes that a stack started are ever touched, and every one of them is written down before it does
//! anything, so that [`Stack::down`] leaves nothing running even after `up` itself was killed. [`Stack::up`] brings the
//! stack to the state its [`Config`] asks for, from whatever state it is in, and takes back what it started if it cannot.
//!
//! Each kind of process is one file with the same two parts, `recipe` and `answers`; `process` is their list.

mod access;
mod database;
mod down;
mod environment;
mod error;
mod files;
mod identity;
mod launch;
mod layout;
mod lock;
mod nginx;
mod ports;
mod process;
mod programs;
mod prometheus;
mod ready;
mod redis;
mod serve;
mod state;
mod status;
mod stop;
mod up;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use access::Access;
pub use error::{MissingProgram, StackError};
pub use process::Name;
pub use status::{ProcessState, ProcessStatus, Status};

use layout::Layout;

/// What a stack is to be made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// The database server; without it the first of mariadbd and mysqld that is installed.
    pub mysqld: Option<PathBuf>,
    /// The port of nginx; without it a free one, the same each time.
    pub port: Option<u16>,
    /// The program that is started as `serve`: this one, as a rule.
    pub serve_program: PathBuf,
    /// Options for `serve`, the same for both instances.
    pub serve_options: Vec<OsString>,
    /// Whether there are two instances, as in a deployment, or only the first: then nginx and Prometheus know of no other.
    pub second_instance: bool,
    /// The longest wait for one process to answer. A minute: a database that was killed first replays its log.
    pub start_timeout: Duration,
}

impl Config {
    /// The usual stack around a store program.
    pub fn new(serve_program: PathBuf) -> Self {
        Self {
            mysqld: None,
            port: None,
            serve_program,
            serve_options: Vec::new(),
            second_instance: true,
            start_timeout: Duration::from_mins(1),
        }
    }

    /// The instances there are to be.
    fn instances(&self) -> &'static [Name] {
        if self.second_instance { &Name::INSTANCES } else { &Name::INSTANCES[..1] }
    }
}

/// What happens while a stack goes up or down, for whoever wants to show it.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// Another command works on this stack; this one waits for it.
    Waiting,
    /// The process runs since an earlier `up`.
    Running(Name),
    /// The process runs, but not as it is asked for now, and is started anew.
    Changed(Name),
    /// The process was started.
    Started(Name),
    /// The process answers, this long after `up` began to wait for it.
    Ready(Name, Duration),
    /// The stack could not be brought up, and what was started is stopped again.
    TakingBack,
    /// The process has ended in good order.
    Stopped(Name),
    /// The process did not end in time and was killed.
    Killed(Name),
}

/// Who is told of events.
pub type Observer<'a> = &'a (dyn Fn(Event) + Sync);

/// The stack of one directory, running or not.
#[derive(Clone, Debug)]
pub struct Stack {
    layout: Layout,
}

impl Stack {
    /// The stack of a directory; nothing is created or started.
    pub fn open(directory: &Path) -> io::Result<Self> {
        Ok(Self { layout: Layout::new(&directory.canonicalize()?) })
    }

    /// Starts what does not run, restarts what runs in another way than asked for, and returns when all of it answers.
    ///
    /// When something fails or `cancelled` resolves, what this call started is stopped again before it returns.
    pub async fn up(
        &self,
        config: &Config,
        observer: Observer<'_>,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Status, StackError> {
        up::up(&self.layout, config, observer, cancelled).await
    }

    /// Stops everything, the instances first so that they can drain. Good also when nothing runs.
    pub async fn down(&self, observer: Observer<'_>) -> Result<(), StackError> {
        down::down(&self.layout, observer).await
    }

    /// Stops the instances alone: the next [`Stack::up`] starts fresh ones, whatever it asks for.
    pub async fn stop_instances(&self, observer: Observer<'_>) -> Result<(), StackError> {
        down::stop_instances(&self.layout, observer).await
    }

    /// Where the services of the stack answer, and with which account; nothing while it is not up.
    pub fn access(&self) -> Result<Option<Access>, StackError> {
        access::access(&self.layout)
    }

    /// What runs; nothing when there has never been a stack here.
    pub fn status(&self) -> Result<Option<Status>, StackError> {
        status::status(&self.layout)
    }
}
