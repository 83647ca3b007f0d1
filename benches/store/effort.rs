//! How much is measured.

use std::time::Duration;

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) duration: Duration,
    pub(crate) rounds: usize,
}
