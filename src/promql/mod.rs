//! Prometheus, as somewhere to ask: over its HTTP API (<https://prometheus.io/docs/prometheus/latest/querying/api/>),
//! answered as typed samples, targets and rules.
//!
//! No rule of the store lives here: which questions are asked, and what the answers mean, is for the caller. Nothing is
//! retried. Every failure names the address that was asked and, where a person can do something about it, what.

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
