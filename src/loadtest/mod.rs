//! A load test: users who send requests, wait for the answers and think, or requests that come at a rate.
//!
//! A *closed* run has users: each is a task with one connection of its own, which is opened again when the server closed
//! it; a slow service is asked less. An *open* run has a rate of arrivals, which come whether earlier ones were answered
//! or not. The *response time* of a request runs from the instant it was due (for a closed user, just before it is sent;
//! connecting included, when a connection has to be opened) to the last byte of the answer's body. The *service time*
//! runs from the instant it was sent. A request *failed* when there was no whole answer, its status is 400 or more, or it
//! is not what the scenario's check expects. Nothing depends on headers of our own, so any HTTP/1.1 service can be tested.
//!
//! Users are spread over threads, each with a runtime, connections and a shard of results of its own; once a second
//! everything recorded since is taken out of the shards and added to the totals, so that a request costs no shared lock
//! and memory does not grow with their number.

mod arrivals;
mod baseline;
mod comparison;
mod config;
mod environment;
mod exporter;
mod failure;
mod files;
mod find_limit;
mod generator;
mod line;
mod live;
mod outputs;
mod pacer;
mod page;
mod profile;
mod progress;
mod recorder;
mod run;
mod scenario;
mod summary;
mod tables;
mod threshold;
mod throughput;
mod timeline;
mod user;
mod worker;

pub use baseline::{Baseline, BaselineError, Comparison, Conditions};
pub use config::{Arrivals, Config, Load, Rate, ThinkTime, Users};
pub use exporter::Exporter;
pub use failure::FailureKind;
pub use files::CsvFiles;
pub use find_limit::{
    DEFAULT_CRITERIA, Found, GaveWay, Limit, LimitEnded, LimitOutputs, LimitSnapshot, Search, Step, StepsFile,
    find_limit, limit_tables,
};
pub use generator::Verdict;
pub use outputs::{Outputs, Snapshot};
pub use page::{distribution, limit_page, page};
pub use profile::{InvalidStage, Stage};
pub use run::{Ended, Finished, LoadTestError, run};
pub use scenario::{STORE_SCENARIO, Scenario, ScenarioError};
pub use summary::{RouteSummary, Summary};
#[cfg(test)]
pub(crate) use tables::example;
pub use tables::tables;
pub use threshold::{InvalidThreshold, Outcome, Threshold};
