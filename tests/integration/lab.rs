//! `storemgr lab`: a small ladder on a real private stack.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use storemgr::net::Target;
use tempfile::TempDir;

use crate::harness::{WebServer, inhabitants, kill, storemgr_in};

/// A folder for one lab, which is stopped and removed after the test.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// `lab` with a small load. 400 users use up 151 connections in a few seconds.
    fn lab(&self, arguments: &[&str]) -> Command {
        let mut command = storemgr_in(self.path(), &["lab"]);
        command.args(arguments);
        command
    }

    fn small(&self, arguments: &[&str]) -> Command {
        let load = ["--users", "400", "--run-time", "4", "--history-orders", "2000", "--output", "out"];
        let mut command = self.lab(&load);
        command.args(if arguments.contains(&"--burst") { &[][..] } else { &["--burst", "1"] }).args(arguments);
        command
    }

    fn json(&self, name: &str) -> Value {
        let text = fs::read(self.path().join("out").join(name)).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    fn nothing_runs(&self) {
        assert_eq!(inhabitants(self.path()), Vec::<u32>::new());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for pid in inhabitants(self.path()) {
            kill(pid, "KILL");
        }
    }
}

/// Exit code 98 means that this machine was too busy; the figures still distinguish the rungs.
fn assert_done(code: Option<i32>, told: &str) {
    assert!(matches!(code, Some(0 | 98)), "exit code {code:?}: {told}");
}

#[test]
fn the_first_rung_collapses_while_the_database_sleeps_and_the_last_one_holds() {
    let place = Place::new();
    let ran = place.small(&["--rungs", "1,7", "--json", "lab-copy.json"]).output().unwrap();
    let (shown, told) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert_done(ran.status.code(), &told);
    place.nothing_runs();

    let account = place.json("lab.json");
    let copy: Value = serde_json::from_slice(&fs::read(place.path().join("lab-copy.json")).unwrap()).unwrap();
    assert_eq!(account, copy);
    let [first, last] = [&account["rungs"][0], &account["rungs"][1]];
    assert_eq!((&first["rung"], &first["name"], &first["state"]), (&1.into(), &"baseline".into(), &"measured".into()));
    assert_eq!((&last["rung"], &last["name"]), (&7.into(), &"group commit".into()));
    assert!(first["failures"].as_u64().unwrap() > 0, "{first}");
    let message = first["failure_groups"][0]["message"].as_str().unwrap();
    assert!(message.contains("Too many connections (1040)"), "{message}");
    assert_eq!(last["failures"], 0);

    // The cause, which the author of the original store could not see.
    let peak = &first["database"]["peak"];
    let [open, asleep, running] = ["open", "asleep", "running"].map(|key| peak[key].as_u64().unwrap());
    assert_eq!(first["database"]["max_connections"], 151);
    assert!(open >= 148 && asleep * 10 >= open * 9 && running * 10 <= open, "{peak}");
    assert!(first["server"]["refused_connections"].as_u64().unwrap() > 0);
    assert_eq!(last["server"]["refused_connections"], 0);
    assert!(last["database"]["peak"]["open"].as_u64().unwrap() <= 40, "{}", last["database"]["peak"]);
    let findings = first["findings"].to_string();
    assert!(findings.contains("The database was idle"), "{findings}");

    // Single requests: a query per article and a scan of the history in the first rung, neither in the last.
    let alone = |rung: &Value, key: &str| rung["alone"][key].as_u64().unwrap();
    assert!(alone(first, "order_statements") > alone(last, "order_statements"));
    assert!(alone(first, "cold_report_rows") > 2_000, "{}", first["alone"]);
    let burst = |rung: &Value| rung["burst"]["orders_per_s"].as_f64().unwrap();
    assert!(burst(last) > 10.0 * burst(first).max(1.0), "{} and {}", first["burst"], last["burst"]);

    // Load test and Prometheus agree on both rungs. If Prometheus failed to scrape for seconds, its count includes the ten
    // single requests.
    for rung in [first, last] {
        let [seen, sent] = [&rung["server"]["requests"], &rung["requests"]].map(|count| count.as_u64().unwrap());
        assert!((sent..=sent + 10).contains(&seen), "{}: {seen} of {sent}", rung["name"]);
        assert_eq!(rung["server"]["failures"], rung["failures"], "{}", rung["name"]);
    }
    for text in ["== Rung 1: baseline", "== The ladder", "Failures by message", "What explains it", "To rung 1"] {
        assert!(shown.contains(text), "{text} is missing in {shown}");
    }
    let (markdown, page) = (read(&place, "lab.md"), read(&place, "lab.html"));
    assert!(markdown.contains("## Rung 7: group commit") && markdown.contains("| Rung"), "{markdown}");
    assert!(page.contains("<svg") && page.contains("Too many connections") && !page.contains("<script"));

    // The file of a rung has the format of the load tester's.
    let report = storemgr_in(place.path(), &["loadtest", "--baseline", "out/rung-7.1.json", "--host", "127.0.0.1:1"]);
    let refused = { report }.output().unwrap();
    let sentence = String::from_utf8_lossy(&refused.stderr);
    assert!(sentence.contains("host differs"), "{sentence}");
}

