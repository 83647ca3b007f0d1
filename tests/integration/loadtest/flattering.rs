//! Services that fail in ways that could make them look better than they are, and runs in which nothing was measured:
//! no failure improves a figure, and nothing is not a good result.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::harness::{Ran, run_command};

/// The answer to a request: its status, how long it takes, and its body. None for the request at which the service dies.
type Answer = Option<(u16, Duration, &'static str)>;

/// A service that answers each request by its number, from 0. Gives its URL.
async fn service(answer: impl Fn(u64) -> Answer + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (die, mut dead) = watch::channel(false);
    let (answer, asked, die) = (Arc::new(answer), Arc::new(AtomicU64::new(0)), Arc::new(die));
    tokio::spawn(async move {
        // After its death nobody listens, and every connection is closed.
        while let Some(Ok((stream, _))) = tokio::select! {
            accepted = listener.accept() => Some(accepted),
            _ = dead.wait_for(|dead| *dead) => None,
        } {
            let (answer, asked, die) = (Arc::clone(&answer), Arc::clone(&asked), Arc::clone(&die));
            let mut dead = dead.clone();
            tokio::spawn(async move {
                tokio::select! {
                    () = talk(stream, &*answer, &asked, &die) => {}
                    _ = dead.wait_for(|dead| *dead) => {}
                }
            });
        }
    });
    url
}

async fn talk(mut stream: TcpStream, answer: &impl Fn(u64) -> Answer, asked: &AtomicU64, die: &watch::Sender<bool>) {
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if !line.is_empty() {
            continue;
        }
        let Some((status, takes, body)) = answer(asked.fetch_add(1, Ordering::SeqCst)) else {
            die.send_replace(true);
            return;
        };
        tokio::time::sleep(takes).await;
        let head = format!("HTTP/1.1 {status} Said\r\nlocation: /elsewhere\r\ncontent-length: {}\r\n\r\n", body.len());
        if write.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Runs a load test of tasks, given as TOML, and gives what it printed and its result.
async fn run(url: &str, tasks: &str, arguments: &[&str]) -> (Ran, Value) {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("scenario.toml");
    std::fs::write(&scenario, format!("name = 'flattering'\nthink_time = '0s'\n{tasks}")).unwrap();
    let base = ["loadtest", "--quiet", "--host", url, "--scenario", scenario.to_str().unwrap(), "--json", "-"];
    let ran = run_command(&[&base[..], arguments].concat(), &[]).await;
    let result = serde_json::from_str(&ran.stdout).unwrap_or(Value::Null);
    (ran, result)
}

const ONE_TASK: &str = "[[task]]\nname = 'get'\npath = '/'\n";

/// A rate at which a hundred requests are due.
const HUNDRED: [&str; 6] = ["--rate", "50", "--users", "100", "--run-time", "2s"];

/// The measured value of the threshold at this place, and whether it was met.
fn outcome(result: &Value, place: usize) -> (&Value, &Value) {
    let outcome = &result["thresholds"][place];
    (&outcome["seen"], &outcome["held"])
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_do_not_make_a_service_fast() {
    // Nine of ten requests are refused at once, and the tenth takes half a second.
    let (good, refused) = ((200, Duration::from_millis(500), "{}"), (503, Duration::ZERO, ""));
    let url = service(move |number| Some(if number % 10 == 9 { good } else { refused })).await;
    let thresholds = ["p50<100ms", "good:p50<100ms", "all:p50<100ms", "rps>20", "all:rps>20", "requests>50"];
    let arguments: Vec<_> =
        HUNDRED.into_iter().chain(thresholds.iter().flat_map(|text| ["--threshold", text])).collect();
    let (ran, result) = run(&url, ONE_TASK, &arguments).await;
    assert_eq!(ran.code, 99, "{ran:?}");
    assert_eq!(outcome(&result, 0), (&json!("failed"), &json!(false)));
    let why = result["thresholds"][0]["why"].as_str().unwrap();
    assert!(why.ends_with("requests failed, and count as slower than all good answers"), "{why}");
    let good = result["thresholds"][1]["value"].as_f64().unwrap();
    assert!(good >= 500.0 && result["thresholds"][1]["held"] == false, "{good}");
    let held: Vec<_> = (2..6).map(|place| outcome(&result, place).1).collect();
    assert_eq!(held, [true, false, true, false], "{result}");
    let route = &result["routes"][0];
    assert!(route["succeeded_latency_ms"]["p50"].as_f64().unwrap() >= 500.0, "{route}");
    assert!(route["failed_latency_ms"]["p50"].as_f64().unwrap() < 100.0, "{route}");
    assert!(route["succeeded_service_ms"]["p50"].as_f64().unwrap() >= 500.0, "{route}");
    assert!(route["failed_service_ms"]["p50"].as_f64().unwrap() < 100.0, "{route}");
    let (requests, failures) = (result["requests"].as_u64().unwrap(), result["failures"].as_u64().unwrap());
    let statuses = json!({"200": requests - failures, "503": failures});
    assert_eq!((&route["statuses"], &result["aggregated"]["statuses"]), (&statuses, &statuses));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_died_in_the_middle_was_not_fast() {
    let url = service(|number| (number < 20).then_some((200, Duration::from_millis(20), "{}"))).await;
    let arguments = [&HUNDRED[..], &["--threshold", "p95<200ms", "--max-fail-ratio", "100%"]].concat();
    let (ran, result) = run(&url, ONE_TASK, &arguments).await;
    assert_eq!((ran.code, outcome(&result, 0)), (99, (&json!("failed"), &json!(false))), "{ran:?}");
    let (requests, failures) = (result["requests"].as_u64().unwrap(), result["failures"].as_u64().unwrap());
    assert!(failures > 20 && requests > failures, "{result}");
    let all = &result["aggregated"];
    assert_eq!(all["statuses"], json!({"200": requests - failures}), "a connection that was refused has no status");
    assert_eq!(all["average_body_bytes"], json!(2.0), "the mean size is that of the answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_told() {
    let url = service(|_| Some((301, Duration::ZERO, ""))).await;
    let (ran, result) = run(&url, ONE_TASK, &HUNDRED).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let requests = result["requests"].as_u64().unwrap();
    assert_eq!(result["routes"][0]["statuses"], json!({"301": requests}));
    let told = format!(
        "{requests} of {requests} answers of GET / are redirects, which are not followed: what they point to was not tested."
    );
    assert_eq!(result["caveats"], json!([told]));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_threshold_holds_on_a_route_that_was_never_requested() {
    let url = service(|_| Some((200, Duration::ZERO, "{}"))).await;
    let tasks = "[[task]]\nname = 'often'\npath = '/'\nweight = 1_000_000\n[[task]]\nname = 'rare'\npath = '/rare'\n";
    let thresholds = ["/rare:failures<1", "/rare:rps<5", "/rare:requests<5", "/:failures<1"];
    let arguments: Vec<_> =
        HUNDRED.into_iter().chain(thresholds.iter().flat_map(|text| ["--threshold", text])).collect();
    let (ran, result) = run(&url, tasks, &arguments).await;
    assert_eq!(ran.code, 99, "{ran:?}");
    for place in 0..3 {
        let why = &result["thresholds"][place]["why"];
        assert_eq!(outcome(&result, place), (&Value::Null, &json!(false)));
        assert_eq!(why, "nothing was measured: no request of GET /rare was due");
    }
    assert_eq!(outcome(&result, 3), (&json!("0"), &json!(true)));
    assert_eq!(result["caveats"], json!(["Nothing was measured of GET /rare: no request of it was due."]));
    let rare = &result["routes"][1];
    assert!(rare["latency_ms"].as_object().unwrap().values().all(Value::is_null), "{rare}");
    assert_eq!((&rare["average_body_bytes"], &rare["statuses"]), (&Value::Null, &json!({})));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_succeeded_there_are_no_times_of_good_answers() {
    let url = service(|_| Some((500, Duration::ZERO, ""))).await;
    let (ran, result) = run(&url, ONE_TASK, &[&HUNDRED[..], &["--threshold", "good:p95<1s"]].concat()).await;
    assert_eq!((ran.code, outcome(&result, 0)), (99, (&Value::Null, &json!(false))), "{ran:?}");
    for part in [&result["routes"][0], &result["aggregated"]] {
        let times = part["succeeded_latency_ms"].as_object().unwrap();
        assert!(times.contains_key("p50") && times.values().all(Value::is_null), "{part}");
        assert!(part["failed_latency_ms"]["p50"].as_f64().unwrap() > 0.0, "{part}");
    }
    assert_eq!(result["caveats"], json!(["No request succeeded, so there are no times of good answers."]));
    // Its file is read again, as a baseline.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("before.json");
    std::fs::write(&file, &ran.stdout).unwrap();
    let (_, result) = run(&url, ONE_TASK, &[&HUNDRED[..], &["--baseline", file.to_str().unwrap()]].concat()).await;
    let figures = result["comparison"]["figures"].as_array().unwrap();
    let p95 = figures.iter().find(|figure| figure["figure"] == "p95_ms").unwrap();
    assert_eq!((&p95["before"], &p95["now"], &p95["meaning"]), (&Value::Null, &Value::Null, &json!("unmeasured")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_in_which_no_request_was_due_does_not_blame_the_service() {
    let url = service(|_| Some((200, Duration::ZERO, "{}"))).await;
    let search = ["--find-limit", "--rate", "0.5", "--limit-step", "500ms", "--limit-most", "2"];
    let (ran, result) = run(&url, ONE_TASK, &search).await;
    assert_eq!((ran.code, &result["gave_way"]), (3, &json!("nobody")), "{ran:?}");
    assert_eq!((&result["ended"], &result["first_bad"]), (&json!("held-back"), &Value::Null));
    let why = result["held_back"].as_str().unwrap();
    assert!(why.starts_with("nothing was measured, because at 1 requests per second no request was due"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_are_met_by_good_answers_alone() {
    let bodies = |number: u64| Some((if number % 10 < 8 { 503 } else { 200 }, Duration::ZERO, "{\"n\":1}"));
    let url = service(bodies).await;
    let tasks = format!("{ONE_TASK}check = {{ json.\"/n\" = 1 }}\n");
    let (ran, result) = run(&url, &tasks, &[&HUNDRED[..], &["--threshold", "checks>99%"]].concat()).await;
    assert_eq!(ran.code, 99, "{ran:?}");
    let (requests, failures) = (result["requests"].as_u64().unwrap(), result["failures"].as_u64().unwrap());
    assert!(failures * 10 > requests * 7, "{result}");
    let checks = &result["routes"][0]["checks"];
    assert_eq!(*checks, json!({"checked": requests, "met": requests - failures}));
    // A share that is met judges the failures as well.
    let (ran, _) = run(&url, &tasks, &[&HUNDRED[..], &["--threshold", "checks>10%"]].concat()).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let (ran, _) = run(&url, ONE_TASK, &[&HUNDRED[..], &["--threshold", "checks>99%"]].concat()).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("compares checks, and the scenario has none"), "{}", ran.stderr);
}
