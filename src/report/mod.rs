//! `report`: what the store did in a window of time, out of Prometheus alone.
//!
//! Four steps, each a file or a few: the window (`window.rs`), the questions as data (`query.rs`), asking them and
//! counting exactly (`gather.rs`, `counter.rs`, `histogram.rs`), and the result ([`Report`]), which is plain data: it is
//! written as JSON as it stands, and drawn by pure functions, one file per table in `tables/`.
//!
//! Nothing here knows the database or the server: whoever has a Prometheus that watched the store can make the report.

mod batches;
mod comparison;
mod count_comparison;
mod counter;
mod csv;
mod document;
mod error;
mod failures;
mod gather;
mod histogram;
mod instant;
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
pub use gather::gather;
pub use instant::{InvalidInstant, parse_instant};
pub use model::{
    BatchSize, Batches, CacheUse, ConnectionPeak, Connections, Count, CountComparison, FailureGroup, Instance,
    ProcessUse, Report, Route, RouteComparison, RouteLine, Saturation, StateLine, Stretch, Timeline, Traffic,
};
pub use percentile::{Latencies, Percentile};
pub use query::{ABOUT_QUERIES, PROBES, QUERIES, Query, QueryKind};
pub use report_document::document;
pub use tables::{heading, notes, over_time, tables};
pub use window::Span;
