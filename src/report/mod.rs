//! `report`: what the store did in a window of time, out of Prometheus alone.
//!
//! Four steps, each a file or a few: the window (`window.rs`), the questions as data (`query.rs`), asking them and
//! counting exactly (`gather.rs`, `counter.rs`, `histogram.rs`), and the result ([`Report`]), which is plain data: it is
//! written as JSON as it stands, and drawn by pure functions, one file per table in `tables/`.
//!
//! Nothing here knows the database or the server: whoever has a Prometheus that watched the store can make the report.

mod compare;
mod counter;
mod error;
mod gather;
mod histogram;
mod model;
mod query;
mod run;
mod tables;
mod traffic;
mod watch;
mod window;

pub use error::ReportError;
pub use gather::gather;
pub use histogram::Percentile;
pub use model::{
    CacheUse, Comparison, ConnectionPeak, Connections, Count, Instance, Latencies, ProcessUse, Report, Route,
    RouteComparison, Stretch, Traffic,
};
pub use query::{ABOUT_QUERIES, Kind, PROBES, QUERIES, Query};
pub use run::{Run, RunRoute};
pub use tables::{heading, notes, tables};
pub use window::Span;
