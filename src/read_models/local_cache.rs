//! A report in this process's own memory.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::snapshot::Snapshot;

/// How long a report that is not fresh any more is kept, to be served while the database is away.
pub(super) const KEEP_STALE: Duration = Duration::from_hours(1);

/// A process's own copy of a report. It is asked first: as long as a report is fresh, nobody has a fresher claim.
#[derive(Debug)]
pub(super) struct LocalCache<Row>(Mutex<Option<Arc<Snapshot<Row>>>>);

impl<Row> LocalCache<Row> {
    pub(super) fn empty() -> Self {
        Self(Mutex::new(None))
    }

    /// The copy, unless it is too old to be served at all.
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
