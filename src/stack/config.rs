//! The configuration of a stack.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::ProcessName;

/// Which programs a stack runs, and with which options.
#[derive(Clone, Debug)]
pub struct Config {
    /// The database server; `None` for the first of mariadbd and mysqld that is installed.
    pub mysqld: Option<PathBuf>,
    /// The port of nginx; `None` for a free one, the same each time.
    pub port: Option<u16>,
    /// The program that is started as `serve`, usually this one.
    pub serve_program: PathBuf,
    /// Options for `serve`, the same for both instances.
    pub serve_options: Vec<OsString>,
    /// Whether two instances run, as in a deployment. Otherwise nginx and Prometheus are configured for the first alone.
    pub second_instance: bool,
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
            second_instance: true,
            start_timeout: Duration::from_mins(1),
        }
    }

    /// The instances that this configuration runs.
    pub(super) fn instances(&self) -> &'static [ProcessName] {
        if self.second_instance { &ProcessName::INSTANCES } else { &ProcessName::INSTANCES[..1] }
    }
}
