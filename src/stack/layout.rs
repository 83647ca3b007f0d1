//! Where everything of a stack lies, below `.storemgr/`.

use std::path::{Path, PathBuf};

use super::ProcessName;

/// The paths of one stack.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The stack of a directory, given by its absolute path.
    pub(super) fn new(directory: &Path) -> Self {
        Self { root: directory.join(".storemgr") }
    }

    /// `.storemgr` itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Held by whoever changes the stack.
    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// Which processes were started, and on which ports.
    pub(super) fn state(&self) -> PathBuf {
        self.root.join("stack.json")
    }

    /// The variables with which every other command finds the stack.
    pub(super) fn environment(&self) -> PathBuf {
        self.root.join("env")
    }

    /// The password of the database account.
    pub(super) fn password(&self) -> PathBuf {
        self.root.join("password")
    }

    /// Keeps the stack out of version control.
    pub(super) fn ignore_file(&self) -> PathBuf {
        self.root.join(".gitignore")
    }

    /// The folder of one process: its working directory, its configuration and its data.
    pub(super) fn home(&self, name: ProcessName) -> PathBuf {
        self.root.join(name.as_str())
    }

    /// The folder of all logs.
    pub(super) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// What one process writes to its standard output and error.
    pub(super) fn log(&self, name: ProcessName) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }
}
