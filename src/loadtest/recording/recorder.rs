//! The results of requests: one shard for each worker, and the totals that the shards are added to.

use std::collections::BTreeMap;
use std::time::Duration;

use super::failure::{Failure, Failures};
use super::journeys::{JourneyEnd, JourneyStats, JourneyTrace, merge_journeys};
use super::phases::{PhaseTimes, Phases};
use crate::run_result::{CheckCounts, TouchedTimes};
use crate::stats::Latencies;

/// The results of one group of tasks.
#[derive(Clone, Debug, Default)]
pub(in crate::loadtest) struct RouteStats {
    pub(in crate::loadtest) succeeded: Latencies,
    pub(in crate::loadtest) failed: Latencies,
    /// Times of good answers from the instant a request was sent; empty if every request was sent when it was due.
    pub(in crate::loadtest) succeeded_service: Latencies,
    /// The same of failed requests.
    pub(in crate::loadtest) failed_service: Latencies,
    /// For requests without an answer at the end: how long it was waited for, from the instant each was due.
    pub(in crate::loadtest) unanswered: Latencies,
    /// Response times of answers that a standstill of the generator touched.
    pub(in crate::loadtest) touched: TouchedTimes,
    /// Bytes of all received bodies.
    pub(in crate::loadtest) body_bytes: u64,
    /// Those of bodies that were decoded.
    pub(in crate::loadtest) decoded: DecodedBodies,
    /// Redirects that were followed.
    pub(in crate::loadtest) redirects: u64,
    /// Answers by status code.
    pub(in crate::loadtest) statuses: BTreeMap<u16, u64>,
    /// Requests of tasks with a check.
    pub(in crate::loadtest) checks: CheckCounts,
    pub(in crate::loadtest) failures: Failures,
}

/// Bodies that came with a content coding and were decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::loadtest) struct DecodedBodies {
    pub(in crate::loadtest) count: u64,
    pub(in crate::loadtest) bytes: u64,
}

impl RouteStats {
    /// The number of requests that were answered or failed.
    pub(in crate::loadtest) fn requests(&self) -> u64 {
        self.succeeded.count() + self.failed.count()
    }

    /// The response times of all requests, successful or failed.
    pub(in crate::loadtest) fn all(&self) -> Latencies {
        let mut all = self.succeeded.clone();
        all.merge(&self.failed);
        all
    }

    pub(in crate::loadtest) fn record(&mut self, sample: Sample) {
        let Sample { response, service, body_bytes, decoded_bytes, redirects, status, checked, phases: _, failure } =
            sample;
        self.body_bytes += body_bytes;
        if let Some(bytes) = decoded_bytes {
            self.decoded.count += 1;
            self.decoded.bytes += bytes;
        }
        self.redirects += u64::from(redirects);
        if let Some(status) = status {
            *self.statuses.entry(status).or_default() += 1;
        }
        self.checks.checked += u64::from(checked);
        self.checks.met += u64::from(checked && failure.is_none());
        if let Some(service) = service {
            let times = if failure.is_none() { &mut self.succeeded_service } else { &mut self.failed_service };
            times.record(service);
        }
        let Some(failure) = failure else { return self.succeeded.record(response) };
        self.failed.record(response);
        self.failures.record(failure);
    }

    pub(in crate::loadtest) fn merge(&mut self, other: Self) {
        self.succeeded.merge(&other.succeeded);
        self.failed.merge(&other.failed);
        self.succeeded_service.merge(&other.succeeded_service);
        self.failed_service.merge(&other.failed_service);
        self.unanswered.merge(&other.unanswered);
        self.touched.merge(&other.touched);
        self.body_bytes += other.body_bytes;
        self.decoded.count += other.decoded.count;
        self.decoded.bytes += other.decoded.bytes;
        self.redirects += other.redirects;
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.checks.checked += other.checks.checked;
        self.checks.met += other.checks.met;
        self.failures.merge(other.failures);
    }
}

