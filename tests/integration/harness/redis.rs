//! A Redis of one test.

use std::path::PathBuf;
use std::process::Command;

use super::server::{free_port, start_tethered, wait_for_port};

/// A running Redis. It is killed when the value is dropped, if it was started here.
#[derive(Debug)]
pub struct TestRedis {
    host: String,
    pub port: u16,
    pid: Option<u32>,
}

impl TestRedis {
    /// The Redis that `TEST_REDIS_URL` names (`redis://host:port`, everything in it is thrown away), else one that is
    /// started. For one test alone: what the store writes has the same names in every test.
    pub fn given() -> Self {
        let Ok(url) = std::env::var("TEST_REDIS_URL") else { return Self::start() };
        let place = url.strip_prefix("redis://").and_then(|rest| rest.trim_end_matches('/').rsplit_once(':'));
        let (host, port) = place.expect("TEST_REDIS_URL is redis://host:port");
        let given = Self { host: host.to_owned(), port: port.parse().expect("a port in TEST_REDIS_URL"), pid: None };
        given.command(&["flushall"]);
        given
    }

    /// Starts a Redis and waits until it answers.
    pub fn start() -> Self {
        Self::start_on(free_port())
    }

    /// Starts a Redis on a port, e.g. one that was killed.
    pub fn start_on(port: u16) -> Self {
        let log = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("redis-{port}.log"));
        let arguments = ["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let pid = start_tethered("redis-server", &arguments.map(ToOwned::to_owned), &log);
        wait_for_port("Redis", port, &log);
        Self { host: "127.0.0.1".to_owned(), port, pid: Some(pid) }
    }

    /// The environment variables that lead a process here.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![("REDIS_HOST", self.host.clone()), ("REDIS_PORT", self.port.to_string())]
    }

    /// Where it is.
    pub fn address(&self) -> storemgr::cache::Address {
        storemgr::cache::Address { host: self.host.clone(), port: self.port, database: 0, password: None }
    }

    /// Changes a setting.
    pub fn configure(&self, setting: &str, value: &str) {
        self.command(&["config", "set", setting, value]);
    }

    /// Stores a value, as another program would.
    pub fn write(&self, key: &str, value: &str) {
        self.command(&["set", key, value]);
    }

    /// Every key and its value, as text.
    pub fn values(&self) -> Vec<(String, String)> {
        let keys = self.ask(&["--raw", "keys", "*"]);
        keys.lines().map(|key| (key.to_owned(), self.ask(&["--raw", "get", key]))).collect()
    }

    fn command(&self, words: &[&str]) {
        let said = self.ask(words);
        assert!(said.contains("OK"), "{said:?}");
    }

    fn ask(&self, words: &[&str]) -> String {
        let port = self.port.to_string();
        let said = Command::new("redis-cli").args(["-h", &self.host, "-p", &port]).args(words).output().unwrap();
        assert!(said.status.success(), "{said:?}");
        String::from_utf8_lossy(&said.stdout).into_owned()
    }

    /// Sends a signal, by its name without SIG.
    pub fn signal(&self, name: &str) {
        if let Some(pid) = self.pid {
            drop(Command::new("kill").args([format!("-{name}"), pid.to_string()]).output());
        }
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        self.signal("KILL");
    }
}
