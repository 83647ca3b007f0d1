//! `nginx/nginx.conf`, the deployment's own: a real nginx in front of two instances that misbehave as they are told.
//!
//! Any other nginx can be tried: `TEST_NGINX=/path/to/nginx`.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::Method;
use serde_json::Value;
use storemgr::net::{self, Answer, Target};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Instance as StoreInstance, TestDatabase, free_port};

/// What an instance does with a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manner {
    /// Answers 201.
    Answers,
    /// Answers 503, as one that has too much to do.
    Refuses,
    /// Takes the whole request and dies.
    Dies,
}

/// An instance, how many requests reached it on how many connections, and what the last of them was.
#[derive(Debug)]
pub struct Instance {
    port: u16,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    pub last: Arc<Mutex<String>>,
}

impl Instance {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(AtomicUsize::new(0));
        let last = Arc::new(Mutex::new(String::new()));
        let (counted, heard) = (Arc::clone(&requests), Arc::clone(&last));
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer_all(stream, manner, Arc::clone(&counted), Arc::clone(&heard)));
            }
        });
        Self { port, requests, connections, last }
    }

    /// A port at which nothing listens.
    async fn absent() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { port, requests: Arc::default(), connections: Arc::default(), last: Arc::default() }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn answer_all(
    mut stream: TcpStream,
    manner: Manner,
    requests: Arc<AtomicUsize>,
    last: Arc<Mutex<String>>,
) -> Option<()> {
    loop {
        let mut received = Vec::new();
        let whole = |received: &[u8]| {
            let text = String::from_utf8_lossy(received).to_lowercase();
            let (head, body) = text.split_once("\r\n\r\n")?;
            let length =
                head.split("content-length: ").nth(1).map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
            (body.len() >= length).then_some(())
        };
        while whole(&received).is_none() {
            received.push(stream.read_u8().await.ok()?);
        }
        requests.fetch_add(1, Ordering::SeqCst);
        *last.lock().unwrap() = String::from_utf8_lossy(&received).to_lowercase();
        let answer = match manner {
            Manner::Answers => "HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}",
            Manner::Refuses => {
                "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 26\r\n\r\n{\"error\":\"too much to do\"}"
            }
            Manner::Dies => return None,
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

/// nginx with the deployment's file, in a folder of its own.
pub struct Front {
    process: Child,
    target: Target,
    folder: TempDir,
    tls_port: u16,
    redirect_port: u16,
}

impl Front {
    async fn start(first: &Instance, second: &Instance) -> Self {
        // However often an instance dies here, it is asked again.
        let change = |file: String| {
            file.replace("max_fails=5", "max_fails=0")
                .replace("worker_connections 8192", "worker_connections 256")
                .replace("limit_conn addresses 4000", &format!("limit_conn addresses {CROWD}"))
        };
        Self::start_with([first.port, second.port], &[], change).await
    }

    /// The deployment's file as it is, before real instances.
    pub async fn before(first: &StoreInstance, second: &StoreInstance) -> Self {
        let port =
            |instance: &StoreInstance| instance.target().authority().rsplit(':').next().unwrap().parse().unwrap();
        Self::start_with([port(first), port(second)], &[], |file| file).await
    }

    /// The deployment's file with what `ops/deploy` tells nginx where .env says this.
    pub async fn told(instance: &Instance, settings: &[(&str, &str)]) -> Self {
        Self::start_with([instance.port; 2], settings, |file| file).await
    }

    async fn start_with(instances: [u16; 2], settings: &[(&str, &str)], change: impl FnOnce(String) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [port, tls_port, redirect_port] = [free_port(), free_port(), free_port()];
        tell(folder.path(), settings);
        let place = folder.path().to_str().unwrap();
        let file = std::fs::read_to_string(repository().join("nginx/nginx.conf")).unwrap();
        let file = change(file)
            .replace("serve-1:5000", &format!("127.0.0.1:{}", instances[0]))
            .replace("serve-2:5000", &format!("127.0.0.1:{}", instances[1]))
            .replace("listen 8080", &format!("listen 127.0.0.1:{port}"))
            .replace("worker_rlimit_nofile 16384;", "")
            .replace("/tmp/", &format!("{place}/"))
            .replace("/dev/stdout", &format!("{place}/access.log"));
        std::fs::write(folder.path().join("nginx.conf"), file).unwrap();
        for (name, from, port) in [("tls.conf", "8443", tls_port), ("redirect.conf", "8081", redirect_port)] {
            let file = std::fs::read_to_string(repository().join("nginx").join(name)).unwrap();
            let file = file.replace(&format!("listen {from}"), &format!("listen 127.0.0.1:{port}"));
            std::fs::write(
                folder.path().join(name),
                file.replace("/run/certificate/", &format!("{place}/certificate/")),
            )
            .unwrap();
        }
        let path = format!("{}:/usr/sbin:/usr/local/sbin", std::env::var("PATH").unwrap());
        let program = std::env::var_os("TEST_NGINX").unwrap_or_else(|| "nginx".into());
        let mut command = Command::new(program);
        command.env("PATH", path).args(["-p", place, "-e", "stderr", "-c", "nginx.conf"]);
        // As root the workers would be another account's, who cannot see the folder.
        command.args(["-g", if runs_as_root() { "user root root;" } else { "" }]);
        let process = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let front = Self { process, target: Target::loopback(port), folder, tls_port, redirect_port };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return front;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("nginx does not answer");
    }

    /// Where it answers.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Where it answers with TLS, under a name that leads here.
    pub fn with_tls(&self) -> Target {
        Target::parse(&format!("https://localhost:{}", self.tls_port)).unwrap()
    }

    /// Where it only sends clients to another address.
    pub fn redirecting(&self) -> Target {
        Target::loopback(self.redirect_port)
    }

    /// Lets nginx read its files again, with what .env says by now.
    pub fn reload(&self, settings: &[(&str, &str)]) {
        tell(self.folder.path(), settings);
        assert!(Command::new("kill").args(["-HUP", &self.process.id().to_string()]).status().unwrap().success());
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let body = if method == Method::POST { b"{\"user_id\":1}".to_vec() } else { Vec::new() };
        net::request_once(&self.target, method, path, headers, body, Duration::from_secs(20)).await.unwrap()
    }

    /// What is answered to bytes that no client of ours would send.
    pub async fn send_raw(&self, request: &[u8]) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.target.authority()).await.unwrap();
        // nginx may answer and close before it has read everything.
        drop(stream.write_all(request).await);
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(head.to_lowercase().contains("content-type: application/json"), "{head}");
        (status, serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}")))
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("access.log")).unwrap()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        drop(Command::new("kill").arg(self.process.id().to_string()).status());
        drop(self.process.wait());
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Writes what nginx is told of clients and of TLS into the folders `front` and `certificate` of this one, as `ops/deploy
/// prepare` does where .env has these lines. No container engine is needed for that, and the script is told that there is one.
pub fn tell(folder: &Path, settings: &[(&str, &str)]) {
    let said = prepare(folder, settings);
    assert!(said.is_ok(), "{said:?}");
}

/// The same, and what the script says if it refuses that.
pub fn prepare(folder: &Path, settings: &[(&str, &str)]) -> Result<(), String> {
    let place = folder.join("place");
    std::fs::create_dir_all(place.join("ops")).unwrap();
    std::fs::copy(repository().join("ops/deploy"), place.join("ops/deploy")).unwrap();
    // The folder of nginx is this one.
    if !place.join("nginx").exists() {
        std::os::unix::fs::symlink(folder, place.join("nginx")).unwrap();
    }
    let engine = place.join("docker");
    std::fs::write(&engine, "#!/bin/sh\n").unwrap();
    let mut lines = format!("STOREMGR_SECRETS={}\n", folder.display());
    let needed = [
        "COMPOSE_PROJECT_NAME",
        "STOREMGR_IMAGE",
        "DB_PASSWORD",
        "DB_ROOT_PASSWORD",
        "REDIS_PASSWORD",
        "GRAFANA_ADMIN_PASSWORD",
    ];
    lines.extend(needed.iter().map(|name| format!("{name}=test\n")));
    lines.extend(settings.iter().map(|(name, value)| format!("{name}={value}\n")));
    let env = place.join(".env");
    std::fs::write(&env, lines).unwrap();
    for (path, mode) in [(&engine, 0o700), (&env, 0o600)] {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }
    let path = format!("{}:{}", place.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.arg(place.join("ops/deploy")).arg("prepare").env_clear().env("PATH", path);
    let output = command.output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn runs_as_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
}

pub fn code(answer: &Answer) -> String {
    answer.json::<Value>().unwrap()["code"].as_str().unwrap_or_default().to_owned()
}

const REQUESTS: usize = 12;
/// How many connections one address may have here.
const CROWD: usize = 20;
const KEY: [(&str, &str); 1] = [("idempotency-key", "k")];

#[tokio::test]
async fn an_order_without_a_key_is_never_sent_twice() {
    let (dying, well) = (Instance::start(Manner::Dies).await, Instance::start(Manner::Answers).await);
    let front = Front::start(&dying, &well).await;
    let mut lost = 0;
    for _ in 0..REQUESTS {
        let answer = front.send(Method::POST, "/orders", &[]).await;
        if answer.status.as_u16() != 201 {
            assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (504, "outcome_unknown"), "{}", answer.text());
            lost += 1;
        }
    }
    assert!(lost > 0, "the dying instance was never asked");
    assert_eq!((dying.requests(), well.requests()), (lost, REQUESTS - lost));
}

#[tokio::test]
async fn an_order_with_a_key_outlives_its_instance() {
    let (dying, well) = (Instance::start(Manner::Dies).await, Instance::start(Manner::Answers).await);
    let front = Front::start(&dying, &well).await;
    for _ in 0..REQUESTS {
        let answer = front.send(Method::POST, "/orders", &KEY).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    }
    assert_eq!(well.requests(), REQUESTS);
    assert!(dying.requests() > 0, "the dying instance was never asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_carries_a_key_or_only_reads_is_sent_again_and_nothing_else() {
    let key = ("Idempotency-Key", "k");
    for (method, path, headers, again) in [
        (Method::POST, "/products", vec![key], true),
        (Method::POST, "/users", vec![key], true),
        (Method::POST, "/stocks", vec![key], true),
        (Method::POST, "/stocks/7/movements", vec![key], true),
        (Method::POST, "/graphql", vec![], true),
        (Method::POST, "/stocks/graphql-query", vec![], true),
        (Method::POST, "/products", vec![], false),
        (Method::POST, "/users", vec![], false),
        (Method::POST, "/stocks", vec![], false),
        (Method::POST, "/stocks/7/movements", vec![], false),
        (Method::POST, "/stocks/7/movements", vec![("Idempotency-Key", "")], false),
        (Method::PATCH, "/products/7", vec![key], false),
        // Whoever deletes twice has deleted once (RFC 9110, section 9.2.2); the second answer may be 404.
        (Method::DELETE, "/orders/7", vec![], true),
    ] {
        let (first, second) = (Instance::start(Manner::Dies).await, Instance::start(Manner::Dies).await);
        let front = Front::start(&first, &second).await;
        let answer = front.send(method.clone(), path, &headers).await;
        assert_eq!(answer.status.as_u16(), 504, "{method} {path} {headers:?}");
        let sent = first.requests() + second.requests();
        assert_eq!(sent, if again { 2 } else { 1 }, "{method} {path} {headers:?}");
    }
}

#[tokio::test]
async fn what_was_never_sent_is_sent_to_the_other_instance() {
    let (absent, well) = (Instance::absent().await, Instance::start(Manner::Answers).await);
    let front = Front::start(&absent, &well).await;
    for path in ["/orders", "/users"] {
        for _ in 0..REQUESTS {
            assert_eq!(front.send(Method::POST, path, &[]).await.status.as_u16(), 201);
        }
    }
    assert_eq!(well.requests(), 2 * REQUESTS);
}

#[tokio::test]
async fn a_refusal_goes_to_the_client_and_to_no_other_instance() {
    let (first, second) = (Instance::start(Manner::Refuses).await, Instance::start(Manner::Refuses).await);
    let front = Front::start(&first, &second).await;
    for headers in [&KEY[..], &[]] {
        let answer = front.send(Method::POST, "/orders", headers).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (503, "{\"error\":\"too much to do\"}"));
    }
    assert_eq!(first.requests() + second.requests(), 2);
}

#[tokio::test]
async fn what_nginx_says_itself_it_says_as_the_store_does() {
    let (first, second) = (Instance::absent().await, Instance::absent().await);
    let front = Front::start(&first, &second).await;
    let name = [("x-request-id", "look-here"), KEY[0]];
    for (method, path) in [(Method::POST, "/orders"), (Method::GET, "/orders/1")] {
        let answer = front.send(method, path, &name).await;
        assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (503, "not_ready"));
        assert_eq!(answer.headers["retry-after"], "1");
        assert!(answer.text().contains("look-here"), "{}", answer.text());
    }
    for path in ["/metrics", "//metrics", "/./metrics", "/%6detrics"] {
        assert_eq!(front.send(Method::GET, path, &[]).await.status.as_u16(), 404, "{path}");
    }
    let line: Value = serde_json::from_str(front.log().lines().next().unwrap()).unwrap();
    assert_eq!((&line["request_id"], &line["status"]), (&"look-here".into(), &503.into()), "{line}");
    assert!(line["upstream"].as_str().unwrap().contains(&first.port.to_string()), "{line}");
}

#[tokio::test]
async fn what_is_too_large_or_no_http_is_refused_in_json() {
    let (first, second) = (Instance::start(Manner::Answers).await, Instance::start(Manner::Answers).await);
    let front = Front::start(&first, &second).await;
    let head = "POST /orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
    let large = format!("{head}content-length: {}\r\n\r\n", 9 << 20);
    let long = format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-a: {}\r\n\r\n", "a".repeat(40_000));
    let long_path = format!("GET /{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "a".repeat(40_000));
    for (request, status, code) in [
        (large.as_str(), 413, "body_too_large"),
        (&long, 431, "invalid_parameter"),
        (&long_path, 400, "invalid_parameter"),
        ("GET / HTTP/1.1\r\nconnection: close\r\n\r\n", 400, "invalid_parameter"),
        ("nonsense\r\n\r\n", 400, "invalid_parameter"),
        ("GET / HTTP/3.0\r\nhost: x\r\n\r\n", 400, "invalid_parameter"),
        (
            "POST /orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: gzip\r\n\r\n",
            400,
            "invalid_parameter",
        ),
        ("TRACE / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", 405, "method_not_allowed"),
        ("GET /malformed HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", 404, "no_such_route"),
    ] {
        let (seen, body) = front.send_raw(request.as_bytes()).await;
        let shown = &request[..request.len().min(40)];
        assert_eq!((seen, body["code"].as_str().unwrap()), (status, code), "{shown}: {body}");
        assert!(!body["request_id"].as_str().unwrap().is_empty(), "{shown}: {body}");
    }
    let trace = front.send(Method::TRACE, "/", &[]).await;
    assert_eq!(
        (trace.status.as_u16(), trace.headers["allow"].to_str().unwrap()),
        (405, "GET, HEAD, POST, PATCH, DELETE")
    );
    assert_eq!(first.requests() + second.requests(), 0);
}

#[tokio::test]
async fn connections_to_instances_are_used_again() {
    let (first, second) = (Instance::start(Manner::Answers).await, Instance::start(Manner::Answers).await);
    let front = Front::start(&first, &second).await;
    for _ in 0..10 * REQUESTS {
        assert_eq!(front.send(Method::POST, "/orders", &[]).await.status.as_u16(), 201);
    }
    assert_eq!(first.requests() + second.requests(), 10 * REQUESTS);
    let opened = first.connections.load(Ordering::SeqCst) + second.connections.load(Ordering::SeqCst);
    // Each worker keeps its own, one to each instance at least.
    let workers = std::thread::available_parallelism().unwrap().get();
    assert!(opened <= 2 * workers, "{opened} connections for {} requests", 10 * REQUESTS);
}

#[tokio::test]
async fn a_request_keeps_its_name_on_the_way_and_gets_one_if_it_has_none() {
    let (first, second) = (Instance::start(Manner::Answers).await, Instance::start(Manner::Answers).await);
    let front = Front::start(&first, &second).await;
    let heard = || first.last.lock().unwrap().clone() + &second.last.lock().unwrap();
    front.send(Method::POST, "/orders", &[("x-request-id", "look-here"), KEY[0]]).await;
    assert!(heard().contains("x-request-id: look-here\r\n"), "{}", heard());
    assert!(
        heard().contains("idempotency-key: k\r\n") && heard().contains("x-forwarded-for: 127.0.0.1"),
        "{}",
        heard()
    );
    // What could end a line of the log or a text in JSON is no name.
    for strange in ["a b", "a\"b"] {
        front.send(Method::GET, "/orders/1", &[("x-request-id", strange)]).await;
        front.send(Method::GET, "/orders/1", &[("x-request-id", strange)]).await;
        let name = heard().split("x-request-id: ").nth(1).unwrap().lines().next().unwrap().to_owned();
        assert!(name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    }
}

#[tokio::test]
async fn one_address_cannot_take_every_connection() {
    let (first, second) = (Instance::start(Manner::Answers).await, Instance::start(Manner::Answers).await);
    let front = Front::start(&first, &second).await;
    let mut waiting = Vec::new();
    // A few more than are allowed: a request of ours that comes between them takes the place of one.
    for _ in 0..CROWD + 5 {
        // A body that does not arrive keeps a connection busy.
        let mut stream = TcpStream::connect(front.target.authority()).await.unwrap();
        stream.write_all(b"POST /orders HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{").await.unwrap();
        waiting.push(stream);
    }
    // They are counted when nginx has read their heads.
    let mut answer = front.send(Method::POST, "/orders", &KEY).await;
    for _ in 0..100 {
        if answer.status.as_u16() == 503 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        answer = front.send(Method::POST, "/orders", &KEY).await;
    }
    assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (503, "overloaded"));
    assert_eq!(answer.headers["retry-after"], "1");
    drop(waiting);
}

/// An instance takes a hundred headers, of which nginx makes two and takes one away.
#[tokio::test(flavor = "multi_thread")]
async fn many_headers_pass_and_more_than_an_instance_takes_are_refused_in_json() {
    let database = TestDatabase::migrated().await;
    let (first, second) = (StoreInstance::start(&database, &[]).await, StoreInstance::start(&database, &[]).await);
    let front = Front::before(&first, &second).await;
    for (headers, status) in [(99, 200), (101, 431)] {
        let others: String = (2..headers).map(|number| format!("x-{number}: a\r\n")).collect();
        let request = format!("GET /health-check HTTP/1.1\r\nhost: store\r\nconnection: close\r\n{others}\r\n");
        for _ in 0..10 {
            let (seen, body) = front.send_raw(request.as_bytes()).await;
            assert_eq!(seen, status, "{headers} headers: {body}");
            if status != 200 {
                assert_eq!(body["code"], "invalid_parameter", "{body}");
                assert!(body["error"].as_str().unwrap().contains("headers"), "{body}");
                assert!(!body["request_id"].as_str().unwrap().is_empty(), "{body}");
            }
        }
    }
    // It was a client's fault, and both instances are still asked.
    for _ in 0..10 {
        assert_eq!(front.send(Method::GET, "/users/1", &[]).await.status.as_u16(), 404);
    }
}

/// Requests that an instance refuses by their heads alone, with bodies that nginx still sends then.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_does_wrong_does_not_count_against_an_instance() {
    let database = TestDatabase::migrated().await;
    let (first, second) = (StoreInstance::start(&database, &[]).await, StoreInstance::start(&database, &[]).await);
    let user = first.user().await;
    let front = Front::before(&first, &second).await;
    let body = "x".repeat(30_000);
    let wrong = [
        (Method::POST, "/orders", "text/plain", 415),
        (Method::POST, "/nothing", "application/json", 404),
        (Method::PUT, "/orders", "application/json", 405),
        (Method::GET, "/live", "application/json", 200),
    ];
    let path = format!("/users/{user}");
    let misbehaving = async {
        for round in 0..30 {
            for (method, path, media_type, status) in &wrong {
                let headers = [("content-type", *media_type)];
                let body = body.clone().into_bytes();
                let patience = Duration::from_secs(20);
                let answer = net::request_once(&front.target, method.clone(), path, &headers, body, patience).await;
                let answer = answer.unwrap_or_else(|error| panic!("{method} {path}, {round}: {error}"));
                assert_eq!(answer.status.as_u16(), *status, "{method} {path}, {round}: {}", answer.text());
            }
        }
    };
    let behaving = async {
        for round in 0..200 {
            let answer = front.send(Method::GET, &path, &[]).await;
            assert_eq!(answer.status.as_u16(), 200, "{round}: {}", answer.text());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::join!(misbehaving, behaving);
    for line in front.log().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(!line["upstream"].as_str().unwrap().contains(','), "asked twice: {line}");
    }
}