fn read(place: &Place, name: &str) -> String {
    fs::read_to_string(place.path().join("out").join(name)).unwrap()
}

/// Starts a lab with its standard error in a file.
fn started(place: &Place, mut command: Command) -> Child {
    let told = fs::File::create(place.path().join("told")).unwrap();
    command.stdout(Stdio::null()).stderr(told).spawn().unwrap()
}

async fn wait_for(place: &Place, what: &str) {
    let start = Instant::now();
    while !fs::read_to_string(place.path().join("told")).unwrap().contains(what) {
        assert!(start.elapsed() < Duration::from_secs(90), "{what} was not told in 90 s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_interrupted_lab_leaves_nothing_running_and_goes_on_where_it_was() {
    let place = Place::new();
    let mut lab = started(&place, place.small(&["--rungs", "5,7"]));
    wait_for(&place, "[2/2]").await;
    let second = place.lab(&["--output", "elsewhere"]).output().unwrap();
    let refused = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(3), "{refused}");
    assert!(refused.contains("another lab is running in this directory"), "{refused}");
    wait_for(&place, "400 users for").await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    kill(lab.id(), "INT");
    assert_eq!(lab.wait().unwrap().code(), Some(130));
    place.nothing_runs();
    let told = fs::read_to_string(place.path().join("told")).unwrap();
    assert!(told.contains("Continue with: storemgr lab --resume out"), "{told}");
    let before = place.json("lab.json");
    assert_eq!((&before["rungs"][0]["state"], &before["rungs"][1]["state"]), (&"measured".into(), &"pending".into()));

    // No measurement is overwritten.
    let again = place.small(&["--rungs", "5"]).output().unwrap();
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("with --resume out"), "{again:?}");

    let resumed = place.lab(&["--resume", "out"]).output().unwrap();
    let told = String::from_utf8_lossy(&resumed.stderr);
    assert_done(resumed.status.code(), &told);
    assert!(told.contains("bounded connections was measured before"), "{told}");
    let after = place.json("lab.json");
    assert_eq!(after["rungs"][0]["started_at"], before["rungs"][0]["started_at"]);
    assert_eq!(after["rungs"][1]["state"], "measured");
    place.nothing_runs();
}

#[test]
fn a_rung_that_breaks_is_a_result_and_the_others_are_measured() {
    let place = Place::new();
    // A pool of one connection is too small for group commit, so `serve` refuses to start.
    let mut lab = place.small(&["--rungs", "5,7", "--burst", "0"]);
    let ran = lab.env("STOREMGR_DB_POOL_SIZE", "1").output().unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(matches!(ran.status.code(), Some(1 | 98)), "{:?}: {told}", ran.status.code());
    let account = place.json("lab.json");
    assert_eq!(account["rungs"][0]["state"], "measured");
    assert_eq!((&account["rungs"][1]["state"], &account["rungs"][1]["requests"]), (&"broken".into(), &Value::Null));
    let reason = account["rungs"][1]["reason"].as_str().unwrap();
    assert!(reason.contains("ended with exit code 2") && reason.contains("give --db-pool-size 2 or more"), "{reason}");
    assert!(String::from_utf8_lossy(&ran.stdout).contains("It broke: serve-"), "{ran:?}");
    place.nothing_runs();
}

#[test]
fn another_service_stands_beside_the_rungs() {
    let place = Place::new();
    let nobody = Target::loopback(1);
    let other =
        WebServer::nginx_with(&[&nobody], "location /orders { default_type application/json; return 200 '[]'; }");
    let url = other.target.to_string();
    let ran = place.small(&["--rungs", "6", "--target", &url, "--label", "flask"]).output().unwrap();
    assert_done(ran.status.code(), &String::from_utf8_lossy(&ran.stderr));
    let account = place.json("lab.json");
    let [flask, rung] = [&account["rungs"][0], &account["rungs"][1]];
    assert_eq!((&flask["name"], &flask["rung"], &flask["database"]), (&"flask".into(), &Value::Null, &Value::Null));
    assert!(flask["requests"].as_u64().unwrap() > 300 && rung["requests"].as_u64().unwrap() > 300);
    assert!(read(&place, "lab.md").contains("## flask"));
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_started() {
    let place = Place::new();
    for (arguments, sentence) in [
        (&["--rungs", "8"][..], "the rungs are numbered from 1 to 7: write a list or a range, such as 1,2,7 or 3-5"),
        (&["--target", "http://127.0.0.1:1"], "--label"),
        (&["--resume", "nowhere"], "nowhere is not the folder of a lab"),
        (&["--resume", "nowhere", "--users", "5"], "cannot be used with"),
        (&["--history-orders", "2000000000"], "the number of orders must be at most 1,000,000,000"),
        (&["--target", "https://shop", "--label", "shop"], "needs TLS"),
        (&["--mysqld", "/bin/true"], "neither mysqld nor mariadbd"),
    ] {
        let ran = place.lab(arguments).output().unwrap();
        let told = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains(sentence), "{arguments:?}: {told}");
    }
    // And nothing is left behind.
    let left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name == ".storemgr"), "{left:?}");
    let listed = place.lab(&["--list"]).output().unwrap();
    assert_eq!(listed.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&listed.stdout).contains("Where do the 1040s go?"));
    place.nothing_runs();
}
