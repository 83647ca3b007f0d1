//! The rendered report, from fixed data.

use super::*;
use crate::report::{
    BatchSize, Batches, CacheUse, ConnectionPeak, Connections, Count, CountComparison, FailureGroup, Instance,
    Latencies, ProcessUse, Route, RouteComparison, RouteLine, Saturation, StateLine, Stretch, Timeline,
};
use crate::report::{Percentile, Traffic};
use crate::run_result::Build;

fn traffic(requests: u64, failures: u64, refusals: u64, latencies: [Percentile; 3]) -> Traffic {
    let [p50, p95, p99] = latencies;
    Traffic {
        requests,
        failures,
        refusals,
        fail_ratio: failures as f64 / requests as f64,
        requests_per_s: requests as f64 / 60.0,
        latency_ms: Latencies { p50, p95, p99 },
    }
}

/// What an instance tells of itself.
const BUILD: &str = "storemgr_build_info{db_connections=\"pool\",order_writer=\"group-commit\",report_cache=\"redis\",\
                     report_source=\"read-model\",revision=\"unknown\",version=\"1.2.3\"} 1";

pub(in crate::report) fn report() -> Report {
    let near = [0.001_23, 0.0125, 0.75].map(Percentile::Near);
    let slow = [Percentile::Near(0.25), Percentile::Near(31.5), Percentile::Above(60.0)];
    let route = |method: &str, route: &str, traffic| Route { method: method.into(), route: route.into(), traffic };
    let peak = |state: &str, peak, peak_of_one| ConnectionPeak { state: state.into(), peak, peak_of_one };
    let count = |name: &str, count| Count { name: name.into(), count };
    Report {
        prometheus: "http://127.0.0.1:9090".into(),
        window: Stretch {
            started_at: "2026-11-24T12:00:00.000Z".into(),
            ended_at: "2026-11-24T12:01:00.000Z".into(),
            counted_until: "2026-11-24T12:01:00.700Z".into(),
            duration_s: 60.0,
            scrape_interval_s: Some(1.0),
        },
        total: traffic(1_246_021, 12_600, 41, slow),
        probes: 180,
        routes: vec![
            route("POST", "/orders", traffic(1_234_567, 12_600, 41, slow)),
            route("GET", "/orders/reports/highest-spenders", traffic(11_454, 0, 0, near)),
        ],
        instances: vec![
            Instance { instance: "127.0.0.1:40001".into(), traffic: traffic(1_246_021, 12_600, 41, slow) },
            Instance { instance: "127.0.0.1:40002".into(), traffic: Traffic::default() },
        ],
        failure_groups: failure_groups(),
        saturation: Saturation {
            requests_in_flight_peak: Some(149),
            client_connections_peak: Some(12),
            order_queue_depth_peak: Some(96),
            order_queue_wait_ms: Latencies { p50: near[0], p95: near[1], p99: near[1] },
            order_commit_ms: Latencies { p50: near[1], p95: near[1], p99: near[2] },
        },
        batches: batches(),
        timeline: timeline(),
        orders: vec![count("accepted", 1_221_926), count("refused_stock", 41), count("failed", 12_600)],
        connections: Connections {
            states: vec![peak("idle", 8, 5), peak("in_use", 36, 20), peak("lingering", 0, 0)],
            total: Some(peak("all", 40, 20)),
            pool_size: Some(40),
            pool_size_of_one: Some(20),
            max_connections: Some(151),
        },
        database_errors: vec![count("too_many_connections", 12_600)],
        caches: vec![
            CacheUse { cache: "best_sellers".into(), hit: 90, stale: 6, miss: 4, error: 0, hit_ratio: Some(0.96) },
            CacheUse { cache: "unused".into(), hit: 0, stale: 0, miss: 0, error: 0, hit_ratio: None },
        ],
        processes: vec![
            ProcessUse {
                instance: "127.0.0.1:40001".into(),
                cpu_seconds: Some(42.5),
                cpu_cores: Some(0.708),
                memory_peak_bytes: Some(19 << 20),
                memory_last_bytes: Some(17 << 20),
                restarts: 1,
            },
            ProcessUse { instance: "127.0.0.1:40002".into(), ..ProcessUse::default() },
        ],
        builds: vec![Build::of_metrics("127.0.0.1:40001", BUILD).unwrap()],
        load_test: Some(CountComparison {
            total: RouteComparison::new("", "Aggregated", (1_260_000, 12_700), (1_246_021, 12_641)),
            host: Some("http://127.0.0.1:5000".into()),
            scenario: Some("store".into()),
            routes: vec![
                RouteComparison::new("POST", "/orders", (1_248_546, 12_700), (1_234_567, 12_641)),
                RouteComparison::new("GET", "/orders/reports/highest-spenders", (11_454, 0), (11_454, 0)),
                RouteComparison::new("GET", "/products", (0, 0), (5, 0)),
            ],
        }),
        remarks: vec![
            "127.0.0.1:40002 was not scraped after the end of the run: its last requests may be missing.".into(),
        ],
    }
}

