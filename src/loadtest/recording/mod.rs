//! Records each request: its times, or why it failed, added up by route in bounded memory.

pub(super) mod cause;
mod failure;
mod recorder;
mod words;

pub(super) use failure::Failure;
pub(super) use recorder::{RouteStats, Sample, Shard, aggregated, merge_all};
