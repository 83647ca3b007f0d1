//! Computes the lines over time that sparklines and charts draw.

use std::collections::BTreeMap;

use super::counter::Increase;
use super::histogram::Buckets;
use super::slots::Slots;
use super::{Percentile, RouteLine, StateLine, Timeline};
use crate::promql::Series;

/// The minimum number of slots for a line to be useful.
const FEWEST: usize = 4;

/// The lines from counters. Empty if there were too few scrapes.
pub(super) fn of_requests(slots: &Slots, requests: &[Increase], buckets: &[Increase]) -> Timeline {
    if slots.count() < FEWEST {
        return Timeline::default();
    }
    let failed = |increase: &&Increase| increase.label("status").starts_with('5');
    let routes: std::collections::BTreeSet<(&str, &str)> = requests
        .iter()
        .filter(|increase| increase.count() > 0)
        .map(|increase| (increase.label("route"), increase.label("method")))
        .collect();
    let of_route = |(route, method): (&str, &str)| {
        let same = buckets.iter().filter(|bucket| bucket.label("route") == route && bucket.label("method") == method);
        RouteLine { method: method.to_owned(), route: route.to_owned(), p95_ms: p95(slots, same) }
    };
    Timeline {
        slot_s: slots.width().as_secs_f64(),
        at_s: slots.middles(),
        requests_per_s: per_second(slots, requests.iter()),
        failures_per_s: per_second(slots, requests.iter().filter(failed)),
        p95_ms: p95(slots, buckets.iter()),
        routes: routes.into_iter().map(of_route).collect(),
        ..Timeline::default()
    }
}

fn per_second<'a>(slots: &Slots, increases: impl Iterator<Item = &'a Increase>) -> Vec<f64> {
    let mut line = vec![0.0; slots.count()];
    for increase in increases {
        for (sum, by) in line.iter_mut().zip(&increase.by_slot) {
            *sum += by;
        }
    }
    line.iter().map(|sum| rounded(sum / slots.width().as_secs_f64())).collect()
}

fn p95<'a>(slots: &Slots, buckets: impl Iterator<Item = &'a Increase>) -> Vec<Option<f64>> {
    let mut by_slot = vec![Buckets::default(); slots.count()];
    for increase in buckets {
        for (slot, by) in by_slot.iter_mut().zip(&increase.by_slot) {
            slot.add(increase.label("le"), *by);
        }
    }
    let of_slot = |slot: &Buckets| match slot.percentile(0.95) {
        Percentile::Nothing => None,
        // The line shows the bound; the tables say that the value is above it.
        Percentile::Near(seconds) | Percentile::Above(seconds) => Some(rounded(seconds * 1000.0)),
    };
    by_slot.iter().map(of_slot).collect()
}

/// The line of a gauge with one series.
pub(super) fn of_gauge(slots: &Slots, series: &[Series]) -> Vec<Option<f64>> {
    series.first().map_or_else(|| vec![None; slots.count()], |series| most(slots, series))
}

/// The lines of database connections, one per state.
pub(super) fn of_states(slots: &Slots, series: &[Series]) -> Vec<StateLine> {
    let lines: BTreeMap<String, Vec<Option<f64>>> = series
        .iter()
        .map(|series| (series.labels.get("state").cloned().unwrap_or_default(), most(slots, series)))
        .collect();
    lines.into_iter().map(|(state, open)| StateLine { state, open }).collect()
}

/// The highest value of each slot. Prometheus's steps and these slots may drift apart, so a single slot without a value
/// takes the one before; a longer gap means that nothing was scraped.
fn most(slots: &Slots, series: &Series) -> Vec<Option<f64>> {
    let mut line: Vec<Option<f64>> = vec![None; slots.count()];
    for point in series.points.iter().filter(|point| !point.value.is_nan()) {
        if let Some(slot) = slots.ending_at(point.at_ms) {
            line[slot] = Some(line[slot].map_or(point.value, |known: f64| known.max(point.value)));
        }
    }
    for slot in 1..line.len().saturating_sub(1) {
        if line[slot].is_none() && line[slot + 1].is_some() {
            line[slot] = line[slot - 1];
        }
    }
    line
}

/// Rounds to three decimals, which is enough for a line.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::promql::{Labels, Point};

    fn slots(count: usize) -> Slots {
        Slots::new(UNIX_EPOCH, Duration::from_secs(2), count)
    }

    fn increase(labels: &[(&str, &str)], by_slot: &[f64]) -> Increase {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Increase { labels, by: by_slot.iter().sum(), by_slot: by_slot.to_vec() }
    }

    #[test]
    fn rates_are_of_all_instances_and_failures_are_those_of_the_store() {
        let request = |instance, status, by_slot: &[f64]| {
            increase(&[("method", "POST"), ("route", "/orders"), ("status", status), ("instance", instance)], by_slot)
        };
        let requests = [
            request("a", "201", &[4.0, 2.0, 0.0, 0.0]),
            request("b", "503", &[0.0, 6.0, 0.0, 1.0]),
            request("b", "409", &[0.0, 0.0, 2.0, 0.0]),
            request("b", "500", &[]),
        ];
        let bucket = |le, by_slot: &[f64]| {
            increase(&[("method", "POST"), ("route", "/orders"), ("le", le), ("instance", "a")], by_slot)
        };
        let buckets = [bucket("0.1", &[4.0, 0.0, 0.0, 0.0]), bucket("+Inf", &[4.0, 8.0, 0.0, 0.0])];
        let timeline = of_requests(&slots(4), &requests, &buckets);
        assert_eq!(timeline.requests_per_s, [2.0, 4.0, 1.0, 0.5]);
        assert_eq!(timeline.failures_per_s, [0.0, 3.0, 0.0, 0.5]);
        assert_eq!(timeline.p95_ms, [Some(95.0), Some(100.0), None, None]);
        assert_eq!((timeline.routes.len(), timeline.routes[0].p95_ms[0]), (1, Some(95.0)));
    }

    #[test]
    fn few_scrapes_make_no_line() {
        assert_eq!(of_requests(&slots(3), &[], &[]), Timeline::default());
    }

    #[test]
    fn a_gauge_is_its_highest_value_and_a_hole_of_one_slot_is_none() {
        let points = [(1_000, 5.0), (2_000, 9.0), (3_500, 7.0), (7_000, 1.0)];
        let points = points.into_iter().map(|(at_ms, value)| Point { at_ms, value }).collect();
        let series = [Series { labels: Labels::from([("state".to_owned(), "idle".to_owned())]), points }];
        let expected = [Some(9.0), Some(7.0), Some(7.0), Some(1.0), None];
        assert_eq!(of_gauge(&slots(5), &series), expected);
        assert_eq!(of_states(&slots(5), &series), [StateLine { state: "idle".into(), open: expected.to_vec() }]);
        assert_eq!(of_gauge(&slots(2), &[]), [None, None]);
    }
}
