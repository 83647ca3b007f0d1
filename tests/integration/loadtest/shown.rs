//! What a run shows of good answers, of failed ones, and of what waits.

use super::{Behaviour, Server};
use crate::harness::{OnTerminal, run_command, wait_until};

/// The rows of the first table with this title, as words.
fn rows(printed: &str, title: &str) -> Vec<Vec<String>> {
    let (_, table) = printed.split_once(title).unwrap_or_else(|| panic!("no table {title:?} in {printed}"));
    let rows = table.lines().skip(3).take_while(|line| line.starts_with(' '));
    rows.map(|row| row.split_whitespace().map(str::to_owned).collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_succeeded_there_is_no_time_of_good_answers() {
    let server = Server::start(Behaviour::Fail).await;
    let host = server.target.to_string();
    let arguments = ["loadtest", "--host", &host, "--users", "5", "--spawn-rate", "1000", "--run-time", "3s"];
    let ran = run_command(&[&arguments[..], &["--think-time", "5ms..10ms"]].concat(), &[]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    let shown = rows(&ran.stdout, "Requests");
    assert_eq!(shown.len(), 8, "a line and one of failed requests for each route and for all: {}", ran.stdout);
    for pair in shown.chunks(2) {
        let (good, failed) = (&pair[0], &pair[1]);
        let from_the_end = |row: &[String], place: usize| row[row.len() - place].clone();
        assert!((3..=6).all(|place| from_the_end(good, place) == "-"), "no average, least, most or median: {good:?}");
        assert_eq!(from_the_end(good, 2), "0.00", "good answers per second");
        assert_eq!(failed[0], "failed");
        assert!(failed[1..].iter().all(|time| time.parse::<f64>().is_ok_and(|time| time > 0.0)), "{failed:?}");
    }
    let shares = rows(&ran.stdout, "Response times");
    assert!(shares[0].iter().skip(2).all(|time| time == "-"), "{shares:?}");
    assert!(shares[1][0] == "failed" && shares[1][1] != "-", "{shares:?}");
    assert!(ran.stderr.contains("good"), "the live view tells them apart: {}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_all_failures_share_is_shown_in_the_table_and_in_the_files() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start(Behaviour::Refuse).await);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (host, json, page) = (server.target.to_string(), path("run.json"), path("run.html"));
    let arguments = ["loadtest", "--host", &host, "--users", "5", "--spawn-rate", "1000", "--run-time", "1s"];
    let files = ["--think-time", "5ms..10ms", "--json", &json, "--html", &page];
    let ran = run_command(&[&arguments[..], &files].concat(), &[]).await;
    let message = "503 product 17 is away (1040)";
    let result: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    let groups = result["failure_groups"].as_array().unwrap();
    assert!(!groups.is_empty(), "one for each route: {ran:?}");
    assert!(groups.iter().all(|group| group["message"] == message && group["example"] == message), "{groups:?}");
    assert_eq!(ran.stdout.matches(message).count(), groups.len(), "{}", ran.stdout);
    assert!(std::fs::read_to_string(page).unwrap().contains(message));
}

/// The arguments of a run of ten seconds by three users against a service that never answers.
async fn silent() -> (Server, [String; 9]) {
    let server = Server::start(Behaviour::Stall).await;
    let host = server.target.to_string();
    let arguments = ["loadtest", "--host", &host, "--users", "3", "--spawn-rate", "1000", "--run-time", "60s"];
    let arguments = arguments.map(str::to_owned);
    (server, arguments)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_shown_as_waiting_on_a_terminal() {
    let (_server, arguments) = silent().await;
    let arguments = arguments.each_ref().map(String::as_str);
    let terminal = OnTerminal::start((100, 30), "$ storemgr loadtest", &arguments);
    wait_until("the live view", async || terminal.text().contains("  2 of 60 s")).await;
    let shown = terminal.text();
    assert!(shown.contains("waiting 3") && shown.contains("no request was answered or failed yet"), "{shown}");
    assert!(!shown.contains("0.00") && !shown.contains("failures"), "nothing was measured: {shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_changes_its_width_keeps_no_old_line() {
    let server = Server::start(Behaviour::Fail).await;
    let host = server.target.to_string();
    let arguments = ["loadtest", "--host", &host, "--users", "3", "--spawn-rate", "1000", "--run-time", "60s"];
    let mut terminal = OnTerminal::start((100, 30), "$ storemgr loadtest", &arguments);
    wait_until("the live view", async || terminal.text().contains("  2 of 60 s")).await;
    for (columns, second) in [(60, " 4 of 60 s"), (31, " 6 of 60 s"), (100, " 8 of 60 s"), (45, "10 of 60 s")] {
        terminal.resize(columns, 30);
        wait_until("a new view", async || terminal.text().contains(second)).await;
        let shown = terminal.text();
        for once in ["of 60 s", "failures", "Ctrl-C"] {
            assert_eq!(shown.matches(once).count(), 1, "{once} with {columns} columns:\n{shown}");
        }
    }
    terminal.resize(60, 30);
    assert_eq!(terminal.interrupt().await, 130);
    let left = terminal.text();
    assert!(left.starts_with("$ storemgr loadtest") && !left.contains("Ctrl-C") && !left.contains("fails/s"), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_shown_as_waiting_in_a_log() {
    let (_server, arguments) = silent().await;
    let mut arguments = arguments.each_ref().map(String::as_str);
    arguments[8] = "3s";
    let ran = run_command(&[&arguments[..], &["--stop-timeout", "0"]].concat(), &[]).await;
    let heading = ran.stderr.lines().find(|line| line.contains("waiting")).unwrap_or_else(|| panic!("{ran:?}"));
    let line = ran.stderr.lines().find(|line| line.contains(" 2s ")).unwrap_or_else(|| panic!("{ran:?}"));
    let column = |name: &str| {
        let place = heading.split_whitespace().position(|word| word == name).unwrap();
        line.split_whitespace().nth(place).unwrap().to_owned()
    };
    assert_eq!([column("waiting"), column("requests"), column("failures")], ["3", "0", "-"], "{heading}\n{line}");
    assert!(heading.chars().count() <= 100 && line.chars().count() <= 100, "{heading}");
    assert_ne!(ran.code, 0, "{ran:?}");
}
