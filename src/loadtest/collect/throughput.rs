//! How many requests were over while requests were sent: what rates are computed from.
//!
//! What is answered after the last request was sent is no throughput under that load: a service that can do 20 a second and
//! is asked 40 would catch up in the end, and seem to do them. So a rate counts the answers that came between the end of the
//! warm-up and the last request, whenever those requests were due; counts and response times are of all requests.

use crate::loadtest::recording::{RouteStats, Shard};

/// How many requests there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::loadtest) struct Tally {
    /// Those that were answered or failed.
    pub(in crate::loadtest) requests: u64,
    /// Those of them that failed.
    pub(in crate::loadtest) failures: u64,
}

impl Tally {
    /// All of a route.
    pub(in crate::loadtest) fn of(stats: &RouteStats) -> Self {
        Self { requests: stats.requests(), failures: stats.failed.count() }
    }

    /// All of several.
    pub(in crate::loadtest) fn sum<'t>(tallies: impl IntoIterator<Item = &'t Self>) -> Self {
        tallies.into_iter().fold(Self::default(), |sum, tally| sum.plus(*tally))
    }

    fn plus(self, other: Self) -> Self {
        Self { requests: self.requests + other.requests, failures: self.failures + other.failures }
    }

    fn since(self, before: Self) -> Self {
        Self { requests: self.requests - before.requests, failures: self.failures - before.failures }
    }
}

/// What was over when the warm-up ended and when the last request was sent, group by group.
#[derive(Debug, Default)]
pub(in crate::loadtest) struct Throughput {
    begun: Option<Vec<Tally>>,
    ended: Option<Vec<Tally>>,
}

impl Throughput {
    /// The warm-up is over.
    pub(in crate::loadtest) fn begin(&mut self, results: &Shard) {
        self.begun = Some(over(results));
    }

    /// No request is sent any more.
    pub(in crate::loadtest) fn end(&mut self, results: &Shard) {
        self.ended = Some(over(results));
    }

    /// What was over between the two, so far: nothing during the warm-up.
    pub(in crate::loadtest) fn measured(&self, results: &Shard) -> Vec<Tally> {
        let ended = self.ended.clone().unwrap_or_else(|| over(results));
        let begun = self.begun.as_ref().unwrap_or(&ended);
        ended.iter().zip(begun).map(|(ended, begun)| ended.since(*begun)).collect()
    }

    /// What was over when the warm-up ended, so far.
    pub(in crate::loadtest) fn warm_up(&self, results: &Shard) -> Tally {
        match self.begun.as_ref().or(self.ended.as_ref()) {
            Some(tallies) => Tally::sum(tallies),
            None => Tally::sum(&over(results)),
        }
    }
}

/// What is over, whenever it was due.
fn over(results: &Shard) -> Vec<Tally> {
    results.warm_up.iter().zip(&results.measured).map(|(one, other)| Tally::of(one).plus(Tally::of(other))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::recording::Sample;

    fn add(results: &mut Shard, requests: u64, measured: bool) {
        for number in 0..requests {
            results.record(1, measured, Sample::of(5, 10, (number % 2 == 0).then_some("500")));
        }
    }

    #[test]
    fn a_rate_counts_what_was_over_while_requests_were_sent() {
        let (mut results, mut throughput) = (Shard::new(2), Throughput::default());
        add(&mut results, 4, false);
        assert_eq!(Tally::sum(&throughput.measured(&results)).requests, 0, "nothing counts yet");
        throughput.begin(&results);
        // Two that were due in the warm-up were answered after it.
        add(&mut results, 2, false);
        add(&mut results, 20, true);
        throughput.end(&results);
        add(&mut results, 20, true);
        let expected = Tally { requests: 22, failures: 11 };
        assert_eq!(throughput.measured(&results), [Tally::default(), expected]);
        assert_eq!(throughput.warm_up(&results), Tally { requests: 4, failures: 2 });
    }
}
