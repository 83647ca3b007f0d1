//! Causes that lie in the machine: its disk, its processors, and the load generator on it.

use std::process::Command;

use super::store::{COUNTING, SMALL_ORDER, large_orders, scenario, store, watched};
use super::{Watched, explained};
use crate::harness::{Instance, PrivateServer, TestDatabase, run_command};

/// How long a flush of the slow disk takes longer.
const FLUSH_MS: u32 = 8;

/// A store of 200 products and 50 users on a disk that flushes slowly.
async fn store_on_slow_disk(name: &'static str, history: &str) -> (PrivateServer, TestDatabase) {
    let server = PrivateServer::start_on_slow_disk(name, FLUSH_MS, COUNTING).await;
    let database = TestDatabase::migrated_on(&server).await;
    let arguments = ["seed", "--products", "200", "--users", "50", "--stock", "1000000", "--orders", history];
    let seeded = run_command(&arguments, &database.variables()).await;
    assert_eq!(seeded.code, 0, "{seeded:?}");
    (server, database)
}

/// Orders of one product.
fn small_orders() -> String {
    scenario(&format!("name = \"orders\"\n{SMALL_ORDER}"))
}

/// A request that costs the service much, and nobody else anything.
fn expensive_requests() -> String {
    scenario(
        "name = \"schema\"\n[[task]]\nname = \"schema\"\nmethod = \"POST\"\npath = \"/graphql\"\nheaders = { content-type = \"application/json\" }\n\
         body = '{\"query\":\"{ __schema { types { name description fields { name description type { name kind } } } } }\"}'\n",
    )
}

/// Runs a program of the machine on a process.
fn on_process(program: &str, arguments: &[&str], pid: u32) {
    let done = Command::new(program).args(arguments).arg(pid.to_string()).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_commit_one_by_one_wait_for_a_slow_disk() {
    let (_server, database) = store_on_slow_disk("slow-disk", "0").await;
    let instance = Instance::start(&database, &["--order-writer", "batched", "--report-cache", "off"]).await;
    let load = ["--users", "4", "--spawn-rate", "100", "--think-time", "0ms", "--run-time", "6s"];
    let file = small_orders();
    let seen = watched(&database, &instance, &[&["--scenario", file.as_str()][..], &load].concat()).await;
    seen.assert_first("commit_bound");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_bound_to_one_processor_is_told_from_a_machine_without_any() {
    let (_server, database) = store("one-processor", &[], "0").await;
    let instance = Instance::start(&database, &["--report-cache", "off"]).await;
    on_process("taskset", &["-a", "-c", "-p", "0"], instance.pid());
    let file = expensive_requests();
    let load = ["--users", "4", "--spawn-rate", "100", "--think-time", "0ms", "--run-time", "6s"];
    let seen = watched(&database, &instance, &[&["--scenario", file.as_str()][..], &load].concat()).await;
    seen.assert_first("one_processor");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_work_than_the_machine_has_processors_for_is_said() {
    let (_server, database) = store("processors", &[], "0").await;
    let instance = Instance::start(&database, &["--report-cache", "off"]).await;
    // The load generator comes first, so that it is not what lacks processors.
    on_process("renice", &["-n", "10", "-p"], instance.pid());
    let file = expensive_requests();
    let load = ["--users", "24", "--spawn-rate", "1000", "--think-time", "0ms", "--run-time", "6s"];
    let seen = watched(&database, &instance, &[&["--scenario", file.as_str()][..], &load].concat()).await;
    // What else runs on the machine makes it less certain.
    let others = seen.figure("processors_used_up", "processors used by others");
    if others <= 0.5 {
        seen.assert_first("processors_used_up");
    }
    assert_eq!(seen.causes().first().map(|(cause, _)| *cause), Some("processors_used_up"), "{}", seen.told());
    assert_ne!(seen.causes().get(1).map(|(_, certainty)| *certainty), Some("certain"), "{}", seen.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_cannot_be_sent_blames_the_generator_and_nobody_else() {
    let (_server, database) = store("generator", &[], "0").await;
    let instance = Instance::start(&database, &["--report-cache", "off"]).await;
    let file = scenario("name = \"live\"\n[[task]]\nname = \"live\"\nmethod = \"GET\"\npath = \"/live\"\n");
    let load = ["--scenario", &file, "--rate", "400000", "--run-time", "4s"];
    let watched = Watched { database: Some(&database), redis: None, pid: Some(instance.pid()) };
    let seen = explained(&instance.target().to_string(), watched, &load).await;
    let findings = seen.explanation["findings"].as_array().unwrap();
    assert_eq!((&findings[0]["cause"], &findings[0]["certainty"]), (&"generator_limited".into(), &"certain".into()));
    assert!(findings[1..].iter().all(|finding| finding["certainty"] != "certain"), "{}", seen.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_disk_and_a_query_for_each_article_are_both_named() {
    let (_server, database) = store_on_slow_disk("slow-disk-per-item", "0").await;
    let instance = Instance::start(&database, &["--order-writer", "per-item", "--report-cache", "off"]).await;
    let file = large_orders();
    let load = ["--users", "2", "--spawn-rate", "100", "--think-time", "0ms", "--run-time", "8s"];
    let seen = watched(&database, &instance, &[&["--scenario", file.as_str()][..], &load].concat()).await;
    seen.assert_both(["commit_bound", "query_per_item"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_disk_and_a_scan_of_all_orders_are_both_named() {
    let (_server, database) = store_on_slow_disk("slow-disk-scan", "40000").await;
    let options = ["--order-writer", "batched", "--report-source", "scan", "--report-cache", "off"];
    let instance = Instance::start(&database, &options).await;
    let report = "[[task]]\nname = \"best\"\nmethod = \"GET\"\npath = \"/orders/reports/best-sellers\"\n";
    let file = scenario(&format!("name = \"orders and reports\"\n{SMALL_ORDER}weight = 5\n{report}"));
    let load = ["--users", "3", "--spawn-rate", "100", "--think-time", "0ms", "--run-time", "12s"];
    let seen = watched(&database, &instance, &[&["--scenario", file.as_str()][..], &load].concat()).await;
    // MariaDB counts neither flushes nor these statements: without a processor to spare the commits may wait for the scan, and
    // where chance gave one of the two hardly more sightings than it needs, the next run may give it fewer.
    let database = &seen.run["observed"]["databases"][0];
    let sightings = |commits: bool| -> f64 {
        let statements = database["statements"].as_array().unwrap().iter();
        let of = statements.filter(|statement| (statement["text"] == "COMMIT") == commits);
        of.map(|statement| statement["seen"].as_f64().unwrap()).sum()
    };
    let commits = sightings(true) / (sightings(true) + sightings(false)).max(1.0);
    let clear = seen.run["generator"]["host_idle_ratio"].as_f64() >= Some(0.1) && (0.38..=0.62).contains(&commits);
    if clear || !database["flush_s"].is_null() {
        seen.assert_both(["commit_bound", "full_scan"]);
    }
    seen.finding("full_scan");
}
