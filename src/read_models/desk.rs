//! Where one kind of report is asked for: out of the cache if it is there, computed otherwise.

use std::sync::Arc;
use std::time::Duration;

use prometheus::{IntCounter, IntGauge};
use tokio::time::Instant;

use super::flight::{Flight, Joined};
use super::snapshot::Snapshot;
use super::{Config, Kind, Report, ReportError, Source};
use crate::cache::Cache;
use crate::db::Database;
use crate::metrics::Metrics;

/// How long a report that is not fresh any more is kept, to be served while the database is away.
const KEEP_STALE: Duration = Duration::from_hours(1);

type Computed<K> = Result<Arc<Snapshot<<K as Kind>::Row>>, ReportError>;

/// Answers one kind of report.
pub(super) struct Desk<K: Kind> {
    database: Arc<Database>,
    cache: Option<Arc<Cache>>,
    /// Reports computed differently do not answer for each other, nor do the shapes of different versions.
    key: String,
    config: Config,
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
            key: format!("storemgr:1:report:{}:{}", K::NAME, config.source.name()),
            config,
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
            None => compute::<K>(&self.database, self.config.source, deadline).await?,
            Some(cache) => self.cached(cache).await?,
        };
        let age = snapshot.age();
        self.counts.age_seconds.set(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
        Ok(Report { rows: snapshot.rows.iter().take(limit as usize).cloned().collect(), age })
    }

    async fn cached(&self, cache: &Arc<Cache>) -> Computed<K> {
        let Ok(bytes) = cache.get(&self.key).await else {
            self.counts.error.inc();
            return self.refresh(cache).result().await.unwrap_or(Err(ReportError::Abandoned));
        };
        let known = bytes.and_then(|bytes| serde_json::from_slice::<Snapshot<K::Row>>(&bytes).ok());
        match known {
            Some(snapshot) if snapshot.age() < self.config.time_to_live => {
                self.counts.hit.inc();
                Ok(Arc::new(snapshot))
            }
            Some(snapshot) => {
                self.counts.stale.inc();
                drop(self.refresh(cache));
                Ok(Arc::new(snapshot))
            }
            None => {
                self.counts.miss.inc();
                self.refresh(cache).result().await.unwrap_or(Err(ReportError::Abandoned))
            }
        }
    }

    /// Joins or starts the computation that also fills the cache.
    fn refresh(&self, cache: &Arc<Cache>) -> Joined<Computed<K>> {
        self.flight.join(|| {
            let (database, cache, key, config) =
                (Arc::clone(&self.database), Arc::clone(cache), self.key.clone(), self.config);
            async move {
                let deadline = Instant::now() + config.compute_limit;
                let snapshot = compute::<K>(&database, config.source, deadline).await?;
                if let Ok(bytes) = serde_json::to_vec(snapshot.as_ref()) {
                    // A cache that is away was already counted and logged.
                    drop(cache.set(&key, &bytes, config.time_to_live + KEEP_STALE).await);
                }
                Ok(snapshot)
            }
        })
    }
}

async fn compute<K: Kind>(database: &Database, source: Source, deadline: Instant) -> Computed<K> {
    let rows = async {
        let mut session = database.session(deadline).await?;
        K::compute(&mut session, source).await
    };
    let rows = rows.await.map_err(|error| ReportError::Database(Arc::new(error)))?;
    Ok(Arc::new(Snapshot::now(rows)))
}
