//! Adds up the records of all workers, once a second, into the progress that is shown and the result that is kept.

mod collector;
mod cost;
mod levels;
mod point_times;
mod progress;
mod result;
mod standstills;
mod throughput;
mod timeline;

pub(super) use collector::{Collector, UnjudgedResult};
pub(super) use cost::cores;
pub(super) use levels::AskedLevel;
pub(super) use progress::Progress;
pub(super) use throughput::Tally;
pub(super) use timeline::SHORTEST_WINDOW_S;
