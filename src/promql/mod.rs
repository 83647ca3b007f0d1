//! A client for the HTTP API of Prometheus (<https://prometheus.io/docs/prometheus/latest/querying/api/>), which returns
//! typed samples, targets and rules.
//!
//! It knows nothing of the store: the callers choose the queries and interpret the results. Nothing is retried. Every error
//! names the address that was asked and, if the user can do something about it, what to do.

mod alerts;
mod answer;
mod client;
mod error;
mod series;
mod targets;

pub use alerts::AlertRule;
pub use client::Prometheus;
pub use error::PromError;
pub use series::{Labels, Point, Sample, Series};
pub use targets::{Health, ScrapeTarget};
