//! What a stack is to be made of.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::ProcessName;

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
    pub(super) fn instances(&self) -> &'static [ProcessName] {
        if self.second_instance { &ProcessName::INSTANCES } else { &ProcessName::INSTANCES[..1] }
    }
}
