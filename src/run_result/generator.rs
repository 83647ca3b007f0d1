//! What the load generator itself cost in a run, and whether that made the figures worthless.

use serde::{Deserialize, Serialize};

/// Whether the figures of a run can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The generator had time to spare.
    Valid,
    /// The generator was the bottleneck: the figures are not those of the service.
    GeneratorLimited,
}

impl Verdict {
    /// What it is called in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::GeneratorLimited => "generator-limited",
        }
    }
}

/// What the generator itself cost, while it was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GeneratorCost {
    /// Seconds of processor time this process used.
    pub cpu_s: f64,
    /// That time as a share of one core.
    pub cpu_cores: f64,
    /// The cores there are.
    pub cores: usize,
    /// Microseconds of processor time per request.
    pub cpu_us_per_request: f64,
    /// The share of the whole machine's processor time that nobody used, from 0 to 1; null where it cannot be read.
    pub host_idle_ratio: Option<f64>,
    /// Whether the service runs on the same machine and takes its share.
    pub shares_machine: bool,
    /// How late a timer fired for one time in a hundred, milliseconds.
    pub timer_late_p99_ms: f64,
    /// In a run at a rate: how late the generator came to a request that was due, for one in a hundred, milliseconds.
    pub start_late_p99_ms: Option<f64>,
    /// Requests that were due and never sent, because all connections were busy.
    pub arrivals_missed: u64,
    /// Requests that failed because this machine had no file handle or local port left.
    pub exhausted: u64,
    /// The most memory this process has had, bytes.
    pub peak_memory_bytes: u64,
}
