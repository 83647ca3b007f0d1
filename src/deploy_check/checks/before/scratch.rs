//! A temporary folder for one check.

use std::io;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};

use crate::deploy_check::files::NOBODY;

/// A new, empty folder that is removed when the value is dropped.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Nobody else may look into it: a copy may hold secrets.
    pub(super) fn new() -> io::Result<Self> {
        let name = format!("storemgr-deploy-check-{:016x}", rand::random::<u64>());
        let path = std::env::temp_dir().join(name);
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Lets the account read and write here under which a program runs, if this is root.
    pub(super) fn give_to_nobody(&self) -> io::Result<()> {
        if !rustix::process::geteuid().is_root() {
            return Ok(());
        }
        for entry in std::fs::read_dir(&self.0)?.flatten() {
            chown(entry.path(), Some(NOBODY), Some(NOBODY))?;
        }
        chown(&self.0, Some(NOBODY), Some(NOBODY))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A folder that stays behind in /tmp does no harm.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
