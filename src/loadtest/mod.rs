//! A load test: users who send requests, wait for the answers and think, as people in front of a shop do.
//!
//! Every user is a task with one connection of its own, which is opened again when the server closed it. The *response
//! time* of a request runs from just before it is sent (connecting included, when a connection has to be opened) to the
//! last byte of the answer's body: what Locust measures. A request *failed* when there was no whole answer, its status is
//! 400 or more, or it is not what the scenario's check expects. Nothing depends on headers of our own, so any service with these routes can be tested.
//!
//! Requests are recorded into shards; once a second everything recorded since is taken out of the shards and added to
//! the totals, so that a request costs no shared lock and memory does not grow with their number.

mod config;
mod environment;
mod failure;
mod files;
mod generator;
mod live;
mod page;
mod progress;
mod recorder;
mod run;
mod scenario;
mod summary;
mod tables;
mod timeline;
mod user;

pub use config::{Config, ThinkTime};
pub use failure::FailureKind;
pub use files::CsvFiles;
pub use generator::Verdict;
pub use page::page;
pub use run::{Ended, Finished, LoadTestError, run};
pub use scenario::{STORE_SCENARIO, Scenario, ScenarioError};
pub use summary::Summary;
pub use tables::tables;
