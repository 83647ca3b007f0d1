//! The guide for clients (docs/api.md) and the course's collection say what is so.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use hyper::Method;
use serde_json::Value;

use crate::harness::{Instance, TestDatabase};

const GUIDE: &str = include_str!("../../../docs/api.md");

/// The commands of the guide, each with the answer that follows it, if one does.
fn commands() -> Vec<(&'static str, Option<&'static str>)> {
    let mut found: Vec<(&str, Option<&str>)> = Vec::new();
    for block in GUIDE.split("\n```").skip(1).step_by(2) {
        let (kind, text) = block.split_once('\n').unwrap();
        match kind {
            "sh" => found.push((text, None)),
            "json" | "text" => found.last_mut().unwrap().1 = Some(text),
            other => panic!("a block of {other}"),
        }
    }
    found
}

/// Puts one ellipsis in place of what is different each time.
fn without_times(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, field)| match name.as_str() {
            "created_at" => *field = Value::from("…"),
            _ => without_times(field),
        }),
        Value::Array(values) => values.iter_mut().for_each(without_times),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_guide_is_answered_as_it_says() {
    let database = TestDatabase::migrated().await;
    let folder = tempfile::tempdir().unwrap();
    let made = crate::harness::run_command(&["token", "new", "guide", "--scope", "admin"], &[]).await;
    assert_eq!(made.code, 0, "{}", made.stderr);
    let file = folder.path().join("tokens");
    std::fs::write(&file, &made.stdout).unwrap();
    let token = made.stderr.lines().last().unwrap().trim().to_owned();
    let arguments = ["--report-cache", "off", "--tokens-file", file.to_str().unwrap()];
    let instance = Instance::start(&database, &arguments).await;
    let commands = commands();
    // One shell for all of them: a command may use what one before has set.
    let mut script = "shopt -s expand_aliases\nset -o pipefail\n".to_owned();
    for (place, (command, _)) in commands.iter().enumerate() {
        writeln!(script, "{{ {command}\n}} > {place} || {{ echo {place}; cat {place}; exit 1; }}").unwrap();
    }
    let mut shell = tokio::process::Command::new("bash");
    shell.args(["-c", &script]).current_dir(folder.path());
    shell.env("STORE", format!("http://{}", instance.target().authority())).env("TOKEN", token);
    let ran = tokio::time::timeout(Duration::from_mins(2), shell.output()).await.unwrap().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{said}");
    for (place, (command, expected)) in commands.iter().enumerate() {
        let Some(expected) = expected else { continue };
        let answered = std::fs::read_to_string(folder.path().join(place.to_string())).unwrap();
        match serde_json::from_str::<Value>(expected) {
            Ok(expected) => {
                let mut answered: Value = serde_json::from_str(&answered).unwrap();
                without_times(&mut answered);
                assert_eq!(answered, expected, "{command}");
            }
            Err(_) => assert_eq!(answered.trim(), expected.trim(), "{command}"),
        }
    }
}

#[test]
fn the_guide_has_a_command_for_each_route_and_a_line_for_each_code() {
    for route in storemgr::wire::ALL {
        let path = format!("\"$STORE{}", route.path.replace("{id}", "1"));
        let has = |command: &str| {
            let mut uses = command.match_indices(&path).map(|(at, _)| command[at + path.len()..].chars().next());
            uses.any(|next| matches!(next, Some('"' | '?')))
                && match route.method {
                    "GET" => !command.contains("--data") && !command.contains("--request"),
                    "POST" => command.contains("--data") && !command.contains("--request"),
                    method => command.contains(&format!("--request {method}")),
                }
        };
        assert!(commands().iter().any(|(command, _)| has(command)), "{route:?} is not shown");
    }
    for code in storemgr::wire::Code::ALL {
        let lines = GUIDE.lines().filter(|line| line.contains(&format!("`{}`", code.name())));
        let says =
            |line: &str| line.starts_with('|') && line[..line.len().min(20)].contains(&code.status().to_string());
        assert!(lines.into_iter().any(says), "{code:?} is not explained");
    }
}

/// The requests of a collection, those of its folders included, in their order.
fn requests(items: &Value, into: &mut Vec<Value>) {
    for item in items.as_array().unwrap() {
        match item.get("item") {
            Some(inner) => requests(inner, into),
            None => into.push(item.clone()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_collection_of_the_course_is_answered_request_by_request() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/store.postman_collection.json");
    let collection: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut all = Vec::new();
    requests(&collection["item"], &mut all);
    assert_eq!(all.len(), 16);
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &["--report-cache", "off"]).await;
    for item in &all {
        let request = &item["request"];
        let url = request["url"]["raw"].as_str().unwrap().strip_prefix("{{baseUrl}}").unwrap();
        let method: Method = request["method"].as_str().unwrap().parse().unwrap();
        let body = request["body"]["raw"].as_str().unwrap_or_default();
        let reply = instance.try_send(method, url, &[], body).await.unwrap();
        let expected = item["event"][0]["script"]["exec"][0].as_str().unwrap();
        assert!(expected.contains(&format!("have.status({})", reply.status)), "{}: {reply:?}", item["name"]);
        if url.ends_with("graphql-query") {
            assert_eq!(reply.body["errors"], Value::Null);
            assert_eq!(reply.body["data"]["product"]["quantity"], 100);
        }
    }
}
