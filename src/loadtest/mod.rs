//! A load test: users who send requests, wait for the answers and think, or requests at a given rate.
//!
//! A *closed* run has users: each is a task with one connection of its own, which is opened again after the server
//! closed it. A slow service is sent fewer requests. An *open* run has a rate of arrivals, which are due whether
//! earlier ones were answered or not. The *response time* of a request runs from the instant it was due to the last
//! byte of the answer's body; for a closed user it is due just before it is sent, and connecting is included when a
//! connection has to be opened. The *service time* runs from the instant it was sent. A request has *failed* when no
//! complete answer came, its status is 400 or more, or the answer does not meet the scenario's check. Nothing depends
//! on headers of our own, so any HTTP service can be tested.
//!
//! Users are spread over threads, each with its own runtime, connections and shard of results. Once a second everything
//! recorded since is taken out of the shards and added to the totals, so that a request takes no shared lock and memory
//! does not grow with the number of requests.
//!
//! The rooms from top to bottom, each of which knows only those below it: `search` finds the limit by runs at rising
//! loads; `run` puts the parts of a run together; `output` shows and writes; `judge` evaluates thresholds and compares
//! with earlier runs; `collect` adds up; `engine` sends; `recording` keeps what happened to each request; `scenario` is
//! what is sent; `control` is the channel that steers a run. `output` does not know the engine.

mod collect;
mod control;
mod engine;
mod judge;
mod output;
mod recording;
mod run;
mod scenario;
mod search;

pub use control::{Controller, SteeredLoad, Steering, interrupted_by, steering};
pub use engine::{Arrivals, Config, InvalidStage, Load, Rate, Stage, Users};
pub use judge::{Baseline, BaselineError, Criteria, InvalidThreshold, Threshold, unjudged_ratio};
pub use output::{
    Choices, Exporter, LivePage, LocustCsv, OrderedLoad, OrderedRun, Outputs, PageSettings, Reach, RunOutputs,
    SearchOutputs, Snapshot, StartOrder, StepsCsv, distribution, explained_briefly, junit, limit_page, limit_tables,
    markdown, page, ramp_charts, ramp_table, tables,
};
pub use run::{Ended, Finished, LoadTestError, conditions, run};
pub use scenario::{
    ImportError, Imported, OneRequest, STORE_SCENARIO, Scenario, ScenarioError, StoreSize, ThinkTime, builds, import,
    store_size,
};
pub use search::{DEFAULT_CRITERIA, Found, Search, find_limit};
