//! The response times of one point of the timeline, small enough to be kept until points are joined.
//!
//! A percentile of two seconds together cannot be computed from those of each: a second with three requests would weigh
//! as much as one with thousands. So each point keeps how often each time occurred, rounded to 1 %; a whole histogram
//! for each of thousands of points would need too much memory.

use std::time::Duration;

use crate::run_result::PointLatency;
use crate::stats::Latencies;
use crate::units;

/// Times in microseconds and how often each occurred, the shortest first.
#[derive(Clone, Debug, Default)]
pub(super) struct PointTimes {
    counts: Vec<(u64, u32)>,
    longest: Duration,
}

impl PointTimes {
    pub(super) fn of(times: &Latencies) -> Self {
        let mut counts: Vec<(u64, u32)> = Vec::new();
        for (time, count) in times.values() {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            add(&mut counts, rounded(time), count);
        }
        Self { counts, longest: times.largest().unwrap_or_default() }
    }

    /// Adds the times of the following point.
    pub(super) fn join(&mut self, next: &Self) {
        let mut all = [self.counts.as_slice(), next.counts.as_slice()].concat();
        all.sort_unstable_by_key(|(micros, _)| *micros);
        self.counts.clear();
        for (micros, count) in all {
            add(&mut self.counts, micros, count);
        }
        self.longest = self.longest.max(next.longest);
    }

    /// The percentiles of all times together; None without one.
    pub(super) fn percentiles(&self) -> Option<PointLatency> {
        let all: u64 = self.counts.iter().map(|(_, count)| u64::from(*count)).sum();
        let percentile = |percent: u64| {
            let rank = (all * percent).div_ceil(100);
            let mut below = 0;
            let found = self.counts.iter().find(|(_, count)| {
                below += u64::from(*count);
                below >= rank
            });
            let time = Duration::from_micros(found.map_or(0, |(micros, _)| *micros));
            units::milliseconds(time.min(self.longest))
        };
        let [p50, p95, p99] = [50, 95, 99].map(percentile);
        (all > 0).then(|| PointLatency { p50, p95, p99, max: units::milliseconds(self.longest) })
    }
}

/// Counts of times that come in order: one that equals the last is added to it.
fn add(counts: &mut Vec<(u64, u32)>, micros: u64, count: u32) {
    match counts.last_mut() {
        Some((last, known)) if *last == micros => *known = known.saturating_add(count),
        _ => counts.push((micros, count)),
    }
}

/// The time in microseconds, rounded up to seven binary digits, which are less than 1 % too much.
fn rounded(time: Duration) -> u64 {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let dropped = (u64::BITS - micros.leading_zeros()).saturating_sub(8);
    micros.saturating_add((1 << dropped) - 1) >> dropped << dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(milliseconds: u64, count: u32) -> PointTimes {
        let mut times = Latencies::default();
        (0..count).for_each(|_| times.record(Duration::from_millis(milliseconds)));
        PointTimes::of(&times)
    }

    #[test]
    fn times_are_kept_within_one_per_cent() {
        for micros in [0, 1, 127, 255, 256, 257, 1_000, 99_999, 60_000_000, u64::MAX / 3] {
            let kept = rounded(Duration::from_micros(micros));
            assert!(kept >= micros && (kept - micros) as f64 <= 0.01 * micros as f64, "{micros}: {kept}");
        }
        let kept = [255, 1_000, 1_001, 1_004].map(|micros| rounded(Duration::from_micros(micros)));
        assert_eq!(kept, [255, 1_000, 1_004, 1_004], "few times are told apart");
    }

    #[test]
    fn a_second_with_few_requests_weighs_little() {
        let mut joined = times(5, 10_000);
        joined.join(&times(900, 3));
        let found = joined.percentiles().unwrap();
        assert!((found.p99 - 5.0).abs() < 0.05, "the larger of both would be 900: {found:?}");
        assert!((found.max - 900.0).abs() < 1.0, "{found:?}");
        joined.join(&times(900, 10_000));
        assert!((joined.percentiles().unwrap().p99 - 900.0).abs() < 9.0);
        assert_eq!(PointTimes::default().percentiles(), None);
        assert_eq!(joined.counts.len(), 2, "a time that comes again takes no memory");
    }
}
