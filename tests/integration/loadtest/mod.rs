//! `storemgr loadtest`: a server that is known, and what the tool says of it.

mod answers;
mod calibrated;
mod csv_files;
mod flattering;
mod imports;
mod journeys;
mod narrow;
mod page;
mod page_in_a_browser;
mod result_files;
mod shown;
mod standstills;
mod store_size;
mod truth;
mod way;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use storemgr::net::Target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Ran, command, run_command, run_with_handles};

/// Whether a store is asked how large it is or what runs in it: the built-in scenario does that before the load.
fn asks_about_the_store(request: &[u8]) -> bool {
    request.starts_with(b"GET /products?") || request.starts_with(b"GET /metrics ")
}

/// The answer of what is no store.
const NO_STORE: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";

/// What the server does with every request.
#[derive(Clone, Copy, Debug)]
enum Behaviour {
    /// 200 after this long.
    Answer(Duration),
    /// 500 with a page of HTML.
    Fail,
    /// 503 with a sentence that holds a number.
    Refuse,
    /// 200, and the connection closes.
    AnswerAndClose,
    /// 200, and the connection closes a little later without having said so.
    AnswerAndCloseIdle,
    /// Half an answer, and the connection closes.
    BreakOff,
    /// Half an answer, and the connection is reset.
    Reset,
    /// 200 to so many requests, and then nothing.
    StallAfter(u64),
    /// 200 to all but each so manieth request, which is never answered.
    StallEach(u64),
    /// Nothing.
    Stall,
}

/// A server on a socket of its own, which counts what it was asked.
struct Server {
    target: Target,
    asked: Arc<AtomicU64>,
    asked_for_metrics: Arc<AtomicU64>,
    gone: Arc<AtomicBool>,
}

