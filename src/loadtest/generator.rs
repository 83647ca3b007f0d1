//! Whether the load generator itself was the bottleneck: its own cost, and how late it was.
//!
//! When this process has no processor time left, answers lie unread and count as slow, and the figures say more about
//! the generator than about the service. The signs: the process used nearly all cores, or more than half of a machine
//! that had nothing left; a timer of ten milliseconds fired late for one time in a hundred; it had no file handle or port
//! left for a request. Requests that were due and never sent are no sign of their own: a service that does not answer keeps
//! all connections busy, and has failed them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::recorder::Shard;
use super::worker::Shared;
use crate::process::{HostTime, cpu_time, peak_memory};
use crate::units;

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
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::GeneratorLimited => "generator-limited",
        }
    }
}

/// What the generator itself cost, while it was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Cost {
    /// Seconds of processor time this process used.
    pub(super) cpu_s: f64,
    /// That time as a share of one core.
    pub(super) cpu_cores: f64,
    /// The cores there are.
    pub(super) cores: usize,
    /// Microseconds of processor time per request.
    pub(super) cpu_us_per_request: f64,
    /// The share of the whole machine's processor time that nobody used, from 0 to 1; null where it cannot be read.
    pub(super) host_idle_ratio: Option<f64>,
    /// Whether the service runs on the same machine and takes its share.
    pub(super) shares_machine: bool,
    /// How late a timer fired for one time in a hundred, milliseconds.
    pub(super) timer_late_p99_ms: f64,
    /// In a run at a rate: how late the generator came to a request that was due, for one in a hundred, milliseconds.
    pub(super) start_late_p99_ms: Option<f64>,
    /// Requests that were due and never sent, because all connections were busy.
    pub(super) arrivals_missed: u64,
    /// Requests that failed because this machine had no file handle or local port left.
    pub(super) exhausted: u64,
    /// The most memory this process has had, bytes.
    pub(super) peak_memory_bytes: u64,
}

/// More than this share of all cores is too much for timers to be on time.
const MOST_CPU: f64 = 0.9;

/// Less than this share of the machine left, and whoever uses most of it is the bottleneck.
const LEAST_IDLE: f64 = 0.05;

/// The share of a machine with nothing left above which the generator is what uses most of it.
const MOST_OF_A_BUSY_HOST: f64 = 0.5;

/// A p99 of lateness above this is the generator's own standstill.
const MOST_LATE_MS: f64 = 100.0;

/// A p99 of lateness up to this is what a machine with other work to do has.
const ORDINARY_LATE_MS: f64 = 5.0;

/// An answer is seen as late as a timer is. When lateness is more than this share of the response times (p99 of both),
/// the long ones say more about the generator than about the service.
const MOST_LATE_SHARE: f64 = 0.5;

/// Where there were too few file handles, the share of requests that were due which may be missed: below it no percentile
/// that is shown changes.
const MOST_MISSED: f64 = 0.001;

/// Measures what the generator costs from one instant on, until it is stopped: while it waits for the last answers it has
/// time to spare, whatever it had before.
#[derive(Debug)]
pub(super) struct Meter {
    started: Reading,
    stopped: Option<Reading>,
}

/// The clocks at one instant.
#[derive(Clone, Copy, Debug)]
struct Reading {
    at: Instant,
    cpu: Duration,
    host: Option<HostTime>,
}

impl Reading {
    fn now() -> Self {
        Self { at: Instant::now(), cpu: cpu_time(), host: HostTime::now() }
    }
}

impl Meter {
    /// Starts measuring.
    pub(super) fn start() -> Self {
        Self { started: Reading::now(), stopped: None }
    }

    /// Ends it: whatever comes later costs nothing.
    pub(super) fn stop(&mut self) {
        self.stopped = Some(Reading::now());
    }

    /// What it has cost, for so many requests that were over meanwhile.
    pub(super) fn cost(&self, results: &Shard, requests: u64, shared: &Shared) -> Cost {
        let (began, until) = (self.started, self.until());
        let cpu = until.cpu.saturating_sub(began.cpu).as_secs_f64();
        let p99_ms = |late: &crate::stats::Latencies| late.percentile(99.0).as_secs_f64() * 1e3;
        let late_starts = &results.late_starts;
        Cost {
            cpu_s: cpu,
            cpu_cores: cpu / (until.at - began.at).as_secs_f64().max(f64::EPSILON),
            cores: cores(),
            cpu_us_per_request: cpu * 1e6 / requests.max(1) as f64,
            host_idle_ratio: began.host.and_then(|before| until.host?.idle_ratio_since(before)),
            shares_machine: shared.same_machine,
            timer_late_p99_ms: p99_ms(&results.late_timers),
            start_late_p99_ms: (late_starts.count() > 0).then(|| p99_ms(late_starts)),
            arrivals_missed: shared.counts.missed(),
            exhausted: shared.stations.iter().map(|station| station.exhausted()).sum(),
            peak_memory_bytes: peak_memory(),
        }
    }

    fn until(&self) -> Reading {
        self.stopped.unwrap_or_else(Reading::now)
    }
}

