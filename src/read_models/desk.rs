//! Where one kind of report is asked for: out of the cache if it is there, computed otherwise.

use std::sync::Arc;
use std::time::Duration;

use prometheus::{IntCounter, IntGauge};
use rand::RngExt;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::flight::{Flight, Joined};
use super::near::{KEEP_STALE, Near};
use super::report::{Config, Kind, Report, ReportError, Source};
use super::snapshot::Snapshot;
use crate::cache::{Cache, CacheError};
use crate::db::Database;
use crate::metrics::Metrics;

type Computed<K> = Result<Arc<Snapshot<<K as Kind>::Row>>, ReportError>;

/// Answers one kind of report.
pub(super) struct Desk<K: Kind> {
    database: Arc<Database>,
    cache: Option<Arc<Cache>>,
    /// Reports computed differently do not answer for each other, nor do the shapes of different versions.
    key: String,
    config: Config,
    near: Arc<Near<K::Row>>,
    flight: Flight<Computed<K>>,
    counts: Counts,
}

/// The metrics of one report, looked up once.
struct Counts {
    hit: IntCounter,
    stale: IntCounter,
    miss: IntCounter,
    error: IntCounter,
    age_seconds: IntGauge,
}

impl Counts {
    fn found(&self, fresh: bool) {
        let counter = if fresh { &self.hit } else { &self.stale };
        counter.inc();
    }
}

impl<K: Kind> std::fmt::Debug for Desk<K> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Desk").field("report", &K::NAME).field("config", &self.config).finish_non_exhaustive()
    }
}

impl<K: Kind> Desk<K> {
    pub(super) fn new(database: &Arc<Database>, cache: Option<&Arc<Cache>>, config: Config, metrics: &Metrics) -> Self {
        let outcome = |outcome| metrics.cache_requests_total.with_label_values(&[K::NAME, outcome]);
        Self {
            database: Arc::clone(database),
            cache: cache.cloned(),
            key: format!("storemgr:2:report:{}:{}", K::NAME, config.source.name()),
            config,
            near: Arc::new(Near::empty()),
            flight: Flight::new(),
            counts: Counts {
                hit: outcome("hit"),
                stale: outcome("stale"),
                miss: outcome("miss"),
                error: outcome("error"),
                age_seconds: metrics.report_age_seconds.with_label_values(&[K::NAME]),
            },
        }
    }

    /// The first `limit` rows.
    pub(super) async fn report(&self, limit: u32, deadline: Instant) -> Result<Report<K::Row>, ReportError> {
        let snapshot = match &self.cache {
            None => Arc::new(compute::<K>(&self.database, self.config.source, deadline).await?),
            Some(cache) => self.cached(cache).await?,
        };
        let age = snapshot.age();
        show_age(&self.counts.age_seconds, age);
        Ok(Report { rows: snapshot.rows.iter().take(limit as usize).cloned().collect(), age })
    }

    /// Whether a cache is asked before the database.
    pub(super) fn is_cached(&self) -> bool {
        self.cache.is_some()
    }

    /// Out of this process's own copy; if there is none, out of the shared cache; if there is none either, computed.
    async fn cached(&self, cache: &Arc<Cache>) -> Computed<K> {
        if let Some(near) = self.near.get() {
            let fresh = near.age() < self.config.time_to_live;
            self.counts.found(fresh);
            if !fresh || near.is_due_early(self.config.time_to_live, rand::rng().random()) {
                drop(self.refresh(cache));
            }
            return Ok(near);
        }
        match shared(cache, &self.key).await {
            Ok(Some(snapshot)) => {
                let fresh = snapshot.age() < self.config.time_to_live;
                self.counts.found(fresh);
                let snapshot = self.near.put(snapshot);
                if !fresh {
                    drop(self.refresh(cache));
                }
                Ok(snapshot)
            }
            Ok(None) => {
                self.counts.miss.inc();
                self.refresh(cache).result().await.unwrap_or(Err(ReportError::Abandoned))
            }
            Err(_) => {
                self.counts.error.inc();
                self.refresh(cache).result().await.unwrap_or(Err(ReportError::Abandoned))
            }
        }
    }

    /// Joins or starts the task that looks whether another instance has a newer report, and else computes one for all.
    fn refresh(&self, cache: &Arc<Cache>) -> Joined<Computed<K>> {
        self.flight.join(|| {
            let (database, cache, near) = (Arc::clone(&self.database), Arc::clone(cache), Arc::clone(&self.near));
            let (key, config, errors) = (self.key.clone(), self.config, self.counts.error.clone());
            let age_seconds = self.counts.age_seconds.clone();
            async move {
                let mut readable = true;
                let known_ms = near.get().map_or(0, |near| near.computed_at_ms);
                match shared::<K::Row>(&cache, &key).await {
                    Ok(Some(theirs)) if theirs.computed_at_ms > known_ms && theirs.age() < config.time_to_live => {
                        show_age(&age_seconds, theirs.age());
                        return Ok(near.put(theirs));
                    }
                    Ok(_) => {}
                    Err(_) => {
                        readable = false;
                        errors.inc();
                    }
                }
                let deadline = Instant::now() + config.compute_limit;
                let snapshot = near.put(compute::<K>(&database, config.source, deadline).await?);
                // What is answered next. Otherwise a report that nobody asks for again would seem old for ever.
                show_age(&age_seconds, snapshot.age());
                if let Ok(bytes) = serde_json::to_vec(snapshot.as_ref()) {
                    // A cache that is away was already counted and logged; one that is read and not written (full, a
                    // replica) was not.
                    let kept = cache.set(&key, &bytes, config.time_to_live + KEEP_STALE).await;
                    if let (Err(error), true) = (kept, readable) {
                        errors.inc();
                        tracing::warn!(%error, "a report could not be kept in the cache");
                    }
                }
                Ok(snapshot)
            }
        })
    }
}

fn show_age(gauge: &IntGauge, age: Duration) {
    gauge.set(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
}

/// What the shared cache holds; a value of another shape counts as none.
async fn shared<Row: DeserializeOwned>(cache: &Cache, key: &str) -> Result<Option<Snapshot<Row>>, CacheError> {
    let bytes = cache.get(key).await?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

async fn compute<K: Kind>(
    database: &Database,
    source: Source,
    deadline: Instant,
) -> Result<Snapshot<K::Row>, ReportError> {
    let started = Instant::now();
    let rows = async {
        let mut session = database.session(deadline).await?;
        K::compute(&mut session, source).await
    };
    let rows = rows.await.map_err(|error| ReportError::Database(Arc::new(error)))?;
    Ok(Snapshot::now(rows, started.elapsed()))
}
