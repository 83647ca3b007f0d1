//! `report`: what the store did in a window of time, out of Prometheus alone.
//!
//! Four steps, each a file or a few: the window (`window.rs`), the questions as data (`query.rs`), asking them and
//! counting exactly (`gather.rs`, `counter.rs`, `histogram.rs`), and the result ([`Report`]), which is plain data: it is
//! written as JSON as it stands, and drawn by pure functions, one file per table in `tables/`.
//!
//! Nothing here knows the database or the server: whoever has a Prometheus that watched the store can make the report.

mod asking;
mod batches;
mod compare;
mod counter;
mod csv;
mod document;
mod error;
mod failures;
mod forms;
mod gather;
mod histogram;
mod instant;
mod model;
mod query;
mod slots;
mod tables;
mod timeline;
mod traffic;
mod versus;
mod watch;
mod window;

pub use csv::csv;
pub use document::Document;
pub use error::ReportError;
pub use forms::document;
pub use gather::gather;
pub use histogram::Percentile;
pub use instant::{InvalidInstant, parse_instant};
pub use model::{
    BatchSize, Batches, CacheUse, Comparison, ConnectionPeak, Connections, Count, FailureGroup, Instance, Latencies,
    ProcessUse, Report, Route, RouteComparison, RouteLine, Saturation, StateLine, Stretch, Timeline, Traffic,
};
pub use query::{ABOUT_QUERIES, Kind, PROBES, QUERIES, Query};
pub use tables::{heading, notes, over_time, tables};
pub use versus::{Figure, Section, Versus, versus_document};
pub use window::Span;
