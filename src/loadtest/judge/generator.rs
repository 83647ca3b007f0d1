//! Decides from its own cost whether the load generator was the bottleneck.
//!
//! When this process has no processor time left, answers lie unread and count as slow, and the figures say more about
//! the generator than about the service. The signs: the process used nearly all cores, or more than half of a machine
//! that had no time left; one in a hundred of its ten-millisecond timers fired late; a
//! quota of its control group stopped it for a hundredth of the time; it had no file handle or port left
//! for a request. Requests that were due and never sent are not a sign by themselves: a service that does not answer
//! keeps all connections busy, and is to blame for them.

use crate::run_result::GeneratorCost;
use crate::units;

/// Above this share of all cores, timers can no longer be on time.
const MOST_CPU: f64 = 0.9;

/// Below this idle share of the machine, the process that uses most of it is the bottleneck.
const LEAST_IDLE: f64 = 0.05;

/// On a machine without idle time, the share of it above which the generator uses most of it.
const MOST_OF_A_BUSY_HOST: f64 = 0.5;

/// Above this p99 of lateness, in milliseconds, the generator itself stood still.
const MOST_LATE_MS: f64 = 100.0;

/// A quota of the control group may have stopped the process for this share of the time: above it, one answer in a
/// hundred lay unread meanwhile, and the p99 is not the service's.
const MOST_THROTTLED: f64 = 0.01;

/// Up to this p99 of lateness, in milliseconds, a machine that also does other work is normal.
const ORDINARY_LATE_MS: f64 = 5.0;

/// An answer is read as late as a timer fires. When lateness is more than this share of the response times (p99 of
/// both), the long response times say more about the generator than about the service.
const MOST_LATE_SHARE: f64 = 0.5;

/// When file handles ran short, the share of due requests that may be missed: below it none of the shown percentiles
/// changes.
const MOST_MISSED: f64 = 0.001;

/// The reasons why the figures of the run cannot be trusted; empty if they can. `requests` is the number of requests
/// sent; `too_few_handles` says that there were fewer connections than were asked for.
pub(super) fn reasons(cost: &GeneratorCost, requests: u64, too_few_handles: bool) -> Vec<String> {
    let mut reasons = Vec::new();
    let used = cost.cpu_cores / cost.cores as f64;
    if used > MOST_CPU {
        reasons.push(format!("the generator used {:.2} of {} cores", cost.cpu_cores, cost.cores));
    } else if used > MOST_OF_A_BUSY_HOST && cost.host_idle_ratio.is_some_and(|idle| idle < LEAST_IDLE) {
        let share = units::percent(used);
        reasons.push(format!("the machine had no processor time left and the generator used {share} of it"));
    }
    if let Some(late) = cost.timer_late_p99_ms.filter(|late| *late > MOST_LATE_MS) {
        reasons.push(format!("its timers were {late:.0} ms late at p99"));
    }
    if let Some(late) = cost.start_late_p99_ms.filter(|late| *late > MOST_LATE_MS) {
        reasons.push(format!("it came {late:.0} ms late to requests that were due, at p99"));
    }
    // Cores are processor time divided by the time that was measured.
    let measured_s = cost.cpu_s / cost.cpu_cores.max(f64::EPSILON);
    if let Some(throttled) = cost.throttled_s.filter(|throttled| *throttled > MOST_THROTTLED * measured_s) {
        let (time, periods) = (units::significant(throttled), units::count(cost.throttled_periods.unwrap_or(0)));
        reasons.push(format!(
            "its control group stopped it for {time} s in {periods} periods: give the container more processor time"
        ));
    }
    if cost.exhausted > 0 {
        let count = units::count(cost.exhausted);
        reasons.push(format!("{count} requests failed because this machine had no file handle or local port left"));
    }
    // By themselves, missed requests are the service's fault.
    let missed = cost.arrivals_missed;
    let held_back = too_few_handles && missed as f64 > MOST_MISSED * (requests + missed) as f64;
    if held_back || (missed > 0 && !reasons.is_empty()) {
        let count = units::count(missed);
        let why = if held_back { ": there were too few file handles for more connections" } else { "" };
        reasons.push(format!("{count} requests that were due were never sent{why}"));
    }
    reasons
}

/// Whether timers were so late that the longest response times, whose p99 is given, may be the generator's own. A short
/// run or a busy machine is enough for that, so it is reported and does not make a run invalid.
pub(super) fn is_late_beside(cost: &GeneratorCost, response_p99_ms: f64) -> bool {
    cost.timer_late_p99_ms.is_some_and(|late| late > ORDINARY_LATE_MS.max(MOST_LATE_SHARE * response_p99_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(cpu_cores: f64, timer_late_p99_ms: f64) -> GeneratorCost {
        let timer_late_p99_ms = Some(timer_late_p99_ms);
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
        // 0.3 cores are used for a second in 3.3 s.
        let throttled = |seconds| limited(GeneratorCost { throttled_s: Some(seconds), ..cost(0.3, 0.5) });
        assert!(!throttled(0.03) && throttled(0.04), "stopped by its quota for 1 % of the time");
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
    fn what_is_exactly_at_a_limit_is_within_it() {
        let told = |cost: GeneratorCost| reasons(&cost, 9_990, true);
        let none = Vec::<String>::new();
        assert_eq!(told(cost(1.8, 100.0)), none, "90 % of two cores, timers 100 ms late");
        assert_eq!(told(GeneratorCost { start_late_p99_ms: Some(100.0), ..cost(0.3, 0.5) }), none);
        let crowded = |cpu_cores, idle| told(GeneratorCost { host_idle_ratio: Some(idle), ..cost(cpu_cores, 0.5) });
        assert_eq!((crowded(1.0, 0.01), crowded(1.1, 0.05)), (none.clone(), none.clone()), "half of a busy machine");
        // Half a core is used for a second in 2 s.
        assert_eq!(told(GeneratorCost { throttled_s: Some(0.02), ..cost(0.5, 0.5) }), none);
        assert_eq!(told(GeneratorCost { arrivals_missed: 10, ..cost(0.3, 0.5) }), none, "one in a thousand");
    }

    #[test]
    fn nothing_is_said_of_missed_requests_where_none_was_missed() {
        assert_eq!(reasons(&cost(1.9, 0.5), 10_000, false), ["the generator used 1.90 of 2 cores"]);
    }

    #[test]
    fn lateness_is_judged_relative_to_the_measured_times() {
        assert!(is_late_beside(&cost(0.3, 12.0), 15.0), "most of 15 ms may be the generator's");
        assert!(!is_late_beside(&cost(0.3, 12.0), 900.0), "of 900 ms next to nothing is");
        assert!(!is_late_beside(&cost(0.3, 4.0), 1.0), "as late as any machine with other work");
        assert!(!is_late_beside(&cost(0.3, 5.0), 1.0) && !is_late_beside(&cost(0.3, 8.0), 16.0), "at the limit");
    }
}
