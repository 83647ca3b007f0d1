//! `report` counts what the load test sent, to the request, although instances were restarted at bad moments: just before
//! the load, so that the new process has counted more than the old one before Prometheus looks again.

use std::time::{Duration, SystemTime};

use hyper::Method;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use storemgr::net::{Target, request_once};
use storemgr::promql::Prometheus;
use storemgr::report::{Span, gather};
use storemgr::run_result::RecordedRun;
use storemgr::stack::{Config, ProcessName, Stack};

use crate::harness::{inhabitants, kill, program};

/// A stack with one instance, which ends with the test.
struct Place {
    folder: tempfile::TempDir,
    stack: Stack,
    config: Config,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stack = Stack::open(folder.path()).unwrap();
        Self { stack, config: Config { instances: 1, ..Config::new(program()) }, folder }
    }

    async fn up(&self) {
        self.stack.up(&self.config, &|_| {}, std::future::pending()).await.unwrap();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for pid in inhabitants(self.folder.path()) {
            kill(pid, "KILL");
        }
    }
}

/// Asks for reports and for orders, one after the other. Returns how many of them failed.
async fn send(target: &Target, requests: u64) -> u64 {
    let limit = Duration::from_secs(30);
    let mut failed = 0;
    for number in 0..requests {
        let answer = if number % 2 == 0 {
            request_once(target, Method::GET, "/orders/reports/best-sellers", &[], Vec::new(), limit).await
        } else {
            // There is no such product, which is an answer like any other here.
            let order = br#"{"user_id":1,"items":[{"product_id":1,"quantity":1}]}"#.to_vec();
            request_once(target, Method::POST, "/orders", &[("content-type", "application/json")], order, limit).await
        };
        failed += u64::from(!answer.unwrap().status.is_success());
    }
    failed
}

/// Restarts the instance this many times, each time after a few requests and at any moment between two scrapes, killed or
/// ended, and compares the counts of the load that follows at once.
async fn restarted(times: u32, seed: u64) {
    let place = Place::new();
    let mut random = StdRng::seed_from_u64(seed);
    place.up().await;
    let access = place.stack.access().unwrap().unwrap();
    let client = Prometheus::new(access.prometheus.clone());
    for time in 1..=times {
        let (before, requests) = (random.random_range(1..8), random.random_range(8..60));
        send(&access.first_instance, before).await;
        // Until the old process has been scraped with them, and then to any moment before the next scrape.
        tokio::time::sleep(Duration::from_millis(1_100 + random.random_range(0..1_000))).await;
        if random.random() {
            let pid = place.stack.status().unwrap().unwrap().of(ProcessName::Serve(1)).unwrap().pid.unwrap();
            kill(pid, "KILL");
        } else {
            place.stack.stop_instances(&|_| {}).await.unwrap();
        }
        place.up().await;
        let started_at = SystemTime::now();
        let failed = send(&access.first_instance, requests).await;
        let run = RecordedRun::counted(started_at, SystemTime::now(), requests, failed);
        let report = gather(&client, &Span::Run(Box::new(run)), &|| ()).await.unwrap();
        let counted = report.load_test.unwrap().total;
        let found = (counted.prometheus_requests, counted.prometheus_failures);
        assert_eq!(
            found,
            (requests, failed),
            "restart {time} of seed {seed}: {before} requests before, {requests} after"
        );
    }
    place.stack.down(&|_| {}).await.unwrap();
}

#[tokio::test]
async fn a_restart_just_before_the_load_loses_nothing() {
    restarted(3, 1).await;
}

#[tokio::test]
#[ignore = "two minutes: run it by name"]
async fn twenty_restarts_just_before_the_load_lose_nothing() {
    restarted(20, 2).await;
}
