//! Since when Prometheus has watched each instance. This distinguishes a counter that began at zero in the window from one
//! that had counted before it was first scraped.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::promql::{Labels, Sample, Series};

/// The label with which Prometheus distinguishes the instances.
pub(super) const INSTANCE: &str = "instance";

/// The instances, and when they were first scraped.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    instances: BTreeSet<String>,
    /// For instances that ran before the window but were first scraped in it: the time of that scrape, in milliseconds since
    /// 1970.
    first_looks: BTreeMap<String, i64>,
    /// The times of the scrapes that first saw a new process of an instance, in milliseconds since 1970.
    restarts: BTreeMap<String, Vec<i64>>,
    /// The instances of which another process was seen shortly before the window, and how long before it the one that ran when
    /// the window began was seen first.
    replaced: Vec<(String, Duration)>,
    interval_ms: Option<f64>,
}

/// The start times of the instances' processes, in seconds since 1970.
#[derive(Debug)]
pub(super) struct Starts<'a> {
    /// Those of every scrape shortly before the window.
    pub(super) before: &'a [Series],
    /// Those of every scrape in the window.
    pub(super) within: &'a [Series],
}

impl Starts<'_> {
    /// The first start time in the window of each instance.
    fn earliest(&self) -> impl Iterator<Item = (String, f64)> {
        let earliest = |series: &Series| series.points.iter().map(|point| point.value).reduce(f64::min);
        self.within.iter().filter_map(move |series| Some((instance_of(&series.labels), earliest(series)?)))
    }

    /// The instances of which another process was seen before the window, and how long before it the one that ran when the window
    /// began was seen first. Start times themselves are less exact than a scrape.
    fn replaced_before(&self, from: SystemTime) -> Vec<(String, Duration)> {
        let seen_for = |series: &Series| {
            let last = series.points.last()?;
            let another = series.points.iter().rposition(|point| point.value.to_bits() != last.value.to_bits())?;
            let first_ms = u64::try_from(series.points.get(another + 1)?.at_ms).ok()?;
            let seen_for = from.duration_since(UNIX_EPOCH + Duration::from_millis(first_ms)).ok()?;
            // The begin of a range is not a part of it.
            Some((instance_of(&series.labels), seen_for + Duration::from_millis(1)))
        };
        self.before.iter().filter_map(seen_for).collect()
    }

    /// When another process was first seen, for each instance. A process keeps its start time, so that any other belongs to
    /// another process, also one that has already counted more than the one before.
    fn restarts(&self) -> BTreeMap<String, Vec<i64>> {
        let mut restarts: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for series in self.within {
            let instance = instance_of(&series.labels);
            let before = self.before.iter().find(|series| instance_of(&series.labels) == instance);
            let mut last = before.and_then(|series| series.points.last()).map(|point| point.value);
            for point in &series.points {
                if last.replace(point.value).is_some_and(|last| last.to_bits() != point.value.to_bits()) {
                    restarts.entry(instance.clone()).or_default().push(point.at_ms);
                }
            }
        }
        restarts
    }
}

impl Watch {
    /// Takes the scrapes of the window, the instances that were watched before it, and the start times of the processes.
    pub(super) fn new(scrapes: &[Series], before: &[Sample], starts: &Starts<'_>, from: SystemTime) -> Self {
        let from_seconds = from.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let of = |value: &Sample| instance_of(&value.labels);
        let watched: BTreeSet<String> = before.iter().map(of).collect();
        let older = starts.earliest().filter(|(_, started)| *started < from_seconds).map(|(instance, _)| instance);
        let first_looks = older
            .filter(|instance| !watched.contains(instance))
            .filter_map(|instance| first_success(scrapes, &instance).map(|at_ms| (instance, at_ms)))
            .collect();
        let instances = scrapes.iter().map(|series| instance_of(&series.labels)).collect();
        Self {
            instances,
            first_looks,
            restarts: starts.restarts(),
            replaced: starts.replaced_before(from),
            interval_ms: interval_ms(scrapes),
        }
    }

    /// Whether a sample at this time is from the first scrape of an instance that had counted before the window.
    pub(super) fn is_first_look(&self, labels: &Labels, at_ms: i64) -> bool {
        labels.get(INSTANCE).and_then(|instance| self.first_looks.get(instance)).is_some_and(|first| at_ms <= *first)
    }

    /// Whether the instance was restarted between two scrapes of a series, of which the second one is at `at_ms`.
    pub(super) fn is_restarted_between(&self, labels: &Labels, since_ms: i64, at_ms: i64) -> bool {
        let restarts = labels.get(INSTANCE).and_then(|instance| self.restarts.get(instance));
        restarts.is_some_and(|restarts| restarts.iter().any(|restart| since_ms < *restart && *restart <= at_ms))
    }

    /// The instances of which another process was seen shortly before the window, and how old the values of the one that ran
    /// when it began may be.
    pub(super) fn replaced(&self) -> impl Iterator<Item = (&str, Duration)> {
        self.replaced.iter().map(|(instance, seen_for)| (instance.as_str(), *seen_for))
    }

