//! Serves one kind of report: from a cache if possible, otherwise computed.

use std::sync::Arc;
use std::time::Duration;

use prometheus::{IntCounter, IntGauge};
use rand::RngExt;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::local_cache::{KEEP_STALE, LocalCache};
use super::report::{Config, Report, ReportError, ReportKind, Source};
use super::single_flight::{Joined, SingleFlight};
use super::snapshot::Snapshot;
use crate::cache::{Cache, CacheError};
use crate::db::Database;
use crate::metrics::Metrics;

type Computed<K> = Result<Arc<Snapshot<<K as ReportKind>::Row>>, ReportError>;

/// Serves one kind of report.
pub(super) struct ReportCache<K: ReportKind> {
    database: Arc<Database>,
    cache: Option<Arc<Cache>>,
    /// The key in the shared cache. It differs by source and by version of the format, so that instances which compute
    /// reports differently do not read each other's.
    key: String,
    config: Config,
    local: Arc<LocalCache<K::Row>>,
    flight: SingleFlight<Computed<K>>,
    counts: CacheCounters,
}

/// The metrics of one report, looked up once because a look-up by label costs a lock.
struct CacheCounters {
    hit: IntCounter,
    stale: IntCounter,
    miss: IntCounter,
    error: IntCounter,
    age_seconds: IntGauge,
}

impl CacheCounters {
    fn found(&self, fresh: bool) {
        let counter = if fresh { &self.hit } else { &self.stale };
        counter.inc();
    }
}

impl<K: ReportKind> std::fmt::Debug for ReportCache<K> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ReportCache")
            .field("report", &K::NAME)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl<K: ReportKind> ReportCache<K> {
    pub(super) fn new(database: &Arc<Database>, cache: Option<&Arc<Cache>>, config: Config, metrics: &Metrics) -> Self {
        let outcome = |outcome| metrics.cache_requests_total.with_label_values(&[K::NAME, outcome]);
        Self {
            database: Arc::clone(database),
            cache: cache.cloned(),
            key: format!("storemgr:2:report:{}:{}", K::NAME, config.source.name()),
            config,
            local: Arc::new(LocalCache::empty()),
            flight: SingleFlight::new(),
            counts: CacheCounters {
                hit: outcome("hit"),
                stale: outcome("stale"),
                miss: outcome("miss"),
                error: outcome("error"),
                age_seconds: metrics.report_age_seconds.with_label_values(&[K::NAME]),
            },
        }
    }

    /// The first `limit` rows. Without a cache, the computation must end by `deadline`.
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

    /// The report from this process's copy, otherwise from the shared cache, otherwise computed.
    async fn cached(&self, cache: &Arc<Cache>) -> Computed<K> {
        if let Some(local) = self.local.get() {
            let fresh = local.age() < self.config.time_to_live;
            self.counts.found(fresh);
            if !fresh || local.is_due_early(self.config.time_to_live, rand::rng().random()) {
                drop(self.refresh(cache));
            }
            return Ok(local);
        }
        match shared(cache, &self.key).await {
            Ok(Some(snapshot)) => {
                let fresh = snapshot.age() < self.config.time_to_live;
                self.counts.found(fresh);
                let snapshot = self.local.put(snapshot);
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

    /// Joins or starts the task that takes a newer report of another instance from the shared cache, or else computes one.
    fn refresh(&self, cache: &Arc<Cache>) -> Joined<Computed<K>> {
        self.flight.join(|| {
            let (database, cache, local) = (Arc::clone(&self.database), Arc::clone(cache), Arc::clone(&self.local));
            let (key, config, errors) = (self.key.clone(), self.config, self.counts.error.clone());
            let age_seconds = self.counts.age_seconds.clone();
            async move {
                let mut readable = true;
                let known_ms = local.get().map_or(0, |local| local.computed_at_ms);
                match shared::<K::Row>(&cache, &key).await {
                    Ok(Some(theirs)) if theirs.computed_at_ms > known_ms && theirs.age() < config.time_to_live => {
                        show_age(&age_seconds, theirs.age());
                        return Ok(local.put(theirs));
                    }
                    Ok(_) => {}
                    Err(_) => {
                        readable = false;
                        errors.inc();
                    }
                }
                let deadline = Instant::now() + config.compute_limit;
                let snapshot = local.put(compute::<K>(&database, config.source, deadline).await?);
                // Set here too: otherwise the gauge of a report that is not requested again would keep its old value.
                show_age(&age_seconds, snapshot.age());
                if let Ok(bytes) = serde_json::to_vec(snapshot.as_ref()) {
                    // The cache client has already counted and logged that the cache is away, but not that it can be read
                    // and not written (full, a replica).
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

/// The report in the shared cache; `None` if there is none or it has another format.
async fn shared<Row: DeserializeOwned>(cache: &Cache, key: &str) -> Result<Option<Snapshot<Row>>, CacheError> {
    let bytes = cache.get(key).await?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

async fn compute<K: ReportKind>(
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