fn failure_groups() -> Vec<FailureGroup> {
    let group = |status: &str, code: &str, count| FailureGroup {
        method: "POST".into(),
        route: "/orders".into(),
        status: status.into(),
        code: code.into(),
        count,
    };
    vec![
        group("503", "database_unavailable", 12_345),
        group("503", "", 255),
        group("409", "insufficient_stock", 40),
        group("422", "unknown_product", 1),
    ]
}

fn batches() -> Batches {
    let size = |from, to, batches| BatchSize { from, to, batches };
    Batches {
        batches: 40_000,
        orders: 1_221_926,
        batches_per_s: 666.7,
        orders_per_s: 20_365.4,
        orders_per_batch: Some(30.548),
        p50_at_most: Some(32),
        p95_at_most: Some(64),
        sizes: vec![size(1, Some(1), 3_000), size(17, Some(32), 27_000), size(33, Some(64), 9_999), size(65, None, 1)],
    }
}

fn timeline() -> Timeline {
    let wave = |slot: u32| (f64::from(slot) / 6.0).sin().abs();
    let line = |most: f64| (0..60).map(|slot| (slot != 30).then(|| (wave(slot) * most).round())).collect::<Vec<_>>();
    let route = |method: &str, route: &str, p95_ms| RouteLine { method: method.into(), route: route.into(), p95_ms };
    Timeline {
        slot_s: 1.0,
        at_s: (0..60).map(|slot| f64::from(slot) + 0.5).collect(),
        requests_per_s: (0..60).map(|slot| 20_000.0 + 1_000.0 * wave(slot)).collect(),
        failures_per_s: (0..60).map(|slot| if slot < 50 { 0.0 } else { 1_260.0 }).collect(),
        p95_ms: line(31_500.0),
        routes: vec![
            route("POST", "/orders", line(31_500.0)),
            route("GET", "/orders/reports/highest-spenders", line(12.5)),
        ],
        order_queue_depth: line(96.0),
        requests_in_flight: line(149.0),
        connections_total: line(40.0),
        connections: vec![StateLine { state: "idle".into(), open: line(8.0) }],
    }
}

