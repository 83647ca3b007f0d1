//! Computes the exact increase of a counter in a window.
//!
//! PromQL's `increase()` is not exact. Its documentation
//! (<https://prometheus.io/docs/prometheus/latest/querying/functions/#increase>) says that the increase "is extrapolated
//! to cover the full time range as specified in the range vector selector, so that it is possible to get a non-integer
//! result even if a counter increases only by integer increments". With a scrape every second and a run of a minute, that
//! is up to 2 % too many. It also uses only differences between samples in the range, so a series that appears in the
//! middle (the first order of a new instance) loses its first value. Subtracting the value at the beginning from the one
//! at the end (`x - x offset 1m`) is exact, but wrong as soon as an instance restarts.
//!
//! Therefore the raw samples are fetched and counted here:
//!
//! * the count begins with the last value scraped at or before the start of the window from the process that ran then;
//! * each sample adds its difference to the one before; if the process has another start time than it had then
//!   (`process_start_time_seconds`), or the value is lower, the counter began again at zero and the value is added whole;
//! * a series without a value before the window is taken to have started at zero in it. There is one exception: if
//!   Prometheus did not watch the instance before, but its process is older than the window, the first value contains
//!   counts from before the window, so the count begins with the first scrape.
//!
//! No method can know what an instance counted between its last scrape and its end.

use std::collections::BTreeMap;

use super::slots::Slots;
use super::watch::Watch;
use crate::promql::{Labels, Point, Sample, Series};

/// The increase of one series in the window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Increase {
    pub(super) labels: Labels,
    pub(super) by: f64,
    /// The increase in each slot, if slots were asked for; empty if the counter did not rise.
    pub(super) by_slot: Vec<f64>,
}

impl Increase {
    /// The value of a label. A missing label is empty, as in PromQL.
    pub(super) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// The increase, rounded to a whole number.
    pub(super) fn count(&self) -> u64 {
        self.by.round() as u64
    }
}

/// All series of one counter, which are fed with samples in order of time.
#[derive(Debug, Default)]
pub(super) struct Counters {
    counters: BTreeMap<Labels, Counter>,
    slots: Option<Slots>,
}

#[derive(Debug)]
struct Counter {
    last: f64,
    last_at_ms: i64,
    risen: f64,
    by_slot: Vec<f64>,
}

impl Counters {
    /// Begins with the last values before the window.
    pub(super) fn beginning_with(values: Vec<Sample>) -> Self {
        let counters = values.into_iter().map(|value| (value.labels, Counter::beginning_with(value.value))).collect();
        Self { counters, slots: None }
    }

    /// Also counts the increases by slot.
    pub(super) fn by_slot(self, slots: Slots) -> Self {
        Self { slots: Some(slots), ..self }
    }

    /// Takes the next range of samples. Ranges may touch: a sample that was already counted is skipped.
    pub(super) fn feed(&mut self, stretch: Vec<Series>, watch: &Watch) {
        for series in stretch {
            let Some(first) = series.points.first().copied() else { continue };
            let labels = series.labels;
            let counter = self.counters.entry(labels.clone()).or_insert_with_key(|labels| {
                Counter::beginning_with(if watch.is_first_look(labels, first.at_ms) { first.value } else { 0.0 })
            });
            for point in series.points {
                let restarted = watch.is_restarted_between(&labels, counter.last_at_ms, point.at_ms);
                counter.take(point, restarted, self.slots.as_ref(), watch);
            }
        }
    }

    /// The increase of each series, including those that did not rise.
    pub(super) fn increases(self) -> Vec<Increase> {
        let increase =
            |(labels, counter): (Labels, Counter)| Increase { labels, by: counter.risen, by_slot: counter.by_slot };
        self.counters.into_iter().map(increase).collect()
    }
}

impl Counter {
    fn beginning_with(value: f64) -> Self {
        Self { last: value, last_at_ms: i64::MIN, risen: 0.0, by_slot: Vec::new() }
    }

