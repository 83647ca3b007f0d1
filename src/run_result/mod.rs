//! The results of load tests: the types of `loadtest --json`, and the reader of its files.
//!
//! `loadtest` writes these types; baselines, `report` and `lab` read them. They know neither how a load test is made
//! nor how it is shown. A run is written as a [`RunResult`], a search for the limit as a [`LimitResult`]. A file of any
//! version is read as a [`RecordedRun`], and [`Conditions`] tells whether two runs can be compared.

mod build;
mod comparison;
mod conditions;
mod environment;
#[cfg(test)]
mod example;
mod generator;
mod journey;
mod known;
mod latency;
mod level;
mod limit;
mod outcome;
mod recorded;
mod route;
mod run;
mod standstill;
mod timeline;
mod transport;

pub use build::{Build, builds_table};
pub use comparison::{Comparison, Difference, Meaning};
pub use conditions::{Condition, ConditionDifference, Conditions, RateCondition};
pub use environment::Environment;
#[cfg(test)]
pub(crate) use example::{example_level, example_limit, example_run, example_step};
pub use generator::{GeneratorCost, Verdict};
pub use journey::{JOURNEY, JourneySummary, StepSummary};
pub use latency::LatencySummary;
pub use level::{LevelRoute, LevelSummary};
pub use limit::{GaveWay, LimitEnded, LimitResult, LimitStep};
pub use outcome::{Outcome, OutcomeSummary};
pub use recorded::{ReadError, RecordedRoute, RecordedRun, read_result};
pub use route::{CheckCounts, FailureKind, FailureSummary, Histograms, RouteSummary};
pub use run::{JourneyOutline, RateSummary, RunResult, ScenarioSummary, TaskSummary, ThresholdOutcome, WarmUpSummary};
pub use standstill::{Standstill, Standstills, TouchedTimes};
pub use timeline::{PointLatency, TimelinePoint};
pub use transport::{AddressSummary, PhaseSummaries, PhaseSummary, Transport};
