//! Shows and writes a run or a search: live view, tables, pages, CSV files, Prometheus.

mod comparison;
mod csv_text;
mod explained;
mod exporter;
mod journeys;
mod junit;
mod levels;
mod limit_tables;
mod live;
mod live_page;
mod locust_csv;
mod markdown;
mod outputs;
mod page;
mod ramp;
mod standstills;
mod statistics;
mod steps_csv;
mod tables;
mod transport;
mod watch;

pub use explained::explained_briefly;
pub use exporter::Exporter;
pub use junit::junit;
pub use limit_tables::limit_tables;
pub(super) use limit_tables::step_line;
pub use live_page::{Choices, LivePage, OrderedLoad, OrderedRun, PageSettings, Reach, StartOrder};
pub use locust_csv::LocustCsv;
pub use markdown::markdown;
pub use outputs::{Outputs, RunOutputs, SearchOutputs, Snapshot};
pub use page::{distribution, limit_page, page};
pub use ramp::{ramp_charts, ramp_table};
pub use steps_csv::StepsCsv;
pub use tables::tables;
pub(super) use watch::Watch;
