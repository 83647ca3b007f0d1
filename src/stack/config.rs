//! The configuration of a stack.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::{Balance, ProcessName};
use crate::units::Secret;

/// Which programs a stack runs, and with which options.
#[derive(Clone, Debug)]
pub struct Config {
    /// The database server; `None` for the first of mariadbd and mysqld that is installed.
    pub mysqld: Option<PathBuf>,
    /// The port of nginx; `None` for a free one, the same each time.
    pub port: Option<u16>,
    /// The program that is started as `serve`, usually this one.
    pub serve_program: PathBuf,
    /// Options for `serve`, the same for all instances.
    pub serve_options: Vec<OsString>,
    /// The number of instances, from 1 to [`ProcessName::MOST_INSTANCES`]; two as in a deployment.
    pub instances: u8,
    /// The number of database servers: one, or [`ProcessName::GROUP`] as a group, with two Redis and a Sentinel.
    pub replicas: u8,
    /// How nginx chooses the instance for a request.
    pub balance: Balance,
    /// The token with which Prometheus asks the instances, if they ask for one.
    pub token: Option<Secret>,
    /// How long to wait for one process to answer. By default a minute, because a database that was killed first replays
    /// its log.
    pub start_timeout: Duration,
}

impl Config {
    /// The default configuration with this program as `serve`.
    pub fn new(serve_program: PathBuf) -> Self {
        Self {
            mysqld: None,
            port: None,
            serve_program,
            serve_options: Vec::new(),
            instances: 2,
            replicas: 1,
            balance: Balance::default(),
            token: None,
            start_timeout: Duration::from_mins(1),
        }
    }

    /// The number of instances that this configuration runs, within its bounds.
    pub(super) fn instances(&self) -> u8 {
        self.instances.clamp(1, ProcessName::MOST_INSTANCES)
    }

    /// The processes that this configuration runs.
    pub(super) fn processes(&self) -> impl Iterator<Item = ProcessName> + Clone {
        ProcessName::all(self.instances()).chain(ProcessName::replicated(self.replicas()))
    }

    /// The number of database servers: one, or those of a group.
    pub(super) fn replicas(&self) -> u8 {
        if self.replicas > 1 { ProcessName::GROUP } else { 1 }
    }
}
