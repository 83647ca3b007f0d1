//! A computed report and its age, in the format of the cache.
//!
//! Within a process, age is measured by the monotonic clock, which nobody can set. From one instance to another it can only
//! be measured by their wall clocks, which may differ; [`Snapshot::read_at`] says what that costs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// A difference between clocks that counts as none: synchronised clocks differ by much less. A report may be served for
/// this much longer than its time to live.
const TOLERANCE: Duration = Duration::from_secs(1);

/// Rows, and when they were computed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Snapshot<Row> {
    /// When the rows were computed, in milliseconds since 1970, by the clock of the instance that computed them.
    computed_at_ms: u64,
    /// How long the computation took, in milliseconds.
    computed_in_ms: u64,
    /// The rows, the highest rank first.
    pub(super) rows: Vec<Row>,
    /// When this process computed or read it.
    #[serde(skip, default = "Instant::now")]
    received: Instant,
    /// Its age at that moment.
    #[serde(skip)]
    age_then: Duration,
}

impl<Row> Snapshot<Row> {
    /// A snapshot of rows that were computed just now, which took `took`.
    pub(super) fn now(rows: Vec<Row>, took: Duration) -> Self {
        let computed_at_ms = since_epoch_ms(SystemTime::now());
        let (received, age_then) = (Instant::now(), Duration::ZERO);
        Self { computed_at_ms, computed_in_ms: took.as_millis() as u64, rows, received, age_then }
    }

    /// A snapshot that was just read from the cache at this time of the wall clock; `None` if it comes from the future.
    ///
    /// Such a report was computed by an instance whose clock is fast, or before this clock was set back, and nobody can
    /// tell its age. It is computed anew, and so is one that only seems old because this clock is fast. So an instance whose
    /// clock is wrong computes each report once per time to live, as it would without other instances, and not more often:
    /// the age of its own copy does not depend on the wall clock.
    pub(super) fn read_at(mut self, now: SystemTime) -> Option<Self> {
        let (now_ms, tolerance_ms) = (since_epoch_ms(now), TOLERANCE.as_millis() as u64);
        if self.computed_at_ms > now_ms.saturating_add(tolerance_ms) {
            return None;
        }
        self.age_then = Duration::from_millis(now_ms.saturating_sub(self.computed_at_ms));
        Some(self)
    }

    /// The time since the rows were computed.
    pub(super) fn age(&self) -> Duration {
        self.age_then + self.received.elapsed()
    }

    /// Whether it is another, younger report than `other`. A report that was written to the cache and read back may seem
    /// younger by a millisecond, and is the same.
    pub(super) fn is_newer_than(&self, other: &Self) -> bool {
        self.computed_at_ms != other.computed_at_ms && self.age() < other.age()
    }

    /// Whether to refresh a report that is still fresh, so that stale reports are rarely served. The probability rises
    /// towards the end of the time to live, and with the time that the computation takes. `chance` is a random number from 0
    /// to 1. This is XFetch with beta = 1 (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede
    /// Prevention, VLDB 2015).
    pub(super) fn is_due_early(&self, time_to_live: Duration, chance: f64) -> bool {
        let lead_ms = self.computed_in_ms.max(1) as f64 * -chance.max(f64::MIN_POSITIVE).ln();
        self.age().as_millis() as f64 + lead_ms >= time_to_live.as_millis() as f64
    }
}

