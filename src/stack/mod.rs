//! A private stack as plain processes: MySQL or MariaDB, Redis, Prometheus, nginx and two instances of the store, on
//! free loopback ports, with everything they write in `.storemgr/` of one directory.
//!
//! Promises: only processes that a stack started are ever touched, and every one of them is written down before it does
//! anything, so that [`Stack::down`] leaves nothing running even after `up` itself was killed. [`Stack::up`] brings the
//! stack to the state its [`Config`] asks for, from whatever state it is in, and takes back what it started if it cannot.
//!
//! Each kind of process is one file with the same two parts, `launch_spec` and `answers`; `process` is their list.

mod access;
mod config;
mod database;
mod down;
mod environment;
mod error;
mod event;
mod files;
mod identity;
mod launch;
mod launch_spec;
mod layout;
mod lock;
mod nginx;
mod ports;
mod probe;
mod process;
mod process_name;
mod programs;
mod prometheus;
mod ready;
mod redis;
mod serve;
mod state;
mod status;
mod stop;
mod up;

use std::io;
use std::path::Path;

pub use access::Access;
pub use config::Config;
pub use error::{MissingProgram, StackError};
pub use event::{Event, Observer};
pub use process_name::ProcessName;
pub use status::{ProcessState, ProcessStatus, Status};

use layout::Layout;

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

    /// Starts what does not run, restarts what runs in another start than asked for, and returns when all of it answers.
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
