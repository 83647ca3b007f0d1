//! How far a run is at one moment: what the live view shows and the files keep.

use std::time::Duration;

use super::throughput::Tally;
use crate::loadtest::recording::{RouteStats, aggregated};
use crate::loadtest::scenario::Scenario;

/// The state of a run at one moment.
#[derive(Debug)]
pub(in crate::loadtest) struct Progress<'a> {
    /// What is done.
    pub(in crate::loadtest) scenario: &'a Scenario,
    /// Everything since the start, task by task.
    pub(in crate::loadtest) totals: &'a [RouteStats],
    /// Everything since the start, all tasks together.
    pub(in crate::loadtest) all: RouteStats,
    /// What was over while requests were sent, task by task: for rates.
    pub(in crate::loadtest) over: Vec<Tally>,
    /// What came since the last moment, task by task.
    pub(in crate::loadtest) recent_by_task: &'a [RouteStats],
    /// What came since the last moment, all tasks together.
    pub(in crate::loadtest) recent: RouteStats,
    /// How long ago the last moment was.
    pub(in crate::loadtest) window: Duration,
    /// For how long requests have been sent.
    pub(in crate::loadtest) sending: Duration,
    /// How long they will have been sent at the end.
    pub(in crate::loadtest) lasts: Duration,
    /// Whether nothing counts yet.
    pub(in crate::loadtest) warming_up: bool,
    /// Users there are.
    pub(in crate::loadtest) users: usize,
}

impl<'a> Progress<'a> {
    /// Adds the tasks up.
    pub(in crate::loadtest) fn new(scenario: &'a Scenario, totals: &'a [RouteStats], recent: &'a [RouteStats]) -> Self {
        Self {
            scenario,
            totals,
            all: aggregated(totals),
            over: totals.iter().map(Tally::of).collect(),
            recent_by_task: recent,
            recent: aggregated(recent),
            window: Duration::ZERO,
            sending: Duration::ZERO,
            lasts: Duration::ZERO,
            warming_up: false,
            users: 0,
        }
    }
}
