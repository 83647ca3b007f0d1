//! Why there is no report.

use crate::promql::PromError;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The run ends later than now.
    #[error(
        "the run ended at {ended_at}, which is still to come: the clocks of this machine and of the load test's differ"
    )]
    NotYet {
        /// When it ended.
        ended_at: String,
    },
    /// The window reaches into the future.
    #[error(
        "the window {edge} at {at}, which is still to come: it is {now} now; a time without an offset is UTC, and one \
         without a date is today's"
    )]
    Future {
        /// `begins` or `ends`.
        edge: &'static str,
        /// When that would be.
        at: String,
        /// What this machine's clock says.
        now: String,
    },
    /// The window ends before it begins.
    #[error(
        "the window begins at {from}, and that is not before its end at {to}: exchange the two, or write the dates"
    )]
    Backwards {
        /// Where it was to begin.
        from: String,
        /// Where it was to end.
        to: String,
    },
    /// The window does not lie in time as this machine counts it.
    #[error("a window of {window} reaches back too far")]
    TooLong {
        /// Its length.
        window: String,
    },
    /// No instance of the store was scraped.
    #[error(
        "Prometheus at {url} has no data of the store between {from} and {to}: nothing with job=\"storemgr\" was scraped \
         then; is it the Prometheus of the stack that was measured, and was that running?"
    )]
    NoData {
        /// The Prometheus asked.
        url: String,
        /// The beginning of the window.
        from: String,
        /// Its end.
        to: String,
    },
    /// Instances were scraped, but none answered.
    #[error(
        "Prometheus at {url} has no data of the store between {from} and {to}: it asked {instances}, and none answered; \
         `storemgr stack status` shows what is running"
    )]
    NoneUp {
        /// The Prometheus asked.
        url: String,
        /// The beginning of the window.
        from: String,
        /// Its end.
        to: String,
        /// Whom it asked.
        instances: String,
    },
    /// Prometheus does not answer.
    #[error(transparent)]
    Prometheus(#[from] PromError),
}
