//! A computed report with the time of its computation, in the format of the cache.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Rows, and when they were computed. Instances share the cache, so the time is wall-clock time; a time in the future,
/// which another machine's clock can give, counts as now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Snapshot<Row> {
    /// When the rows were computed, in milliseconds since 1970.
    pub(super) computed_at_ms: u64,
    /// How long the computation took, in milliseconds.
    pub(super) computed_in_ms: u64,
    /// The rows, the highest rank first.
    pub(super) rows: Vec<Row>,
}

impl<Row> Snapshot<Row> {
    /// A snapshot of rows that were computed just now, which took `took`.
    pub(super) fn now(rows: Vec<Row>, took: Duration) -> Self {
        Self { computed_at_ms: now_ms(), computed_in_ms: took.as_millis() as u64, rows }
    }

    /// The time since the rows were computed.
    pub(super) fn age(&self) -> Duration {
        Duration::from_millis(now_ms().saturating_sub(self.computed_at_ms))
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

fn now_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_that_takes_long_is_refreshed_earlier() {
        let ttl = Duration::from_secs(5);
        let snapshot = |took_ms| Snapshot { computed_at_ms: now_ms() - 4_000, computed_in_ms: took_ms, rows: vec![0] };
        // exp(-1) is where the lead is just the time of the computation.
        let chance = (-1.0_f64).exp();
        assert!(!snapshot(10).is_due_early(ttl, chance));
        assert!(snapshot(1_100).is_due_early(ttl, chance));
        assert!(!snapshot(1_100).is_due_early(ttl, 1.0), "one draw in many comes first");
        assert!(snapshot(10).is_due_early(ttl, 0.0));
    }
}