impl Server {
    async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::loopback(listener.local_addr().unwrap().port());
        let (asked, asked_for_metrics) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let gone = Arc::<AtomicBool>::default();
        let (counters, end) = ([&asked, &asked_for_metrics].map(Arc::clone), Arc::clone(&gone));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                tokio::spawn(talk(stream, behaviour, counters.clone(), Arc::clone(&end)));
            }
        });
        Self { target, asked, asked_for_metrics, gone }
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// How often it was asked what runs in it.
    fn asked_for_metrics(&self) -> u64 {
        self.asked_for_metrics.load(Ordering::SeqCst)
    }

    /// Waits for so many requests, but not for ever.
    async fn was_asked(&self, times: u64) {
        let asked = async {
            while self.asked() < times {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let patience = Duration::from_secs(30);
        assert!(tokio::time::timeout(patience, asked).await.is_ok(), "asked {} times, not {times}", self.asked());
    }
}

async fn talk(mut stream: TcpStream, behaviour: Behaviour, counters: [Arc<AtomicU64>; 2], gone: Arc<AtomicBool>) {
    let [asked, asked_for_metrics] = counters;
    let mut received = Vec::new();
    while !gone.load(Ordering::SeqCst) {
        let Some(length) = request_length(&received) else {
            let mut buffer = [0; 4_096];
            match stream.read(&mut buffer).await {
                Ok(count @ 1..) => received.extend_from_slice(&buffer[..count]),
                _ => return,
            }
            continue;
        };
        let asks_size = asks_about_the_store(&received);
        asked_for_metrics.fetch_add(received.starts_with(b"GET /metrics ").into(), Ordering::SeqCst);
        received.drain(..length);
        if asks_size {
            // It is asked before the load, and no part of it.
            stream.write_all(NO_STORE).await.unwrap();
            continue;
        }
        let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
        let (answer, closes): (&[u8], _) = match behaviour {
            Behaviour::Answer(after) => {
                tokio::time::sleep(after).await;
                (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", false)
            }
            Behaviour::Fail => (b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 13\r\n\r\n<html></html>", false),
            Behaviour::Refuse => {
                (b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 38\r\n\r\n{\"error\":\"product 17 is away (1040) \"}\n", false)
            }
            Behaviour::AnswerAndClose => (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]", true),
            Behaviour::BreakOff => (b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n[", true),
            Behaviour::AnswerAndCloseIdle => (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", true),
            Behaviour::Reset => {
                stream.set_zero_linger().unwrap();
                (b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n[", true)
            }
            Behaviour::StallAfter(answers) if number <= answers => {
                (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", false)
            }
            Behaviour::StallEach(each) if !number.is_multiple_of(each) => {
                (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", false)
            }
            Behaviour::Stall | Behaviour::StallAfter(_) | Behaviour::StallEach(_) => {
                tokio::time::sleep(Duration::from_mins(10)).await;
                return;
            }
        };
        if stream.write_all(answer).await.is_err() || closes {
            return;
        }
    }
}

/// The bytes of the first request, once they are all there.
fn request_length(received: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(received).ok()?;
    let (head, _) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let whole = head.len() + 4 + length.map_or(0, |length| length.parse().unwrap());
    (received.len() >= whole).then_some(whole)
}

async fn run(server: &Server, arguments: &[&str]) -> (Ran, Value) {
    let host = server.target.to_string();
    let base = [
        "loadtest",
        "--host",
        &host,
        "--users",
        "5",
        "--spawn-rate",
        "1000",
        "--run-time",
        "1s",
        "--think-time",
        "5ms..10ms",
        "--json",
        "-",
    ];
    // The last of a flag that is given twice counts here, as in a shell's history.
    let mut all: Vec<&str> = Vec::new();
    for pair in base[1..].chunks(2) {
        if !arguments.contains(&pair[0]) {
            all.extend(pair);
        }
    }
    let ran = run_command(&[&["loadtest"], &all[..], arguments].concat(), &[]).await;
    let summary = serde_json::from_str(&ran.stdout).unwrap_or(Value::Null);
    (ran, summary)
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_and_times_are_those_of_the_server() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(20))).await;
    let (ran, summary) = run(&server, &[]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(summary["requests"].as_u64().unwrap(), server.asked());
    assert_eq!((summary["failures"].as_u64(), summary["reconnects"].as_u64()), (Some(0), Some(0)));
    assert_eq!(summary["verdict"], "valid");
    let routes = summary["routes"].as_array().unwrap();
    assert_eq!(routes.iter().map(|route| route["requests"].as_u64().unwrap()).sum::<u64>(), server.asked());
    for route in routes {
        let times = |name: &str| route["latency_ms"][name].as_f64().unwrap();
        assert!(times("p50") >= 20.0 && times("min") >= 20.0, "{route}");
        assert!(
            times("p50") <= times("p95") && times("p95") <= times("p99") && times("p99") <= times("max"),
            "{route}"
        );
    }
    let seconds = summary["duration_s"].as_f64().unwrap();
    assert!((1.0..5.0).contains(&seconds), "{seconds}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_grouped_by_what_the_service_says() {
    let server = Server::start(Behaviour::Fail).await;
    let (ran, summary) = run(&server, &[]).await;
    assert_eq!(ran.code, 1, "every request failed: {ran:?}");
    assert_eq!(summary["failures"].as_u64().unwrap(), server.asked());
    assert_eq!(summary["fail_ratio"].as_f64(), Some(1.0));
    let groups = summary["failure_groups"].as_array().unwrap();
    assert_eq!(groups.len(), 3, "one for each route: {groups:?}");
    assert!(groups.iter().all(|group| group["message"] == "500 Internal Server Error"));
    let server = Server::start(Behaviour::Refuse).await;
    let (ran, summary) = run(&server, &["--max-fail-ratio", "100%"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(summary["failure_groups"][0]["message"], "503 product 17 is away (1040)", "all say so");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_close_are_opened_again_and_broken_answers_are_failures() {
    let server = Server::start(Behaviour::AnswerAndClose).await;
    let (ran, summary) = run(&server, &[]).await;
    assert_eq!((ran.code, summary["failures"].as_u64()), (0, Some(0)), "{ran:?}");
    assert_eq!(summary["requests"].as_u64().unwrap(), server.asked());
    assert!(summary["reconnects"].as_u64().unwrap() > 5, "{summary}");
    for (behaviour, message) in [
        (Behaviour::BreakOff, "200, but the body was cut short after 1 of 20 bytes"),
        (Behaviour::Reset, "200, but the connection was reset after 1 of 20 bytes of the body"),
    ] {
        let server = Server::start(behaviour).await;
        let (ran, summary) = run(&server, &[]).await;
        assert_eq!((ran.code, summary["fail_ratio"].as_f64()), (1, Some(1.0)));
        assert_eq!(summary["requests"].as_u64().unwrap(), server.asked(), "nothing was asked twice");
        assert_eq!(summary["failure_groups"][0]["message"], message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_closed_while_its_user_thought_is_no_failure() {
    let server = Server::start(Behaviour::AnswerAndCloseIdle).await;
    // Long enough for the end of the connection to arrive, even on a busy machine.
    let (ran, summary) = run(&server, &["--think-time", "200ms", "--run-time", "2s"]).await;
    assert_eq!((ran.code, summary["failures"].as_u64()), (0, Some(0)), "{summary}");
    let (requests, reconnects) = (summary["requests"].as_u64().unwrap(), summary["reconnects"].as_u64().unwrap());
    assert_eq!((requests, reconnects), (server.asked(), requests - 5), "one connection for each request");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_were_opened_again_in_the_warm_up_do_not_count() {
    let server = Server::start(Behaviour::AnswerAndClose).await;
    let (_, summary) = run(&server, &["--warm-up", "1s"]).await;
    let (requests, reconnects) = (summary["requests"].as_u64().unwrap(), summary["reconnects"].as_u64().unwrap());
    assert!(summary["warm_up"]["requests"].as_u64() > Some(5) && reconnects > 0, "{summary}");
    assert!(reconnects <= requests, "{reconnects} for {requests} requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_falls_silent_does_not_pass() {
    let server = Server::start(Behaviour::StallAfter(5)).await;
    let (ran, summary) = run(&server, &["--stop-timeout", "200ms"]).await;
    assert_eq!((summary["requests"].as_u64(), summary["failures"].as_u64()), (Some(5), Some(0)), "{summary}");
    assert_eq!((summary["in_flight_at_end"].as_u64(), ran.code), (Some(5), 1), "{summary}");
    assert_eq!(server.asked(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn thresholds_judge_what_was_never_answered() {
    let server = Server::start(Behaviour::StallEach(3)).await;
    let arguments = ["--rate", "30", "--stop-timeout", "200ms", "--threshold", "fail_ratio<1%"];
    let arguments = [&arguments[..], &["--threshold", "p50<1s", "--threshold", "p95<10min"]].concat();
    let host = server.target.to_string();
    let base = ["loadtest", "--host", &host, "--users", "100", "--run-time", "1s", "--json", "-"];
    let ran = run_command(&[&base[..], &arguments].concat(), &[]).await;
    let summary: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, summary["in_flight_at_end"].as_u64()), (99, Some(10)), "{ran:?}");
    let held: Vec<_> = summary["thresholds"].as_array().unwrap().iter().map(|outcome| &outcome["held"]).collect();
    assert_eq!(held, [false, true, false], "{}", summary["thresholds"]);
    assert_eq!(summary["thresholds"][0]["seen"], "33.33 %");
    assert_eq!(summary["thresholds"][2]["seen"], "unanswered");
    let routes = summary["routes"].as_array().unwrap();
    let unanswered = |route: &Value| route["unanswered"].as_u64().unwrap();
    assert_eq!((routes.iter().map(unanswered).sum::<u64>(), unanswered(&summary["aggregated"])), (10, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_the_last_answers_can_be_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Behaviour::StallAfter(3)).await;
    let (host, json) = (server.target.to_string(), folder.path().join("run.json"));
    let arguments =
        ["loadtest", "-H", &host, "-u", "2", "-r", "1000", "-t", "300ms", "--think-time", "1ms", "-s", "10m", "--json"];
    let child = command(&[&arguments[..], &[json.to_str().unwrap()]].concat(), &[]).spawn().unwrap();
    let pid = child.id().unwrap().to_string();
    server.was_asked(5).await;
    // The run time is over well before this; if it is not, the interrupt ends the run and the test sees the same.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let summary: Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!((summary["requests"].as_u64(), summary["in_flight_at_end"].as_u64()), (Some(3), Some(2)), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_can_no_longer_be_written_does_not_cost_the_measurement() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Behaviour::Answer(Duration::from_millis(5))).await;
    let prefix = folder.path().join("run");
    let spoil = async {
        server.was_asked(5).await;
        let stats = folder.path().join("run_stats.csv");
        // The file exists from the first second on.
        drop(std::fs::remove_file(&stats));
        std::fs::create_dir(&stats).unwrap();
    };
    let arguments = ["--csv", prefix.to_str().unwrap()];
    let ((ran, summary), ()) = tokio::join!(run(&server, &arguments), spoil);
    assert_eq!(summary["requests"].as_u64(), Some(server.asked()), "{ran:?}");
    assert!(ran.code == 3 && ran.stderr.contains("the results cannot be written"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_who_are_due_after_the_end_never_start() {
    let server = Server::start(Behaviour::Answer(Duration::ZERO)).await;
    for rate in ["0.001", "1e-300"] {
        let (ran, summary) = run(&server, &["--spawn-rate", rate]).await;
        assert_eq!((ran.code, summary["users_started"].as_u64()), (0, Some(1)), "{rate}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_answers_times_out_and_what_is_still_awaited_is_told() {
    let server = Server::start(Behaviour::Stall).await;
    let (ran, summary) = run(&server, &["--timeout", "300ms"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(summary["failure_groups"][0]["message"], "no answer after 300 ms");
    let (_, summary) = run(&server, &["--timeout", "60s", "--stop-timeout", "200ms"]).await;
    assert_eq!((summary["requests"].as_u64(), summary["in_flight_at_end"].as_u64()), (Some(0), Some(5)), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_after_fifty_seconds_is_counted_with_its_time() {
    let server = Server::start(Behaviour::Answer(Duration::from_secs(50))).await;
    let (ran, summary) = run(&server, &["--users", "1", "--stop-timeout", "60s"]).await;
    assert_eq!((ran.code, summary["requests"].as_u64()), (0, Some(1)), "{ran:?}");
    for name in ["p50", "p99", "max"] {
        let said = summary["aggregated"]["latency_ms"][name].as_f64().unwrap();
        assert!((49_950.0..51_000.0).contains(&said), "{name} {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_for_standard_error_does_not_cost_the_measurement() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(5))).await;
    let host = server.target.to_string();
    let arguments =
        ["loadtest", "-H", &host, "-u", "2", "-r", "1000", "-t", "5s", "--think-time", "5ms", "--json", "-"];
    let mut child = command(&arguments, &[]).spawn().unwrap();
    drop(child.stderr.take());
    let output = child.wait_with_output().await.unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), summary["requests"].as_u64()), (Some(0), Some(server.asked())), "{output:?}");
    // What cannot be done still has its exit code.
    let mut child = command(&["loadtest", "-H", "127.0.0.1:1"], &[]).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().await.unwrap().code(), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_the_wait_for_a_service_that_does_not_take_connections() {
    // A queue for one connection that nobody takes: whoever comes after it waits for the kernel.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut kept = Vec::new();
    while let Ok(connection) = tokio::time::timeout(Duration::from_millis(500), TcpStream::connect(address)).await {
        kept.push(connection.unwrap());
        assert!(kept.len() < 100, "the queue has no end");
    }
    for search in [&[][..], &["--find-limit"]] {
        let host = address.to_string();
        let child = command(&[&["loadtest", "-H", &host], search].concat(), &[]).spawn().unwrap();
        let (pid, started) = (child.id().unwrap().to_string(), std::time::Instant::now());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let output = child.wait_with_output().await.unwrap();
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_in_the_middle_is_a_result() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(5))).await;
    let killed = async {
        server.was_asked(50).await;
        server.gone.store(true, Ordering::SeqCst);
        // Frees the accept loop, which then ends.
        drop(TcpStream::connect(server.target.authority()).await);
    };
    let ((ran, summary), ()) = tokio::join!(run(&server, &["--run-time", "2s"]), killed);
    assert_eq!(ran.code, 1, "{ran:?}");
    let messages: Vec<_> =
        summary["failure_groups"].as_array().unwrap().iter().map(|group| group["message"].as_str().unwrap()).collect();
    assert!(messages.contains(&"connection refused"), "{messages:?}");
    let [requests, failures] = [&summary["requests"], &summary["failures"]].map(|count| count.as_u64().unwrap());
    assert_eq!(requests - failures, server.asked(), "what it answered before, and nothing else, is good");
}

/// A search under way, which writes its JSON to a file, and that file's content once its first load was measured.
async fn searching(server: &Server, json: &std::path::Path) -> tokio::process::Child {
    let (host, file) = (server.target.to_string(), json.to_str().unwrap());
    let arguments =
        ["loadtest", "-H", &host, "--find-limit", "-u", "2", "--think-time", "10ms", "--limit-step", "500ms"];
    let child = command(&[&arguments[..], &["--stop-timeout", "200ms", "--json", file]].concat(), &[]).spawn().unwrap();
    let written = async {
        while std::fs::metadata(json).map_or(0, |file| file.len()) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), written).await.unwrap();
    child
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_keeps_its_steps_whoever_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Behaviour::Answer(Duration::from_millis(5))).await;
    let json = folder.path().join("limit.json");
    let read = || serde_json::from_str::<Value>(&std::fs::read_to_string(&json).unwrap()).unwrap();
    let child = searching(&server, &json).await;
    assert_eq!(read()["ended"], "searching");
    let pid = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().await.unwrap();
    let limit = read();
    assert_eq!((output.status.code(), limit["ended"].as_str()), (Some(130), Some("interrupted")), "{output:?}");
    assert!(!limit["steps"].as_array().unwrap().is_empty() && limit["last_good"].as_u64() >= Some(2), "{limit}");
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("The search was interrupted"), "{shown}");

    std::fs::remove_file(&json).unwrap();
    let child = searching(&server, &json).await;
    server.gone.store(true, Ordering::SeqCst);
    // Frees the accept loop, which then ends.
    drop(TcpStream::connect(server.target.authority()).await);
    let output = child.wait_with_output().await.unwrap();
    let limit = read();
    assert_eq!((output.status.code(), limit["ended"].as_str()), (Some(3), Some("held-back")), "{output:?}");
    let why = limit["held_back"].as_str().unwrap();
    assert!(why.contains("did not answer one user again") || why.contains("cannot be reached"), "{why}");
    assert!(!limit["steps"].as_array().unwrap().is_empty() && limit["last_good"].as_u64() >= Some(2), "{limit}");
}

/// A server whose answers are good, and whose metrics tell ten more database connections each time.
async fn piling_up() -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicU64::new(0));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let asked = Arc::clone(&asked);
            tokio::spawn(async move {
                let mut received = Vec::new();
                loop {
                    let Some(length) = request_length(&received) else {
                        match stream.read_buf(&mut received).await {
                            Ok(1..) => continue,
                            _ => return,
                        }
                    };
                    let is_metrics = received.starts_with(b"GET /metrics ");
                    received.drain(..length);
                    let body = if is_metrics {
                        let open = 10 * (asked.fetch_add(1, Ordering::SeqCst) + 1);
                        format!("storemgr_db_connections{{state=\"in_use\"}} {open}\n")
                    } else {
                        "[]".to_owned()
                    };
                    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Target::loopback(port)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_under_which_nothing_comes_to_rest_is_told_as_such() {
    let host = piling_up().await.to_string();
    let arguments = ["loadtest", "-H", &host, "--find-limit", "-u", "1", "--limit-most", "1", "--think-time", "5ms"];
    // No time is a criterion here: the machine may be busy.
    let more = ["--limit-step", "200ms", "--threshold", "fail_ratio<1%", "--language", "fr", "--json", "limit.json"];
    let folder = tempfile::tempdir().unwrap();
    let mut search = crate::harness::storemgr_in(folder.path(), &arguments);
    let ran = tokio::task::spawn_blocking(move || search.args(more).output().unwrap()).await.unwrap();
    let (shown, told) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let limit: Value = serde_json::from_slice(&std::fs::read(folder.path().join("limit.json")).unwrap()).unwrap();
    assert_eq!(limit["last_good"], 1, "{limit}");
    let moving = limit["steps"][0]["moving"].as_str().unwrap();
    assert!(moving.starts_with("database connections rose from"), "{moving}");
    assert!(shown.contains("Avec 1 utilisateurs, rien ne s’est stabilisé"), "{shown}");
    assert!(shown.contains("les connexions à la base de données ont monté"), "{shown}");
    assert!(told.contains("bon, mais pas stable"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_tries_as_much_as_file_handles_allow_and_says_so() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(1))).await;
    let host = server.target.to_string();
    let arguments =
        ["loadtest", "-H", &host, "--find-limit", "-u", "5", "--limit-step", "300ms", "--think-time", "50ms"];
    // No time is a criterion here: the machine may be busy.
    let arguments = [&arguments[..], &["--limit-most", "1000", "--threshold", "fail_ratio<1%", "--json", "-"]].concat();
    let ran = run_with_handles(76, &arguments).await;
    let limit: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, limit["last_good"].as_u64(), limit["gave_way"].as_str()), (98, Some(12), Some("generator")));
    assert!(limit["held_back"].as_str().unwrap().contains("at most 12 connections: raise the limit"), "{limit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Behaviour::Answer(Duration::from_millis(5))).await;
    let (host, prefix, json) = (server.target.to_string(), folder.path().join("run"), folder.path().join("run.json"));
    let arguments = [
        "loadtest",
        "--host",
        &host,
        "--users",
        "3",
        "--run-time",
        "10m",
        "--think-time",
        "5ms",
        "--csv",
        prefix.to_str().unwrap(),
        "--json",
        json.to_str().unwrap(),
    ];
    let child = command(&arguments, &[]).spawn().unwrap();
    let pid = child.id().unwrap().to_string();
    server.was_asked(100).await;
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("Verdict: valid") && shown.contains("Aggregated"), "{shown}");
    let summary: Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(summary["requests"].as_u64().unwrap(), server.asked());
    let file = |name: &str| std::fs::read_to_string(format!("{}_{name}.csv", prefix.display())).unwrap();
    let stats = file("stats");
    let aggregated = stats.lines().last().unwrap();
    assert!(aggregated.starts_with(&format!(",Aggregated,{},0,", server.asked())), "{stats}");
    assert_eq!(file("exceptions"), "Count,Message,Traceback,Nodes\n");
    assert_eq!(file("failures"), "Method,Name,Error,Occurrences,First Seen,Last Seen\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_csv_files_are_locusts() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Behaviour::Fail).await;
    let prefix = folder.path().join("locust");
    // Shorter than the second between two lines of history.
    let (ran, summary) = run(&server, &["--csv", prefix.to_str().unwrap(), "--run-time", "300ms"]).await;
    assert_eq!(ran.code, 1);
    let file = |name: &str| std::fs::read_to_string(format!("{}_{name}.csv", prefix.display())).unwrap();
    let heading = |name: &str| file(name).lines().next().unwrap().to_owned();
    let percentiles = "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%";
    let stats = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s";
    assert_eq!(heading("stats"), format!("{stats},{percentiles}"));
    let history = "Timestamp,User Count,Type,Name,Requests/s,Failures/s";
    let totals = "Total Request Count,Total Failure Count,Total Median Response Time,Total Average Response Time,Total Min Response Time,Total Max Response Time,Total Average Content Size";
    assert_eq!(heading("stats_history"), format!("{history},{percentiles},{totals}"));
    let failures = file("failures");
    let counted: u64 =
        failures.lines().skip(1).map(|line| line.split(',').nth(3).unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(counted, summary["failures"].as_u64().unwrap());
    assert_eq!(file("stats").lines().count(), 5, "a heading, three routes, and all together");
}

#[tokio::test]
async fn a_variable_that_is_set_for_another_run_does_not_make_this_one_fail() {
    let variables = [
        ("STOREMGR_RUN_TIME", "5s"),
        ("STOREMGR_WARM_UP", "1s"),
        ("STOREMGR_SPAWN_RATE", "5"),
        ("STOREMGR_MAX_FAIL_RATIO", "1%"),
        ("STOREMGR_ARRIVALS", "poisson"),
        ("STOREMGR_LIMIT_MOST", "50"),
        ("STOREMGR_PRODUCTS", "5"),
    ];
    let variables = variables.map(|(name, value)| (name, value.to_owned()));
    for arguments in [&["--find-limit"][..], &["--rate", "5"], &[]] {
        let nobody = run_command(&[&["loadtest", "--host", "127.0.0.1:1"], arguments].concat(), &variables).await;
        assert!(nobody.code == 3 && nobody.stderr.contains("cannot be reached"), "{arguments:?}: {nobody:?}");
    }
    let typed = run_command(&["loadtest", "--host", "127.0.0.1:1", "--find-limit", "--run-time", "5s"], &[]).await;
    assert!(typed.code == 2 && typed.stderr.contains("--run-time has no effect with --find-limit"), "{typed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_run_is_said_in_a_sentence() {
    let nothing = run_command(&["loadtest"], &[]).await;
    assert!(nothing.code == 2 && nothing.stderr.contains("storemgr stack up"), "{nothing:?}");
    let away = run_command(&["loadtest", "--host", "127.0.0.1:1"], &[]).await;
    assert!(
        away.code == 3 && away.stderr.contains("http://127.0.0.1:1 cannot be reached: connection refused"),
        "{away:?}"
    );
    let server = Server::start(Behaviour::Fail).await;
    for (arguments, sentence) in [
        (["--users", "0"], "1..=1000000"),
        (["--run-time", "soon"], "is not a duration"),
        (["--run-time", "0"], "must be longer than 0"),
        (["--think-time", "2s..1s"], "from the shorter to the longer"),
        (["--spawn-rate", "0"], "above 0"),
        (["--host", "http://user:word@store"], "send an Authorization header instead"),
        (["--host", "127.0.0.1:65536"], "a port from 1 to 65535"),
        (["--max-fail-ratio", "5"], "write 5% or 0.05"),
        (["--metrics-listen", ":9646"], "such as 127.0.0.1:9646"),
        (["--csv", "/nowhere/x"], "cannot be written"),
        (["--json", "/nowhere/x"], "cannot be written"),
        (["--users", "900000"], "ulimit -n"),
    ] {
        let (ran, _) = run(&server, &arguments).await;
        assert!(ran.code == 2 && ran.stderr.contains(sentence), "{arguments:?}: {ran:?}");
    }
    assert_eq!(server.asked(), 0, "a bad command line sent requests");
}