fn since_epoch_ms(time: SystemTime) -> u64 {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    /// A snapshot that was computed just now, as another instance reads it from the cache at a time of its clock.
    fn read_at(now: SystemTime) -> Option<Snapshot<u32>> {
        let bytes = serde_json::to_vec(&Snapshot::now(vec![0_u32], Duration::from_millis(10))).unwrap();
        serde_json::from_slice::<Snapshot<u32>>(&bytes).unwrap().read_at(now)
    }

    #[tokio::test(start_paused = true)]
    async fn a_report_that_takes_long_is_refreshed_earlier() {
        let ttl = Duration::from_secs(5);
        let fast = Snapshot::now(vec![0], Duration::from_millis(10));
        let slow = Snapshot::now(vec![0], Duration::from_millis(1_100));
        tokio::time::advance(Duration::from_secs(4)).await;
        // exp(-1) is where the lead is just the time of the computation.
        let chance = (-1.0_f64).exp();
        assert!(!fast.is_due_early(ttl, chance));
        assert!(slow.is_due_early(ttl, chance));
        assert!(!slow.is_due_early(ttl, 1.0), "one draw in many comes first");
        assert!(fast.is_due_early(ttl, 0.0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_report_from_the_future_is_not_used_and_clocks_that_hardly_differ_are_one() {
        let now = SystemTime::now();
        assert!(read_at(now - HOUR).is_none());
        assert!(read_at(UNIX_EPOCH).is_none(), "a clock that was never set");
        assert!(read_at(now - Duration::from_millis(1_500)).is_none());
        let slightly_ahead = read_at(now - Duration::from_millis(500)).unwrap();
        assert_eq!(slightly_ahead.age(), Duration::ZERO);
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(slightly_ahead.age(), Duration::from_secs(7), "its age does not stand still");
    }

    #[tokio::test(start_paused = true)]
    async fn the_age_of_what_was_read_goes_on_by_a_clock_that_nobody_sets() {
        let old = read_at(SystemTime::now() + HOUR).unwrap();
        assert!(old.age() >= HOUR && old.age() < HOUR + TOLERANCE, "{:?}", old.age());
        let before = old.age();
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(old.age(), before + Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_report_is_not_newer_than_itself() {
        let mine = Snapshot::now(vec![0_u32], Duration::ZERO);
        let bytes = serde_json::to_vec(&mine).unwrap();
        tokio::time::advance(Duration::from_secs(5)).await;
        let read_back = |now| serde_json::from_slice::<Snapshot<u32>>(&bytes).unwrap().read_at(now).unwrap();
        assert!(!read_back(SystemTime::now() + Duration::from_millis(4_990)).is_newer_than(&mine));
        let theirs = Snapshot { computed_at_ms: mine.computed_at_ms + 3_000, ..read_back(SystemTime::now()) };
        assert!(theirs.is_newer_than(&mine) && !mine.is_newer_than(&theirs));
    }

    #[test]
    fn clocks_may_differ_by_the_tolerance_and_by_no_more() {
        let now = SystemTime::now();
        let ahead = |ms| {
            let computed_at_ms = since_epoch_ms(now) + ms;
            Snapshot { computed_at_ms, ..Snapshot::now(vec![0_u32], Duration::ZERO) }.read_at(now)
        };
        let tolerance_ms = TOLERANCE.as_millis() as u64;
        assert!(ahead(tolerance_ms).is_some());
        assert!(ahead(tolerance_ms + 1).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_reports_of_the_same_age_none_is_newer() {
        let mine = Snapshot::now(vec![0_u32], Duration::ZERO);
        let computed_at_ms = mine.computed_at_ms + 500;
        let theirs = Snapshot { computed_at_ms, ..Snapshot::now(vec![0_u32], Duration::ZERO) };
        assert_eq!(mine.age(), theirs.age());
        assert!(!mine.is_newer_than(&theirs) && !theirs.is_newer_than(&mine));
    }

    #[test]
    fn a_time_beyond_every_clock_does_not_overflow() {
        let text = format!(r#"{{"computed_at_ms":{},"computed_in_ms":{0},"rows":[]}}"#, u64::MAX);
        assert!(serde_json::from_str::<Snapshot<u32>>(&text).unwrap().read_at(SystemTime::now()).is_none());
        let old = serde_json::from_str::<Snapshot<u32>>(r#"{"computed_at_ms":0,"computed_in_ms":0,"rows":[]}"#);
        assert!(old.unwrap().read_at(SystemTime::now()).unwrap().age() > 365 * 24 * HOUR);
    }
}