/// A request that was answered or failed, as it is recorded.
#[derive(Debug)]
pub(in crate::loadtest) struct Sample {
    /// The response time: from the instant it was due to the last byte of its answer.
    pub(in crate::loadtest) response: Duration,
    /// The service time, from the instant it was sent; only in a run at a rate, where it may be sent late.
    pub(in crate::loadtest) service: Option<Duration>,
    pub(in crate::loadtest) body_bytes: u64,
    /// The bytes of its body after it was decoded; None if it was not.
    pub(in crate::loadtest) decoded_bytes: Option<u64>,
    /// How many redirects were followed for it.
    pub(in crate::loadtest) redirects: u32,
    /// The status of its answer; None without a complete answer.
    pub(in crate::loadtest) status: Option<u16>,
    /// Whether its task has a check.
    pub(in crate::loadtest) checked: bool,
    /// The parts of its time.
    pub(in crate::loadtest) phases: Phases,
    /// Why it failed; None if it succeeded.
    pub(in crate::loadtest) failure: Option<Failure>,
}

/// The records of one worker since the last `take`.
#[derive(Debug)]
pub(in crate::loadtest) struct Shard {
    /// Requests that were due in the warm-up, by group.
    pub(in crate::loadtest) warm_up: Vec<RouteStats>,
    /// Requests that were due after it, by group.
    pub(in crate::loadtest) measured: Vec<RouteStats>,
    /// Journeys that were due in the warm-up; empty until one ended.
    pub(in crate::loadtest) warm_up_journeys: Vec<JourneyStats>,
    /// Journeys that were due after it.
    pub(in crate::loadtest) journeys: Vec<JourneyStats>,
    /// The parts of the times of good answers, without the warm-up.
    pub(in crate::loadtest) phases: PhaseTimes,
    pub(in crate::loadtest) late_timers: Latencies,
    /// In a run at a rate: how late the generator reached requests that were due.
    pub(in crate::loadtest) late_starts: Latencies,
}

impl Shard {
    /// An empty shard for this many groups of tasks.
    pub(in crate::loadtest) fn new(groups: usize) -> Self {
        Self {
            warm_up: vec![RouteStats::default(); groups],
            measured: vec![RouteStats::default(); groups],
            warm_up_journeys: Vec::new(),
            journeys: Vec::new(),
            phases: PhaseTimes::default(),
            late_timers: Latencies::default(),
            late_starts: Latencies::default(),
        }
    }

    pub(in crate::loadtest) fn record(&mut self, group: usize, measured: bool, sample: Sample) {
        if measured && sample.failure.is_none() {
            self.phases.record(sample.phases);
        }
        let stats = if measured { &mut self.measured } else { &mut self.warm_up };
        stats[group].record(sample);
    }

    /// Notes that a standstill of the generator touched a request that counts; it is recorded as well.
    pub(in crate::loadtest) fn record_touched(&mut self, group: usize, sample: &Sample) {
        let touched = &mut self.measured[group].touched;
        let times = if sample.failure.is_some() { &mut touched.failed } else { &mut touched.succeeded };
        times.record(sample.response);
    }

    /// Adds a request without an answer, and how long it was waited for.
    pub(in crate::loadtest) fn record_unanswered(&mut self, group: usize, measured: bool, waited: Duration) {
        let stats = if measured { &mut self.measured } else { &mut self.warm_up };
        stats[group].unanswered.record(waited);
    }

    /// Adds a journey of so many steps, and how far it came.
    pub(in crate::loadtest) fn record_journey(
        &mut self,
        (journey, steps): (usize, usize),
        measured: bool,
        (end, took): (JourneyEnd, Duration),
        trace: &JourneyTrace,
    ) {
        let all = if measured { &mut self.journeys } else { &mut self.warm_up_journeys };
        journey_of(all, journey).record(end, took, trace, steps);
    }

    /// Notes that a standstill of the generator touched a journey that counts; it is recorded as well.
    pub(in crate::loadtest) fn record_touched_journey(&mut self, journey: usize, (end, took): (JourneyEnd, Duration)) {
        journey_of(&mut self.journeys, journey).record_touched(end, took);
    }

