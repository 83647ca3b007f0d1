//! Generates load with wrk, an independent program: closed connections, each with one request in flight.

use std::fmt::Write;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use storemgr::net::Target;
use tokio::process::Command;

use crate::processes::Process;

/// The results that wrk reports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Answers with a status of 400 or more, and requests without an answer.
    pub(crate) failed: u64,
    pub(crate) cpu: Duration,
}

/// The end of the script, which prints the figures in one line.
const REPORT: &str = r#"
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("figures %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"#;

/// Sends POST /orders with these bodies in turn, for `duration`.
pub(crate) async fn orders(target: &Target, connections: u32, duration: Duration, bodies: &[String]) -> Result<Seen> {
    let mut script = "local n, requests = 0, {\n".to_owned();
    for body in bodies {
        let head = format!(
            "POST /orders HTTP/1.1\\r\\nHost: store\\r\\nContent-Type: application/json\\r\\nContent-Length: {}\\r\\n\\r\\n",
            body.len()
        );
        writeln!(script, "\"{head}{}\",", body.replace('"', "\\\""))?;
    }
    writeln!(script, "}}\nfunction request() n = n % {} + 1; return requests[n] end", bodies.len())?;
    run(target, "/orders", connections, duration, &script).await
}

/// Sends GET requests for one path, for `duration`.
pub(crate) async fn get(target: &Target, path: &str, connections: u32, duration: Duration) -> Result<Seen> {
    run(target, path, connections, duration, "").await
}

async fn run(target: &Target, path: &str, connections: u32, duration: Duration, script: &str) -> Result<Seen> {
    let file = tempfile::Builder::new().suffix(".lua").tempfile()?;
    tokio::fs::write(file.path(), format!("{script}{REPORT}")).await?;
    let mut command = Command::new("wrk");
    command.args(["-t1", &format!("-c{connections}"), &format!("-d{}s", duration.as_secs()), "--timeout", "10s", "-s"]);
    command.arg(file.path()).arg(format!("http://{}{path}", target.authority()));
    let child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn();
    let child = child.context("wrk cannot be started: apt-get install wrk")?;
    let process = child.id().map(Process);
    let mut ended = std::pin::pin!(child.wait_with_output());
    let mut cpu = Duration::ZERO;
    let output = loop {
        match tokio::time::timeout(Duration::from_millis(50), &mut ended).await {
            Ok(output) => break output?,
            Err(_) => cpu = process.and_then(Process::cpu).unwrap_or(cpu),
        }
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let figures = text.lines().find_map(|line| line.strip_prefix("figures ")).context("wrk printed no figures")?;
    let figures: Vec<f64> = figures.split(' ').filter_map(|figure| figure.parse().ok()).collect();
    ensure!(figures.len() == 5, "wrk printed other figures than the script asks for: {text}");
    Ok(Seen {
        per_second: figures[0] / (figures[1] / 1e6),
        p50_ms: figures[2] / 1e3,
        p99_ms: figures[3] / 1e3,
        failed: figures[4] as u64,
        cpu,
    })
}
