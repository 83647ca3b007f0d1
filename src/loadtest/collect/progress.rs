//! The progress of a run at one moment: input of the live view, the CSV files and the metrics.

use std::time::Duration;

use super::throughput::Tally;
use crate::loadtest::recording::{RouteStats, aggregated};
use crate::loadtest::scenario::Scenario;
use crate::run_result::Standstills;

#[derive(Debug)]
pub(in crate::loadtest) struct Progress<'a> {
    pub(in crate::loadtest) scenario: &'a Scenario,
    /// Results since the start, per group of tasks.
    pub(in crate::loadtest) totals: &'a [RouteStats],
    /// Results since the start, all groups together.
    pub(in crate::loadtest) all: RouteStats,
    /// Requests completed while requests were sent, per group: the source of rates.
    pub(in crate::loadtest) over: Vec<Tally>,
    /// Results since the last tick, per group.
    pub(in crate::loadtest) recent_by_task: &'a [RouteStats],
    /// Results since the last tick, all groups together.
    pub(in crate::loadtest) recent: RouteStats,
    /// The time since the last tick.
    pub(in crate::loadtest) window: Duration,
    /// How long requests that count have been sent.
    pub(in crate::loadtest) sending: Duration,
    /// How long they will be sent in total.
    pub(in crate::loadtest) lasts: Duration,
    /// Whether the warm-up is still running, so that nothing counts yet.
    pub(in crate::loadtest) warming_up: bool,
    /// The number of users at this moment.
    pub(in crate::loadtest) users: usize,
    /// The times so far in which the generator stood still.
    pub(in crate::loadtest) standstills: Standstills,
    /// The number of requests that were sent and wait for their answer at this moment.
    pub(in crate::loadtest) waiting: u64,
}

impl<'a> Progress<'a> {
    /// Adds the groups up; the caller fills in times and users.
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
            standstills: Standstills::default(),
            waiting: 0,
        }
    }
}