impl Cost {
    /// Why the figures of the run cannot be trusted; nothing if they can. `requests` were sent, on fewer connections than
    /// were asked for if there were too few file handles.
    pub(super) fn reasons(&self, requests: u64, too_few_handles: bool) -> Vec<String> {
        let mut reasons = Vec::new();
        let used = self.cpu_cores / self.cores as f64;
        if used > MOST_CPU {
            reasons.push(format!("the generator used {:.2} of {} cores", self.cpu_cores, self.cores));
        } else if used > MOST_OF_A_BUSY_HOST && self.host_idle_ratio.is_some_and(|idle| idle < LEAST_IDLE) {
            let share = units::percent(used);
            reasons.push(format!("the machine had no processor time left and the generator used {share} of it"));
        }
        if self.timer_late_p99_ms > MOST_LATE_MS {
            reasons.push(format!("its timers were {:.0} ms late at p99", self.timer_late_p99_ms));
        }
        if let Some(late) = self.start_late_p99_ms.filter(|late| *late > MOST_LATE_MS) {
            reasons.push(format!("it came {late:.0} ms late to requests that were due, at p99"));
        }
        if self.exhausted > 0 {
            let count = units::count(self.exhausted);
            reasons.push(format!("{count} requests failed because this machine had no file handle or local port left"));
        }
        // On its own that is the service's fault.
        let missed = self.arrivals_missed;
        let held_back = too_few_handles && missed as f64 > MOST_MISSED * (requests + missed) as f64;
        if held_back || (missed > 0 && !reasons.is_empty()) {
            let count = units::count(missed);
            let why = if held_back { ": there were too few file handles for more connections" } else { "" };
            reasons.push(format!("{count} requests that were due were never sent{why}"));
        }
        reasons
    }

    /// Whether timers were so late that the longest response times, of which this is the p99, may be the generator's
    /// own. A short run or a busy machine is enough for that, so it is told and does not make a run invalid.
    pub(super) fn is_late_beside(&self, response_p99_ms: f64) -> bool {
        self.timer_late_p99_ms > ORDINARY_LATE_MS.max(MOST_LATE_SHARE * response_p99_ms)
    }
}

/// The cores this process may use.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
impl Cost {
    /// What a run costs that nobody notices.
    pub(super) fn small() -> Self {
        Self {
            cpu_s: 1.0,
            cpu_cores: 0.02,
            cores: 2,
            cpu_us_per_request: 330.0,
            host_idle_ratio: Some(0.9),
            shares_machine: true,
            timer_late_p99_ms: 0.4,
            start_late_p99_ms: None,
            arrivals_missed: 0,
            exhausted: 0,
            peak_memory_bytes: 10 << 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(cpu_cores: f64, timer_late_p99_ms: f64) -> Cost {
        Cost { cpu_cores, timer_late_p99_ms, ..Cost::small() }
    }

    #[test]
    fn a_generator_without_time_to_spare_says_so() {
        let limited = |cost: Cost| !cost.reasons(10_000, false).is_empty();
        assert!(!limited(cost(0.3, 0.5)));
        assert!(limited(cost(1.9, 0.5)));
        assert!(limited(cost(0.3, 250.0)));
        assert!(limited(Cost { exhausted: 1, ..cost(0.3, 0.5) }));
        assert!(limited(Cost { start_late_p99_ms: Some(250.0), ..cost(0.3, 0.5) }));
        let held_back = |arrivals_missed| {
            let cost = Cost { arrivals_missed, ..cost(0.3, 0.5) };
            !cost.reasons(10_000, true).is_empty()
        };
        assert!(!held_back(10) && held_back(11), "of 10,000, one in a thousand");
        assert!(!limited(Cost { arrivals_missed: 5_000, ..cost(0.3, 0.5) }), "the service kept all connections busy");
        let busy = Cost { arrivals_missed: 5_000, ..cost(1.9, 0.5) }.reasons(10_000, false);
        assert_eq!(busy.len(), 2, "a generator without time to spare may be to blame for them: {busy:?}");
        let crowded = |cpu_cores| limited(Cost { host_idle_ratio: Some(0.01), ..cost(cpu_cores, 0.5) });
        assert!(!crowded(0.9) && crowded(1.1), "who uses most of a machine that has nothing left");
    }

    #[test]
    fn what_comes_after_the_last_request_costs_nothing() {
        let mut meter = Meter::start();
        let before = meter.until();
        while meter.until().cpu < before.cpu + Duration::from_millis(5) {}
        meter.stop();
        let stopped = meter.until();
        while cpu_time() < stopped.cpu + Duration::from_millis(5) {}
        let later = meter.until();
        assert_eq!((later.at, later.cpu, later.host), (stopped.at, stopped.cpu, stopped.host));
    }

    #[test]
    fn lateness_counts_beside_the_times_that_were_measured() {
        assert!(cost(0.3, 12.0).is_late_beside(15.0), "most of 15 ms may be the generator's");
        assert!(!cost(0.3, 12.0).is_late_beside(900.0), "of 900 ms next to nothing is");
        assert!(!cost(0.3, 4.0).is_late_beside(1.0), "as late as any machine with other work");
    }
}
