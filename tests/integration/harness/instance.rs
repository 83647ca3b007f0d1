//! A running `storemgr serve`, spoken to over HTTP.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hyper::Method;
use serde_json::Value;
use storemgr::net::{self, NetError, Target};

use super::server::wait_until;
use super::{Proxy, TestDatabase};

/// The longest that a test waits for one answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running instance. It is killed when the value is dropped.
#[derive(Debug)]
pub struct Instance {
    child: Child,
    target: Target,
    log: PathBuf,
}

/// An answer, its body as JSON (or null).
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: hyper::HeaderMap,
    pub body: Value,
}

impl Reply {
    /// The stable code of a refusal.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

impl Instance {
    /// Starts an instance on a database and waits until it is ready.
    pub async fn start(database: &TestDatabase, arguments: &[&str]) -> Self {
        let instance = Self::start_with(&database.variables(), arguments).await;
        instance.wait_ready().await;
        instance
    }

    /// Starts an instance that reaches its database through a proxy, and waits until it is ready.
    pub async fn start_behind(proxy: &Proxy, database: &TestDatabase, arguments: &[&str]) -> Self {
        let instance = Self::start_with(&proxy.variables(database.variables()), arguments).await;
        instance.wait_ready().await;
        instance
    }

    /// Starts an instance with environment variables and waits until it listens.
    pub async fn start_with(variables: &[(&str, String)], arguments: &[&str]) -> Self {
        Self::start_program(&super::program(), variables, arguments).await
    }

    /// The same, of another version.
    pub async fn start_program(program: &Path, variables: &[(&str, String)], arguments: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("serve-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let log = directory.join(format!("{number}.log"));
        let output = File::create(&log).unwrap();
        let mut command = Command::new(program);
        command.args(["serve", "--log-format", "json"]).args(arguments);
        // Nothing of the machine's own configuration may reach a test.
        command.env_clear().env("STOREMGR_LISTEN", "127.0.0.1:0").current_dir(&directory);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output).spawn().unwrap();
        let mut instance = Self { child, target: Target::loopback(1), log };
        let mut address = None;
        wait_until("an instance to listen", async || {
            address = instance.log_field("listening", "address");
            assert!(instance.child.try_wait().unwrap().is_none(), "ended: {}", instance.log());
            address.is_some()
        })
        .await;
        instance.target = Target::parse(&address.unwrap()).unwrap();
        instance
    }

    /// Waits until it is ready.
    pub async fn wait_ready(&self) {
        wait_until("an instance to be ready", async || {
            self.try_send(Method::GET, "/ready", &[], "").await.is_ok_and(|reply| reply.status == 200)
        })
        .await;
    }

    /// Where it answers.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    fn log_field(&self, message: &str, field: &str) -> Option<String> {
        let text = self.log();
        let entries = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut found = entries.filter(|entry| entry["message"] == message);
        found.next().and_then(|entry| entry[field].as_str().map(ToOwned::to_owned))
    }

    /// The process's number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, by its name without SIG.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until the process has ended.
    pub async fn wait_end(&mut self) -> ExitStatus {
        wait_end(&mut self.child).await
    }

    /// Sends a request; a failure to get an answer is a result too.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, NetError> {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        let answer = net::request_once(&self.target, method, path, &all, body.as_bytes().to_vec(), PATIENCE).await?;
        let body = answer.json().unwrap_or(Value::Null);
        Ok(Reply { status: answer.status.as_u16(), headers: answer.headers, body })
    }

    /// Sends a GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.try_send(Method::GET, path, &[], "").await.unwrap()
    }

    /// Sends a DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.try_send(Method::DELETE, path, &[], "").await.unwrap()
    }

    /// Sends a POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.try_send(Method::POST, path, &[], &body.to_string()).await.unwrap()
    }

    /// The value of a metric with these labels, e.g. `storemgr_orders_total{outcome="accepted"}`.
    pub async fn metric(&self, series: &str) -> f64 {
        let answer = net::request_once(&self.target, Method::GET, "/metrics", &[], Vec::new(), PATIENCE).await.unwrap();
        let text = answer.text();
        let line = text.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')));
        line.map_or(0.0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
    }

    /// Makes a product with a stock; gives its number.
    pub async fn product(&self, price: f64, stock: u64) -> u64 {
        let reply = self.post("/products", serde_json::json!({"name": "Lamp", "sku": "L-1", "price": price})).await;
        let id = reply.body["product_id"].as_u64().unwrap();
        let reply = self.post("/stocks", serde_json::json!({"product_id": id, "quantity": stock})).await;
        assert_eq!(reply.status, 201);
        id
    }

    /// Makes a user; gives the user's number.
    pub async fn user(&self) -> u64 {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let email = format!("user{}@example.com", COUNT.fetch_add(1, Ordering::Relaxed));
        let reply = self.post("/users", serde_json::json!({"name": "Ada", "email": email})).await;
        reply.body["user_id"].as_u64().unwrap()
    }
}

/// Waits until a process has ended.
pub async fn wait_end(child: &mut Child) -> ExitStatus {
    let mut status = None;
    wait_until("an instance to end", async || {
        status = child.try_wait().unwrap();
        status.is_some()
    })
    .await;
    status.unwrap()
}

impl Drop for Instance {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
