//! A log that cannot be written stops nobody: not a request, not the drain.

use std::fs::OpenOptions;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use hyper::Method;
use storemgr::net::{Target, request_once};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::harness::{Instance, TestDatabase, free_port, program, wait_end, wait_until};

const PATIENCE: Duration = Duration::from_secs(10);

/// An instance without a database, so that nearly everything is refused with 503, and with a standard error of our choice.
struct Unread {
    child: Child,
    target: Target,
}

impl Unread {
    async fn start(stderr: impl Into<Stdio>, requests: &str) -> Self {
        let port = free_port();
        let mut command = Command::new(program());
        command.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--log-requests", requests]);
        command.env_clear().current_dir(env!("CARGO_TARGET_TMPDIR"));
        command.envs([("DB_HOST", "127.0.0.1"), ("DB_PORT", "1"), ("DB_USER", "nobody"), ("DB_PASSWORD", "none")]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
        let unread = Self { child, target: Target::loopback(port) };
        wait_until("an instance to live", async || unread.status("/live").await == Some(200)).await;
        unread
    }

    async fn status(&self, path: &str) -> Option<u16> {
        let answer = request_once(&self.target, Method::GET, path, &[], Vec::new(), PATIENCE).await;
        answer.ok().map(|answer| answer.status.as_u16())
    }

    /// Has so many requests refused, and says how many were not answered with 503.
    async fn unanswered(&self, requests: usize) -> usize {
        let mut unanswered = 0;
        for _ in 0..requests {
            if self.status("/users/1").await != Some(503) {
                unanswered += 1;
                if unanswered > 3 {
                    break;
                }
            }
        }
        unanswered
    }

    /// How many log lines it says were dropped; below 0 when it does not say.
    async fn dropped_lines(&self) -> f64 {
        let answer = request_once(&self.target, Method::GET, "/metrics", &[], Vec::new(), PATIENCE).await;
        let text = answer.map(|answer| answer.text()).unwrap_or_default();
        let value = text.lines().find_map(|line| line.strip_prefix("storemgr_log_lines_dropped_total "));
        value.map_or(-1.0, |value| value.parse().unwrap())
    }

    async fn terminate(&mut self) -> ExitStatus {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        wait_end(&mut self.child).await
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Both ways: what everybody uses, where failed requests are summed up, and a line for every request.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_stops_nobody() {
    for requests in ["failed", "all"] {
        // Our end of the pipe stays open and is never read.
        let mut instance = Unread::start(Stdio::piped(), requests).await;
        assert_eq!(instance.unanswered(1_500).await, 0, "{requests}");
        assert_eq!(instance.status("/live").await, Some(200), "{requests}");
        assert_eq!(instance.terminate().await.code(), Some(0), "{requests}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_closed_or_full_stops_nobody() {
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    for (name, stderr) in [("closed", closed()), ("full", full())] {
        let mut instance = Unread::start(stderr, "failed").await;
        assert_eq!(instance.unanswered(50).await, 0, "{name}");
        wait_until("dropped lines to be counted", async || instance.dropped_lines().await > 0.0).await;
        assert_eq!(instance.terminate().await.code(), Some(0), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_dropped_is_told_when_somebody_reads_again() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut instance = Unread::start(writer, "all").await;
    // Each request is a line here, and all of them are more than the pipe and the instance hold together.
    let stream = TcpStream::connect(instance.target.authority()).await.unwrap();
    let (mut answers, mut requests) = stream.into_split();
    let reading = tokio::spawn(async move { tokio::io::copy(&mut answers, &mut tokio::io::sink()).await });
    let request = b"POST /orders HTTP/1.1\r\nhost: store\r\ncontent-length: 0\r\n\r\n".repeat(10_000);
    requests.write_all(&request).await.unwrap();
    drop(requests);
    reading.await.unwrap().unwrap();
    wait_until("dropped lines to be counted", async || instance.dropped_lines().await > 0.0).await;
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
        text
    });
    wait_until("a request to be answered after that", async || instance.status("/live").await == Some(200)).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    instance.status("/users/1").await;
    assert_eq!(instance.terminate().await.code(), Some(0));
    let text = reading.join().unwrap();
    assert!(text.contains("log lines were dropped") && text.contains("drained"), "{}", &text[text.len() - 2_000..]);
}

/// The lines of a log that are requests, of an instance that has no database.
async fn lines_of(requests: &str, ask: impl AsyncFnOnce(&Instance)) -> Vec<serde_json::Value> {
    let database = TestDatabase::migrated().await;
    let mut variables = database.variables();
    variables.iter_mut().filter(|(name, _)| *name == "DB_PORT").for_each(|(_, port)| "1".clone_into(port));
    let mut instance = Instance::start_with(&variables, &["--log-requests", requests]).await;
    ask(&instance).await;
    instance.signal("TERM");
    assert_eq!(instance.wait_end().await.code(), Some(0));
    instance.log().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn messages<'a>(lines: &'a [serde_json::Value], message: &str) -> Vec<&'a serde_json::Value> {
    lines.iter().filter(|line| line["message"] == message).collect()
}

/// Each of a few has a line; a thousand of them are not a thousand lines.
#[tokio::test(flavor = "multi_thread")]
async fn failed_requests_of_an_overload_are_summed_up() {
    let lines = lines_of("failed", async |instance| {
        let asked = (0..1_000).map(|_| instance.get("/users/1"));
        for reply in futures_util::future::join_all(asked).await {
            assert_eq!(reply.status, 503);
        }
    })
    .await;
    let (own, sums) = (messages(&lines, "a request was refused"), messages(&lines, "more requests were refused"));
    let summed: u64 = sums.iter().map(|line| line["requests"].as_u64().unwrap()).sum();
    assert_eq!(own.len() as u64 + summed, 1_000, "{lines:?}");
    assert!(own.len() >= 100 && summed > 0, "{lines:?}");
    assert!(sums[0]["reason"].is_string() && sums[0]["code"] == "database_unavailable", "{}", sums[0]);
}

/// One request is one line on each side: the names are those of nginx's log, and the code is that of the answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_line_with_the_names_of_the_log_of_nginx() {
    let ask = async |instance: &Instance| {
        let answers = [("/users/1", 503), ("/users/x", 503), ("/nowhere", 404), ("/live", 200), ("/openapi.json", 200)];
        for (path, status) in answers {
            let headers = [("x-request-id", "look-here")];
            let reply = instance.try_send(Method::GET, path, &headers, "").await.unwrap();
            assert_eq!(reply.status, status, "{path}");
        }
    };
    let lines = lines_of("failed", ask).await;
    let told: Vec<_> = lines.iter().filter(|line| line["request_id"] == "look-here").collect();
    assert_eq!(told.iter().map(|line| &line["uri"]).collect::<Vec<_>>(), ["/users/1", "/users/x"], "{lines:?}");
    let line = told[0];
    assert_eq!((&line["method"], &line["route"]), (&"GET".into(), &"/users/{id}".into()));
    assert_eq!((&line["status"], &line["code"]), (&503.into(), &"database_unavailable".into()));
    assert!(line["seconds"].is_f64() && line["reason"].is_string(), "{line}");
    for line in &lines {
        assert!(line["time"].as_str().is_some_and(|time| time.starts_with("20") && time.ends_with('Z')), "{line}");
    }
    let nginx = std::fs::read_to_string("nginx/nginx.conf").unwrap();
    for name in ["time", "request_id", "method", "uri", "status"] {
        assert!(nginx.contains(&format!(r#""{name}":"#)), "{name}");
    }

    let lines = lines_of("all", ask).await;
    let told: Vec<_> = lines.iter().filter(|line| line["request_id"] == "look-here").collect();
    let uris: Vec<_> = told.iter().map(|line| line["uri"].as_str().unwrap()).collect();
    assert_eq!(uris, ["/users/1", "/users/x", "/nowhere", "/openapi.json"], "{lines:?}");
    assert_eq!((&told[2]["status"], &told[2]["code"]), (&404.into(), &"no_such_route".into()), "{}", told[2]);
}
