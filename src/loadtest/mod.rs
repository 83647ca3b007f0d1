//! A load test: users who send requests, wait for the answers and think, or requests that come at a rate.
//!
//! A *closed* run has users: each is a task with one connection of its own, which is opened again when the server closed
//! it; a slow service is asked less. An *open* run has a rate of arrivals, which come whether earlier ones were answered
//! or not. The *response time* of a request runs from the instant it was due (for a closed user, just before it is sent;
//! connecting included, when a connection has to be opened) to the last byte of the answer's body. The *service time*
//! runs from the instant it was sent. A request *failed* when there was no whole answer or its status is 400 or more.
//! Nothing depends on headers of our own, so any service with these routes can be tested.
//!
//! Users are spread over threads, each with a runtime, connections and a shard of results of its own; once a second
//! everything recorded since is taken out of the shards and added to the totals, so that a request costs no shared lock
//! and memory does not grow with their number.

mod arrivals;
mod config;
mod failure;
mod files;
mod generator;
mod line;
mod live;
mod pacer;
mod profile;
mod progress;
mod recorder;
mod run;
mod scenario;
mod summary;
mod tables;
mod threshold;
mod user;
mod worker;

pub use config::{Arrivals, Config, Load, Rate, ThinkTime, Users};
pub use files::CsvFiles;
pub use generator::Verdict;
pub use profile::{InvalidStage, Stage};
pub use run::{Ended, Finished, LoadTestError, run};
pub use scenario::Scenario;
pub use summary::Summary;
pub use tables::tables;
pub use threshold::{InvalidThreshold, Outcome, Threshold};
