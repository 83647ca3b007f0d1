//! Serves one kind of report: from a cache if possible, otherwise computed.

use std::sync::Arc;
use std::time::Duration;

use prometheus::{IntCounter, IntGauge};
use rand::RngExt;
use tokio::time::Instant;

use super::local_cache::{KEEP_STALE, LocalCache};
use super::report::{Config, Report, ReportError, ReportKind, Source};
use super::shared_copy::SharedCopy;
use super::single_flight::{Joined, SingleFlight};
use super::snapshot::Snapshot;
use crate::cache::Cache;
use crate::db::{Database, DbError};
use crate::metrics::Metrics;

type Computed<K> = Result<Arc<Snapshot<<K as ReportKind>::Row>>, ReportError>;

/// Serves one kind of report.
pub(super) struct ReportCache<K: ReportKind> {
    database: Arc<Database>,
    shared: Option<Arc<SharedCopy<K::Row>>>,
    config: Config,
    local: Arc<LocalCache<K::Row>>,
    flight: SingleFlight<Computed<K>>,
    /// Asks the database once which store it is.
    introduction: SingleFlight<Result<(), ReportError>>,
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
            shared: cache.map(|cache| Arc::new(SharedCopy::new(cache, K::NAME, config.source.name()))),
            config,
            local: Arc::new(LocalCache::empty()),
            flight: SingleFlight::new(),
            introduction: SingleFlight::new(),
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
        let snapshot = match &self.shared {
            None => Arc::new(compute::<K>(&self.database, self.config.source, None, deadline).await?),
            Some(shared) => self.cached(shared).await?,
        };
        let age = snapshot.age();
        show_age(&self.counts.age_seconds, age);
        Ok(Report { rows: snapshot.rows.iter().take(limit as usize).cloned().collect(), age })
    }

    /// Whether a cache is asked before the database.
    pub(super) fn is_cached(&self) -> bool {
        self.shared.is_some()
    }

    /// The report from this process's copy, otherwise from the shared cache, otherwise computed.
    async fn cached(&self, shared: &Arc<SharedCopy<K::Row>>) -> Computed<K> {
        if let Some(local) = self.local.get() {
            let fresh = local.age() < self.config.time_to_live;
            self.counts.found(fresh);
            if !fresh || local.is_due_early(self.config.time_to_live, rand::rng().random()) {
                drop(self.refresh(shared));
            }
            return Ok(local);
        }
        if !shared.knows_store() {
            self.introduce(shared).result().await.unwrap_or(Err(ReportError::Abandoned))?;
        }
        match shared.get().await {
            Ok(Some(snapshot)) => {
                let fresh = snapshot.age() < self.config.time_to_live;
                self.counts.found(fresh);
                let snapshot = self.local.put(snapshot);
                if !fresh {
                    drop(self.refresh(shared));
                }
                Ok(snapshot)
            }
            Ok(None) => {
                self.counts.miss.inc();
                self.refresh(shared).result().await.unwrap_or(Err(ReportError::Abandoned))
            }
            Err(_) => {
                self.counts.error.inc();
                self.refresh(shared).result().await.unwrap_or(Err(ReportError::Abandoned))
            }
        }
    }

    /// Joins or starts the task that asks the database which store it is, so that the shared cache can be asked.
    fn introduce(&self, shared: &Arc<SharedCopy<K::Row>>) -> Joined<Result<(), ReportError>> {
        self.introduction.join(|| {
            let (database, shared, limit) = (Arc::clone(&self.database), Arc::clone(shared), self.config.compute_limit);
            async move {
                let ask = async { database.session(Instant::now() + limit).await?.store_identity().await };
                shared.belongs_to(&ask.await.map_err(failed)?);
                Ok(())
            }
        })
    }

    /// Joins or starts the task that takes a newer report of another instance from the shared cache, or else computes one.
    fn refresh(&self, shared: &Arc<SharedCopy<K::Row>>) -> Joined<Computed<K>> {
        self.flight.join(|| {
            let (database, shared, local) = (Arc::clone(&self.database), Arc::clone(shared), Arc::clone(&self.local));
            let (config, errors) = (self.config, self.counts.error.clone());
            let age_seconds = self.counts.age_seconds.clone();
            async move {
                let mut readable = true;
                let known = local.get();
                let is_newer = |theirs: &Snapshot<_>| known.is_none_or(|known| theirs.is_newer_than(&known));
                match shared.get().await {
                    Ok(Some(theirs)) if is_newer(&theirs) && theirs.age() < config.time_to_live => {
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
                let snapshot = local.put(compute::<K>(&database, config.source, Some(&shared), deadline).await?);
                // Set here too: otherwise the gauge of a report that is not requested again would keep its old value.
                show_age(&age_seconds, snapshot.age());
                // The cache client has already counted and logged that the cache is away, but not that it can be read
                // and not written (full, a replica).
                let kept = shared.put(&snapshot, config.time_to_live + KEEP_STALE).await;
                if let (Err(error), true) = (kept, readable) {
                    errors.inc();
                    tracing::warn!(%error, "a report could not be kept in the cache");
                }
                Ok(snapshot)
            }
        })
    }
}

fn show_age(gauge: &IntGauge, age: Duration) {
    gauge.set(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
}

/// Computes a report. The shared copy, if there is one, is told of which store it is.
async fn compute<K: ReportKind>(
    database: &Database,
    source: Source,
    shared: Option<&SharedCopy<K::Row>>,
    deadline: Instant,
) -> Result<Snapshot<K::Row>, ReportError> {
    let started = Instant::now();
    let rows = async {
        let mut session = database.session(deadline).await?;
        if let Some(shared) = shared {
            shared.belongs_to(&session.store_identity().await?);
        }
        K::compute(&mut session, source).await
    };
    let rows = rows.await.map_err(failed)?;
    Ok(Snapshot::now(rows, started.elapsed()))
}

fn failed(error: DbError) -> ReportError {
    ReportError::Database(Arc::new(error))
}
