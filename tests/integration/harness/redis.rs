//! A Redis of one test.

use std::path::PathBuf;
use std::process::Command;

use super::server::{free_port, start_tethered, wait_for_port};

/// A running Redis. It is killed when the value is dropped.
#[derive(Debug)]
pub struct TestRedis {
    pub port: u16,
    pid: u32,
}

impl TestRedis {
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
        Self { port, pid }
    }

    /// The environment variables that lead a process here.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![("REDIS_HOST", "127.0.0.1".to_owned()), ("REDIS_PORT", self.port.to_string())]
    }

    /// Where it is.
    pub fn address(&self) -> storemgr::cache::Address {
        storemgr::cache::Address { host: "127.0.0.1".to_owned(), port: self.port, database: 0, password: None }
    }

    /// Changes a setting.
    pub fn configure(&self, setting: &str, value: &str) {
        let port = self.port.to_string();
        let set = Command::new("redis-cli").args(["-p", &port, "config", "set", setting, value]).output().unwrap();
        assert!(String::from_utf8_lossy(&set.stdout).contains("OK"), "{set:?}");
    }

    /// Stores a value, as another program would.
    pub fn write(&self, key: &str, value: &str) {
        let port = self.port.to_string();
        let set = Command::new("redis-cli").args(["-p", &port, "set", key, value]).output().unwrap();
        assert!(String::from_utf8_lossy(&set.stdout).contains("OK"), "{set:?}");
    }

    /// Sends a signal, by its name without SIG.
    pub fn signal(&self, name: &str) {
        drop(Command::new("kill").args([format!("-{name}"), self.pid.to_string()]).output());
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        self.signal("KILL");
    }
}
