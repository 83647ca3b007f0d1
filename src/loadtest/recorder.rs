//! Where results go: shards that users write to, and totals that one task adds them up in.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
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
    pub(super) fn record(&mut self, took: Duration, body_bytes: usize, failure: Option<String>) {
        self.body_bytes += body_bytes as u64;
        let Some(message) = failure else { return self.succeeded.record(took) };
        self.failed.record(took);
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
        self.body_bytes += other.body_bytes;
        for (message, group) in other.failures {
            self.add_failures(message, &group);
        }
    }
}

/// Where users record: one shard for each core, so that they rarely meet.
#[derive(Debug)]
pub(super) struct Recorder {
    shards: Vec<Mutex<Vec<RouteStats>>>,
}

impl Recorder {
    /// For so many tasks.
    pub(super) fn new(tasks: usize) -> Self {
        let shards = std::thread::available_parallelism().map_or(4, usize::from) * 2;
        Self { shards: (0..shards).map(|_| Mutex::new(vec![RouteStats::default(); tasks])).collect() }
    }

    /// Adds one request of a user.
    pub(super) fn record(&self, user: usize, task: usize, took: Duration, body_bytes: usize, failure: Option<String>) {
        // A poisoned shard still holds whole results.
        let mut shard = self.shards[user % self.shards.len()].lock().unwrap_or_else(PoisonError::into_inner);
        shard[task].record(took, body_bytes, failure);
    }

    /// Takes everything recorded since the last time.
    pub(super) fn take(&self) -> Vec<RouteStats> {
        let mut taken: Vec<RouteStats> = Vec::new();
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let routes: Vec<_> = shard.iter_mut().map(std::mem::take).collect();
            drop(shard);
            merge_all(&mut taken, routes);
        }
        taken
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
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_taken_once_whoever_recorded_it() {
        let recorder = Recorder::new(2);
        for user in 0..100 {
            let failure = (user % 4 == 0).then(|| "500".to_owned());
            recorder.record(user, user % 2, Duration::from_millis(5), 10, failure);
        }
        let mut totals = recorder.take();
        merge_all(&mut totals, recorder.take());
        let all = aggregated(&totals);
        assert_eq!((all.requests(), all.failed.count(), all.body_bytes), (100, 25, 1000));
        assert_eq!((totals[0].requests(), totals[1].requests()), (50, 50));
        assert_eq!(all.failures["500"].count, 25);
    }

    #[test]
    fn a_hundred_thousand_kinds_of_failures_stay_few_and_none_is_lost() {
        let mut stats = RouteStats::default();
        for number in 0..100_000 {
            stats.record(Duration::from_millis(1), 0, Some(format!("reason {number}")));
        }
        assert_eq!(stats.failures.len(), MOST_GROUPS + 1);
        assert_eq!(stats.failures.values().map(|group| group.count).sum::<u64>(), 100_000);
    }
}
