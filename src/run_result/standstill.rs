//! The times in which the load generator stood still: no thread, or one of them, did anything at all.
//!
//! Some threads send, and a loop of its own starts and stops users and adds results up. Where only that loop stood still, no
//! answer is late, but the load is not the one that was asked for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::stats::Latencies;

/// The standstills of a run, with those of its warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standstills {
    /// Their number.
    pub count: u64,
    /// Their lengths together, in seconds.
    pub total_s: f64,
    /// The longest ones, at most a hundred, in the order in which they began.
    pub longest: Vec<Standstill>,
}

/// A time of 250 ms or more in which a thread of the generator did nothing, although it had something to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standstill {
    /// When it began, in seconds since the first request.
    pub at_s: f64,
    /// Its length in seconds, with the time in which the machine was suspended.
    pub length_s: f64,
    /// How long the machine was suspended in it, in seconds; the clock of the response times stood still as well.
    pub suspended_s: f64,
    /// The number of sending threads that stood still.
    pub threads: usize,
    /// The number of sending threads.
    pub of_threads: usize,
    /// Whether the loop that starts and stops users stood still: alone, if no sending thread did.
    #[serde(default)]
    pub control: bool,
    /// Whether it ended before the first request that counts was due.
    pub in_warm_up: bool,
    /// Answers that it touched: of requests that were in flight across it, or due in it. Those of the warm-up are left
    /// out.
    pub touched: u64,
}

/// Response times of answers that a standstill of the generator touched; they are also among the others.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TouchedTimes {
    /// Of successful requests.
    pub succeeded: Latencies,
    /// Of failed requests.
    pub failed: Latencies,
}

/// The most standstills that a result lists.
const MOST_LISTED: usize = 100;

impl Standstills {
    /// Counts all standstills and lists the longest, in the order in which they began.
    pub fn of(mut all: Vec<Standstill>) -> Self {
        let (count, total_s) = (all.len() as u64, all.iter().map(|one| one.length_s).sum());
        all.sort_by(|a, b| b.length_s.total_cmp(&a.length_s));
        all.truncate(MOST_LISTED);
        all.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        Self { count, total_s, longest: all }
    }

    /// Their lengths together.
    pub fn total(&self) -> Duration {
        Duration::try_from_secs_f64(self.total_s).unwrap_or_default()
    }

    /// Those in which a sending thread stood still.
    #[must_use]
    pub fn of_sending(&self) -> Self {
        let (sending, control): (Vec<_>, Vec<_>) = self.longest.iter().cloned().partition(|one| one.threads > 0);
        let lasted_s: f64 = control.iter().map(|one| one.length_s).sum();
        let count = self.count - control.len() as u64;
        Self { count, total_s: (self.total_s - lasted_s).max(0.0), longest: sending }
    }

    /// The longest one.
    pub fn worst(&self) -> Option<&Standstill> {
        self.longest.iter().max_by(|a, b| a.length_s.total_cmp(&b.length_s))
    }

    /// How many seconds between two times since the first request lie in a standstill.
    pub fn seconds_within(&self, from_s: f64, to_s: f64) -> f64 {
        let (mut seconds, mut counted_to) = (0.0, from_s);
        for one in &self.longest {
            seconds += one.seconds_within(counted_to, to_s);
            counted_to = counted_to.max(one.ends_s());
        }
        seconds
    }
}

impl Standstill {
    /// How many seconds of it lie between two times since the first request.
    pub fn seconds_within(&self, from_s: f64, to_s: f64) -> f64 {
        (self.ends_s().min(to_s) - self.at_s.max(from_s)).max(0.0)
    }

    /// When it ended, in seconds since the first request, on the clock of the response times.
    pub fn ends_s(&self) -> f64 {
        self.at_s + self.length_s - self.suspended_s
    }
}

impl TouchedTimes {
    /// All of them, successful or failed.
    pub fn all(&self) -> Latencies {
        let mut all = self.succeeded.clone();
        all.merge(&self.failed);
        all
    }

    /// Adds those of others.
    pub fn merge(&mut self, other: &Self) {
        self.succeeded.merge(&other.succeeded);
        self.failed.merge(&other.failed);
    }

    /// Their number.
    pub fn count(&self) -> u64 {
        self.succeeded.count() + self.failed.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standstill(at_s: f64, length_s: f64) -> Standstill {
        let (suspended_s, in_warm_up, touched) = (0.0, false, 1);
        Standstill { at_s, length_s, suspended_s, threads: 1, of_threads: 2, control: false, in_warm_up, touched }
    }

    #[test]
    fn many_standstills_are_counted_and_the_longest_are_listed() {
        let all = Standstills::of((0..500_u32).map(|i| standstill(f64::from(i), f64::from(i % 250 + 1))).collect());
        assert_eq!((all.count, all.longest.len(), all.worst().map(|one| one.length_s)), (500, 100, Some(250.0)));
        assert!((all.total_s - 2.0 * 250.0 * 251.0 / 2.0).abs() < 1e-6);
        assert!(
            all.longest.is_sorted_by(|a, b| a.at_s <= b.at_s) && all.longest.iter().all(|one| one.length_s > 200.0)
        );
    }

    #[test]
    fn what_only_starts_users_does_not_send() {
        let only = Standstill { threads: 0, control: true, ..standstill(5.0, 0.5) };
        let sending = Standstills::of(vec![standstill(1.0, 2.0), only]).of_sending();
        assert_eq!((sending.count, sending.total(), sending.longest.len()), (1, Duration::from_secs(2), 1));
    }

    #[test]
    fn a_second_that_two_threads_lost_is_lost_once() {
        let all = Standstills::of(vec![standstill(1.0, 2.0), standstill(1.5, 0.5), standstill(2.5, 1.0)]);
        let within = [(0.0, 1.0), (0.0, 2.0), (2.0, 3.0), (3.0, 9.0)].map(|(from, to)| all.seconds_within(from, to));
        assert_eq!(within.map(|seconds| format!("{seconds:.3}")), ["0.000", "1.000", "1.000", "0.500"]);
    }
}