fn drawn(report: &Report) -> String {
    tables(report, Language::English).iter().map(|table| table.render(None, false)).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn the_heading_says_when_and_whence() {
    insta::assert_snapshot!(heading(&report(), Language::English), @"
    2026-11-24T12:00:00.000Z to 2026-11-24T12:01:00.000Z (60.0 s)
    Load test store on http://127.0.0.1:5000
    2 instances, scraped every 1.00 s, as seen by Prometheus at http://127.0.0.1:9090
    ");
}

#[test]
fn the_tables_of_a_run() {
    insta::assert_snapshot!(drawn(&report()), @"
    Requests
     Method  Route                              Requests  Failed  Rejected  Failed %   Req/s
    ─────────────────────────────────────────────────────────────────────────────────────────
     POST    /orders                           1,234,567  12,600        41    1.02 %  20,576
     GET     /orders/reports/highest-spenders     11,454       0         0    0.00 %     191
             Aggregated                        1,246,021  12,600        41    1.01 %  20,767

    Time to a good answer
     Method  Route                                 p50      p95     p99
    ────────────────────────────────────────────────────────────────────
     POST    /orders                            250 ms   31.5 s  > 60 s
     GET     /orders/reports/highest-spenders  1.23 ms  12.5 ms  750 ms
             Aggregated                         250 ms   31.5 s  > 60 s

    By instance
     Instance          Requests  Failed  Rejected  Failed %   Req/s     p50     p95     p99
    ────────────────────────────────────────────────────────────────────────────────────────
     127.0.0.1:40001  1,246,021  12,600        41    1.01 %  20,767  250 ms  31.5 s  > 60 s
     127.0.0.1:40002          0       0         0         -    0.00       -       -       -

    Rejected and failed, by reason
     Method  Route    Status  Reason                Requests    Share
    ──────────────────────────────────────────────────────────────────
     POST    /orders  503     database_unavailable    12,345   0.99 %
     POST    /orders  503     -                          255   0.02 %
     POST    /orders  409     insufficient_stock          40  <0.01 %
     POST    /orders  422     unknown_product              1  <0.01 %

    Requests and failures as the load test counted them, beside Prometheus
     Method  Route                             Load test  Prometheus     Diff  Failed  4xx, 5xx
    ────────────────────────────────────────────────────────────────────────────────────────────
     POST    /orders                           1,248,546   1,234,567  -1.12 %  12,700    12,641
     GET     /orders/reports/highest-spenders     11,454      11,454  +0.00 %       0         0
     GET     /products                                 0           5        -       0         0
             Aggregated                        1,260,000   1,246,021  -1.11 %  12,700    12,641

    Orders
     Outcome           Orders     Share
    ────────────────────────────────────
     accepted       1,221,926   98.98 %
     refused_stock         41   <0.01 %
     failed            12,600    1.02 %
     all            1,234,567  100.00 %

    Saturation
     All instances              Most at one time  Allowed     Used
    ───────────────────────────────────────────────────────────────
     requests in flight                      149        -        -
     client connections                       12        -        -
     orders waiting                           96        -        -
     pooled connections in use                36       40  90.00 %
     database connections                     40      151  26.49 %

    Orders, on their way to the disk
     Waited for                    p50      p95      p99
    ─────────────────────────────────────────────────────
     the transaction to begin  1.23 ms  12.5 ms  12.5 ms
     its commit                12.5 ms  12.5 ms   750 ms

    Transactions with orders
     Transactions     Orders  Transactions/s  Orders/s  Orders each   p50   p95
    ────────────────────────────────────────────────────────────────────────────
           40,000  1,221,926             667    20,365         30.5  ≤ 32  ≤ 64

    Transactions by size
     Orders in one transaction  Transactions    Share
    ──────────────────────────────────────────────────
     1                                 3,000   7.50 %
     17 to 32                         27,000  67.50 %
     33 to 64                          9,999  25.00 %
     65 or more                            1  <0.01 %

    Database connections, the most at one time
     State                            All instances  Of the limit  One instance
    ────────────────────────────────────────────────────────────────────────────
     asleep, in the pool (idle)                   8        5.30 %             5
     in use                                      36       23.84 %            20
     asleep, left behind (lingering)              0        0.00 %             0
     all                                         40       26.49 %            20
     allowed: pools                              40       26.49 %            20
     allowed: max_connections                   151             -             -

    Database errors
     Kind                   Count
    ──────────────────────────────
     too_many_connections  12,600

    Report cache
     Cache         Hit  Stale  Miss  Error  From cache
    ───────────────────────────────────────────────────
     best_sellers   90      6     4      0     96.00 %

    Processor and memory
     Instance         Processor time  Processors  Memory, peak  Memory, last  Restarts
    ───────────────────────────────────────────────────────────────────────────────────
     127.0.0.1:40001          42.5 s        0.71      19.0 MiB      17.0 MiB         1
     127.0.0.1:40002               -           -             -             -         0

    What ran
     Instance         Version  db-connections  order-writer  report-source  report-cache
    ─────────────────────────────────────────────────────────────────────────────────────
     127.0.0.1:40001  1.2.3    pool            group-commit  read-model     redis
    ");
}

#[test]
fn the_window_at_a_glance() {
    insta::assert_snapshot!(over_time(&report(), Language::English).render(None, false), @"
    Over time
                     Highest  in 60.0 s
    ─────────────────────────────────────────────────────────
     requests/s       21,000  ██████████████████████████████
     failures/s        1,260  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁█████
     p95              31.5 s  ▂▄▆▇██▇▆▄▂▃▅▇██▇▇▅▃▃▅▆███▇▆▄▂▄
     connections          40  ▂▄▆▇██▇▆▄▂▃▆▇██▇▇▅▃▃▅▆███▇▆▄▂▄
     orders waiting       96  ▂▄▆▇██▇▆▄▂▃▅▇██▇▇▅▃▃▅▆███▇▆▄▂▄
    ");
    let few = Report { timeline: Timeline::default(), ..report() };
    assert!(over_time(&few, Language::English).is_empty(), "too few scrapes make no line");
}

#[test]
fn the_notes_of_a_run() {
    insta::assert_snapshot!(notes(&report(), Language::English).join("\n"), @"
    127.0.0.1:40002 was not scraped after the end of the run: its last requests may be missing.
    180 requests of probes and scrapes are left out.
    Failed: answered with 5xx. Rejected: answered with 4xx. Prometheus does not know requests that never reached an instance.
    Percentiles are estimated from the buckets of a histogram and measured in the server, so they do not include the network.
    Peaks are the highest values at a scrape; Prometheus does not see what happens between two scrapes.
    The counts differ by more than 1 %. Only the load test counts requests that never reached an instance; only Prometheus counts requests of other clients, and those between the end of the run and the scrape at 2026-11-24T12:01:00.700Z.
    ");
}

#[test]
fn no_table_is_wider_than_a_hundred_columns() {
    for line in drawn(&report()).lines().chain(over_time(&report(), Language::English).render(None, false).lines()) {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn an_idle_store_shows_no_shares_of_nothing() {
    let idle = Report { instances: vec![], ..Report::default() };
    insta::assert_snapshot!(drawn(&idle), @"
    Requests
     Method  Route       Requests  Failed  Rejected  Failed %  Req/s
    ─────────────────────────────────────────────────────────────────
             Aggregated         0       0         0         -   0.00
    ");
    assert!(notes(&idle, Language::English)[0].contains("got no requests"));
}

#[test]
fn without_a_bound_or_a_limit_it_says_so() {
    let mut report = report();
    report.connections =
        Connections { pool_size: None, pool_size_of_one: None, max_connections: None, ..report.connections };
    insta::assert_snapshot!(connections::table(&report).render(None, false), @"
    Database connections, the most at one time
     State                            All instances  Of the limit  One instance
    ────────────────────────────────────────────────────────────────────────────
     asleep, in the pool (idle)                   8             -             5
     in use                                      36             -            20
     asleep, left behind (lingering)              0             -             0
     all                                         40             -            20
     allowed: pools                        no bound             -      no bound
     allowed: max_connections                     -             -             -
    ");
}
