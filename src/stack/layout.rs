//! The paths of a stack's files, below `.storemgr/`.

use std::path::{Path, PathBuf};

use super::ProcessName;

/// The paths of one stack.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout of the stack in a directory, which must be an absolute path.
    pub(super) fn new(directory: &Path) -> Self {
        Self { root: directory.join(".storemgr") }
    }

    /// The folder `.storemgr`.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The file that a command locks while it changes the stack.
    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// The file with the processes that were started, and their ports.
    pub(super) fn state(&self) -> PathBuf {
        self.root.join("stack.json")
    }

    /// The file of variables with which other commands find the stack.
    pub(super) fn environment(&self) -> PathBuf {
        self.root.join("env")
    }

    /// The file with the password of the database account.
    pub(super) fn password(&self) -> PathBuf {
        self.root.join("password")
    }

    /// The file that keeps the stack out of version control.
    pub(super) fn ignore_file(&self) -> PathBuf {
        self.root.join(".gitignore")
    }

    /// The folder of one process: its working directory, its configuration and its data.
    pub(super) fn home(&self, name: ProcessName) -> PathBuf {
        self.root.join(name.to_string())
    }

    /// The folder that holds the logs of all processes.
    pub(super) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The log with the standard output and error of one process.
    pub(super) fn log(&self, name: ProcessName) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }
}
