//! The copy of a report in the memory of this process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::snapshot::Snapshot;

/// How long a stale report is kept, so that it can be served while the database is unavailable.
pub(super) const KEEP_STALE: Duration = Duration::from_hours(1);

/// This process's copy of one report. It is asked before the shared cache and the database.
#[derive(Debug)]
pub(super) struct LocalCache<Row>(Mutex<Option<Arc<Snapshot<Row>>>>);

impl<Row> LocalCache<Row> {
    pub(super) fn empty() -> Self {
        Self(Mutex::new(None))
    }

    /// The copy; `None` if there is none or it is older than [`KEEP_STALE`].
    pub(super) fn get(&self) -> Option<Arc<Snapshot<Row>>> {
        let copy = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        copy.filter(|snapshot| snapshot.age() < KEEP_STALE)
    }

    pub(super) fn put(&self, snapshot: Snapshot<Row>) -> Arc<Snapshot<Row>> {
        let snapshot = Arc::new(snapshot);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&snapshot));
        snapshot
    }
}
