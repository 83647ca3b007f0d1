//! Why a text is not a threshold, and what to write instead.

use crate::units::InvalidShare;

/// Why a text is not a threshold.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidThreshold {
    /// It contains no comparison.
    #[error(
        "{0:?} contains no comparison: write a threshold like 'p95<200ms', 'POST /orders:fail_ratio<1%' or 'rps>500'"
    )]
    NoRelation(String),
    /// It compares for equality.
    #[error("{0:?} compares with =, but only <, <=, > and >= are supported: write 'failures<1' for no failures")]
    Equality(String),
    /// The name of the figure is not known.
    #[error(
        "{0:?} cannot be compared: write one of p50, p95, p99.9 (any percentile), avg, min, max, fail_ratio, checks, \
         rps, requests and failures"
    )]
    UnknownMetric(String),
    /// `good:` or `all:` stands before the route.
    #[error("{answers}: stands before the figure and after the route: write '{route}:{answers}:{metric}'")]
    AnswersFirst {
        /// `good` or `all`.
        answers: String,
        /// The route as it was written.
        route: String,
        /// The name of the figure.
        metric: String,
    },
    /// `good:` or `all:` stands before a figure of all requests.
    #[error("{metric} is a figure of good and failed requests together: write it without {answers}:")]
    NoAnswers {
        /// `good` or `all`.
        answers: String,
        /// The name of the figure.
        metric: String,
    },
    /// The limit has no value or unit that fits the figure.
    #[error("{limit:?} is not a limit for {metric}: write {like}")]
    Limit {
        /// The limit as it was written.
        limit: String,
        /// The name of the figure.
        metric: String,
        /// How to write a limit for it.
        like: &'static str,
    },
    /// The limit of a share is not valid.
    #[error("{metric}: {error}")]
    Share {
        /// The name of the figure.
        metric: String,
        /// Why it is not valid.
        error: InvalidShare,
    },
}
