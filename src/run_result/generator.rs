//! The cost of the load generator itself, and whether it makes the figures of a run invalid.

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
    /// Its name in results, as in the JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::GeneratorLimited => "generator-limited",
        }
    }
}

/// The cost of the generator while it was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GeneratorCost {
    /// Processor time of this process, in seconds.
    pub cpu_s: f64,
    /// Processor time per second, in cores.
    pub cpu_cores: f64,
    /// The number of cores that this process may use.
    pub cores: usize,
    /// Processor time per request, in microseconds; null without a request.
    pub cpu_us_per_request: Option<f64>,
    /// The idle share of the whole machine, from 0 to 1; null where it cannot be read.
    pub host_idle_ratio: Option<f64>,
    /// The share of the whole machine's processor time that others took from it, a virtual one, from 0 to 1; null where
    /// it is not counted.
    #[serde(default)]
    pub host_stolen_ratio: Option<f64>,
    /// How long the quota of its control group kept it from the processor, in seconds added up over processors; null
    /// where that is not known.
    #[serde(default)]
    pub throttled_s: Option<f64>,
    /// The number of periods in which that quota was used up; null where that is not known.
    #[serde(default)]
    pub throttled_periods: Option<u64>,
    /// Whether the service runs on the same machine and uses part of it.
    pub shares_machine: bool,
    /// How late timers fired, p99 in milliseconds; null where none was set.
    pub timer_late_p99_ms: Option<f64>,
    /// In a run at a rate: how late the generator reached due requests, p99 in milliseconds; null otherwise.
    pub start_late_p99_ms: Option<f64>,
    /// Requests that were due and never sent because all connections were busy.
    pub arrivals_missed: u64,
    /// Requests that failed because this machine had no file handle or local port left.
    pub exhausted: u64,
    /// The highest memory use of this process, in bytes.
    pub peak_memory_bytes: u64,
}
