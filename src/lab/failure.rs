//! Why there is no measurement of a rung or of an experiment.

use super::LabError;
use super::measurement::Measurement;
use crate::stack::StackError;

/// Why there is no measurement.
#[derive(Debug)]
pub(super) enum RungFailure {
    /// The lab was interrupted. Contains what was measured, if the load test had finished.
    Interrupted(Option<Box<Measurement>>),
    /// The subject could not be measured, for the reason in this sentence.
    Broken(String),
    /// The lab cannot continue at all.
    Fatal(LabError),
}

/// A missing program ends the lab; a process that does not start is the failure of this rung alone.
impl From<StackError> for RungFailure {
    fn from(error: StackError) -> Self {
        match error {
            StackError::Interrupted => Self::Interrupted(None),
            error if error.is_usage() => Self::Fatal(error.into()),
            error => Self::Broken(error.to_string()),
        }
    }
}
