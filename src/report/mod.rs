//! What a store did in a window of time, out of Prometheus.
//!
//! **Counts are exact.** `increase()` extrapolates to the window's edges, and misses what a series counted before its
//! first sample (<https://prometheus.io/docs/prometheus/latest/querying/functions/#increase>); a load test of a minute
//! would be off by some percent. A count here is the last value in the window less the last value before it, and all of
//! the last value for a series or a process that was not there before. Only for an instance that was restarted in the
//! window is `increase()` taken, which handles the reset.
//!
//! **Percentiles are estimates**: interpolated within the buckets of a histogram (`histogram_quantile`). One that falls
//! beyond the last bucket is only known to be larger.

mod gather;
mod queries;
mod tables;
mod window;

pub use gather::{LoadTestCounts, Report, ReportError, gather};
pub use queries::{Query, queries};
pub use tables::tables;
pub use window::{InvalidRunFile, RunFile, Window};
