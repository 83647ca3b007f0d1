//! Compares the counts of the load test with those of the instances.
//!
//! The two count at different ends. Only the load test counts a request that never reached an instance because it was
//! refused, reset or timed out before; only Prometheus counts a request that another client sent.

use super::{CountComparison, Route, RouteComparison, Traffic};
use crate::run_result::RecordedRun;

/// Compares a run with what the instances counted, route by route.
pub(super) fn with_run(run: &RecordedRun, total: &Traffic, routes: &[Route]) -> CountComparison {
    let counted = |traffic: &Traffic| (traffic.requests, traffic.failures + traffic.refusals);
    let mut compared: Vec<RouteComparison> = Vec::new();
    for own in &run.routes {
        let same = routes.iter().find(|route| route.route == own.route && route.method == own.method);
        let theirs = same.map_or((0, 0), |route| counted(&route.traffic));
        compared.push(RouteComparison::new(&own.method, &own.route, (own.requests, own.failures), theirs));
    }
    let only_here = routes
        .iter()
        .filter(|route| !run.routes.iter().any(|own| own.route == route.route && own.method == route.method));
    for route in only_here {
        compared.push(RouteComparison::new(&route.method, &route.route, (0, 0), counted(&route.traffic)));
    }
    compared.sort_by(|one, other| (&one.route, &one.method).cmp(&(&other.route, &other.method)));
    let total = RouteComparison::new("", "Aggregated", (run.requests, run.failures), counted(total));
    let (host, scenario) = (run.conditions.host.clone(), run.conditions.scenario.as_ref());
    let scenario = scenario.map(|scenario| scenario.name.clone());
    CountComparison { total, host, scenario, routes: compared }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_that_only_one_side_knows_are_there() {
        let run: RecordedRun = serde_json::from_str(
            r#"{"started_at":"2026-11-24T12:00:00Z","ended_at":"2026-11-24T12:01:00Z","requests":200,"failures":3,
            "routes":[{"method":"GET","route":"/b","requests":100,"failures":0},
                      {"method":"GET","route":"/c","requests":100,"failures":3}]}"#,
        )
        .unwrap();
        let traffic = |requests| Traffic { requests, refusals: 1, ..Traffic::default() };
        let route =
            |name: &str, requests| Route { method: "GET".into(), route: name.into(), traffic: traffic(requests) };
        let comparison = with_run(&run, &traffic(111), &[route("/a", 10), route("/b", 101)]);
        let rows: Vec<_> = comparison
            .routes
            .iter()
            .map(|row| (row.route.as_str(), row.load_test_requests, row.prometheus_requests, row.difference_percent))
            .collect();
        assert_eq!(rows, [("/a", 0, 10, None), ("/b", 100, 101, Some(1.0)), ("/c", 100, 0, Some(-100.0))]);
        assert_eq!(comparison.total.difference_percent, Some(-44.5));
        assert_eq!((comparison.total.load_test_failures, comparison.total.prometheus_failures), (3, 1));
    }
}
