//! Filling a store without showing how far it has come: it takes seconds.

use std::time::Duration;

use crate::seed::{Phase, Progress};

/// Nobody watches.
#[derive(Debug)]
pub(super) struct SilentProgress;

impl Progress for SilentProgress {
    fn begin(&self, _: Phase, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self, _: Phase, _: u64, _: Duration) {}
}
