//! A report as it was at one instant, and how it lies in the cache.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Rows, and when they were computed. Instances share the cache, so the instant is by the clock on the wall; one that
/// lies in the future (clocks disagree) counts as now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Snapshot<Row> {
    /// Milliseconds since 1970.
    pub(super) computed_at_ms: u64,
    /// The rows, the first one first.
    pub(super) rows: Vec<Row>,
}

impl<Row> Snapshot<Row> {
    /// Rows computed at this moment.
    pub(super) fn now(rows: Vec<Row>) -> Self {
        Self { computed_at_ms: now_ms(), rows }
    }

    /// Since the rows were computed.
    pub(super) fn age(&self) -> Duration {
        Duration::from_millis(now_ms().saturating_sub(self.computed_at_ms))
    }
}

fn now_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
