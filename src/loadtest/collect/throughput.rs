//! Requests that were completed while requests were sent: the source of rates.
//!
//! Answers that come after the last request was sent are not throughput under that load: a service that can do 20
//! requests a second and is asked for 40 would catch up in the end and seem to do 40. So a rate counts the answers that
//! came between the end of the warm-up and the last request, whenever those requests were due. Counts and response
//! times are of all requests.

use crate::loadtest::recording::{JourneyStats, RouteStats, Shard};

/// Counts of requests and failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::loadtest) struct Tally {
    /// Requests that were answered or failed.
    pub(in crate::loadtest) requests: u64,
    /// How many of them failed.
    pub(in crate::loadtest) failures: u64,
}

impl Tally {
    /// The counts of one group.
    pub(in crate::loadtest) fn of(stats: &RouteStats) -> Self {
        Self { requests: stats.requests(), failures: stats.failed.count() }
    }

    /// The sum of several counts.
    pub(in crate::loadtest) fn sum<'t>(tallies: impl IntoIterator<Item = &'t Self>) -> Self {
        tallies.into_iter().fold(Self::default(), |sum, tally| sum.plus(*tally))
    }

    fn plus(self, other: Self) -> Self {
        Self { requests: self.requests + other.requests, failures: self.failures + other.failures }
    }

    pub(super) fn since(self, before: Self) -> Self {
        Self { requests: self.requests - before.requests, failures: self.failures - before.failures }
    }
}

/// The requests completed at the end of the warm-up and at the last request, group by group.
#[derive(Debug, Default)]
pub(in crate::loadtest) struct Throughput {
    begun: Option<Vec<Tally>>,
    ended: Option<Vec<Tally>>,
    begun_journeys: Option<Vec<Tally>>,
    ended_journeys: Option<Vec<Tally>>,
}

impl Throughput {
    /// Notes the counts at the end of the warm-up.
    pub(in crate::loadtest) fn begin(&mut self, results: &Shard) {
        self.begun = Some(over(results));
        self.begun_journeys = Some(over_journeys(results));
    }

    /// Notes the counts at the moment the last request was sent.
    pub(in crate::loadtest) fn end(&mut self, results: &Shard) {
        self.ended = Some(over(results));
        self.ended_journeys = Some(over_journeys(results));
    }

    /// The requests completed between the two moments, so far; zero during the warm-up.
    pub(in crate::loadtest) fn measured(&self, results: &Shard) -> Vec<Tally> {
        let ended = self.ended.clone().unwrap_or_else(|| over(results));
        let begun = self.begun.as_ref().unwrap_or(&ended);
        ended.iter().zip(begun).map(|(ended, begun)| ended.since(*begun)).collect()
    }

    /// The journeys that ended between the two moments, so far; zero during the warm-up.
    pub(in crate::loadtest) fn journeys(&self, results: &Shard) -> Vec<Tally> {
        let ended = self.ended_journeys.clone().unwrap_or_else(|| over_journeys(results));
        let begun = self.begun_journeys.as_ref().unwrap_or(&ended);
        // A kind of journey has no tally before the first of them ends.
        let begun = begun.iter().copied().chain(std::iter::repeat(Tally::default()));
        ended.iter().zip(begun).map(|(ended, begun)| ended.since(begun)).collect()
    }

    /// The requests completed by the end of the warm-up, so far.
    pub(in crate::loadtest) fn warm_up(&self, results: &Shard) -> Tally {
        match self.begun.as_ref().or(self.ended.as_ref()) {
            Some(tallies) => Tally::sum(tallies),
            None => Tally::sum(&over(results)),
        }
    }
}

/// The completed requests of each group, in the warm-up or after it.
fn over(results: &Shard) -> Vec<Tally> {
    results.warm_up.iter().zip(&results.measured).map(|(one, other)| Tally::of(one).plus(Tally::of(other))).collect()
}

/// The journeys that ended, in the warm-up or after it.
fn over_journeys(results: &Shard) -> Vec<Tally> {
    let kinds = results.warm_up_journeys.len().max(results.journeys.len());
    let tally = |stats: Option<&JourneyStats>| {
        stats.map_or_else(Tally::default, |stats| Tally { requests: stats.journeys(), failures: stats.failed.count() })
    };
    let both = |place| tally(results.warm_up_journeys.get(place)).plus(tally(results.journeys.get(place)));
    (0..kinds).map(both).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::loadtest::recording::Sample;

    fn add(results: &mut Shard, requests: u64, measured: bool) {
        for number in 0..requests {
            results.record(1, measured, Sample::of(5, 10, (number % 2 == 0).then_some("500")));
        }
    }

    #[test]
    fn a_rate_counts_requests_completed_while_requests_were_sent() {
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

    #[test]
    fn journeys_count_that_ended_while_requests_were_sent() {
        let (mut results, mut throughput) = (Shard::new(2), Throughput::default());
        let add = |kinds: &mut Vec<JourneyStats>, place: usize, succeeded: u64, failed: u64| {
            kinds.resize(kinds.len().max(place + 1), JourneyStats::default());
            (0..succeeded).for_each(|_| kinds[place].succeeded.record(Duration::from_secs(1)));
            (0..failed).for_each(|_| kinds[place].failed.record(Duration::from_secs(1)));
        };
        add(&mut results.warm_up_journeys, 0, 3, 1);
        assert_eq!(throughput.journeys(&results), [Tally::default()], "nothing counts yet");
        throughput.begin(&results);
        // One that was due in the warm-up ended after it; the second kind had not ended before.
        add(&mut results.warm_up_journeys, 0, 1, 0);
        add(&mut results.journeys, 0, 5, 2);
        add(&mut results.journeys, 1, 4, 3);
        let expected = [Tally { requests: 8, failures: 2 }, Tally { requests: 7, failures: 3 }];
        assert_eq!(throughput.journeys(&results), expected);
        throughput.end(&results);
        add(&mut results.journeys, 1, 9, 9);
        assert_eq!(throughput.journeys(&results), expected, "those that ended later do not count");
    }
}
