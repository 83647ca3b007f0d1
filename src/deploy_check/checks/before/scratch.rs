//! A temporary folder for one check.

use std::io;
use std::path::{Path, PathBuf};

/// A new, empty folder that is removed when the value is dropped.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> io::Result<Self> {
        let name = format!("storemgr-deploy-check-{:016x}", rand::random::<u64>());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A folder that stays behind in /tmp does no harm.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
