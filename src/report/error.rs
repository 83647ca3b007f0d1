//! The reasons why there is no report.

use crate::promql::PromError;

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The run ends in the future by this machine's clock.
    #[error(
        "the run ended at {ended_at}, which is in the future: the clocks of this machine and of the load test's machine \
             differ"
    )]
    NotYet {
        /// The end of the run, in UTC.
        ended_at: String,
    },
    /// The window reaches into the future.
    #[error(
        "the window {edge} at {at}, which is in the future: it is {now} now; a time without an offset is UTC, and a time \
        without a date is today"
    )]
    Future {
        /// `begins` or `ends`.
        edge: &'static str,
        /// The time in the future.
        at: String,
        /// The present time of this machine.
        now: String,
    },
    /// The window ends before it begins.
    #[error("the window begins at {from}, which is not before its end at {to}: swap the two, or add the dates")]
    Backwards {
        /// The beginning that was asked for.
        from: String,
        /// The end that was asked for.
        to: String,
    },
    /// The window would begin before 1970.
    #[error("a window of {window} begins too far in the past: choose a shorter one")]
    TooLong {
        /// The length of the window.
        window: String,
    },
    /// Prometheus has scraped no instance of the store in the window.
    #[error(
        "Prometheus at {url} has no data of the store between {from} and {to}: nothing with job=\"storemgr\" was scraped \
        then; check that this Prometheus watches the store, and that both were running"
    )]
    NoData {
        /// The address of Prometheus.
        url: String,
        /// The beginning of the window.
        from: String,
        /// The end of the window.
        to: String,
    },
    /// Prometheus tried to scrape instances in the window, but none answered.
    #[error(
        "Prometheus at {url} has no data of the store between {from} and {to}: it asked {instances}, but none answered; \
         `storemgr stack status` shows what is running"
    )]
    NoneUp {
        /// The address of Prometheus.
        url: String,
        /// The beginning of the window.
        from: String,
        /// The end of the window.
        to: String,
        /// The instances that it tried to scrape.
        instances: String,
    },
    /// Prometheus did not answer a query.
    #[error(transparent)]
    Prometheus(#[from] PromError),
}
