//! A generator that stands still: what was measured across it is not the service's, and the run says so.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use storemgr::loadtest::{self, Config, Criteria, Load, RunOutputs, Scenario, Users, steering};
use storemgr::net::Way;
use storemgr::run_result::RunResult;
use storemgr::units::Language;

use super::{Behaviour, Server};
use crate::harness::{command, kill, program};

/// Users who start at once and do not think.
const USERS: [&str; 4] = ["-r", "1000", "--think-time", "0"];

/// A run of the real binary that is stopped for `stopped` once the server was asked `after` times; its output and
/// result.
async fn stopped(server: &Server, after: u64, stopped: Duration, arguments: &[&str]) -> (Output, Value) {
    let host = server.target.to_string();
    let base = ["loadtest", "-H", &host, "--json", "-"];
    let child = command(&[&base[..], arguments].concat(), &[]).spawn().unwrap();
    let pid = child.id().unwrap();
    server.was_asked(after).await;
    kill(pid, "STOP");
    tokio::time::sleep(stopped).await;
    kill(pid, "CONT");
    let output = child.wait_with_output().await.unwrap();
    let result = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output, result)
}

/// The length of the only standstill, when it began, and how many answers it touched.
fn only_standstill(result: &Value) -> (f64, f64, u64) {
    let standstills = &result["standstills"];
    assert_eq!(standstills["count"], 1, "{standstills}");
    let one = &standstills["longest"][0];
    assert_eq!(one["threads"], one["of_threads"], "the whole process: {one}");
    (one["length_s"].as_f64().unwrap(), one["at_s"].as_f64().unwrap(), one["touched"].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_generator_of_users_is_limited_and_says_for_how_long() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(100))).await;
    let (output, result) =
        stopped(&server, 100, Duration::from_secs(3), &[&USERS[..], &["-u", "10", "-t", "12s"]].concat()).await;
    assert_eq!((output.status.code(), result["verdict"].as_str()), (Some(98), Some("generator-limited")), "{output:?}");
    let (length, at, touched) = only_standstill(&result);
    assert!((2.9..3.5).contains(&length) && (0.5..3.0).contains(&at), "{length} s at {at} s");
    assert_eq!(touched, 10, "each of ten users waited for an answer");
    let reason = result["verdict_reasons"].to_string();
    assert!(reason.contains("it stood still for 3.") && reason.contains("10 of "), "{reason}");
    let still: f64 =
        result["timeline"].as_array().unwrap().iter().filter_map(|point| point["standstill_s"].as_f64()).sum();
    assert!((still - length).abs() < 0.1, "the seconds of the timeline have it: {still}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_generator_at_a_rate_did_not_send_what_was_due() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(1))).await;
    let (output, result) =
        stopped(&server, 50, Duration::from_secs(1), &["--rate", "100", "-u", "500", "-t", "4s"]).await;
    assert_eq!(output.status.code(), Some(98), "{output:?}");
    let (_, _, touched) = only_standstill(&result);
    assert!((95..130).contains(&touched), "a hundred requests were due in it: {touched}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standstill_at_the_very_end_is_seen() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(100))).await;
    let (output, result) =
        stopped(&server, 20, Duration::from_secs(2), &[&USERS[..], &["-u", "5", "-t", "1s"]].concat()).await;
    assert_eq!(output.status.code(), Some(98), "{output:?}");
    let (length, _, touched) = only_standstill(&result);
    assert!((1.9..2.6).contains(&length) && touched == 5, "{length} {touched}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standstill_in_the_warm_up_is_told_and_touches_nothing_that_counts() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(20))).await;
    let arguments = [&USERS[..], &["-u", "2", "--warm-up", "3s", "-t", "1s"]].concat();
    let (output, result) = stopped(&server, 10, Duration::from_secs(1), &arguments).await;
    assert_eq!((output.status.code(), result["verdict"].as_str()), (Some(0), Some("valid")), "{output:?}");
    let (length, _, touched) = only_standstill(&result);
    assert!(length > 0.9 && touched == 0, "{length} {touched}");
    assert_eq!(result["standstills"]["longest"][0]["in_warm_up"], true, "{result}");
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_error_that_nobody_reads_does_not_delay_the_run() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(5))).await;
    let host = server.target.to_string();
    let (_reader, mut writer) = std::io::pipe().unwrap();
    // A pipe of Linux holds this much unless it is told otherwise.
    writer.write_all(&vec![b'x'; 65_536]).unwrap();
    let arguments = ["loadtest", "-H", &host, "-u", "2", "-t", "2500ms", "--json", "-"];
    let output = command(&arguments, &[]).stderr(Stdio::from(writer)).output().await.unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    let lasted = result["duration_s"].as_f64().unwrap();
    assert!((2.4..2.8).contains(&lasted), "the line that is due after two seconds delayed the end: {lasted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_that_a_standstill_touched_is_not_the_services() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(1))).await;
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("journey.toml");
    let step = "[[journey.step]]\npath = '/'\n";
    std::fs::write(&scenario, format!("name = 'x'\n[[journey]]\nname = 'buy'\n{step}{step}")).unwrap();
    let options = ["--scenario", scenario.to_str().unwrap(), "-u", "2", "-t", "9s", "--threshold", "buy:max<2s"];
    let (output, result) = stopped(&server, 1_000, Duration::from_secs(3), &[&USERS[..], &options].concat()).await;
    assert_eq!(output.status.code(), Some(98), "{output:?}");
    assert_eq!(result["thresholds"][0]["held"], false);
    let touched = &result["journeys"][0]["histograms"]["touched"]["succeeded"];
    // A busy machine may hold the program up once more.
    assert!(touched["count"].as_u64().unwrap() >= 2, "each of two users was on its way: {touched}");
    let reason = result["verdict_reasons"].to_string();
    assert!(reason.contains("buy") || reason.contains("answers were touched"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_keeps_users_from_starting_is_told() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(5))).await;
    let config = Config {
        target: server.target.clone(),
        way: Way::default(),
        load: Load::Users(Users { users: 200, spawn_rate: 15.0, stages: Vec::new() }),
        warm_up: Duration::ZERO,
        run_time: Duration::from_secs(11),
        iterations: None,
        streams: 1,
        timeout: Duration::from_secs(10),
        stop_timeout: Duration::from_secs(1),
        seed: 1,
    };
    // The result so far is written after ten seconds, while users still start.
    #[expect(clippy::disallowed_methods, reason = "stands for a write that blocks")]
    let slowly = |_: &RunResult| std::thread::sleep(Duration::from_millis(600));
    let outputs = RunOutputs { snapshot: Some(Box::new(slowly)), ..RunOutputs::default() };
    let scenario = Scenario::store(10, 10, &[]).unwrap();
    let ((_controller, steering), criteria) = (steering(), Criteria::default());
    let run = loadtest::run(config, &criteria, scenario, outputs, steering);
    let result = run.await.unwrap().result;
    let all = &result.standstills.longest;
    let told: Vec<_> = all.iter().filter(|one| one.control && one.at_s > 9.0).collect();
    assert!(!told.is_empty(), "{all:?}");
    // On a machine without time to spare a worker stands still as well, and then this is one of its standstills.
    if told.iter().any(|one| one.threads == 0) {
        let (verdict, _) = loadtest::tables(&result, Language::English);
        let words = ["The load generator stood still", "starts and stops users"];
        assert!(words.iter().all(|words| verdict.contains(words)), "{verdict}");
        assert!(told.iter().any(|one| one.length_s >= 0.6 && one.touched == 0), "{all:?}");
    }
}

/// A control group with a quota of a tenth of a processor; None where this process may not make one. It is removed when
/// the value is dropped.
struct Quota(PathBuf);

impl Quota {
    fn of_a_tenth() -> Option<Self> {
        let name = format!("storemgr-test-{}", std::process::id());
        let write = |folder: &PathBuf, file: &str, text: &str| std::fs::write(folder.join(file), text).ok();
        let version_1 = PathBuf::from("/sys/fs/cgroup/cpu").join(&name);
        if std::fs::create_dir(&version_1).is_ok() {
            let made = Self(version_1);
            write(&made.0, "cpu.cfs_quota_us", "10000")?;
            return Some(made);
        }
        let made = Self(PathBuf::from("/sys/fs/cgroup").join(&name));
        std::fs::create_dir(&made.0).ok()?;
        write(&made.0, "cpu.max", "10000 100000")?;
        Some(made)
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        drop(std::fs::remove_dir(&self.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generator_that_its_quota_stops_says_so() {
    // The file system of control groups is read-only in most containers; there the unit tests of the parser remain.
    let Some(quota) = Quota::of_a_tenth() else { return };
    let server = Server::start(Behaviour::Answer(Duration::from_millis(1))).await;
    let host = server.target.to_string();
    let mut throttled = tokio::process::Command::new("sh");
    throttled.args(["-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\""]).arg(&quota.0).arg(program()).env_clear();
    throttled.args(["loadtest", "-H", &host, "-u", "20", "-t", "3s", "--think-time", "0", "-r", "1000"]);
    let output = throttled.args(["--json", "-"]).kill_on_drop(true).output().await.unwrap();
    assert_eq!(output.status.code(), Some(98), "{output:?}");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (cost, reasons) = (&result["generator"], result["verdict_reasons"].to_string());
    // A machine that is busy with other things leaves less for the quota to take.
    assert!(cost["throttled_s"].as_f64().unwrap() > 0.1 && cost["throttled_periods"].as_u64().unwrap() > 1, "{cost}");
    assert!(reasons.contains("its control group stopped it for"), "{reasons}");
}
