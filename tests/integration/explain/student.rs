//! A student's store in Python with the faults of the original: repaired step by step, and explained rightly at each step.

use std::path::Path;
use std::process::Command;

use super::store::fast;
use super::{Explained, Watched, explained};
use crate::harness::{PrivateServer, StudentStore, TestDatabase, TestRedis, storemgr_in, test_folder};

/// The server counts statements, and has few connections.
const COUNTING: &[&str] = &["--performance-schema=ON", "--max-connections=60"];

/// A student's store on these servers, with these faults.
fn student_store(database: &TestDatabase, redis: &TestRedis, arguments: &[&str]) -> StudentStore {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The client is among the tools of the tests; `STOREMGR_PYTHON` names another Python that has it.
    let python = std::env::var_os("STOREMGR_PYTHON").map_or_else(|| root.join("target/tools/bin/python3"), Into::into);
    let mut command = Command::new(python);
    command.arg("-B").arg(root.join("tests/data/student_store_mysql.py")).args(arguments);
    command.envs(database.variables()).env("REDIS_PORT", redis.port.to_string());
    StudentStore::start(&mut command)
}

/// A server, a database and a Redis of one test.
struct Place {
    _server: PrivateServer,
    database: TestDatabase,
    redis: TestRedis,
}

impl Place {
    async fn new(name: &'static str) -> Self {
        let server = PrivateServer::start_with(name, fast(COUNTING)).await;
        let database = TestDatabase::create_on(&server).await;
        Self { _server: server, database, redis: TestRedis::start() }
    }

    /// Loads a store with these faults.
    async fn explained(&self, faults: &[&str], load: &[&str]) -> Explained {
        let store = student_store(&self.database, &self.redis, faults);
        let watched = Watched { database: Some(&self.database), redis: Some(&self.redis), pid: Some(store.pid()) };
        explained(&store.url, watched, load).await
    }
}