    /// The instances that Prometheus tried to scrape in the window.
    pub(super) fn instances(&self) -> impl Iterator<Item = &str> {
        self.instances.iter().map(String::as_str)
    }

    /// The instances of which only a part of the window was scraped.
    pub(super) fn late(&self) -> impl Iterator<Item = &str> {
        self.first_looks.keys().map(String::as_str)
    }

    /// The mean time between two scrapes, in seconds; `None` with fewer than two.
    pub(super) fn interval_s(&self) -> Option<f64> {
        self.interval_ms.map(|millis| millis / 1000.0)
    }

    #[cfg(test)]
    pub(super) fn with_first_look(instance: &str, at_ms: i64) -> Self {
        Self { first_looks: BTreeMap::from([(instance.to_owned(), at_ms)]), ..Self::default() }
    }

    #[cfg(test)]
    pub(super) fn with_restarts(instance: &str, at_ms: &[i64]) -> Self {
        Self { restarts: BTreeMap::from([(instance.to_owned(), at_ms.to_vec())]), ..Self::default() }
    }
}

/// The instance to which a series belongs.
pub(super) fn instance_of(labels: &Labels) -> String {
    labels.get(INSTANCE).cloned().unwrap_or_default()
}

fn first_success(scrapes: &[Series], instance: &str) -> Option<i64> {
    let of_instance = scrapes.iter().filter(|series| instance_of(&series.labels) == instance);
    of_instance.flat_map(|series| &series.points).filter(|point| point.value > 0.0).map(|point| point.at_ms).min()
}

fn interval_ms(scrapes: &[Series]) -> Option<f64> {
    let longest = scrapes.iter().map(|series| &series.points).max_by_key(|points| points.len())?;
    let (first, last) = (longest.first()?, longest.last()?);
    (longest.len() > 1).then(|| (last.at_ms - first.at_ms) as f64 / (longest.len() - 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::Point;

    fn labels(instance: &str) -> Labels {
        Labels::from([(INSTANCE.to_owned(), instance.to_owned())])
    }

    fn up(instance: &str, points: &[(i64, f64)]) -> Series {
        let points = points.iter().map(|&(at_ms, value)| Point { at_ms, value }).collect();
        Series { labels: labels(instance), points }
    }

    fn value(instance: &str, value: f64) -> Sample {
        Sample { labels: labels(instance), value }
    }

    #[test]
    fn only_an_older_process_that_nobody_watched_has_a_first_look() {
        let scrapes = [
            up("watched", &[(100_500, 1.0), (101_500, 1.0)]),
            up("fresh", &[(100_500, 1.0)]),
            up("late", &[(100_500, 0.0), (101_500, 1.0), (102_500, 1.0)]),
        ];
        let starts = [("watched", 10.0), ("fresh", 100.0), ("late", 10.0)].map(|(name, at)| up(name, &[(101_500, at)]));
        let starts = Starts { before: &[], within: &starts };
        let from = UNIX_EPOCH + Duration::from_secs(100);
        let watch = Watch::new(&scrapes, &[value("watched", 1.0)], &starts, from);
        assert_eq!(watch.late().collect::<Vec<_>>(), ["late"]);
        assert!(watch.is_first_look(&labels("late"), 101_500) && !watch.is_first_look(&labels("late"), 102_500));
        assert!(!watch.is_first_look(&labels("fresh"), 100_500) && !watch.is_first_look(&labels("watched"), 100_500));
        assert_eq!(watch.instances().count(), 3);
        assert_eq!(watch.interval_s(), Some(1.0));
    }

    #[test]
    fn another_start_time_is_another_process_also_when_only_the_one_before_the_window_differs() {
        let within =
            [up("a", &[(1, 50.0), (2, 50.0), (3, 52.0), (4, 52.0)]), up("b", &[(1, 9.0)]), up("c", &[(2, 7.0)])];
        let before = [up("a", &[(0, 50.0)]), up("b", &[(0, 8.0)])];
        let watch = Watch::new(&[], &[], &Starts { before: &before, within: &within }, UNIX_EPOCH);
        let restarted = |instance, since, at| watch.is_restarted_between(&labels(instance), since, at);
        assert!(restarted("a", 2, 3) && restarted("a", i64::MIN, 4), "its start time changed at 3");
        assert!(!restarted("a", i64::MIN, 2) && !restarted("a", 3, 4));
        assert!(restarted("b", i64::MIN, 1), "it was another process before the window");
        assert!(!restarted("c", i64::MIN, 2), "it was not there before");
    }

    #[test]
    fn a_process_that_replaced_another_before_the_window_is_told_with_the_time_since_it_was_seen() {
        let before = [
            up("a", &[(1_000, 50.0), (2_000, 52.0), (3_000, 52.0)]),
            up("b", &[(1_000, 9.0), (2_000, 9.0)]),
            up("c", &[]),
        ];
        let starts = Starts { before: &before, within: &[] };
        let replaced = starts.replaced_before(UNIX_EPOCH + Duration::from_millis(3_500));
        assert_eq!(replaced, [("a".to_owned(), Duration::from_millis(1_501))]);
    }
}
