//! The cost of the load generator itself while it is measured: processor time, lateness, memory.

use std::time::Duration;

use tokio::time::Instant;

use crate::loadtest::engine::RunState;
use crate::loadtest::recording::Shard;
use crate::process::{HostTime, Throttling, cpu_time, peak_memory};
use crate::run_result::GeneratorCost;
use crate::units;

/// Measures the generator's cost from one instant until it is stopped. It is stopped with the last request: while the
/// generator only waits for answers it has time to spare, whatever it had before.
#[derive(Debug)]
pub(in crate::loadtest) struct Meter {
    started: Reading,
    stopped: Option<Reading>,
}

/// The clocks, read at one instant.
#[derive(Clone, Copy, Debug)]
struct Reading {
    at: Instant,
    cpu: Duration,
    host: Option<HostTime>,
    throttling: Option<Throttling>,
}

impl Reading {
    fn now() -> Self {
        Self { at: Instant::now(), cpu: cpu_time(), host: HostTime::now(), throttling: Throttling::now() }
    }
}

impl Meter {
    pub(in crate::loadtest) fn start() -> Self {
        Self { started: Reading::now(), stopped: None }
    }

    /// Stops measuring; later costs do not count.
    pub(in crate::loadtest) fn stop(&mut self) {
        self.stopped = Some(Reading::now());
    }

    /// The cost so far, or until the stop. `requests` is the number of requests that were completed in that time.
    pub(in crate::loadtest) fn cost(&self, results: &Shard, requests: u64, run: &RunState) -> GeneratorCost {
        let (began, until) = (self.started, self.until());
        let cpu = until.cpu.saturating_sub(began.cpu).as_secs_f64();
        let p99_ms = |late: &crate::stats::Latencies| late.percentile(99.0).map(units::milliseconds);
        let throttling = began.throttling.zip(until.throttling).map(|(began, until)| until.since(began));
        GeneratorCost {
            cpu_s: cpu,
            cpu_cores: cpu / (until.at - began.at).as_secs_f64().max(f64::EPSILON),
            cores: cores(),
            cpu_us_per_request: (requests > 0).then(|| cpu * 1e6 / requests as f64),
            host_idle_ratio: began.host.and_then(|before| until.host?.idle_ratio_since(before)),
            host_stolen_ratio: began.host.and_then(|before| until.host?.stolen_ratio_since(before)),
            throttled_s: throttling.map(|throttling| throttling.time.as_secs_f64()),
            throttled_periods: throttling.map(|throttling| throttling.periods),
            shares_machine: run.reached.same_machine,
            timer_late_p99_ms: p99_ms(&results.late_timers),
            start_late_p99_ms: p99_ms(&results.late_starts),
            arrivals_missed: run.counts.missed(),
            exhausted: run.records.iter().map(|records| records.exhausted()).sum(),
            peak_memory_bytes: peak_memory(),
        }
    }

    fn until(&self) -> Reading {
        self.stopped.unwrap_or_else(Reading::now)
    }
}

/// The number of cores that this process may use; 1 if unknown.
pub(in crate::loadtest) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::engine::Config;
    use crate::loadtest::scenario::Scenario;

    #[test]
    fn processor_time_is_told_by_second_and_by_request() {
        let began = Reading { host: None, throttling: None, cpu: Duration::from_secs(1), ..Reading::now() };
        let later = Reading { at: began.at + Duration::from_secs(4), cpu: Duration::from_secs(3), ..began };
        let meter = Meter { started: began, stopped: Some(later) };
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let run = RunState::for_tests(Config::small(1), scenario, 1);
        let cost = meter.cost(&Shard::new(1), 1_000, &run);
        assert_eq!((cost.cpu_s, cost.cpu_cores, cost.cpu_us_per_request), (2.0, 0.5, Some(2_000.0)));
        assert_eq!(cost.cores, std::thread::available_parallelism().unwrap().get());
    }

    #[test]
    fn where_nothing_was_sent_a_request_costs_nothing_that_is_known() {
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let run = RunState::for_tests(Config::small(1), scenario, 1);
        let (mut results, meter) = (Shard::new(1), Meter::start());
        let cost = meter.cost(&results, 0, &run);
        assert_eq!((cost.cpu_us_per_request, cost.timer_late_p99_ms), (None, None));
        results.late_timers.record(Duration::from_millis(3));
        let late = meter.cost(&results, 0, &run).timer_late_p99_ms;
        assert!(late.is_some_and(|late| (late - 3.0).abs() < 0.01), "{late:?}");
    }

    #[test]
    fn costs_after_the_last_request_do_not_count() {
        let mut meter = Meter::start();
        let before = meter.until();
        while meter.until().cpu < before.cpu + Duration::from_millis(5) {}
        meter.stop();
        let stopped = meter.until();
        while cpu_time() < stopped.cpu + Duration::from_millis(5) {}
        let later = meter.until();
        assert_eq!((later.at, later.cpu, later.host), (stopped.at, stopped.cpu, stopped.host));
    }
}
