//! How far a run is at one moment: what the live view shows and the files keep.

use std::time::Duration;

use super::recorder::{RouteStats, aggregated};
use super::scenario::Scenario;
use super::throughput::Tally;

/// The state of a run at one moment.
#[derive(Debug)]
pub(super) struct Progress<'a> {
    /// What is done.
    pub(super) scenario: &'a Scenario,
    /// Everything since the start, task by task.
    pub(super) totals: &'a [RouteStats],
    /// Everything since the start, all tasks together.
    pub(super) all: RouteStats,
    /// What was over while requests were sent, task by task: for rates.
    pub(super) over: Vec<Tally>,
    /// What came since the last moment, all tasks together.
    pub(super) recent: RouteStats,
    /// How long ago the last moment was.
    pub(super) window: Duration,
    /// For how long requests have been sent.
    pub(super) sending: Duration,
    /// How long they will have been sent at the end.
    pub(super) lasts: Duration,
    /// Whether nothing counts yet.
    pub(super) warming_up: bool,
    /// Users there are.
    pub(super) users: usize,
}

impl<'a> Progress<'a> {
    /// Adds the tasks up.
    pub(super) fn new(scenario: &'a Scenario, totals: &'a [RouteStats], recent: &[RouteStats]) -> Self {
        Self {
            scenario,
            totals,
            all: aggregated(totals),
            over: totals.iter().map(Tally::of).collect(),
            recent: aggregated(recent),
            window: Duration::ZERO,
            sending: Duration::ZERO,
            lasts: Duration::ZERO,
            warming_up: false,
            users: 0,
        }
    }
}

/// Events per second; none in no time.
pub(super) fn rate(count: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}
