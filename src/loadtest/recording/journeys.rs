//! The results of journeys: how each ended, and how far it came.

use std::time::Duration;

use crate::run_result::TouchedTimes;
use crate::stats::Latencies;

/// The results of one kind of journey.
#[derive(Clone, Debug, Default)]
pub(in crate::loadtest) struct JourneyStats {
    /// Times without thinking, from the instant each was due.
    pub(in crate::loadtest) succeeded: Latencies,
    pub(in crate::loadtest) failed: Latencies,
    /// Of those on their way when the run ended: how long they had taken.
    pub(in crate::loadtest) unfinished: Latencies,
    /// Times of those that came to an end and that a standstill of the generator touched.
    pub(in crate::loadtest) touched: TouchedTimes,
    /// By step, as many as were ever reached.
    pub(in crate::loadtest) steps: Vec<StepStats>,
}

/// What became of one step.
#[derive(Clone, Debug, Default)]
pub(in crate::loadtest) struct StepStats {
    pub(in crate::loadtest) made: u64,
    pub(in crate::loadtest) failed: u64,
    pub(in crate::loadtest) not_sent: u64,
    pub(in crate::loadtest) left_out: u64,
    /// How long a state was waited for until it came.
    pub(in crate::loadtest) waited: Latencies,
}

/// How far one journey came.
#[derive(Clone, Debug, Default)]
pub(in crate::loadtest) struct JourneyTrace {
    /// What became of each step so far.
    pub(in crate::loadtest) steps: Vec<StepTrace>,
}

/// What one journey made of a step.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::loadtest) struct StepTrace {
    /// How often it was made.
    pub(in crate::loadtest) made: u32,
    pub(in crate::loadtest) left_out: bool,
    /// How long a state was waited for, if it came.
    pub(in crate::loadtest) waited: Option<Duration>,
}

/// How a journey ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::loadtest) enum JourneyEnd {
    Succeeded,
    /// At the step whose trace is the last.
    Failed,
    /// The run ended before it.
    Unfinished,
}

impl JourneyStats {
    /// The number of journeys that came to an end.
    pub(in crate::loadtest) fn journeys(&self) -> u64 {
        self.succeeded.count() + self.failed.count()
    }

    /// Adds a journey of so many steps.
    pub(in crate::loadtest) fn record(&mut self, end: JourneyEnd, took: Duration, trace: &JourneyTrace, steps: usize) {
        match end {
            JourneyEnd::Succeeded => self.succeeded.record(took),
            JourneyEnd::Failed => self.failed.record(took),
            JourneyEnd::Unfinished => self.unfinished.record(took),
        }
        if self.steps.len() < steps {
            self.steps.resize_with(steps, StepStats::default);
        }
        let reached = trace.steps.len();
        for (stats, step) in self.steps.iter_mut().zip(&trace.steps) {
            stats.made += u64::from(step.made);
            stats.left_out += u64::from(step.left_out);
            step.waited.iter().for_each(|waited| stats.waited.record(*waited));
        }
        if end == JourneyEnd::Failed {
            self.steps[..reached].iter_mut().last().iter_mut().for_each(|stats| stats.failed += 1);
            self.steps[reached..].iter_mut().for_each(|stats| stats.not_sent += 1);
        }
    }

    /// Notes that a standstill of the generator touched a journey; it is recorded as well.
    pub(in crate::loadtest) fn record_touched(&mut self, end: JourneyEnd, took: Duration) {
        match end {
            JourneyEnd::Succeeded => self.touched.succeeded.record(took),
            JourneyEnd::Failed => self.touched.failed.record(took),
            JourneyEnd::Unfinished => {}
        }
    }

    pub(in crate::loadtest) fn merge(&mut self, other: &Self) {
        self.succeeded.merge(&other.succeeded);
        self.failed.merge(&other.failed);
        self.unfinished.merge(&other.unfinished);
        self.touched.merge(&other.touched);
        if self.steps.len() < other.steps.len() {
            self.steps.resize_with(other.steps.len(), StepStats::default);
        }
        for (own, other) in self.steps.iter_mut().zip(&other.steps) {
            own.made += other.made;
            own.failed += other.failed;
            own.not_sent += other.not_sent;
            own.left_out += other.left_out;
            own.waited.merge(&other.waited);
        }
    }
}

/// Adds results to totals, journey by journey.
pub(in crate::loadtest) fn merge_journeys(totals: &mut Vec<JourneyStats>, journeys: &[JourneyStats]) {
    totals.resize_with(totals.len().max(journeys.len()), JourneyStats::default);
    for (total, journey) in totals.iter_mut().zip(journeys) {
        total.merge(journey);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_behind_a_failed_one_were_not_sent() {
        let step = |made| StepTrace { made, ..StepTrace::default() };
        let mut stats = JourneyStats::default();
        let second = Duration::from_secs(1);
        stats.record(JourneyEnd::Succeeded, second, &JourneyTrace { steps: vec![step(1), step(3), step(1)] }, 3);
        stats.record(JourneyEnd::Failed, second, &JourneyTrace { steps: vec![step(1)] }, 3);
        stats.record(JourneyEnd::Unfinished, second, &JourneyTrace { steps: vec![step(1)] }, 3);
        let mut all = JourneyStats::default();
        all.merge(&stats);
        assert_eq!((all.journeys(), all.failed.count(), all.unfinished.count()), (2, 1, 1));
        let counts: Vec<_> = all.steps.iter().map(|step| (step.made, step.failed, step.not_sent)).collect();
        assert_eq!(counts, [(3, 1, 0), (3, 0, 1), (1, 0, 1)]);
    }
}
