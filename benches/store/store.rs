//! A running instance of the store, started as users start it.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hyper::Method;
use hyper::body::Bytes;
use storemgr::net::{Connection, Limits, Target, request_once};
use tokio::process::Child;

use crate::database::Database;
use crate::processes::Process;
use crate::program;

/// An instance of the store; it is killed when dropped.
pub(crate) struct Store {
    child: Child,
    pub(crate) target: Target,
}

impl Store {
    /// Starts an instance and waits until it is ready.
    pub(crate) async fn start(database: &Database, arguments: &[&str]) -> Result<Self> {
        let port = free_port()?;
        let mut command = program::command(&database.variables());
        command.args(["serve", "--log-level", "error", "--listen", &format!("127.0.0.1:{port}")]).args(arguments);
        command.stdout(Stdio::null()).kill_on_drop(true);
        let child = command.spawn().context("storemgr serve cannot be started")?;
        let store = Self { child, target: Target::loopback(port) };
        let started = Instant::now();
        while store.get("/ready").await.is_err() {
            ensure!(started.elapsed() < Duration::from_secs(30), "storemgr serve did not get ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(store)
    }

    pub(crate) fn process(&self) -> Option<Process> {
        self.child.id().map(Process)
    }

    /// The process of the instance as a list, for sums with others.
    pub(crate) fn processes(&self) -> Vec<Process> {
        self.process().into_iter().collect()
    }

    /// Sends a GET; returns the body, or an error for every status but 2xx.
    pub(crate) async fn get(&self, path: &str) -> Result<Bytes> {
        let mut connection = Connection::open(&self.target, Limits::default()).await?;
        let answer = connection.send(Method::GET, path, &[], Bytes::new()).await?;
        ensure!(answer.status.is_success(), "GET {path}: {}", answer.status);
        Ok(answer.body)
    }

    /// The value of the series with this name, labels included.
    pub(crate) async fn metric(&self, name: &str) -> Result<f64> {
        value(&String::from_utf8_lossy(&self.get("/metrics").await?), name)
    }

    /// Sends requests one after the other; returns the median of their milliseconds.
    pub(crate) async fn one_by_one(&self, method: Method, path: &str, body: &str, times: usize) -> Result<f64> {
        let mut connection = Connection::open(&self.target, Limits::default()).await?;
        let mut took = Vec::with_capacity(times);
        for _ in 0..times {
            let started = Instant::now();
            let headers = [("content-type", "application/json")];
            let answer =
                connection.send(method.clone(), path, &headers, Bytes::copy_from_slice(body.as_bytes())).await?;
            ensure!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text());
            took.push(started.elapsed().as_secs_f64() * 1e3);
        }
        Ok(crate::outcome::median(&took))
    }

    /// Stops it with SIGTERM, as an operator would, and waits for its end.
    pub(crate) async fn stop(mut self) -> Result<()> {
        if let Some(pid) = self.child.id().and_then(|pid| rustix::process::Pid::from_raw(pid as i32)) {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        }
        self.child.wait().await?;
        Ok(())
    }
}

/// A port of the loopback interface that is free at this moment.
pub(crate) fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The open database connections of an instance.
pub(crate) async fn database_connections(target: &Target) -> Result<f64> {
    let answer = request_once(target, Method::GET, "/metrics", &[], Vec::new(), Duration::from_secs(5)).await?;
    let text = answer.text();
    let of = |state: &str| value(&text, &format!("storemgr_db_connections{{state=\"{state}\"}}"));
    Ok(of("in_use")? + of("idle")?)
}

fn value(text: &str, name: &str) -> Result<f64> {
    let line = text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
    let value = line.and_then(|line| line.rsplit(' ').next()).context(format!("there is no metric {name}"))?;
    Ok(value.parse()?)
}
