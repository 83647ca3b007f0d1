//! A private stack of ordinary processes: MySQL or MariaDB, Redis, Prometheus, nginx and instances of the store. They
//! listen on free loopback ports and write only below `.storemgr/` of one directory.
//!
//! Promises: a stack touches only processes that it started. Every process is recorded before it does anything, so that
//! [`Stack::down`] leaves nothing running even if `up` was killed. [`Stack::up`] brings the stack from any state to the one
//! that its [`Config`] asks for; if it cannot, it stops what it started.
//!
//! Each kind of process is one file with the same two functions, `launch_spec` and `answers`; `process` lists them.

mod access;
mod balance;
mod config;
mod database;
mod down;
mod environment;
mod error;
mod event;
mod fail;
mod files;
mod group;
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
mod roles;
mod sentinel;
mod serve;
mod state;
mod status;
mod stop;
mod subjects;
mod up;

use std::io;
use std::path::Path;

pub use access::Access;
pub use balance::Balance;
pub use config::Config;
pub use error::{MissingProgram, StackError};
pub use event::{Event, Observer};
pub use fail::Part;
pub use process_name::ProcessName;
pub use programs::check_group;
pub use status::{ProcessState, ProcessStatus, Status};

use crate::net::Target;
use crate::observe::Subject;
use layout::Layout;

/// The stack of one directory, running or not.
#[derive(Clone, Debug)]
pub struct Stack {
    layout: Layout,
}

impl Stack {
    /// Opens the stack of a directory, which must exist. Creates and starts nothing.
    pub fn open(directory: &Path) -> io::Result<Self> {
        Ok(Self { layout: Layout::new(&directory.canonicalize()?) })
    }

    /// Starts the processes that do not run, restarts those that run with other options than asked for, and returns when all
    /// of them answer.
    ///
    /// If something fails or `cancelled` resolves, the processes that this call started are stopped before it returns.
    pub async fn up(
        &self,
        config: &Config,
        observer: Observer<'_>,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Status, StackError> {
        up::up(&self.layout, config, observer, cancelled).await
    }

    /// Kills a part of the running stack, as a failure would; gives the process that was killed.
    pub async fn fail(&self, part: Part) -> Result<ProcessName, StackError> {
        fail::fail(&self.layout, part).await
    }

    /// Starts again what has failed, with the options of the last [`Stack::up`].
    pub async fn heal(
        &self,
        config: Config,
        observer: Observer<'_>,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Status, StackError> {
        let config = fail::as_before(&self.layout, config)?;
        up::up(&self.layout, &config, observer, cancelled).await
    }

    /// Stops all processes, the instances first so that they can finish their requests. It is no error if none runs.
    pub async fn down(&self, observer: Observer<'_>) -> Result<(), StackError> {
        down::down(&self.layout, observer).await
    }

    /// Stops the instances only, so that the next [`Stack::up`] starts new ones even if it asks for the same options.
    pub async fn stop_instances(&self, observer: Observer<'_>) -> Result<(), StackError> {
        down::stop_instances(&self.layout, observer).await
    }

    /// The addresses of the services and the account of the database; `None` if no process of the stack runs.
    pub fn access(&self) -> Result<Option<Access>, StackError> {
        access::access(&self.layout)
    }

    /// What a load test of this address of the stack, nginx or an instance, can watch; empty for any other address.
    pub async fn subjects(&self, target: &Target) -> Result<Vec<Subject>, StackError> {
        subjects::behind(&self.layout, target).await
    }

    /// The state of every process; `None` if this directory has never had a stack.
    pub fn status(&self) -> Result<Option<Status>, StackError> {
        status::status(&self.layout)
    }
}
