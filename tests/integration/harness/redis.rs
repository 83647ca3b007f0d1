//! A Redis of one test.

use std::path::PathBuf;
use std::process::Command;

use super::authority::Identity;
use super::folder::kill;
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
        Self::start_with(port, &["--port", &port.to_string()])
    }

    /// Starts a Redis that answers on a port by these options. It has a folder of its own: a replica saves what it is sent
    /// there, and a Redis that is started in the same folder later begins with that.
    fn start_with(port: u16, options: &[&str]) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("redis-{port}"));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).unwrap();
        let (log, folder) = (folder.join("log"), folder.display().to_string());
        let common = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", &folder];
        let arguments: Vec<_> = common.iter().chain(options).map(|&argument| argument.to_owned()).collect();
        let pid = start_tethered("redis-server", &arguments, &log);
        wait_for_port("Redis", port, &log);
        Self { host: "127.0.0.1".to_owned(), port, pid: Some(pid) }
    }

    /// Starts a replica of the Redis on a port.
    pub fn start_replica(master: u16) -> Self {
        let port = free_port();
        Self::start_with(port, &["--port", &port.to_string(), "--replicaof", "127.0.0.1", &master.to_string()])
    }

    /// Starts a Sentinel that watches a master as `storemgr`, and gives its port. It ends with the test run.
    pub fn start_sentinel(master: u16) -> u16 {
        let port = free_port();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let (file, log) = (folder.join(format!("sentinel-{port}.conf")), folder.join(format!("sentinel-{port}.log")));
        let text = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor storemgr 127.0.0.1 {master} 1\n\
             sentinel down-after-milliseconds storemgr 500\nsentinel failover-timeout storemgr 3000\n"
        );
        std::fs::write(&file, text).unwrap();
        start_tethered("redis-server", &[file.display().to_string(), "--sentinel".to_owned()], &log);
        wait_for_port("Sentinel", port, &log);
        port
    }

    /// Whether it says that it is a master.
    pub fn is_master(&self) -> bool {
        self.ask(&["role"]).starts_with("master")
    }

    /// Deletes everything.
    pub fn forget_all(&self) {
        self.command(&["flushall"]);
    }

    /// Starts a Redis that speaks TLS alone, and has an account `reports` with the password `cache-7d1e`.
    pub fn start_encrypted(identity: &Identity, authority: &str) -> Self {
        let port = free_port();
        let (own, certificate, key) = (port.to_string(), &identity.certificate, &identity.key);
        let encrypted = ["--port", "0", "--tls-port", &own, "--tls-auth-clients", "no"];
        let files = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", authority];
        let accounts = ["--user", "reports", "on", ">cache-7d1e", "~*", "+@all", "--user", "default", "off"];
        Self::start_with(port, &[&encrypted[..], &files, &accounts].concat())
    }

    /// The environment variables that lead a process here.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![("REDIS_HOST", self.host.clone()), ("REDIS_PORT", self.port.to_string())]
    }

    /// Where it is.
    pub fn address(&self) -> storemgr::cache::Address {
        storemgr::cache::Address::server(self.host.clone(), self.port, 0)
    }

    /// Changes a setting.
    pub fn configure(&self, setting: &str, value: &str) {
        self.command(&["config", "set", setting, value]);
    }

    /// Makes an account with the password `cache-7d1e` and these rights.
    pub fn make_account(&self, name: &str, rights: &[&str]) {
        self.command(&[&["acl", "setuser", name, "on", ">cache-7d1e"], rights].concat());
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
            kill(pid, name);
        }
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        self.signal("KILL");
    }
}
