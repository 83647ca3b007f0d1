//! What was measured at each level of a run whose load was changed by hand.
//!
//! A request belongs to the level in which it was due: an answer that comes late says something about the load under which
//! the request was sent, and not about the next one. Rates are of the answers that came while the level lasted.

use tokio::time::Instant;

use super::throughput::Tally;
use crate::loadtest::engine::RunState;
use crate::loadtest::recording::{RouteStats, aggregated, merge_all};
use crate::run_result::{LatencySummary, LevelRoute, LevelSummary};
use crate::units;

/// The most levels that are told apart: more than a person makes by hand, and few enough for their histograms.
pub(in crate::loadtest) const MOST_LEVELS: usize = 100;

/// What the load is to be at a level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::loadtest) struct AskedLevel {
    /// Users, or requests per second.
    pub(in crate::loadtest) level: f64,
    /// Whether nothing is sent until the run goes on.
    pub(in crate::loadtest) paused: bool,
}

/// The levels so far, the first one first; the last one lasts. Empty until the load is changed.
#[derive(Debug, Default)]
pub(super) struct Levels(Vec<Level>);

#[derive(Debug)]
struct Level {
    /// When it began; None for the first one, which began with the run.
    began: Option<Instant>,
    asked: AskedLevel,
    stats: Vec<RouteStats>,
    /// The requests completed before it.
    over_before: Tally,
}

impl Levels {
    /// Begins a level at an instant. At the first change, everything measured before becomes the first level. False if
    /// there are too many.
    pub(super) fn begin(
        &mut self,
        at: Instant,
        before: AskedLevel,
        asked: AskedLevel,
        measured: &[RouteStats],
        over: Tally,
    ) -> bool {
        if self.0.len() >= MOST_LEVELS {
            return false;
        }
        if self.0.is_empty() {
            let (stats, over_before) = (measured.to_vec(), Tally::default());
            self.0.push(Level { began: None, asked: before, stats, over_before });
        }
        self.0.push(Level { began: Some(at), asked, stats: Vec::new(), over_before: over });
        true
    }

    /// Adds what was due at a level, by the number of changes before it. Nothing in a run that nobody steers.
    pub(super) fn add(&mut self, level: usize, measured: &[RouteStats]) {
        if let Some(level) = self.0.get_mut(level) {
            merge_all(&mut level.stats, measured.to_vec());
        }
    }

    /// The levels up to an instant, at which so many requests had been completed.
    pub(super) fn summaries(&self, run: &RunState, until: Instant, over: Tally) -> Vec<LevelSummary> {
        let ends = self.0.iter().skip(1).map(|next| (next.began.unwrap_or(until), next.over_before));
        self.0
            .iter()
            .zip(ends.chain([(until, over)]))
            .map(|(level, (end, over))| {
                let began = level.began.unwrap_or(run.measured_from);
                let lasts_s = end.saturating_duration_since(began.max(run.measured_from)).as_secs_f64();
                let at_s = began.saturating_duration_since(run.started).as_secs_f64();
                level.summary(run, at_s, lasts_s, over)
            })
            .collect()
    }
}

impl Level {
    fn summary(&self, run: &RunState, at_s: f64, lasts_s: f64, over: Tally) -> LevelSummary {
        let all = aggregated(&self.stats);
        let completed = over.since(self.over_before);
        let rate = |count: u64| count as f64 / lasts_s.max(f64::EPSILON);
        let route = |(group, stats): (usize, &RouteStats)| {
            let name = &run.scenario.groups()[group];
            LevelRoute {
                method: name.method.to_string(),
                route: name.route.clone(),
                requests: stats.requests(),
                failures: stats.failed.count(),
                succeeded_latency_ms: LatencySummary::of(&stats.succeeded),
            }
        };
        LevelSummary {
            at_s,
            lasts_s,
            level: self.asked.level,
            paused: self.asked.paused,
            requests: all.requests(),
            failures: all.failed.count(),
            unanswered: all.unanswered.count(),
            fail_ratio: (all.requests() > 0).then(|| units::ratio(all.failed.count(), all.requests())),
            good_per_s: rate(completed.requests.saturating_sub(completed.failures)),
            failures_per_s: rate(completed.failures),
            succeeded_latency_ms: LatencySummary::of(&all.succeeded),
            failed_latency_ms: LatencySummary::of(&all.failed),
            routes: self.stats.iter().enumerate().map(route).collect(),
        }
    }
}