    /// Takes everything that was recorded since the last call.
    pub(in crate::loadtest) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::new(self.measured.len()))
    }

    pub(in crate::loadtest) fn merge(&mut self, other: Self) {
        merge_all(&mut self.warm_up, other.warm_up);
        merge_all(&mut self.measured, other.measured);
        merge_journeys(&mut self.warm_up_journeys, &other.warm_up_journeys);
        merge_journeys(&mut self.journeys, &other.journeys);
        self.phases.merge(&other.phases);
        self.late_timers.merge(&other.late_timers);
        self.late_starts.merge(&other.late_starts);
    }
}

/// The results of one journey, which may be the first to end.
fn journey_of(all: &mut Vec<JourneyStats>, journey: usize) -> &mut JourneyStats {
    if all.len() <= journey {
        all.resize_with(journey + 1, JourneyStats::default);
    }
    &mut all[journey]
}

/// Adds results to totals, group by group.
pub(in crate::loadtest) fn merge_all(totals: &mut Vec<RouteStats>, routes: Vec<RouteStats>) {
    totals.resize_with(totals.len().max(routes.len()), RouteStats::default);
    for (total, route) in totals.iter_mut().zip(routes) {
        total.merge(route);
    }
}

/// The sum of all groups.
pub(in crate::loadtest) fn aggregated(routes: &[RouteStats]) -> RouteStats {
    let mut all = RouteStats::default();
    for route in routes {
        all.merge(route.clone());
    }
    all
}

#[cfg(test)]
impl Sample {
    /// A request that was sent when it was due, after `millis` milliseconds. The status is that at the beginning of the
    /// failure, if there is one.
    pub(in crate::loadtest) fn of(millis: u64, body_bytes: u64, failure: Option<&str>) -> Self {
        let status = failure.map_or(Some(200), |said| said.split(' ').next()?.parse().ok());
        let failure = failure.map(|said| Failure::new(crate::run_result::FailureKind::Http, said.to_owned()));
        let (response, phases) = (Duration::from_millis(millis), Phases::default());
        Self {
            response,
            service: None,
            body_bytes,
            decoded_bytes: None,
            redirects: 0,
            status,
            checked: false,
            phases,
            failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_taken_once_and_the_warm_up_is_separate() {
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
        assert_eq!(all.failures.groups().map(|(_, _, group)| group.count).collect::<Vec<_>>(), [25]);
        assert_eq!(aggregated(&totals.warm_up).requests(), 20);
    }

    #[test]
    fn answers_are_counted_by_status_and_a_connection_that_failed_has_none() {
        let mut stats = RouteStats::default();
        for failure in [None, Some("503 busy"), Some("503 full"), Some("the connection was refused")] {
            stats.record(Sample::of(5, 10, failure));
        }
        stats.merge(stats.clone());
        assert_eq!(stats.statuses, BTreeMap::from([(200, 2), (503, 4)]));
    }

    #[test]
    fn service_times_of_good_answers_and_of_failures_are_apart() {
        let mut stats = RouteStats::default();
        for (millis, failure) in [(500, None), (1, Some("503")), (2, Some("503"))] {
            let service = Some(Duration::from_millis(millis));
            stats.record(Sample { service, ..Sample::of(600, 0, failure) });
        }
        stats.merge(stats.clone());
        assert_eq!((stats.succeeded_service.count(), stats.failed_service.count()), (2, 4));
        assert!(stats.succeeded_service.smallest() > stats.failed_service.largest());
    }

    #[test]
    fn a_check_is_not_met_by_a_request_that_failed() {
        let mut stats = RouteStats::default();
        for (checked, failure) in [(true, None), (true, Some("500")), (true, Some("refused")), (false, None)] {
            stats.record(Sample { checked, ..Sample::of(5, 10, failure) });
        }
        stats.merge(stats.clone());
        assert_eq!(stats.checks, CheckCounts { checked: 6, met: 2 });
    }
}
