//! How a process is started, as data.

use std::ffi::OsString;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::Config;
use super::layout::Layout;
use super::ports::Ports;
use super::programs::Programs;
use crate::units::Secret;

/// Everything from which launch specs are built.
#[derive(Debug)]
pub(super) struct LaunchContext<'a> {
    pub(super) layout: &'a Layout,
    pub(super) config: &'a Config,
    pub(super) programs: &'a Programs,
    pub(super) ports: &'a Ports,
    /// The ports on which the members of a group talk with each other.
    pub(super) group_ports: &'a Ports,
    pub(super) password: &'a Secret,
}

/// How a process is started. Plain data, so that two specs can be compared.
#[derive(Clone, Debug, Default)]
pub(super) struct LaunchSpec {
    /// The absolute path of the program.
    pub(super) program: PathBuf,
    /// The arguments. Every user of the machine can read them, so they contain no secret.
    pub(super) arguments: Vec<OsString>,
    /// The variables that are set for the process.
    pub(super) environment: Vec<(String, OsString)>,
    /// Folders that are made before the process starts.
    pub(super) directories: Vec<PathBuf>,
    /// Files that are written before the process starts, readable by the user alone.
    pub(super) files: Vec<(PathBuf, String)>,
    /// Files that a process which was killed may have left, and that would keep the next one from starting.
    pub(super) left_over: Vec<PathBuf>,
    /// The program that prepares the data before the first start.
    pub(super) first: Option<Preparation>,
}

/// A program that makes a folder once and then ends.
#[derive(Clone, Debug)]
pub(super) struct Preparation {
    /// The folder that it makes. The program does not run if the folder exists.
    pub(super) creates: PathBuf,
    /// The folder into which the program writes. It is renamed to `creates` on success, so that `creates` is never incomplete.
    pub(super) draft: PathBuf,
    /// The absolute path of the program.
    pub(super) program: PathBuf,
    /// The arguments of the program.
    pub(super) arguments: Vec<OsString>,
}

impl LaunchSpec {
    /// A short hash that changes with the options, the configuration files or the build of the program, so that a process
    /// that runs with others can be recognised.
    pub(super) fn fingerprint(&self) -> String {
        let built = std::fs::metadata(&self.program).and_then(|data| Ok((data.len(), data.modified()?))).ok();
        let all = format!("{:?}", (&self.program, built, &self.arguments, &self.environment, &self.files));
        hex::encode(&Sha256::digest(all.as_bytes())[..8])
    }
}
