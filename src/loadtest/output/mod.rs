//! Shows and writes a run or a search: live view, tables, pages, CSV files, Prometheus.

mod comparison;
mod csv_text;
mod exporter;
mod limit_tables;
mod live;
mod locust_csv;
mod outputs;
mod page;
mod standstills;
mod statistics;
mod steps_csv;
mod tables;
mod watch;

pub use exporter::Exporter;
pub use limit_tables::limit_tables;
pub(super) use limit_tables::step_line;
pub use locust_csv::LocustCsv;
pub use outputs::{Outputs, RunOutputs, SearchOutputs, Snapshot};
pub use page::{distribution, limit_page, page};
pub use steps_csv::StepsCsv;
pub use tables::tables;
pub(super) use watch::Watch;
