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
//!
//! The rooms, downwards; each knows only those below it: `search` finds the limit by runs at rising loads; `run` puts the
//! parts of a run together; `output` shows and writes; `judge` holds a result against thresholds and earlier runs; `collect`
//! adds up; `engine` sends; `recording` keeps what happened to each request; `scenario` is what is sent; `control` is the
//! channel that steers. `output` does not know the engine.

mod collect;
mod control;
mod engine;
mod judge;
mod output;
mod recording;
mod run;
mod scenario;
mod search;

pub use control::{Controller, Steering, interrupted_by, steering};
pub use engine::{Arrivals, Config, InvalidStage, Load, Rate, Stage, Users};
pub use judge::{Baseline, BaselineError, Criteria, InvalidThreshold, Threshold, unjudged_ratio};
pub use output::{
    Exporter, LocustCsv, Outputs, RunOutputs, SearchOutputs, Snapshot, StepsCsv, distribution, limit_page,
    limit_tables, page, tables,
};
pub use run::{Ended, Finished, LoadTestError, run};
pub use scenario::{STORE_SCENARIO, Scenario, ScenarioError, ThinkTime};
pub use search::{DEFAULT_CRITERIA, Found, Search, find_limit};
