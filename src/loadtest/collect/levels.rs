//! What was measured at each level of a run whose load was changed by hand.
//!
//! A request belongs to the level in which it was due: an answer that comes late says something about the load under which
//! the request was sent, and not about the next one. Rates are of the answers that came while the level lasted.

use tokio::time::Instant;

use super::throughput::Tally;
use crate::loadtest::control::MOST_LEVELS;
use crate::loadtest::recording::{RouteStats, aggregated, merge_all};
use crate::loadtest::scenario::Group;
use crate::run_result::{LatencySummary, LevelRoute, LevelSummary};
use crate::units;

/// What the load is to be at a level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::loadtest) struct AskedLevel {
    /// Users, or requests per second.
    pub(in crate::loadtest) level: f64,
    /// Whether nothing is sent until the run goes on.
    pub(in crate::loadtest) paused: bool,
}

/// What levels are told against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// The names of the groups of tasks.
    pub(super) groups: &'a [Group],
    /// The start of the run.
    pub(super) started: Instant,
    /// The end of the warm-up.
    pub(super) measured_from: Instant,
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
    pub(super) fn summaries(&self, frame: Frame<'_>, until: Instant, over: Tally) -> Vec<LevelSummary> {
        let ends = self.0.iter().skip(1).map(|next| (next.began.unwrap_or(until), next.over_before));
        self.0
            .iter()
            .zip(ends.chain([(until, over)]))
            .map(|(level, (end, over))| {
                let began = level.began.unwrap_or(frame.measured_from);
                let lasts_s = end.saturating_duration_since(began.max(frame.measured_from)).as_secs_f64();
                let at_s = began.saturating_duration_since(frame.started).as_secs_f64();
                level.summary(frame.groups, at_s, lasts_s, over)
            })
            .collect()
    }
}

impl Level {
    fn summary(&self, groups: &[Group], at_s: f64, lasts_s: f64, over: Tally) -> LevelSummary {
        let all = aggregated(&self.stats);
        let completed = over.since(self.over_before);
        let rate = |count: u64| count as f64 / lasts_s.max(f64::EPSILON);
        let route = |(group, stats): (usize, &RouteStats)| {
            let name = &groups[group];
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::loadtest::recording::Sample;

    /// One group with so many good answers after so many milliseconds, and so many that failed.
    fn stats(good: u64, millis: u64, failed: u64) -> Vec<RouteStats> {
        let mut stats = RouteStats::default();
        (0..good).for_each(|_| stats.record(Sample::of(millis, 2, None)));
        (0..failed).for_each(|_| stats.record(Sample::of(millis, 2, Some("503"))));
        vec![stats]
    }

    const fn users(level: f64) -> AskedLevel {
        AskedLevel { level, paused: false }
    }

    const fn tally(requests: u64, failures: u64) -> Tally {
        Tally { requests, failures }
    }

    #[test]
    fn a_request_counts_where_it_was_due_and_a_rate_where_it_was_answered() {
        let started = Instant::now();
        let at = |seconds| started + Duration::from_secs(seconds);
        let groups = [Group { method: http::Method::GET, route: "/a".to_owned() }];
        let frame = Frame { groups: &groups, started, measured_from: at(2) };
        let mut levels = Levels::default();
        levels.add(0, &stats(5, 1, 0));
        assert!(levels.summaries(frame, at(9), tally(5, 0)).is_empty(), "nobody has changed the load");
        // Twelve were over when the load was raised; the thirteenth was due before and is answered after that.
        assert!(levels.begin(at(12), users(20.0), users(60.0), &stats(10, 5, 2), tally(12, 2)));
        levels.add(0, &stats(1, 9_000, 0));
        levels.add(1, &stats(40, 7, 0));
        assert!(levels.begin(at(16), users(60.0), AskedLevel { level: 60.0, paused: true }, &[], tally(53, 2)));
        let seen = levels.summaries(frame, at(20), tally(53, 2));
        let counts: Vec<_> =
            seen.iter().map(|level| (level.level, level.paused, level.requests, level.failures)).collect();
        assert_eq!(counts, [(20.0, false, 13, 2), (60.0, false, 40, 0), (60.0, true, 0, 0)]);
        let times: Vec<_> = seen.iter().map(|level| (level.at_s, level.lasts_s)).collect();
        assert_eq!(times, [(2.0, 10.0), (12.0, 4.0), (16.0, 4.0)], "the first one begins with what is counted");
        let rates: Vec<_> = seen.iter().map(|level| (level.good_per_s, level.failures_per_s)).collect();
        assert_eq!(rates, [(1.0, 0.2), (10.25, 0.0), (0.0, 0.0)]);
        assert_eq!(seen[0].fail_ratio, Some(2.0 / 13.0));
        assert!(seen[0].succeeded_latency_ms.as_ref().is_some_and(|times| times.max > 8_000.0), "it was due there");
        let paused = &seen[2];
        assert!(paused.fail_ratio.is_none() && paused.succeeded_latency_ms.is_none(), "nothing measured is not zero");
        assert_eq!(seen[1].routes[0].route, "/a");
    }

    #[test]
    fn there_is_an_end_of_levels() {
        let mut levels = Levels::default();
        let now = Instant::now();
        let change = |levels: &mut Levels| levels.begin(now, users(1.0), users(2.0), &stats(1, 1, 0), tally(1, 0));
        let changes = std::iter::repeat_with(|| change(&mut levels)).take_while(|&done| done).take(1000).count();
        // The change that reaches the bound brings the first level with it.
        assert_eq!((changes, levels.0.len()), (MOST_LEVELS - 1, MOST_LEVELS));
        // What comes later stays with the last one.
        levels.add(MOST_LEVELS, &stats(1, 1, 0));
        assert!(levels.0.iter().skip(1).all(|level| level.stats.is_empty()));
    }
}
