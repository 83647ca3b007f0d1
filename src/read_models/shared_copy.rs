//! The copy of a report in the shared cache, where all instances of a store find it.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::snapshot::Snapshot;
use crate::cache::{Cache, CacheError};

/// The shared copy of one report of one store.
///
/// Several stores may use one cache, so the key contains the identity of the store, which the database knows. It also
/// contains the source of the report and a version of the format, so that instances which compute reports differently do
/// not read each other's.
pub(super) struct SharedCopy<Row> {
    cache: Arc<Cache>,
    report: String,
    key: Mutex<Option<Arc<str>>>,
    rows: PhantomData<fn() -> Row>,
}

impl<Row: Serialize + DeserializeOwned> SharedCopy<Row> {
    /// The copy of a report with this name and source; of which store is not known yet.
    pub(super) fn new(cache: &Arc<Cache>, report: &str, source: &str) -> Self {
        let report = format!("{report}:{source}");
        Self { cache: Arc::clone(cache), report, key: Mutex::new(None), rows: PhantomData }
    }

    /// Whether the store is known. Until then nothing is read or written.
    pub(super) fn knows_store(&self) -> bool {
        self.key().is_some()
    }

    /// Sets the store. Called again with every computed report: the database may have been replaced by another one.
    pub(super) fn belongs_to(&self, store: &str) {
        let key = format!("storemgr:3:{store}:report:{}", self.report);
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.into());
    }

    /// Reads it; `None` if there is none that can be used: it has another format, or comes from the future.
    pub(super) async fn get(&self) -> Result<Option<Snapshot<Row>>, CacheError> {
        let Some(key) = self.key() else { return Ok(None) };
        let bytes = self.cache.get(&key).await?;
        let snapshot = bytes.and_then(|bytes| serde_json::from_slice::<Snapshot<Row>>(&bytes).ok());
        Ok(snapshot.and_then(|snapshot| snapshot.read_at(SystemTime::now())))
    }

    /// Replaces it, to be kept for so long.
    pub(super) async fn put(&self, snapshot: &Snapshot<Row>, keep: Duration) -> Result<(), CacheError> {
        let (Some(key), Ok(bytes)) = (self.key(), serde_json::to_vec(snapshot)) else { return Ok(()) };
        self.cache.set(&key, &bytes, keep).await
    }

    fn key(&self) -> Option<Arc<str>> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
