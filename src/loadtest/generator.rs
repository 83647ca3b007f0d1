//! Whether the load generator itself was the bottleneck: its own cost, and how late its timers fired.
//!
//! When this process has no processor time left, answers lie unread and count as slow, and the figures say more about
//! the generator than about the service. The signs: the process used nearly all cores it could; a timer of ten
//! milliseconds fired late for one time in a hundred; it had no file handle or port left for a request.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use tokio::time::Instant;

use super::user::Counts;
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
    /// Requests that failed because this machine had no file handle or local port left.
    pub(super) exhausted: u64,
}

/// The probe's timer.
const TICK: Duration = Duration::from_millis(10);

/// More than this share of all cores is too much for timers to be on time.
const MOST_CPU: f64 = 0.9;

/// A p99 of lateness above this is the generator's own standstill.
const MOST_LATE_MS: f64 = 100.0;

/// A p99 of lateness up to this is what a machine with other work to do has.
const ORDINARY_LATE_MS: f64 = 5.0;

/// An answer is seen as late as a timer is. When lateness is more than this share of the response times (p99 of both),
/// the long ones say more about the generator than about the service.
const MOST_LATE_SHARE: f64 = 0.5;

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
    pub(super) fn finish(self, requests: u64, counts: &Counts) -> Cost {
        self.task.abort();
        let cpu = cpu_time().saturating_sub(self.cpu_at_start).as_secs_f64();
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner).percentile(99.0);
        Cost {
            cpu_s: cpu,
            cpu_cores: cpu / self.started.elapsed().as_secs_f64().max(f64::EPSILON),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            cpu_us_per_request: cpu * 1e6 / requests.max(1) as f64,
            timer_late_p99_ms: late.as_secs_f64() * 1e3,
            exhausted: counts.exhausted.load(Ordering::Relaxed),
        }
    }
}

impl Cost {
    /// Whether the figures of the run can be trusted.
    pub(super) fn verdict(&self) -> Verdict {
        let busy = self.cpu_cores > MOST_CPU * self.cores as f64;
        let limited = busy || self.timer_late_p99_ms > MOST_LATE_MS || self.exhausted > 0;
        if limited { Verdict::GeneratorLimited } else { Verdict::Valid }
    }

    /// Whether timers were so late that the longest response times, of which this is the p99, may be the generator's
    /// own. A short run or a busy machine is enough for that, so it is told and does not make a run invalid.
    pub(super) fn is_late_beside(&self, response_p99_ms: f64) -> bool {
        self.timer_late_p99_ms > ORDINARY_LATE_MS.max(MOST_LATE_SHARE * response_p99_ms)
    }
}

/// The processor time this process has used since it started.
pub(super) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(cpu_cores: f64, timer_late_p99_ms: f64) -> Cost {
        Cost { cpu_s: 1.0, cpu_cores, cores: 2, cpu_us_per_request: 10.0, timer_late_p99_ms, exhausted: 0 }
    }

    #[test]
    fn a_generator_without_time_to_spare_says_so() {
        assert_eq!(cost(0.3, 0.5).verdict(), Verdict::Valid);
        assert_eq!(cost(1.9, 0.5).verdict(), Verdict::GeneratorLimited);
        assert_eq!(cost(0.3, 250.0).verdict(), Verdict::GeneratorLimited);
        assert_eq!(Cost { exhausted: 1, ..cost(0.3, 0.5) }.verdict(), Verdict::GeneratorLimited);
    }

    #[test]
    fn lateness_counts_beside_the_times_that_were_measured() {
        assert!(cost(0.3, 12.0).is_late_beside(15.0), "most of 15 ms may be the generator's");
        assert!(!cost(0.3, 12.0).is_late_beside(900.0), "of 900 ms next to nothing is");
        assert!(!cost(0.3, 4.0).is_late_beside(1.0), "as late as any machine with other work");
    }
}
