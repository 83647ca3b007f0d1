//! Latencies, recorded in microseconds and summarised in memory that does not grow with the number of requests.
//!
//! They are kept in a histogram with three significant digits (HdrHistogram), so every value is known within 0.1 %. A
//! percentile is the smallest recorded value that at least that share of all values does not exceed (nearest rank), so
//! it is never above the largest value. A distribution of nothing has no percentile and no mean, not one of zero.
//! Histograms merge without loss.

mod encoding;
mod rank_sum;

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;

pub use rank_sum::{rank_sum_p, smallest_rank_sum_p};

/// The significant decimal digits of every value.
const DIGITS: u8 = 3;

/// A distribution of times.
#[derive(Clone, Default)]
pub struct Latencies {
    /// Made with the first value, because most routes have none in a short window.
    micros: Option<Histogram<u64>>,
    sum: Duration,
}

impl Latencies {
    /// Adds a time. It is kept in whole microseconds, at least one.
    pub fn record(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        if self.micros.is_none() {
            self.micros = Histogram::new(DIGITS).ok();
        }
        if let Some(histogram) = &mut self.micros {
            // The histogram grows with its largest value. A value too large for any histogram counts as the largest
            // possible one.
            if histogram.record(micros).is_err() {
                histogram.saturating_record(micros);
            }
        }
        self.sum += took;
    }

    /// Adds all times of another distribution.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        match (&mut self.micros, &other.micros) {
            (Some(own), Some(other)) => drop(own.add(other)),
            (own @ None, Some(_)) => own.clone_from(&other.micros),
            (_, None) => {}
        }
    }

    /// These times without those of another distribution, all of which are among them.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut left = self.clone();
        if let (Some(own), Some(other)) = (&mut left.micros, &other.micros)
            && own.subtract(other).is_err()
        {
            // They were not among them.
            return self.clone();
        }
        left.sum = left.sum.saturating_sub(other.sum);
        left
    }

    /// The number of recorded times.
    pub fn count(&self) -> u64 {
        self.micros.as_ref().map_or(0, Histogram::len)
    }

    /// The time that `percent` (0 to 100) of all times do not exceed; None when nothing was recorded.
    pub fn percentile(&self, percent: f64) -> Option<Duration> {
        let histogram = self.recorded()?;
        // The histogram gives the upper end of a bucket, which may be above the largest value.
        Some(Duration::from_micros(histogram.value_at_percentile(percent).min(histogram.max())))
    }

    /// The smallest time; None when nothing was recorded.
    pub fn smallest(&self) -> Option<Duration> {
        self.recorded().map(|histogram| Duration::from_micros(histogram.min()))
    }

    /// The largest time; None when nothing was recorded.
    pub fn largest(&self) -> Option<Duration> {
        self.recorded().map(|histogram| Duration::from_micros(histogram.max()))
    }

    /// The histogram, if it has a value.
    fn recorded(&self) -> Option<&Histogram<u64>> {
        self.micros.as_ref().filter(|histogram| !histogram.is_empty())
    }

    /// All recorded times, within the histogram's resolution, with how often each was recorded; the shortest first.
    pub fn values(&self) -> impl Iterator<Item = (Duration, u64)> {
        let values = self.micros.iter().flat_map(Histogram::iter_recorded);
        values.map(|value| (Duration::from_micros(value.value_iterated_to()), value.count_since_last_iteration()))
    }

    /// How many of the times equal this one within the histogram's resolution.
    pub fn count_like(&self, time: Duration) -> u64 {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.micros.as_ref().map_or(0, |histogram| histogram.count_at(micros))
    }

    /// The mean time, from the exact sum; None when nothing was recorded.
    pub fn mean(&self) -> Option<Duration> {
        self.recorded().map(|histogram| Duration::from_secs_f64(self.sum.as_secs_f64() / histogram.len() as f64))
    }
}

impl fmt::Debug for Latencies {
    /// Prints one line instead of thousands of buckets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, median, largest) = (self.count(), self.percentile(50.0), self.largest());
        write!(formatter, "Latencies {{ count: {count}, median: {median:?}, largest: {largest:?} }}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(micros: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        for value in micros {
            latencies.record(Duration::from_micros(value));
        }
        latencies
    }

    #[test]
    fn percentiles_are_nearest_ranks_within_a_thousandth() {
        let latencies = recorded((1..=10_000).map(|step| step * 100));
        for (percent, micros) in [(50.0, 500_000.0), (95.0, 950_000.0), (99.0, 990_000.0), (100.0, 1_000_000.0)] {
            let found = latencies.percentile(percent).unwrap().as_micros() as f64;
            assert!((found / micros - 1.0).abs() < 0.001, "p{percent}: {found}");
        }
        assert_eq!(latencies.count(), 10_000);
        assert_eq!(latencies.mean(), Some(Duration::from_micros(500_050)));
    }

    #[test]
    fn times_can_be_taken_out_again() {
        let (few, mut all) = (recorded([3, 9_000_000]), recorded([1_000, 2_000, 3_000]));
        all.merge(&few);
        let left = all.without(&few);
        assert_eq!((left.count(), left.mean()), (3, Some(Duration::from_millis(2))));
        assert_eq!((left.smallest(), left.largest()), (Some(Duration::from_millis(1)), recorded([3_000]).largest()));
        assert_eq!(left.without(&left).percentile(50.0), None);
        assert_eq!(left.without(&Latencies::default()).count(), 3);
    }

    #[test]
    fn no_percentile_is_above_the_largest_value() {
        let latencies = recorded([3, 1_000_003, 50_000_017]);
        assert_eq!(latencies.percentile(99.0), latencies.largest());
        assert!(latencies.percentile(100.0) <= latencies.largest());
    }

    #[test]
    fn merging_is_the_same_as_recording_together() {
        let mut merged = recorded([1, 2, 3]);
        merged.merge(&recorded([4_000_000, 5]));
        merged.merge(&Latencies::default());
        let together = recorded([1, 2, 3, 4_000_000, 5]);
        for percent in [0.0, 50.0, 90.0, 100.0] {
            assert_eq!(merged.percentile(percent), together.percentile(percent));
        }
        assert_eq!((merged.count(), merged.mean()), (5, together.mean()));
    }

    #[test]
    fn more_than_a_million_values_and_a_very_long_one_are_counted() {
        let mut latencies = recorded(std::iter::repeat_n(700, 1_200_000));
        latencies.record(Duration::from_secs(50));
        assert_eq!(latencies.count(), 1_200_001);
        assert!(latencies.largest() >= Some(Duration::from_secs(50)));
        assert_eq!(latencies.percentile(50.0), Some(Duration::from_micros(700)));
    }

    #[test]
    fn without_values_there_is_no_figure() {
        let mut none = Latencies::default();
        let figures = |times: &Latencies| [times.percentile(99.0), times.smallest(), times.largest(), times.mean()];
        assert_eq!((none.count(), figures(&none)), (0, [None; 4]));
        // A histogram that was made and has no value, as a file may contain it.
        none.micros = Histogram::new(DIGITS).ok();
        assert_eq!((none.count(), figures(&none)), (0, [None; 4]));
    }
}
