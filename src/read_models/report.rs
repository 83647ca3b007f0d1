//! What a report is: where it is computed from, how, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use crate::db::{DbError, Session};

/// Where a report is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// All order lines.
    Scan,
    /// Totals kept with the orders.
    ReadModel,
}

impl Source {
    /// Its name on the command line and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::ReadModel => "read-model",
        }
    }
}

/// The most rows of a report; what is computed and cached, whatever number a request asks for.
pub const MAX_ROWS: u32 = 100;

/// How reports are made.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Where from.
    pub source: Source,
    /// How long a cached report counts as fresh.
    pub time_to_live: Duration,
    /// The longest that computing one may take.
    pub compute_limit: Duration,
}

/// Why there is no report. Shared by all who waited for the same computation.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReportError {
    /// The database failed.
    #[error(transparent)]
    Database(Arc<DbError>),
    /// The computation ended without a result: a defect.
    #[error("the report was not computed")]
    Abandoned,
}

/// A report's rows, and how old they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report<Row> {
    /// The rows, the first one first.
    pub rows: Vec<Row>,
    /// Since they were computed.
    pub age: Duration,
}

/// One kind of report: its name, its row, how it is computed.
pub(super) trait ReportKind: Send + Sync + 'static {
    /// The name in metrics and in the cache.
    const NAME: &'static str;
    /// One row, as it stands on the wire.
    type Row: Clone + Send + Sync + serde::Serialize + serde::de::DeserializeOwned + 'static;
    /// Reads up to [`MAX_ROWS`] rows.
    fn compute(session: &mut Session, source: Source) -> impl Future<Output = Result<Vec<Self::Row>, DbError>> + Send;
}
