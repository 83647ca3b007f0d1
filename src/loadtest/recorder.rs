//! Where results go: shards that users write to, and totals that one task adds them up in.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::failure::{Failure, Failures};
use crate::stats::Latencies;

/// The results of one group's requests.
#[derive(Clone, Debug, Default)]
pub(super) struct RouteStats {
    /// Response times of requests that succeeded.
    pub(super) succeeded: Latencies,
    /// Response times of requests that failed.
    pub(super) failed: Latencies,
    /// Bytes of all bodies received.
    pub(super) body_bytes: u64,
    /// Failures by what they are called.
    pub(super) failures: Failures,
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
    pub(super) fn record(&mut self, took: Duration, body_bytes: usize, failure: Option<Failure>) {
        self.body_bytes += body_bytes as u64;
        let Some(failure) = failure else { return self.succeeded.record(took) };
        self.failed.record(took);
        self.failures.record(failure);
    }

    /// Adds the results of another.
    pub(super) fn merge(&mut self, other: Self) {
        self.succeeded.merge(&other.succeeded);
        self.failed.merge(&other.failed);
        self.body_bytes += other.body_bytes;
        self.failures.merge(other.failures);
    }
}

/// Where users record: one shard for each core, so that they rarely meet.
#[derive(Debug)]
pub(super) struct Recorder {
    shards: Vec<Mutex<Vec<RouteStats>>>,
}

impl Recorder {
    /// For so many groups of tasks.
    pub(super) fn new(groups: usize) -> Self {
        let shards = std::thread::available_parallelism().map_or(4, usize::from) * 2;
        Self { shards: (0..shards).map(|_| Mutex::new(vec![RouteStats::default(); groups])).collect() }
    }

    /// Adds one request of a user.
    pub(super) fn record(
        &self,
        user: usize,
        group: usize,
        took: Duration,
        body_bytes: usize,
        failure: Option<Failure>,
    ) {
        // A poisoned shard still holds whole results.
        let mut shard = self.shards[user % self.shards.len()].lock().unwrap_or_else(PoisonError::into_inner);
        shard[group].record(took, body_bytes, failure);
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

/// Adds results group by group.
pub(super) fn merge_all(totals: &mut Vec<RouteStats>, routes: Vec<RouteStats>) {
    totals.resize_with(totals.len().max(routes.len()), RouteStats::default);
    for (total, route) in totals.iter_mut().zip(routes) {
        total.merge(route);
    }
}

/// All groups together.
pub(super) fn aggregated(routes: &[RouteStats]) -> RouteStats {
    let mut all = RouteStats::default();
    for route in routes {
        all.merge(route.clone());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::failure::FailureKind;
    use super::*;

    #[test]
    fn what_is_recorded_is_taken_once_whoever_recorded_it() {
        let recorder = Recorder::new(2);
        for user in 0..100 {
            let failure = (user % 4 == 0).then(|| Failure { kind: FailureKind::Http, said: "500".to_owned() });
            recorder.record(user, user % 2, Duration::from_millis(5), 10, failure);
        }
        let mut totals = recorder.take();
        merge_all(&mut totals, recorder.take());
        let all = aggregated(&totals);
        assert_eq!((all.requests(), all.failed.count(), all.body_bytes), (100, 25, 1000));
        assert_eq!((totals[0].requests(), totals[1].requests()), (50, 50));
        assert_eq!(all.failures.groups().map(|(_, _, group)| group.count).collect::<Vec<_>>(), [25]);
    }
}
