//! Groups refused and failed requests by reason.

use std::collections::BTreeMap;

use super::FailureGroup;
use super::counter::Increase;

/// Groups by method, route, status and code, the most frequent first. The numbers are those of the request counter, by
/// status; requests that the error counter does not explain, because an older instance lacks it, have an empty code.
pub(super) fn groups(requests: &[Increase], errors: &[Increase]) -> Vec<FailureGroup> {
    let key = |increase: &Increase| ["method", "route", "status"].map(|name| increase.label(name).to_owned());
    let mut unexplained: BTreeMap<[String; 3], u64> = BTreeMap::new();
    for increase in requests.iter().filter(|increase| increase.label("status").starts_with(['4', '5'])) {
        *unexplained.entry(key(increase)).or_default() += increase.count();
    }
    let mut explained: BTreeMap<([String; 3], String), u64> = BTreeMap::new();
    for increase in errors {
        // Routes of probes are not in `requests`.
        let Some(rest) = unexplained.get_mut(&key(increase)) else { continue };
        let count = increase.count().min(*rest);
        *rest -= count;
        *explained.entry((key(increase), increase.label("code").to_owned())).or_default() += count;
    }
    explained.extend(unexplained.into_iter().map(|(key, rest)| ((key, String::new()), rest)));
    let group = |(([method, route, status], code), count): (([String; 3], String), u64)| FailureGroup {
        method,
        route,
        status,
        code,
        count,
    };
    let mut groups: Vec<_> = explained.into_iter().map(group).filter(|group| group.count > 0).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn increase(route: &str, status: &str, code: &str, instance: &str, by: f64) -> Increase {
        let labels = [("method", "POST"), ("route", route), ("status", status), ("code", code), ("instance", instance)];
        let labels = labels.iter().filter(|(_, value)| !value.is_empty());
        let labels = labels.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Increase { labels, by, by_slot: Vec::new() }
    }

    #[test]
    fn every_refusal_has_its_reason_or_none_and_the_sum_is_that_of_the_statuses() {
        let requests = [
            increase("/orders", "201", "", "a", 50.0),
            increase("/orders", "409", "", "a", 7.0),
            increase("/orders", "409", "", "b", 3.0),
            increase("/orders", "503", "", "a", 20.0),
            increase("/users", "422", "", "a", 0.0),
        ];
        let errors = [
            increase("/orders", "409", "insufficient_stock", "a", 4.0),
            increase("/orders", "409", "insufficient_stock", "b", 2.0),
            increase("/orders", "409", "request_in_progress", "a", 3.0),
            increase("/orders", "503", "overloaded", "a", 20.0),
            increase("/ready", "503", "not_ready", "a", 9.0),
        ];
        let groups = groups(&requests, &errors);
        let rows: Vec<_> =
            groups.iter().map(|group| (group.status.as_str(), group.code.as_str(), group.count)).collect();
        assert_eq!(
            rows,
            [
                ("503", "overloaded", 20),
                ("409", "insufficient_stock", 6),
                ("409", "request_in_progress", 3),
                ("409", "", 1)
            ]
        );
    }
}
