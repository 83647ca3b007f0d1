//! Whether the load generator itself was the bottleneck: its own cost, and how late its timers fired.
//!
//! When this process has no processor time left, answers lie unread and count as slow, and the figures say more about
//! the generator than about the service. Two signs: the process used nearly all cores it could, or a timer of ten
//! milliseconds fired late for one time in a hundred.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use tokio::time::Instant;

use crate::stats::Latencies;

/// Whether the figures of a run can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The generator had time to spare.
    Valid,
    /// The generator was the bottleneck: the figures are not those of the service.
    GeneratorLimited,
}

/// What the generator itself cost.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Cost {
    /// Seconds of processor time this process used.
    pub(super) cpu_s: f64,
    /// That time as a share of one core over the whole run.
    pub(super) cpu_cores: f64,
    /// The cores there are.
    pub(super) cores: usize,
    /// Microseconds of processor time per request.
    pub(super) cpu_us_per_request: f64,
    /// How late a timer fired for one time in a hundred, milliseconds.
    pub(super) timer_late_p99_ms: f64,
}

/// The probe's timer.
const TICK: Duration = Duration::from_millis(10);

/// More than this share of all cores is too much for timers to be on time.
const MOST_CPU: f64 = 0.9;

/// A p99 of lateness above this shows in the response times.
const MOST_LATE: Duration = Duration::from_millis(100);

/// Measures the generator while a run lasts.
#[derive(Debug)]
pub(super) struct Probe {
    started: Instant,
    cpu_at_start: Duration,
    late: Arc<Mutex<Latencies>>,
    task: tokio::task::JoinHandle<()>,
}

impl Probe {
    /// Starts measuring.
    pub(super) fn start() -> Self {
        let late = Arc::new(Mutex::new(Latencies::default()));
        let record = Arc::clone(&late);
        let task = tokio::spawn(async move {
            loop {
                let due = Instant::now() + TICK;
                tokio::time::sleep_until(due).await;
                // The timer itself counts in whole milliseconds.
                let lateness = due.elapsed().saturating_sub(Duration::from_millis(1));
                record.lock().unwrap_or_else(PoisonError::into_inner).record(lateness);
            }
        });
        Self { started: Instant::now(), cpu_at_start: cpu_time(), late, task }
    }

    /// Ends the measurement.
    pub(super) fn finish(self, requests: u64) -> Cost {
        self.task.abort();
        let cpu = cpu_time().saturating_sub(self.cpu_at_start).as_secs_f64();
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner).percentile(99.0);
        Cost {
            cpu_s: cpu,
            cpu_cores: cpu / self.started.elapsed().as_secs_f64().max(f64::EPSILON),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            cpu_us_per_request: cpu * 1e6 / requests.max(1) as f64,
            timer_late_p99_ms: late.as_secs_f64() * 1e3,
        }
    }
}

impl Cost {
    /// Whether the figures of the run can be trusted.
    pub(super) fn verdict(&self) -> Verdict {
        let busy = self.cpu_cores > MOST_CPU * self.cores as f64;
        let late = self.timer_late_p99_ms > MOST_LATE.as_secs_f64() * 1e3;
        if busy || late { Verdict::GeneratorLimited } else { Verdict::Valid }
    }
}

/// The processor time this process has used since it started.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generator_without_time_to_spare_says_so() {
        let cost = |cpu_cores, timer_late_p99_ms| {
            Cost { cpu_s: 1.0, cpu_cores, cores: 2, cpu_us_per_request: 10.0, timer_late_p99_ms }.verdict()
        };
        assert_eq!(cost(0.3, 0.5), Verdict::Valid);
        assert_eq!(cost(1.9, 0.5), Verdict::GeneratorLimited);
        assert_eq!(cost(0.3, 250.0), Verdict::GeneratorLimited);
    }
}
