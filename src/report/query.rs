//! The queries that `report` sends to Prometheus, as data, so that they can be listed and checked against the metrics that
//! the code declares.
//!
//! `$window` stands for the length of the window, `$step` for the distance at which a sum over instances is evaluated,
//! `$slot` for the distance between two points of a line over time, and `$begin` for the beginning of the window in seconds
//! since 1970. Peaks leave out values that were scraped before the window. Otherwise PromQL would use the last value of the
//! past five minutes, and would count the connections of an instance that was replaced just before the window.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One query.
#[derive(Debug)]
pub struct Query {
    /// What the query returns, in a few words.
    pub title: &'static str,
    /// The table of the report that uses it.
    pub table: &'static str,
    /// How it is sent.
    pub kind: QueryKind,
    /// The selector of a counter, or a whole expression, in PromQL.
    pub promql: &'static str,
}

/// How a query is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryKind {
    /// Returns the raw samples of the window and the last value before it, from which the increase is computed (see
    /// `counter.rs`).
    Counter,
    /// Returns the raw samples of the window.
    Samples,
    /// Returns one value per series, evaluated at the end of the window.
    Value,
    /// Returns the highest value of each slot of the window.
    Line,
}

/// The explanation that `report --queries` prints after the queries.
pub const ABOUT_QUERIES: &str = "\
Each query is evaluated at the end of the window, unless it says otherwise. A counter has two lines: its last value before
the window (evaluated at the beginning), and its samples in the window. storemgr adds up the differences itself, because
PromQL's increase() extrapolates to the edges of the window and misses the first value of a series that appears in it.
Lines over time have as many points as there were scrapes, at most 120.";

/// The number of slots in the listed queries. In a report it depends on how often the instances were scraped.
const PASTED_SLOTS: u32 = 60;

/// How far before the window the last value of a counter may be; the default of Prometheus.
pub(super) const LOOKBACK: Duration = Duration::from_mins(5);

/// Routes for probes, scrapes and the API document. Their requests are not part of the load.
pub const PROBES: &[&str] = &["/health-check", "/live", "/ready", "/metrics", "/openapi.json"];

const fn counter(table: &'static str, title: &'static str, promql: &'static str) -> Query {
    Query { title, table, kind: QueryKind::Counter, promql }
}

const fn value(table: &'static str, title: &'static str, promql: &'static str) -> Query {
    Query { title, table, kind: QueryKind::Value, promql }
}

const fn line(table: &'static str, title: &'static str, promql: &'static str) -> Query {
    Query { title, table, kind: QueryKind::Line, promql }
}

