//! Example results of a run and a search, for tests of what is made of them.

use std::collections::BTreeMap;

use super::environment::Environment;
use super::generator::{GeneratorCost, Verdict};
use super::latency::LatencySummary;
use super::level::LevelSummary;
use super::limit::{GaveWay, LimitEnded, LimitResult, LimitStep};
use super::route::{FailureKind, FailureSummary, Histograms, RouteSummary};
use super::run::{RunResult, ScenarioSummary, ThresholdOutcome};
use super::standstill::Standstills;
use super::transport::Transport;

/// A run of 150 users in which most orders failed.
pub(crate) fn example_run() -> RunResult {
    RunResult {
        requests: 3_030,
        failures: 1_001,
        fail_ratio: Some(0.33),
        duration_s: 60.0,
        planned_s: 60.0,
        iterations: None,
        requests_per_s: 50.5,
        verdict: Verdict::Valid,
        verdict_reasons: Vec::new(),
        caveats: Vec::new(),
        times_doubtful: false,
        started_at: "2026-11-24T12:00:00.000Z".to_owned(),
        ended_at: String::new(),
        complete: true,
        host: String::new(),
        users: 150,
        users_started: 150,
        model: "closed".into(),
        spawn_rate: Some(10.0),
        rate: None,
        stages: Vec::new(),
        start_users: None,
        seed: 1,
        in_flight_at_end: 3,
        transport: Transport::default(),
        reconnects: 0,
        routes: vec![
            example_route("POST", "/orders", 1_010, 1_000),
            example_route("GET", "/orders/reports/best-sellers", 2_000, 1),
            example_route("GET", "/orders/reports/highest-spenders", 20, 0),
        ],
        aggregated: example_route("", "Aggregated", 3_030, 1_001),
        journeys: Vec::new(),
        failure_groups: vec![FailureSummary {
            method: "POST".to_owned(),
            route: "/orders".to_owned(),
            kind: FailureKind::Http,
            message: "503 the database refused a connection: Too many connections (1040)".to_owned(),
            count: 1_000,
            share: 0.33,
            first_seen: "2026-11-24T12:00:07.001Z".to_owned(),
            last_seen: "2026-11-24T12:00:59.001Z".to_owned(),
            example: "503 the database refused a connection: Too many connections (1040)".to_owned(),
            code: None,
            advice: None,
        }],
        scenario: ScenarioSummary {
            name: String::new(),
            tasks: Vec::new(),
            journeys: Vec::new(),
            ranges: BTreeMap::new(),
        },
        thresholds: vec![
            ThresholdOutcome {
                threshold: "p95<200ms".to_owned(),
                seen: Some("12.4 ms".to_owned()),
                value: Some(12.4),
                why: None,
                held: true,
            },
            ThresholdOutcome {
                threshold: "POST /orders:fail_ratio<1%".to_owned(),
                seen: Some("99.01 %".to_owned()),
                value: Some(0.99),
                why: None,
                held: false,
            },
        ],
        warm_up: None,
        generator: GeneratorCost::small(),
        standstills: Standstills::default(),
        timeline: Vec::new(),
        levels: Vec::new(),
        environment: Environment::of_this_machine(),
        tags: BTreeMap::new(),
        builds: Vec::new(),
        comparison: None,
        observed: None,
    }
}

fn example_route(method: &str, route: &str, requests: u64, failures: u64) -> RouteSummary {
    let times = LatencySummary {
        p50: 4.2,
        p66: 5.0,
        p75: 6.0,
        p80: 7.0,
        p90: 9.9,
        p95: 12.4,
        p98: 60.0,
        p99: 800.6,
        p99_9: 60_001.0,
        p99_99: 60_001.0,
        max: 60_001.0,
        min: 0.4,
        mean: 17.3,
    };
    RouteSummary {
        method: method.to_owned(),
        route: route.to_owned(),
        requests,
        failures,
        unanswered: 0,
        requests_per_s: requests as f64 / 60.0,
        failures_per_s: failures as f64 / 60.0,
        latency_ms: Some(times.clone()),
        succeeded_latency_ms: Some(times.clone()).filter(|_| failures < requests),
        failed_latency_ms: Some(times).filter(|_| failures > 0),
        succeeded_service_ms: None,
        failed_service_ms: None,
        average_body_bytes: Some(40.0),
        average_decoded_bytes: None,
        redirects: 0,
        statuses: Some(
            [(200, requests - failures), (503, failures)].into_iter().filter(|(_, count)| *count > 0).collect(),
        ),
        checks: None,
        histograms: Histograms::default(),
    }
}

/// A step of a search. It was good unless something is given as broken.
pub(crate) fn example_step(level: u32, requests_per_s: f64, p95_ms: f64, broken: &[&str]) -> LimitStep {
    LimitStep {
        level,
        purpose: "climb",
        good: broken.is_empty(),
        broken: broken.iter().map(|text| (*text).to_owned()).collect(),
        requests: 1_000,
        requests_per_s,
        good_per_s: requests_per_s,
        fail_ratio: Some(0.0),
        most_frequent_failure: None,
        mean_ms: Some(p95_ms / 2.0),
        p50_ms: Some(p95_ms / 2.0),
        p95_ms: Some(p95_ms),
        p99_ms: Some(p95_ms * 1.5),
        verdict: Verdict::Valid,
        generator_cores: 0.12,
        started_at: String::new(),
        ended_at: String::new(),
        held_s: 28.0,
        connections: None,
        moving: None,
    }
}

/// A search with these steps.
pub(crate) fn example_limit(steps: Vec<LimitStep>) -> LimitResult {
    LimitResult {
        unit: "users",
        last_good: None,
        first_bad: None,
        knee: None,
        broken: Vec::new(),
        gave_way: GaveWay::Service,
        shares_machine: true,
        steady: true,
        ended: LimitEnded::Finished,
        held_back: None,
        criteria: vec!["fail_ratio<1%".to_owned(), "p95<500ms".to_owned()],
        host: "http://127.0.0.1:5000".to_owned(),
        scenario: ScenarioSummary {
            name: "store".to_owned(),
            tasks: Vec::new(),
            journeys: Vec::new(),
            ranges: BTreeMap::new(),
        },
        step_s: 10.0,
        settle_s: 4.0,
        rest_s: 14.0,
        steps,
        environment: Environment { cores: 2, ..Environment::of_this_machine() },
        tags: BTreeMap::new(),
        builds: Vec::new(),
    }
}

impl GeneratorCost {
    /// The cost of a generator with plenty of time to spare.
    pub(crate) fn small() -> Self {
        Self {
            cpu_s: 1.0,
            cpu_cores: 0.02,
            cores: 2,
            cpu_us_per_request: Some(330.0),
            host_idle_ratio: Some(0.9),
            host_stolen_ratio: Some(0.0),
            throttled_s: Some(0.0),
            throttled_periods: Some(0),
            shares_machine: true,
            timer_late_p99_ms: Some(0.4),
            start_late_p99_ms: None,
            arrivals_missed: 0,
            exhausted: 0,
            peak_memory_bytes: 10 << 20,
        }
    }
}

/// A level of a steered run, at which 30 of 1,000 requests failed.
pub(crate) fn example_level(level: f64) -> LevelSummary {
    LevelSummary {
        at_s: 0.0,
        lasts_s: 10.0,
        level,
        paused: false,
        requests: 1_000,
        failures: 30,
        unanswered: 0,
        fail_ratio: Some(0.03),
        good_per_s: 97.0,
        failures_per_s: 3.0,
        succeeded_latency_ms: None,
        failed_latency_ms: None,
        routes: Vec::new(),
    }
}
