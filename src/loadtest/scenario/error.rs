//! The error of a scenario: which file, line and task it is about, what is wrong, and what to do about it.

use std::fmt;

/// Why a scenario cannot be run. Its text starts with the file, the line and the task, as far as they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    pub(super) origin: String,
    pub(super) line: Option<usize>,
    /// The task, or the journey and the step: `task "order"`.
    pub(super) place: Option<String>,
    pub(super) what: String,
}

impl std::error::Error for ScenarioError {}

impl fmt::Display for ScenarioError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.origin)?;
        if let Some(line) = self.line {
            write!(formatter, ", line {line}")?;
        }
        if let Some(place) = &self.place {
            write!(formatter, ", {place}")?;
        }
        write!(formatter, ": {}", self.what)
    }
}