/// The sum of a gauge over instances, with only those values that were scraped in the window (see the module).
macro_rules! sum_of_scraped {
    ($sum:literal, $gauge:literal) => {
        concat!($sum, "(", $gauge, r#"{job="storemgr"} and timestamp("#, $gauge, r#"{job="storemgr"}) >= $begin)"#)
    };
}

/// The highest such sum in the window.
macro_rules! peak {
    ($sum:literal, $gauge:literal) => {
        concat!("max_over_time(", sum_of_scraped!($sum, $gauge), "[$window:$step])")
    };
}

/// The highest such sum in each slot of the window.
macro_rules! peak_of_each_slot {
    ($sum:literal, $gauge:literal) => {
        concat!("max_over_time(", sum_of_scraped!($sum, $gauge), "[$slot:$step])[$window:$slot]")
    };
}

pub(super) const SCRAPES: Query = Query {
    title: "when each instance was scraped, and whether it answered",
    table: "window",
    kind: QueryKind::Samples,
    promql: r#"up{job="storemgr"}"#,
};

pub(super) const WATCHED: Query = value(
    "window",
    "instances already watched (evaluated at the beginning)",
    r#"max_over_time(up{job="storemgr"}[5m]) == 1"#,
);

pub(super) const STARTS: Query = counter(
    "window",
    "when each instance's process started, which changes with a restart",
    r#"process_start_time_seconds{job="storemgr"}"#,
);

pub(super) const REQUESTS: Query =
    counter("requests", "requests by route and status", r#"storemgr_http_requests_total{job="storemgr"}"#);

pub(super) const LATENCIES: Query = counter(
    "requests",
    "good answers by route and latency",
    r#"storemgr_http_request_duration_seconds_bucket{job="storemgr",outcome!="failed",route!~"/health-check|/live|/ready|/metrics|/openapi.json"}"#,
);

pub(super) const ERRORS: Query =
    counter("failures", "refusals and failures by code", r#"storemgr_http_errors_total{job="storemgr"}"#);

pub(super) const ORDERS: Query = counter("orders", "orders by outcome", r#"storemgr_orders_total{job="storemgr"}"#);

pub(super) const IN_FLIGHT: Query = value(
    "saturation",
    "most requests being worked on by all instances",
    peak!("sum", "storemgr_http_requests_in_flight"),
);

pub(super) const CLIENTS: Query =
    value("saturation", "most client connections of all instances", peak!("sum", "storemgr_http_connections"));

pub(super) const QUEUE: Query =
    value("saturation", "most orders waiting in all instances", peak!("sum", "storemgr_order_queue_depth"));

pub(super) const QUEUE_WAITS: Query =
    counter("saturation", "orders by their wait", r#"storemgr_order_queue_wait_seconds_bucket{job="storemgr"}"#);

pub(super) const COMMITS: Query = counter(
    "saturation",
    "transactions by the time they took",
    r#"storemgr_order_commit_seconds_bucket{job="storemgr"}"#,
);

pub(super) const BATCHES: Query = counter(
    "batches",
    "transactions by their number of orders",
    r#"storemgr_order_batch_orders_bucket{job="storemgr"}"#,
);

pub(super) const BATCHED: Query =
    counter("batches", "orders in transactions", r#"storemgr_order_batch_orders_sum{job="storemgr"}"#);

pub(super) const QUEUE_LINE: Query =
    line("timeline", "orders waiting", peak_of_each_slot!("sum", "storemgr_order_queue_depth"));

pub(super) const IN_FLIGHT_LINE: Query =
    line("timeline", "requests being worked on", peak_of_each_slot!("sum", "storemgr_http_requests_in_flight"));

pub(super) const CONNECTIONS_TOTAL_LINE: Query =
    line("timeline", "database connections", peak_of_each_slot!("sum", "storemgr_db_connections"));

pub(super) const CONNECTIONS_LINE: Query =
    line("timeline", "database connections by state", peak_of_each_slot!("sum by (state) ", "storemgr_db_connections"));

pub(super) const CONNECTIONS: Query = value(
    "connections",
    "peak of the connections of all instances, by state",
    peak!("sum by (state) ", "storemgr_db_connections"),
);

pub(super) const CONNECTIONS_TOTAL: Query =
    value("connections", "peak of the connections of all instances", peak!("sum", "storemgr_db_connections"));

pub(super) const CONNECTIONS_OF_ONE: Query = value(
    "connections",
    "peak of one instance's connections, by state",
    r#"max by (state) (max_over_time(storemgr_db_connections{job="storemgr"}[$window]))"#,
);

pub(super) const CONNECTIONS_OF_ONE_TOTAL: Query = value(
    "connections",
    "peak of one instance's connections",
    concat!("max(", peak!("sum by (instance) ", "storemgr_db_connections"), ")"),
);

pub(super) const POOL_SIZE: Query = value(
    "connections",
    "the most connections each instance may open; 0 is no limit",
    r#"max_over_time(storemgr_db_pool_size{job="storemgr"}[$window])"#,
);

pub(super) const MAX_CONNECTIONS: Query = value(
    "connections",
    "the database server's max_connections",
    r#"max(max_over_time(storemgr_db_max_connections{job="storemgr"}[$window]))"#,
);

pub(super) const DATABASE_ERRORS: Query =
    counter("connections", "database errors by kind", r#"storemgr_db_errors_total{job="storemgr"}"#);

pub(super) const CACHE: Query =
    counter("cache", "report look-ups by outcome", r#"storemgr_cache_requests_total{job="storemgr"}"#);

pub(super) const CPU: Query =
    counter("processes", "processor seconds", r#"storemgr_process_cpu_seconds_total{job="storemgr"}"#);

pub(super) const MEMORY_PEAK: Query = value(
    "processes",
    "most resident memory",
    r#"max_over_time(process_resident_memory_bytes{job="storemgr"}[$window])"#,
);

pub(super) const MEMORY_LAST: Query = value(
    "processes",
    "resident memory at the end",
    r#"last_over_time(process_resident_memory_bytes{job="storemgr"}[$window])"#,
);

pub(super) const RESTARTS: Query =
    value("processes", "restarts", r#"changes(process_start_time_seconds{job="storemgr"}[$window])"#);

pub(super) const BUILDS: Query = value(
    "builds",
    "version and settings of each instance",
    r#"last_over_time(storemgr_build_info{job="storemgr"}[$window])"#,
);

/// All queries of a report, in the order of the tables.
pub const QUERIES: &[&Query] = &[
    &SCRAPES,
    &WATCHED,
    &STARTS,
    &REQUESTS,
    &LATENCIES,
    &ERRORS,
    &ORDERS,
    &IN_FLIGHT,
    &CLIENTS,
    &QUEUE,
    &QUEUE_WAITS,
    &COMMITS,
    &BATCHES,
    &BATCHED,
    &CONNECTIONS,
    &CONNECTIONS_TOTAL,
    &CONNECTIONS_OF_ONE,
    &CONNECTIONS_OF_ONE_TOTAL,
    &POOL_SIZE,
    &MAX_CONNECTIONS,
    &DATABASE_ERRORS,
    &CACHE,
    &CPU,
    &MEMORY_PEAK,
    &MEMORY_LAST,
    &RESTARTS,
    &BUILDS,
    &QUEUE_LINE,
    &IN_FLIGHT_LINE,
    &CONNECTIONS_TOTAL_LINE,
    &CONNECTIONS_LINE,
];

impl Query {
    /// The expression for the raw samples of a range of this length.
    pub(super) fn over(&self, stretch: Duration) -> String {
        format!("{}[{}]", self.promql, promql_duration(stretch))
    }

    /// The expression for a window of this length that ends at `end`, with the default number of slots.
    pub(super) fn until(&self, end: SystemTime, window: Duration) -> String {
        self.by_slot(end, window, (window / PASTED_SLOTS).max(Duration::from_secs(1)))
    }

    /// The expression for a window of this length that ends at `end`, with slots of the given length.
    pub(super) fn by_slot(&self, end: SystemTime, window: Duration, slot: Duration) -> String {
        let since = end.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(window);
        self.promql
            .replace("$window", &promql_duration(window))
            .replace("$slot", &promql_duration(slot))
            .replace("$step", &promql_duration(step(window)))
            .replace("$begin", &format!("{}.{:03}", since.as_secs(), since.subsec_millis()))
    }

    /// The expression for the last value of a counter before the time of evaluation. Unlike a plain selector, it ignores the
    /// staleness marker that a failed scrape leaves.
    pub(super) fn before(&self) -> String {
        self.within(LOOKBACK)
    }

    /// The same for values that are not older than this.
    pub(super) fn within(&self, age: Duration) -> String {
        format!("last_over_time({}[{}])", self.promql, promql_duration(age))
    }

    /// The query as it can be pasted into Prometheus, for a window of this length that ends at `end`.
    pub fn expressions(&self, end: SystemTime, window: Duration) -> Vec<String> {
        match self.kind {
            QueryKind::Counter => vec![self.before(), self.over(window)],
            QueryKind::Samples => vec![self.over(window)],
            QueryKind::Value | QueryKind::Line => vec![self.until(end, window)],
        }
    }
}

/// The distance at which sums over instances are evaluated: a quarter of a stack's scrape interval, because the instances
/// are scraped at different times; longer if Prometheus would have to compute more than ten thousand sums.
fn step(window: Duration) -> Duration {
    (window / 10_000).max(Duration::from_millis(250).min(window / 4)).max(Duration::from_millis(1))
}

/// A duration in PromQL, in whole milliseconds, which is the resolution of Prometheus.
fn promql_duration(duration: Duration) -> String {
    match duration.as_millis().max(1) {
        millis if millis % 60_000 == 0 => format!("{}m", millis / 60_000),
        millis if millis % 1_000 == 0 => format!("{}s", millis / 1_000),
        millis => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::DECLARED;

    /// Metrics that the process collector of the `prometheus` crate adds to every instance, and Prometheus itself.
    const GIVEN: &[&str] = &["process_resident_memory_bytes", "process_start_time_seconds", "up"];

    /// The names of the metrics in an expression: what stands right before a `{`.
    fn names(promql: &str) -> Vec<&str> {
        let word = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let before = promql.split('{').rev().skip(1);
        before.map(|text| &text[text.rfind(|character| !word(character)).map_or(0, |at| at + 1)..]).collect()
    }

    #[test]
    fn no_query_uses_a_metric_that_the_code_does_not_declare() {
        let mut seen = 0;
        for query in QUERIES {
            // Every mention, whether or not a selector follows.
            let mentions = query.promql.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
            let ours = mentions.filter(|word| word.starts_with("storemgr_"));
            for name in names(query.promql).into_iter().filter(|name| !GIVEN.contains(name)).chain(ours) {
                let declared = DECLARED.iter().any(|metric| match metric.kind {
                    "histogram" => ["_bucket", "_sum", "_count"]
                        .iter()
                        .any(|suffix| name.strip_suffix(suffix) == Some(metric.name)),
                    _ => name == metric.name,
                });
                assert!(declared, "{}: {name} is not declared in src/metrics", query.title);
                seen += 1;
            }
        }
        assert!(seen > 15, "only {seen} names were found");
    }

    #[test]
    fn every_selector_names_the_job_and_every_label_is_declared() {
        for query in QUERIES {
            assert_eq!(query.promql.matches('{').count(), query.promql.matches(r#"{job="storemgr""#).count());
            for name in names(query.promql) {
                let base = name.strip_suffix("_bucket").unwrap_or(name);
                let Some(metric) = DECLARED.iter().find(|metric| metric.name == base) else { continue };
                for label in ["state", "route"] {
                    let used =
                        query.promql.contains(&format!("({label})")) || query.promql.contains(&format!(",{label}"));
                    assert!(!used || metric.labels.contains(&label), "{name} has no label {label}");
                }
            }
        }
    }

    #[test]
    fn the_probes_are_routes_and_left_out_of_the_latencies() {
        for probe in PROBES {
            assert!(crate::wire::ALL.iter().any(|route| route.path == *probe), "{probe}");
        }
        assert!(LATENCIES.promql.contains(&format!(r#"route!~"{}""#, PROBES.join("|"))));
    }

    #[test]
    fn lengths_are_written_as_promql_reads_them() {
        let written = |millis| promql_duration(Duration::from_millis(millis));
        assert_eq!([300_000, 61_000, 61_234].map(written), ["5m", "61s", "61234ms"]);
        assert_eq!(CACHE.over(Duration::from_mins(5)), r#"storemgr_cache_requests_total{job="storemgr"}[5m]"#);
    }

    #[test]
    fn nothing_is_left_to_be_filled_in() {
        let end = UNIX_EPOCH + Duration::from_millis(1_700_000_090_250);
        for expression in QUERIES.iter().flat_map(|query| query.expressions(end, Duration::from_secs(90))) {
            assert!(!expression.contains('$'), "{expression}");
        }
        assert_eq!(
            QUEUE.until(end, Duration::from_secs(90)),
            r#"max_over_time(sum(storemgr_order_queue_depth{job="storemgr"} and timestamp(storemgr_order_queue_depth{job="storemgr"}) >= 1700000000.250)[90s:250ms])"#
        );
    }

    #[test]
    fn a_window_has_steps_enough_and_not_too_many() {
        for seconds in [1, 60, 86_400, 8_640_000] {
            let window = Duration::from_secs(seconds);
            let steps = window.as_secs_f64() / step(window).as_secs_f64();
            assert!((4.0..=10_001.0).contains(&steps), "{seconds} s: {steps} steps");
        }
    }
}
