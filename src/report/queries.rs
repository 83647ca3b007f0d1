//! Every question a report asks Prometheus, as data.

use std::time::Duration;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Its name within a report.
    pub id: &'static str,
    /// What it finds out.
    pub purpose: &'static str,
    /// PromQL, to be evaluated at the end of the window.
    pub promql: String,
}

/// Routes that are about the service and not of it; no client of a store asks for them.
const OWN_ROUTES: &str = "/metrics|/ready|/live|/health-check|/openapi.json";

/// How far back a value from before the window is looked for.
const LOOKBACK: &str = "5m";

/// The percentiles of a report, as quantiles.
const QUANTILES: [(&str, &str, &str); 3] = [
    ("0.5", "route_p50", "instance_p50"),
    ("0.95", "route_p95", "instance_p95"),
    ("0.99", "route_p99", "instance_p99"),
];

/// Every question about a window of this length.
pub fn queries(window: Duration) -> Vec<Query> {
    let window = format!("{}ms", window.as_millis().max(1_000));
    let shop = format!(r#"{{route!~"{OWN_ROUTES}"}}"#);
    let requests = counted(&format!("storemgr_http_requests_total{shop}"), &window);
    let buckets = counted(&format!("storemgr_http_request_duration_seconds_bucket{shop}"), &window);
    let mut all = vec![
        query(
            "requests",
            "Requests by route, status and instance",
            format!("sum by (instance, method, route, status) ({requests})"),
        ),
        query(
            "orders",
            "What became of orders",
            format!("sum by (outcome) ({})", counted("storemgr_orders_total", &window)),
        ),
        query(
            "connections_peak",
            "The most database connections at one time, all instances together, by state",
            format!("max_over_time(sum by (state) (storemgr_db_connections)[{window}:1s])"),
        ),
        query(
            "connections_peak_total",
            "The most database connections at one time, all instances and states together",
            format!("max_over_time(sum(storemgr_db_connections)[{window}:1s])"),
        ),
        query(
            "pool_size",
            "Connections the pools may open, all instances together",
            format!("sum(last_over_time(storemgr_db_pool_size[{window}]))"),
        ),
        query(
            "max_connections",
            "Connections the database accepts",
            format!("max(last_over_time(storemgr_db_max_connections[{window}]))"),
        ),
        query(
            "database_errors",
            "Failed database operations by kind",
            format!("sum by (kind) ({})", counted("storemgr_db_errors_total", &window)),
        ),
        query(
            "cache",
            "Report look-ups in the cache by outcome",
            format!("sum by (cache, outcome) ({})", counted("storemgr_cache_requests_total", &window)),
        ),
        query(
            "cpu",
            "Processor cores used by each instance, on average",
            format!("sum by (instance) (rate(storemgr_process_cpu_seconds_total[{window}]))"),
        ),
        query(
            "memory",
            "The most resident memory of each instance, bytes",
            format!(
                "max by (instance) (max_over_time(process_resident_memory_bytes[{window}]) and on (instance) storemgr_build_info)"
            ),
        ),
    ];
    for (quantile, by_route, by_instance) in QUANTILES {
        let of = |labels: &str| format!("histogram_quantile({quantile}, sum by ({labels}, le) ({buckets}))");
        all.push(query(by_route, "A percentile of the response times by route, seconds", of("method, route")));
        all.push(query(by_instance, "A percentile of the response times by instance, seconds", of("instance")));
    }
    for (quantile, ..) in QUANTILES {
        let id = match quantile {
            "0.5" => "all_p50",
            "0.95" => "all_p95",
            _ => "all_p99",
        };
        let promql = format!("histogram_quantile({quantile}, sum by (le) ({buckets}))");
        all.push(query(id, "A percentile of all response times, seconds", promql));
    }
    all
}

fn query(id: &'static str, purpose: &'static str, promql: String) -> Query {
    Query { id, purpose, promql }
}

/// What each series of a counter counted in the window; the module doc of `report` says why it is not `increase()`.
fn counted(counter: &str, window: &str) -> String {
    let started = "process_start_time_seconds";
    let last = format!("last_over_time({counter}[{window}])");
    let before = format!("last_over_time({counter}[{LOOKBACK}] offset {window})");
    // What a former process counted is not where this one began.
    let same = format!("last_over_time({started}[{window}]) == last_over_time({started}[{LOOKBACK}] offset {window})");
    let began = format!("(({before} and on (instance) ({same})) or {last} * 0)");
    format!(
        "((({last} - {began}) unless on (instance) (changes({started}[{window}]) > 0)) or increase({counter}[{window}]))"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::DECLARED;

    #[test]
    fn no_query_uses_a_name_that_the_code_does_not_declare() {
        for query in queries(Duration::from_mins(1)) {
            for name in query.promql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                if !name.starts_with("storemgr_") {
                    continue;
                }
                let base = name.strip_suffix("_bucket").unwrap_or(name);
                let declared = DECLARED.iter().find(|metric| metric.name == base);
                let declared = declared.unwrap_or_else(|| panic!("{}: {name} is not declared", query.id));
                assert_eq!(declared.kind == "histogram", base != name, "{}: {name}", query.id);
            }
        }
    }

    #[test]
    fn every_query_has_a_name_of_its_own() {
        let mut ids: Vec<_> = queries(Duration::from_mins(1)).iter().map(|query| query.id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
