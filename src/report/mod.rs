//! `report`: what the store did in a window of time, from Prometheus alone.
//!
//! There are four steps, each in a file or a few: choose the window (`window.rs`); list the queries as data (`query.rs`);
//! send them and count exactly (`gather.rs`, `counter.rs`, `histogram.rs`); and show the result. The result ([`Report`]) is
//! plain data that is written as JSON, and pure functions draw it, one file per table in `tables/`.
//!
//! This module knows neither the database nor the server: a Prometheus that scraped the store is all that a report needs.

mod batches;
mod comparison;
mod count_comparison;
mod counter;
mod csv;
mod document;
mod error;
mod explanation;
mod failures;
mod gather;
mod histogram;
mod instant;
mod kept;
mod model;
mod percentile;
mod query;
mod report_document;
mod slots;
mod tables;
mod timeline;
mod traffic;
mod watch;
mod window;
mod window_queries;

pub use comparison::{Figure, RunComparison, Section, comparison_document};
pub use csv::csv;
pub use document::Document;
pub use error::ReportError;
pub use explanation::explanation_document;
pub use gather::gather;
pub use instant::{InvalidInstant, parse_instant};
pub use kept::kept;
pub use model::{
    BatchSize, Batches, CacheUse, ConnectionPeak, Connections, Count, CountComparison, FailureGroup, Instance,
    ProcessUse, Report, Route, RouteComparison, RouteLine, Saturation, StateLine, Stretch, Timeline, Traffic,
};
pub use percentile::{Latencies, Percentile};
pub use query::{ABOUT_QUERIES, PROBES, QUERIES, Query, QueryKind};
pub use report_document::document;
pub use tables::{heading, notes, over_time, tables};
pub use window::Span;
