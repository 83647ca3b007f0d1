//! Groups requests and latencies by route and by instance.

use std::collections::BTreeMap;

use super::counter::Increase;
use super::histogram::Buckets;
use super::watch::INSTANCE;
use super::{Instance, Route, Traffic};

/// The sums for one row.
#[derive(Debug, Default)]
struct Group {
    requests: u64,
    failures: u64,
    refusals: u64,
    buckets: Buckets,
}

impl Group {
    fn count(&mut self, increase: &Increase) {
        let requests = increase.count();
        self.requests += requests;
        match increase.label("status").as_bytes().first() {
            Some(b'5') => self.failures += requests,
            Some(b'4') => self.refusals += requests,
            _ => {}
        }
    }

    fn traffic(&self, seconds: f64) -> Traffic {
        let share = |part: u64| if self.requests == 0 { 0.0 } else { part as f64 / self.requests as f64 };
        Traffic {
            requests: self.requests,
            failures: self.failures,
            refusals: self.refusals,
            fail_ratio: share(self.failures),
            requests_per_s: self.requests as f64 / seconds,
            latency_ms: self.buckets.latencies(),
        }
    }
}

fn grouped<'a, K: Ord>(
    requests: &'a [Increase],
    buckets: &'a [Increase],
    key: impl Fn(&'a Increase) -> K,
) -> BTreeMap<K, Group> {
    let mut groups: BTreeMap<K, Group> = BTreeMap::new();
    for increase in requests {
        groups.entry(key(increase)).or_default().count(increase);
    }
    for increase in buckets {
        groups.entry(key(increase)).or_default().buckets.add(increase.label("le"), increase.by);
    }
    groups
}

/// The figures of all requests together.
pub(super) fn total(requests: &[Increase], buckets: &[Increase], seconds: f64) -> Traffic {
    let groups = grouped(requests, buckets, |_| ());
    groups.get(&()).map_or_else(|| Group::default().traffic(seconds), |group| group.traffic(seconds))
}

/// The figures by route, in the order of the paths. Routes without requests are left out.
pub(super) fn by_route(requests: &[Increase], buckets: &[Increase], seconds: f64) -> Vec<Route> {
    let groups = grouped(requests, buckets, |increase| (increase.label("route"), increase.label("method")));
    let asked = groups.into_iter().filter(|(_, group)| group.requests > 0);
    asked
        .map(|((route, method), group)| Route {
            method: method.to_owned(),
            route: route.to_owned(),
            traffic: group.traffic(seconds),
        })
        .collect()
}

/// The figures of every watched instance, also of those without requests.
pub(super) fn by_instance<'a>(
    requests: &[Increase],
    buckets: &[Increase],
    seconds: f64,
    watched: impl Iterator<Item = &'a str>,
) -> Vec<Instance> {
    let mut groups = grouped(requests, buckets, |increase| increase.label(INSTANCE).to_owned());
    for instance in watched {
        groups.entry(instance.to_owned()).or_default();
    }
    groups.into_iter().map(|(instance, group)| Instance { instance, traffic: group.traffic(seconds) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Percentile;

    fn increase(labels: &[(&str, &str)], by: f64) -> Increase {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Increase { labels, by, by_slot: Vec::new() }
    }

    fn requests() -> Vec<Increase> {
        vec![
            increase(&[("method", "POST"), ("route", "/orders"), ("status", "201"), ("instance", "a")], 6.0),
            increase(&[("method", "POST"), ("route", "/orders"), ("status", "503"), ("instance", "b")], 3.0),
            increase(&[("method", "POST"), ("route", "/orders"), ("status", "409"), ("instance", "b")], 1.0),
            increase(&[("method", "GET"), ("route", "/users/{id}"), ("status", "200"), ("instance", "b")], 0.0),
        ]
    }

    #[test]
    fn failures_and_refusals_are_told_apart() {
        let routes = by_route(&requests(), &[], 2.0);
        assert_eq!(routes.len(), 1, "a route without requests has no row");
        let traffic = &routes[0].traffic;
        assert_eq!((traffic.requests, traffic.failures, traffic.refusals), (10, 3, 1));
        assert!((traffic.fail_ratio - 0.3).abs() < 1e-9 && (traffic.requests_per_s - 5.0).abs() < 1e-9);
        assert_eq!(*traffic, total(&requests(), &[], 2.0));
    }

    #[test]
    fn buckets_of_all_instances_make_one_percentile() {
        let bucket =
            |instance, le, by| increase(&[("route", "/a"), ("method", "GET"), ("instance", instance), ("le", le)], by);
        let buckets =
            [bucket("a", "1", 1.0), bucket("a", "+Inf", 1.0), bucket("b", "1", 3.0), bucket("b", "+Inf", 4.0)];
        assert_eq!(total(&[], &buckets, 1.0).latency_ms.p50, Percentile::Near(0.625));
        assert_eq!(total(&[], &buckets, 1.0).latency_ms.p95, Percentile::Above(1.0));
    }

    #[test]
    fn an_idle_instance_has_a_row() {
        let instances = by_instance(&requests(), &[], 1.0, ["a", "idle"].into_iter());
        let rows: Vec<_> =
            instances.iter().map(|instance| (instance.instance.as_str(), instance.traffic.requests)).collect();
        assert_eq!(rows, [("a", 6), ("b", 4), ("idle", 0)]);
    }
}
