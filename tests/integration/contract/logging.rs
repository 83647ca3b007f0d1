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
    async fn start(stderr: impl Into<Stdio>, level: &str) -> Self {
        let port = free_port();
        let mut command = Command::new(program());
        command.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--log-level", level]);
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

/// Each level: what everybody uses, where refusals are summed up; and one that writes lines for every request.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_stops_nobody() {
    for level in ["info", "trace"] {
        // Our end of the pipe stays open and is never read.
        let mut instance = Unread::start(Stdio::piped(), level).await;
        assert_eq!(instance.unanswered(1_500).await, 0, "{level}");
        assert_eq!(instance.status("/live").await, Some(200), "{level}");
        assert_eq!(instance.terminate().await.code(), Some(0), "{level}");
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
        let mut instance = Unread::start(stderr, "info").await;
        assert_eq!(instance.unanswered(50).await, 0, "{name}");
        wait_until("dropped lines to be counted", async || instance.dropped_lines().await > 0.0).await;
        assert_eq!(instance.terminate().await.code(), Some(0), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_dropped_is_told_when_somebody_reads_again() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut instance = Unread::start(writer, "trace").await;
    // Each refusal is a line here, and all of them are more than the pipe and the instance hold together.
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

/// A refusal of each kind is told at once; a thousand of them are not a thousand lines.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_summed_up() {
    let database = TestDatabase::migrated().await;
    let mut variables = database.variables();
    variables.iter_mut().filter(|(name, _)| *name == "DB_PORT").for_each(|(_, port)| "1".clone_into(port));
    let mut instance = Instance::start_with(&variables, &[]).await;
    for _ in 0..1_000 {
        assert_eq!(instance.get("/users/1").await.status, 503);
    }
    instance.signal("TERM");
    assert_eq!(instance.wait_end().await.code(), Some(0));
    let log = instance.log();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let firsts = lines.iter().filter(|line| line["message"] == "a request was refused").count();
    let sums: Vec<_> = lines.iter().filter(|line| line["message"] == "more requests were refused").collect();
    let summed: u64 = sums.iter().map(|line| line["requests"].as_u64().unwrap()).sum();
    assert_eq!(firsts as u64 + summed, 1_000, "{log}");
    assert!(firsts + sums.len() < 60, "{log}");
    assert!(sums[0]["reason"].is_string() && sums[0]["code"] == "DatabaseUnavailable", "{}", sums[0]);
}
