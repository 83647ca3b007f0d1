//! A place in a file of a deployment, and what is wrong there.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A line of a file; line 0 stands for the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) path: Arc<Path>,
    pub(super) line: usize,
}

impl Place {
    pub(super) fn new(path: &Path, line: usize) -> Self {
        Self { path: Arc::from(path), line }
    }

    /// Another line of the same file.
    pub(super) fn at(&self, line: usize) -> Self {
        Self { path: Arc::clone(&self.path), line }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(formatter, "{}", self.path.display()),
            line => write!(formatter, "{}:{line}", self.path.display()),
        }
    }
}

/// Why a file, or a part of it, cannot be used. It never shows a value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) place: Place,
    pub(super) says: String,
}

impl Problem {
    pub(super) fn new(place: &Place, says: impl Into<String>) -> Self {
        Self { place: place.clone(), says: says.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.says)
    }
}
