//! How a limit is searched.

use std::time::Duration;

/// How a limit is searched.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// The highest load tried: users, or requests per second.
    pub most: u32,
    /// How long each load is measured.
    pub step: Duration,
    /// How long each load is held before that.
    pub settle: Duration,
    /// How long nothing is sent after a load that was bad.
    pub rest: Duration,
    /// The gap between the last good and the first bad load at which the search ends, as a share of the good one.
    pub precision: f64,
    /// How often the last good load must be good again.
    pub repeats: u32,
}

impl Default for Search {
    fn default() -> Self {
        Self::with_step(Duration::from_secs(10))
    }
}

impl Search {
    /// A search whose loads are measured for so long. Ten seconds are some ten requests of each user of the store; two
    /// fifths of them before that let caches and pools fill. What piled up in a step had as long as the step lasted, and
    /// gets as long to go away. Five per cent is about what two runs at the same load differ by.
    pub fn with_step(step: Duration) -> Self {
        let settle = step * 2 / 5;
        Self { most: 10_000, step, settle, rest: settle + step, precision: 0.05, repeats: 2 }
    }
}

/// What a service should keep to when nobody says otherwise.
pub const DEFAULT_CRITERIA: [&str; 2] = ["fail_ratio<1%", "p95<500ms"];
