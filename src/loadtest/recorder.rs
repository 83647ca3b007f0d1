//! Where results go: a shard for each worker, and totals that one task adds them up in.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::stats::Latencies;

/// The most kinds of failures that are told apart for one task; the rest counts together.
const MOST_GROUPS: usize = 200;

/// What stands for the kinds of failures beyond those.
const OTHER: &str = "(other failures)";

/// The results of one task's requests.
#[derive(Clone, Debug, Default)]
pub(super) struct RouteStats {
    /// Response times of requests that succeeded.
    pub(super) succeeded: Latencies,
    /// Response times of requests that failed.
    pub(super) failed: Latencies,
    /// Times from the instant a request was sent; empty when all of them were sent when they were due.
    pub(super) service: Latencies,
    /// Bytes of all bodies received.
    pub(super) body_bytes: u64,
    /// Failures by what they are called.
    pub(super) failures: BTreeMap<String, FailureGroup>,
}

/// One kind of failure.
#[derive(Clone, Debug)]
pub(super) struct FailureGroup {
    /// How many there were.
    pub(super) count: u64,
    /// When the first was seen.
    pub(super) first_seen: SystemTime,
    /// When the last was seen.
    pub(super) last_seen: SystemTime,
}

impl RouteStats {
    /// How many requests there were.
    pub(super) fn requests(&self) -> u64 {
        self.succeeded.count() + self.failed.count()
    }

    /// The times of all requests, whether they succeeded or failed.
    pub(super) fn all(&self) -> Latencies {
        let mut all = self.succeeded.clone();
        all.merge(&self.failed);
        all
    }

    /// Adds one request.
    pub(super) fn record(&mut self, sample: Sample) {
        let Sample { response, service, body_bytes, failure } = sample;
        self.body_bytes += body_bytes;
        service.iter().for_each(|service| self.service.record(*service));
        let Some(message) = failure else { return self.succeeded.record(response) };
        self.failed.record(response);
        let now = SystemTime::now();
        self.add_failures(message, &FailureGroup { count: 1, first_seen: now, last_seen: now });
    }

    fn add_failures(&mut self, message: String, group: &FailureGroup) {
        let known = self.failures.contains_key(&message) || self.failures.len() < MOST_GROUPS;
        let message = if known { message } else { OTHER.to_owned() };
        let total = self.failures.entry(message).or_insert(FailureGroup { count: 0, ..group.clone() });
        total.count += group.count;
        total.first_seen = total.first_seen.min(group.first_seen);
        total.last_seen = total.last_seen.max(group.last_seen);
    }

    /// Adds the results of another.
    pub(super) fn merge(&mut self, other: Self) {
        self.succeeded.merge(&other.succeeded);
        self.failed.merge(&other.failed);
        self.service.merge(&other.service);
        self.body_bytes += other.body_bytes;
        for (message, group) in other.failures {
            self.add_failures(message, &group);
        }
    }
}

/// A request that is over.
#[derive(Debug)]
pub(super) struct Sample {
    /// From the instant it was due to the last byte of its answer.
    pub(super) response: Duration,
    /// From the instant it was sent, where that may be another.
    pub(super) service: Option<Duration>,
    /// Bytes of the answer's body.
    pub(super) body_bytes: u64,
    /// What the failure is called, if it failed.
    pub(super) failure: Option<String>,
}

/// What one worker has recorded since the last time it was asked.
#[derive(Debug)]
pub(super) struct Shard {
    /// Requests that were due in the warm-up, task by task.
    pub(super) warm_up: Vec<RouteStats>,
    /// The others.
    pub(super) measured: Vec<RouteStats>,
    /// How late timers fired.
    pub(super) late_timers: Latencies,
    /// In a run at a rate: how late the generator came to what was due.
    pub(super) late_starts: Latencies,
}

impl Shard {
    /// For so many tasks.
    pub(super) fn new(tasks: usize) -> Self {
        Self {
            warm_up: vec![RouteStats::default(); tasks],
            measured: vec![RouteStats::default(); tasks],
            late_timers: Latencies::default(),
            late_starts: Latencies::default(),
        }
    }

    /// Adds one request.
    pub(super) fn record(&mut self, task: usize, measured: bool, sample: Sample) {
        let stats = if measured { &mut self.measured } else { &mut self.warm_up };
        stats[task].record(sample);
    }

    /// Takes everything recorded since the last time.
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::new(self.measured.len()))
    }

    /// Adds the results of another.
    pub(super) fn merge(&mut self, other: Self) {
        merge_all(&mut self.warm_up, other.warm_up);
        merge_all(&mut self.measured, other.measured);
        self.late_timers.merge(&other.late_timers);
        self.late_starts.merge(&other.late_starts);
    }
}

/// Adds results task by task.
pub(super) fn merge_all(totals: &mut Vec<RouteStats>, routes: Vec<RouteStats>) {
    totals.resize_with(totals.len().max(routes.len()), RouteStats::default);
    for (total, route) in totals.iter_mut().zip(routes) {
        total.merge(route);
    }
}

/// All tasks together.
pub(super) fn aggregated(routes: &[RouteStats]) -> RouteStats {
    let mut all = RouteStats::default();
    for route in routes {
        all.merge(route.clone());
    }
    all
}

#[cfg(test)]
impl Sample {
    /// A request that was sent when it was due.
    pub(super) fn of(millis: u64, body_bytes: u64, failure: Option<&str>) -> Self {
        let took = Duration::from_millis(millis);
        Self { response: took, service: None, body_bytes, failure: failure.map(str::to_owned) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_taken_once_and_the_warm_up_stands_apart() {
        let (mut shard, mut totals) = (Shard::new(2), Shard::new(2));
        for number in 0..120 {
            let failure = (number % 4 == 0).then_some("500");
            shard.record(number % 2, number >= 20, Sample::of(5, 10, failure));
        }
        totals.merge(shard.take());
        totals.merge(shard.take());
        let all = aggregated(&totals.measured);
        assert_eq!((all.requests(), all.failed.count(), all.body_bytes), (100, 25, 1000));
        assert_eq!((totals.measured[0].requests(), totals.measured[1].requests()), (50, 50));
        assert_eq!(all.failures["500"].count, 25);
        assert_eq!(aggregated(&totals.warm_up).requests(), 20);
    }

    #[test]
    fn a_hundred_thousand_kinds_of_failures_stay_few_and_none_is_lost() {
        let mut stats = RouteStats::default();
        for number in 0..100_000 {
            stats.record(Sample::of(1, 0, Some(&format!("reason {number}"))));
        }
        assert_eq!(stats.failures.len(), MOST_GROUPS + 1);
        assert_eq!(stats.failures.values().map(|group| group.count).sum::<u64>(), 100_000);
    }
}
