//! Records each request: its times, or why it failed, added up by route in bounded memory; and how each journey ended.

pub(super) mod cause;
mod failure;
mod journeys;
mod phases;
mod recorder;
mod said;
mod words;

pub(super) use failure::Failure;
#[cfg(test)]
pub(super) use journeys::StepStats;
pub(super) use journeys::{JourneyEnd, JourneyStats, JourneyTrace, StepTrace};
pub(super) use phases::Phases;
pub(super) use recorder::{RouteStats, Sample, Shard, aggregated, merge_all};
