//! The configuration of a search for the limit.

use std::time::Duration;

use crate::net::Target;

/// The loads, times and precision of a search.
#[derive(Clone, Debug)]
pub struct Search {
    /// The highest load to try: users, or requests per second.
    pub most: u32,
    /// How long each load is measured at a time. It is held for at least two of these times, and until nothing piles up.
    pub step: Duration,
    /// How long each load is held before it is measured.
    pub settle: Duration,
    /// How long nothing is sent after a bad load.
    pub rest: Duration,
    /// The search ends when the gap between the last good and the first bad load is at most this share of the good one.
    pub precision: f64,
    /// How often the last good load is repeated and must be good again.
    pub repeats: u32,
    /// The instances of a store whose metrics tell how many database connections are open. Where there are none, or they do
    /// not tell it, only answers are looked at.
    pub instances: Vec<Target>,
}

impl Default for Search {
    fn default() -> Self {
        Self::with_step(Duration::from_secs(10))
    }
}

impl Search {
    /// A search that measures each load for `step`. The default of ten seconds is about ten requests of each user of
    /// the store; two fifths of that before it let caches and pools fill. What piled up during a step gets as long to
    /// go away as the step lasted. Five per cent is about the difference between two runs at the same load.
    pub fn with_step(step: Duration) -> Self {
        let settle = step * 2 / 5;
        Self { most: 10_000, step, settle, rest: settle + step, precision: 0.05, repeats: 2, instances: Vec::new() }
    }
}

/// The thresholds that are used when none are given.
pub const DEFAULT_CRITERIA: [&str; 2] = ["fail_ratio<1%", "p95<500ms"];
