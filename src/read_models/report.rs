//! The types of a report: its source, its configuration, its result and its errors.

use std::sync::Arc;
use std::time::Duration;

use crate::db::{DbError, Session};

/// The data from which a report is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// All order lines: exact, but slow with a long history.
    Scan,
    /// The totals that every order keeps up to date.
    ReadModel,
}

impl Source {
    /// The name on the command line and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::ReadModel => "read-model",
        }
    }
}

/// The maximum number of rows of a report. This many are computed and cached, whatever limit a request asks for.
pub const MAX_ROWS: u32 = 100;

/// How reports are computed and cached.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// The data from which they are computed.
    pub source: Source,
    /// How long a cached report counts as fresh. An older one is refreshed.
    pub time_to_live: Duration,
    /// The time limit of a computation in the background.
    pub compute_limit: Duration,
}

/// Why there is no report. All requests that waited for the same computation share it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReportError {
    /// The database failed or was unavailable.
    #[error(transparent)]
    Database(Arc<DbError>),
    /// The computation panicked, which is a defect.
    #[error("the report was not computed")]
    Abandoned,
}

/// The rows of a report, and how old they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report<Row> {
    /// The rows, the highest rank first.
    pub rows: Vec<Row>,
    /// The time since the rows were computed.
    pub age: Duration,
}

/// One kind of report: its name, its row type and its computation.
pub(super) trait ReportKind: Send + Sync + 'static {
    /// The name in metrics and in cache keys.
    const NAME: &'static str;
    /// One row, as HTTP answers and the cache contain it.
    type Row: Clone + Send + Sync + serde::Serialize + serde::de::DeserializeOwned + 'static;
    /// Reads up to [`MAX_ROWS`] rows from the source.
    fn compute(session: &mut Session, source: Source) -> impl Future<Output = Result<Vec<Self::Row>, DbError>> + Send;
}
