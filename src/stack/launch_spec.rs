//! What is known of a process before it starts.

use std::ffi::OsString;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::Config;
use super::layout::Layout;
use super::ports::Ports;
use super::programs::Programs;
use crate::units::Secret;

/// All that a launch_spec is made from.
#[derive(Debug)]
pub(super) struct LaunchContext<'a> {
    pub(super) layout: &'a Layout,
    pub(super) config: &'a Config,
    pub(super) programs: &'a Programs,
    pub(super) ports: &'a Ports,
    pub(super) password: &'a Secret,
}

/// How a process is started: plain data, so that two of them can be compared.
#[derive(Clone, Debug, Default)]
pub(super) struct LaunchSpec {
    /// The program, by its absolute path.
    pub(super) program: PathBuf,
    /// Its arguments. Everybody on the machine can read them, so they hold no secret.
    pub(super) arguments: Vec<OsString>,
    /// What is set in its environment.
    pub(super) environment: Vec<(String, OsString)>,
    /// Folders it needs, made before it starts.
    pub(super) directories: Vec<PathBuf>,
    /// Files it reads, written before it starts, for nobody else to read.
    pub(super) files: Vec<(PathBuf, String)>,
    /// A program to run before the first start.
    pub(super) first: Option<Preparation>,
}

/// A program that makes a folder once and ends.
#[derive(Clone, Debug)]
pub(super) struct Preparation {
    /// What there is afterwards; while it exists the program is not run.
    pub(super) creates: PathBuf,
    /// Where the program writes; becomes `creates` when it has ended well, so that half of it is never taken for all.
    pub(super) draft: PathBuf,
    /// The program, by its absolute path.
    pub(super) program: PathBuf,
    /// Its arguments.
    pub(super) arguments: Vec<OsString>,
}

impl LaunchSpec {
    /// A short text that differs when the process would be another: other options, another configuration, another
    /// build of the program.
    pub(super) fn fingerprint(&self) -> String {
        let built = std::fs::metadata(&self.program).and_then(|data| Ok((data.len(), data.modified()?))).ok();
        let all = format!("{:?}", (&self.program, built, &self.arguments, &self.environment, &self.files));
        hex::encode(&Sha256::digest(all.as_bytes())[..8])
    }
}
