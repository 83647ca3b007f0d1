//! Whether the load generator itself was the bottleneck: what its own cost says.
//!
//! When this process has no processor time left, answers lie unread and count as slow, and the figures say more about
//! the generator than about the service. The signs: the process used nearly all cores, or more than half of a machine
//! that had nothing left; a timer of ten milliseconds fired late for one time in a hundred; it had no file handle or port
//! left for a request. Requests that were due and never sent are no sign of their own: a service that does not answer keeps
//! all connections busy, and has failed them.

use crate::run_result::GeneratorCost;
use crate::units;

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

/// Why the figures of the run cannot be trusted; nothing if they can. `requests` were sent, on fewer connections than
/// were asked for if there were too few file handles.
pub(super) fn reasons(cost: &GeneratorCost, requests: u64, too_few_handles: bool) -> Vec<String> {
    let mut reasons = Vec::new();
    let used = cost.cpu_cores / cost.cores as f64;
    if used > MOST_CPU {
        reasons.push(format!("the generator used {:.2} of {} cores", cost.cpu_cores, cost.cores));
    } else if used > MOST_OF_A_BUSY_HOST && cost.host_idle_ratio.is_some_and(|idle| idle < LEAST_IDLE) {
        let share = units::percent(used);
        reasons.push(format!("the machine had no processor time left and the generator used {share} of it"));
    }
    if cost.timer_late_p99_ms > MOST_LATE_MS {
        reasons.push(format!("its timers were {:.0} ms late at p99", cost.timer_late_p99_ms));
    }
    if let Some(late) = cost.start_late_p99_ms.filter(|late| *late > MOST_LATE_MS) {
        reasons.push(format!("it came {late:.0} ms late to requests that were due, at p99"));
    }
    if cost.exhausted > 0 {
        let count = units::count(cost.exhausted);
        reasons.push(format!("{count} requests failed because this machine had no file handle or local port left"));
    }
    // On its own that is the service's fault.
    let missed = cost.arrivals_missed;
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
pub(super) fn is_late_beside(cost: &GeneratorCost, response_p99_ms: f64) -> bool {
    cost.timer_late_p99_ms > ORDINARY_LATE_MS.max(MOST_LATE_SHARE * response_p99_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(cpu_cores: f64, timer_late_p99_ms: f64) -> GeneratorCost {
        GeneratorCost { cpu_cores, timer_late_p99_ms, ..GeneratorCost::small() }
    }

    #[test]
    fn a_generator_without_time_to_spare_says_so() {
        let limited = |cost: GeneratorCost| !reasons(&cost, 10_000, false).is_empty();
        assert!(!limited(cost(0.3, 0.5)));
        assert!(limited(cost(1.9, 0.5)));
        assert!(limited(cost(0.3, 250.0)));
        assert!(limited(GeneratorCost { exhausted: 1, ..cost(0.3, 0.5) }));
        assert!(limited(GeneratorCost { start_late_p99_ms: Some(250.0), ..cost(0.3, 0.5) }));
        let held_back = |arrivals_missed| {
            let cost = GeneratorCost { arrivals_missed, ..cost(0.3, 0.5) };
            !reasons(&cost, 10_000, true).is_empty()
        };
        assert!(!held_back(10) && held_back(11), "of 10,000, one in a thousand");
        assert!(
            !limited(GeneratorCost { arrivals_missed: 5_000, ..cost(0.3, 0.5) }),
            "the service kept all connections busy"
        );
        let busy = GeneratorCost { arrivals_missed: 5_000, ..cost(1.9, 0.5) };
        let busy = reasons(&busy, 10_000, false);
        assert_eq!(busy.len(), 2, "a generator without time to spare may be to blame for them: {busy:?}");
        let crowded = |cpu_cores| limited(GeneratorCost { host_idle_ratio: Some(0.01), ..cost(cpu_cores, 0.5) });
        assert!(!crowded(0.9) && crowded(1.1), "who uses most of a machine that has nothing left");
    }

    #[test]
    fn lateness_counts_beside_the_times_that_were_measured() {
        assert!(is_late_beside(&cost(0.3, 12.0), 15.0), "most of 15 ms may be the generator's");
        assert!(!is_late_beside(&cost(0.3, 12.0), 900.0), "of 900 ms next to nothing is");
        assert!(!is_late_beside(&cost(0.3, 4.0), 1.0), "as late as any machine with other work");
    }
}
