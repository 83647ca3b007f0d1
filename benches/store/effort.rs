//! The length of a measurement.

use std::time::Duration;

/// The duration of each measurement, and the number of rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) duration: Duration,
    pub(crate) rounds: usize,
}