fn scenario(text: &str) -> String {
    let file = test_folder("scenario").join("scenario.toml");
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

/// Orders of so many lines each, and as many reports.
fn orders(lines: usize) -> String {
    let items: Vec<_> = (0..lines).map(|_| "{\"product_id\":{{random(1, 200)}},\"quantity\":1}").collect();
    scenario(&format!(
        "name = \"orders\"\n[[task]]\nname = \"order\"\nmethod = \"POST\"\npath = \"/orders\"\nheaders = {{ content-type = \"application/json\" }}\n\
         body = '{{\"user_id\":1,\"items\":[{}]}}'\n",
        items.join(",")
    ))
}

fn reports() -> String {
    scenario(
        "name = \"reports\"\n[[task]]\nname = \"best\"\nmethod = \"GET\"\npath = \"/orders/reports/best-sellers\"\n",
    )
}

const POOL: [&str; 2] = ["--connections", "pool"];
const TOGETHER: [&str; 2] = ["--lines", "together"];
const NAMED: [&str; 2] = ["--invalidate", "named"];

/// So many users with this pause.
fn users<'a>(count: &'a str, think: &'a str, seconds: &'a str) -> [&'a str; 8] {
    ["--users", count, "--spawn-rate", "1000", "--think-time", think, "--run-time", seconds]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_faults_of_the_original_are_named_one_after_the_other() {
    let place = Place::new("student").await;
    let file = orders(12);
    let load = |users: &[&str]| [&["--scenario", file.as_str()][..], users].concat().join("\n");
    let run = async |faults: &[&str], users: [&str; 8]| {
        let load = load(&users);
        place.explained(faults, &load.split('\n').collect::<Vec<_>>()).await
    };
    // As it was: a connection for each request.
    let first = run(&[], users("20", "200ms..300ms", "8s")).await;
    first.assert_first("connections_left_open");
    // A bounded pool: now what each order does stands out.
    let second = run(&POOL, users("2", "10ms", "8s")).await;
    let causes: Vec<_> = second.causes().iter().map(|(cause, _)| (*cause).to_owned()).collect();
    for expected in ["query_per_item", "key_scan"] {
        assert!(causes.iter().any(|cause| cause == expected), "{expected}: {}", second.told());
    }
    assert!(!causes.iter().any(|cause| cause == "connections_left_open"), "{}", second.told());
    // One statement for all lines: the walk over all keys is left.
    let third = run(&[&POOL[..], &TOGETHER].concat(), users("2", "10ms", "8s")).await;
    third.assert_first("key_scan");
    assert!(third.figure("key_scan", "keys walked over per request") > 1_000.0, "{}", third.told());
    // The keys by their names: a process under one lock, with more users than it can serve.
    let fourth = run(&[&POOL[..], &TOGETHER, &NAMED].concat(), users("16", "0ms", "8s")).await;
    let causes: Vec<_> = fourth.causes().iter().map(|(cause, _)| (*cause).to_owned()).collect();
    // Where other tests take the processors, it does not get the one that it could use.
    let used = fourth.run["observed"]["processes"][0]["cpu_cores"].as_f64().unwrap();
    let one = causes.iter().any(|cause| cause == "one_processor");
    assert!(one || used < 0.85, "{}", fourth.told());
    assert!(
        !causes.iter().any(|cause| ["query_per_item", "key_scan", "connections_left_open"].contains(&cause.as_str())),
        "{}",
        fourth.told()
    );
    // What was expected of the cures came about.
    for (before, after, gone) in
        [(&first, &second, "connections_left_open"), (&second, &third, "query_per_item"), (&third, &fourth, "key_scan")]
    {
        let files = [&before.file, &after.file].map(|file| file.display().to_string());
        let told =
            crate::harness::run_command(&["report", "--explain", &files[0], &files[1], "--json", "-"], &[]).await;
        let told: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
        assert!(told["changes"]["gone"].as_array().unwrap().contains(&gone.into()), "{gone}: {}", told["changes"]);
    }
}

/// Each cure with the load of the run before it, so that what was expected of it can be compared with what came about.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, for a quiet machine: run it by name"]
async fn by_how_much_expectations_were_off() {
    let place = Place::new("expectations").await;
    let file = orders(12);
    let two = ["--processes", "2"];
    let [cured, walking] = [[&POOL[..], &TOGETHER, &NAMED].concat(), [&POOL[..], &TOGETHER].concat()];
    for (cure, before, after, load) in [
        ("a bounded pool", Vec::new(), POOL.to_vec(), users("20", "200ms..300ms", "10s")),
        ("one statement for all lines", POOL.to_vec(), walking.clone(), users("2", "10ms", "10s")),
        ("keys by their names", walking, cured.clone(), users("2", "10ms", "10s")),
        ("two processes", cured.clone(), [&cured[..], &two].concat(), users("16", "0ms", "10s")),
    ] {
        let load = [&["--scenario", file.as_str()][..], &load].concat();
        let mut files = Vec::new();
        for faults in [before, after] {
            files.push(place.explained(&faults, &load).await.file.display().to_string());
        }
        let told = crate::harness::run_command(&["report", "--explain", &files[0], &files[1]], &[]).await;
        eprintln!("{cure}\n{}", told.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_too_small_is_told_by_users_who_wait_for_it() {
    let place = Place::new("small-pool").await;
    let file = reports();
    // Copies end at once, so that none serves.
    let faults = ["--connections", "pool", "--pool-size", "2", "--cache", "0.001", "--report-wait", "0.05"];
    let load = [&["--scenario", file.as_str()][..], &users("20", "10ms", "6s")].concat();
    let seen = place.explained(&faults, &load).await;
    seen.assert_first("pool_too_small");
    assert!(seen.figure("pool_too_small", "connections open at the peak") <= 2.0, "{}", seen.told());
    let most = seen.figure("pool_too_small", "most requests per second that they can serve");
    let good = seen.run["aggregated"]["requests_per_s"].as_f64().unwrap();
    assert!(
        most >= 0.9 * good && most < 3.0 * good,
        "the law gives what was measured, {good}: {most}: {}",
        seen.told()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_is_computed_for_each_request_lacks_a_cache() {
    let place = Place::new("no-cache").await;
    let file = reports();
    let faults = ["--connections", "pool", "--pool-size", "16", "--cache", "off", "--report-wait", "0.03"];
    let load = [&["--scenario", file.as_str()][..], &users("6", "10ms", "6s")].concat();
    let seen = place.explained(&faults, &load).await;
    seen.assert_first("cache_missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_that_all_compute_anew_at_once_are_a_stampede() {
    let place = Place::new("stampede").await;
    let file = reports();
    let faults = ["--connections", "pool", "--pool-size", "20", "--cache", "1.5", "--report-wait", "0.6"];
    let load = [&["--scenario", file.as_str()][..], &users("16", "20ms", "10s")].concat();
    let seen = place.explained(&faults, &load).await;
    seen.assert_first("cache_stampede");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_locked_in_any_order_end_in_deadlocks() {
    let place = Place::new("deadlocks").await;
    let file = orders(3);
    let faults = ["--connections", "pool", "--pool-size", "16", "--invalidate", "named", "--lock-order", "as-sent"];
    let load = [&["--scenario", file.as_str()][..], &users("16", "5ms", "6s")].concat();
    let seen = place.explained(&faults, &load).await;
    let causes = seen.causes();
    assert!(
        causes.iter().take(3).any(|(cause, certainty)| *cause == "deadlocks" && *certainty == "certain"),
        "{}",
        seen.told()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_service_that_takes_long_is_waited_for_in_vain_by_looking_at_the_database() {
    let place = Place::new("other-service").await;
    let file = reports();
    let faults = ["--connections", "pool", "--pool-size", "32", "--call", "0.15"];
    let load = [&["--scenario", file.as_str()][..], &users("10", "50ms", "6s")].concat();
    let seen = place.explained(&faults, &load).await;
    seen.assert_first("slow_dependency");
    assert!(seen.figure("slow_dependency", "time per request that is spent elsewhere") > 100.0, "{}", seen.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lab_says_of_another_service_what_it_says_of_its_rungs() {
    let place = Place::new("lab-target").await;
    let store = student_store(&place.database, &place.redis, &[]);
    let folder = test_folder("lab-target");
    let address = place.database.address();
    let observe = format!("mysql://{}@{}/{}", address.user, address.servers, address.name);
    let load = ["--users", "100", "--run-time", "8", "--history-orders", "1000", "--burst", "1", "--output", "out"];
    let target = ["--rungs", "7", "--target", &store.url, "--label", "student", "--observe", &observe];
    let mut command = storemgr_in(&folder, &["lab"]);
    command.args(load).args(target).env("OBSERVE_DB_PASSWORD", address.password.reveal());
    let ran = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(matches!(ran.status.code(), Some(0 | 98)), "{ran:?}");
    let account = std::fs::read(folder.join("out/lab.json")).unwrap();
    let account: serde_json::Value = serde_json::from_slice(&account).unwrap();
    let findings = |of: usize| account["rungs"][of]["findings"].to_string();
    assert_eq!(account["rungs"][0]["name"], "student");
    let left_open = "requests open connections and leave them behind";
    assert!(findings(0).contains(left_open), "{}", findings(0));
    assert!(!findings(1).contains(left_open), "{}", findings(1));
}