    fn take(&mut self, point: Point, restarted: bool, slots: Option<&Slots>, watch: &Watch) {
        if point.at_ms <= self.last_at_ms || point.value.is_nan() {
            return;
        }
        let began_again = restarted || point.value < self.last;
        let rise = if began_again { point.value } else { point.value - self.last };
        if let Some(slots) = slots
            && rise > 0.0
        {
            // The scrape before the first sample is not known; it is assumed to be one interval earlier.
            let interval_ms = (watch.interval_s().unwrap_or(0.0) * 1000.0) as i64;
            let since_ms = if self.last_at_ms == i64::MIN { point.at_ms - interval_ms } else { self.last_at_ms };
            slots.spread(&mut self.by_slot, since_ms, point.at_ms, rise);
        }
        self.risen += rise;
        self.last = point.value;
        self.last_at_ms = point.at_ms;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    fn labels() -> Labels {
        Labels::from([("instance".to_owned(), "a:1".to_owned())])
    }

    fn series(points: &[(i64, f64)]) -> Vec<Series> {
        let points = points.iter().map(|&(at_ms, value)| Point { at_ms, value }).collect();
        vec![Series { labels: labels(), points }]
    }

    fn risen(before: Option<f64>, stretches: &[&[(i64, f64)]], watch: &Watch) -> f64 {
        let before = before.map(|value| Sample { labels: labels(), value });
        let mut counters = Counters::beginning_with(before.into_iter().collect());
        for points in stretches {
            counters.feed(series(points), watch);
        }
        counters.increases().iter().map(|increase| increase.by).sum()
    }

    #[track_caller]
    fn assert_risen(expected: f64, before: Option<f64>, stretches: &[&[(i64, f64)]]) {
        let risen = risen(before, stretches, &Watch::default());
        assert!((risen - expected).abs() < 1e-9, "{risen} instead of {expected}");
    }

    #[test]
    fn the_difference_to_the_value_before_the_window() {
        assert_risen(7.0, Some(5.0), &[&[(1, 8.0), (2, 12.0)]]);
    }

    #[test]
    fn a_series_that_appears_in_the_window_keeps_its_first_value() {
        assert_risen(12.0, None, &[&[(5, 8.0), (6, 12.0)]]);
    }

    #[test]
    fn a_restart_counts_from_zero() {
        assert_risen(3.0 + 2.0 + 4.0, Some(5.0), &[&[(1, 8.0), (2, 2.0), (3, 6.0)]]);
        assert_risen(4.0, Some(100.0), &[&[(1, 4.0)]]);
    }

    #[test]
    fn a_restart_counts_from_zero_also_when_the_new_process_has_counted_more() {
        let watch = Watch::with_restarts("a:1", &[2]);
        let found = risen(Some(4.0), &[&[(1, 5.0), (2, 61.0), (3, 70.0)]], &watch);
        assert!((found - (1.0 + 61.0 + 9.0)).abs() < 1e-9, "{found}");
        let before_the_first_sample = Watch::with_restarts("a:1", &[1]);
        let found = risen(Some(4.0), &[&[(1, 61.0)]], &before_the_first_sample);
        assert!((found - 61.0).abs() < 1e-9, "{found}");
    }

    #[test]
    fn a_sample_at_the_seam_of_two_stretches_counts_once() {
        assert_risen(9.0, Some(0.0), &[&[(1, 4.0), (2, 6.0)], &[(2, 6.0), (3, 9.0)]]);
    }

    #[test]
    fn an_older_process_that_was_not_watched_before_begins_with_its_first_scrape() {
        let watch = Watch::with_first_look("a:1", 10);
        let at_first_look = risen(None, &[&[(10, 500.0), (11, 507.0)]], &watch);
        let later = risen(None, &[&[(11, 3.0), (12, 7.0)]], &watch);
        assert!((at_first_look - 7.0).abs() < 1e-9 && (later - 7.0).abs() < 1e-9);
    }

    #[test]
    fn a_rise_is_told_by_slot_and_the_slots_add_up_to_it() {
        let slots = Slots::new(UNIX_EPOCH, Duration::from_millis(10), 3);
        let before = vec![Sample { labels: labels(), value: 5.0 }];
        let mut counters = Counters::beginning_with(before).by_slot(slots);
        counters.feed(series(&[(5, 8.0), (15, 12.0), (25, 2.0)]), &Watch::default());
        let increase = counters.increases().remove(0);
        assert_eq!((increase.by, increase.by_slot), (9.0, vec![3.0 + 2.0, 2.0 + 1.0, 1.0]));
    }

    proptest! {
        /// Whatever an instance counts, however often it restarts: as long as each scrape sees it, nothing is lost.
        #[test]
        fn nothing_is_lost_or_invented(lives in prop::collection::vec(prop::collection::vec(0_u32..1000, 1..8), 1..5)) {
            let mut at_ms = 0;
            let mut expected = 0.0;
            let mut restarts = Vec::new();
            let mut points = Vec::new();
            for life in &lives {
                let mut value = 0.0;
                for (index, rise) in life.iter().enumerate() {
                    value += f64::from(*rise);
                    expected += f64::from(*rise);
                    at_ms += 1;
                    if index == 0 && !points.is_empty() {
                        restarts.push(at_ms);
                    }
                    points.push((at_ms, value));
                }
            }
            let (first, second) = points.split_at(points.len() / 2);
            let found = risen(None, &[first, second], &Watch::with_restarts("a:1", &restarts));
            prop_assert!((found - expected).abs() < 1e-9, "{} instead of {}", found, expected);
        }
    }
}
