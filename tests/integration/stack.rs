//! `storemgr stack`: real processes in a temporary folder.
//!
//! Where the store itself does not matter, nginx replaces its instances: the stack works with any program that has the
//! interface of `serve`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use storemgr::stack::{Balance, Config, Event, ProcessName, ProcessState, Stack, StackError, Status};
use tempfile::TempDir;

use crate::harness::{inhabitants, kill, storemgr_in as storemgr};

/// A script that answers every request with 200 until SIGTERM, and records how it was called.
const STAND_IN: &str = r#"#!/bin/sh
[ "$1 $2" = "serve --listen" ] || exit 2
case "$*" in *--fail*) echo "first line"; echo "the shelves are on fire" >&2; exit 7 ;; esac
case "$*" in *--hang*) exec sleep 600 ;; esac
case "$*" in *--stranger*) stranger=1 ;; esac
env > environment; echo "$@" > arguments; mkdir -p temporary
[ "$(id -u)" = 0 ] && user='user root root;'
cat > nginx.conf <<EOF
$user daemon off; pid nginx.pid; error_log stderr; events {}
http {
  access_log off; client_body_temp_path temporary/1; proxy_temp_path temporary/2; fastcgi_temp_path temporary/3;
  uwsgi_temp_path temporary/4; scgi_temp_path temporary/5;
  server { listen $3; location / { add_header X-Seen-Id \$http_x_request_id; return 200 "$3"; } }
}
EOF
PATH=$PATH:/usr/sbin
[ "$stranger" ] && { setsid nginx -p "$PWD" -c nginx.conf & exec sleep 600; }
exec nginx -p "$PWD" -c nginx.conf
"#;

/// A folder with a stack whose instances are replaced by nginx. It ends with the test.
struct Place {
    folder: TempDir,
    stack: Stack,
    config: Config,
}

impl Place {
    fn new() -> Self {
        // With a space, as users' folders may have.
        let folder = tempfile::Builder::new().prefix("a stack ").tempdir().unwrap();
        let program = folder.path().join("store");
        fs::write(&program, STAND_IN).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let stack = Stack::open(folder.path()).unwrap();
        // TEST_MYSQLD=/path/to/mysqld runs the tests with another server.
        let mysqld = std::env::var_os("TEST_MYSQLD").map(PathBuf::from);
        Self { stack, config: Config { mysqld, ..Config::new(program) }, folder }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(".storemgr").join(below)
    }

    /// Runs `up` and returns its events.
    async fn up(&self) -> Result<(Status, Vec<String>), StackError> {
        let events = Mutex::new(Vec::new());
        let observer = |event: Event| {
            let text = match event {
                Event::Ready(name, _) => format!("Ready({name:?})"),
                other => format!("{other:?}"),
            };
            events.lock().unwrap().push(text);
        };
        let status = self.stack.up(&self.config, &observer, std::future::pending()).await?;
        Ok((status, events.into_inner().unwrap()))
    }

    fn status(&self) -> Status {
        self.stack.status().unwrap().unwrap()
    }

    fn state(&self, name: ProcessName) -> ProcessState {
        self.status().of(name).unwrap().state
    }

    fn pid(&self, name: ProcessName) -> u32 {
        self.status().of(name).unwrap().pid.unwrap()
    }

    fn address(&self, name: ProcessName) -> String {
        self.status().of(name).unwrap().address.clone().unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A failed test must not leave servers behind. No runtime may be available here.
        for pid in inhabitants(self.folder.path()) {
            kill(pid, "KILL");
        }
    }
}

async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(30), "not within 30 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn get(address: &str, path: &str, headers: &[(&str, &str)]) -> storemgr::net::Answer {
    let target = storemgr::net::Target::parse(address).unwrap();
    let limit = Duration::from_secs(10);
    storemgr::net::request_once(&target, hyper::Method::GET, path, headers, Vec::new(), limit).await.unwrap()
}

#[tokio::test]
async fn a_stack_goes_up_is_repaired_and_goes_down() {
    let place = Place::new();
    assert_eq!(place.stack.status().unwrap(), None);
    let start = Instant::now();
    let (status, _) = place.up().await.unwrap();
    eprintln!("up from nothing in {:?}", start.elapsed());
    assert!(status.all_run(), "{status:?}");

    // A second `up` finds everything running.
    let (again, events) = place.up().await.unwrap();
    assert_eq!(again, status);
    assert_eq!(events.len(), ProcessName::all(2).count());
    assert!(events.iter().all(|event| event.starts_with("Running(")), "{events:?}");

    // A killed process is noticed, and what it left behind (nginx's workers) is ended before it starts again.
    for name in [ProcessName::Nginx, ProcessName::Serve(1), ProcessName::Database] {
        kill(place.pid(name), "KILL");
        eventually("a killed process is seen as dead", || place.state(name) == ProcessState::Dead).await;
    }
    assert!(!place.status().all_run());
    let (repaired, events) = place.up().await.unwrap();
    assert!(repaired.all_run(), "{repaired:?}");
    assert_eq!(events.iter().filter(|event| event.starts_with("Started(")).count(), 3, "{events:?}");
    for name in ProcessName::all(2) {
        assert_eq!(repaired.of(name).unwrap().address, status.of(name).unwrap().address, "{name} moved");
    }

    // `down` leaves nothing, even if a master process died and its workers did not.
    kill(place.pid(ProcessName::Nginx), "KILL");
    place.stack.down(&|_| {}).await.unwrap();
    assert_eq!(inhabitants(place.folder.path()), Vec::<u32>::new());
    assert!(place.status().processes.iter().all(|process| process.state == ProcessState::Stopped));
    assert!(!place.path("env").exists());
    place.stack.down(&|_| {}).await.unwrap();
}

#[tokio::test]
async fn everything_of_a_stack_answers_where_it_says() {
    let mut place = Place::new();
    place.config.serve_options = vec!["--order-writer".into(), "per-item".into()];
    place.up().await.unwrap();

    // The file of variables is complete and private, and agrees with what the instances were started with.
    let file = place.path("env");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    let variables: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(variables.len(), 11, "{text}");
    let instance = fs::read_to_string(place.path("serve-1/environment")).unwrap();
    for variable in variables.iter().filter(|line| line.starts_with("DB_") || line.starts_with("REDIS_")) {
        assert!(instance.lines().any(|line| line == *variable), "{variable} is not in {instance}");
    }
    let arguments = fs::read_to_string(place.path("serve-2/arguments")).unwrap();
    assert_eq!(
        arguments.trim(),
        format!("serve --listen {} --order-writer per-item", place.address(ProcessName::Serve(2)))
    );

    // nginx uses both instances, forwards the request's id and does not expose their metrics.
    let front = place.address(ProcessName::Nginx);
    let mut reached = Vec::new();
    for _ in 0..10 {
        let answer = get(&front, "/health-check", &[("x-request-id", "a-name.1")]).await;
        let seen = answer.headers.get("x-seen-id").map(|value| value.to_str().unwrap());
        assert_eq!(seen, Some("a-name.1"), "{} {:?}: {}", answer.status, answer.headers, answer.text());
        reached.push(answer.text());
    }
    for instance in ProcessName::instances(2) {
        assert!(reached.contains(&place.address(instance)), "{instance} was not reached: {reached:?}");
    }
    let unfit = get(&front, "/health-check", &[("x-request-id", "\"quoted\"")]).await;
    assert_ne!(unfit.headers["x-seen-id"], "\"quoted\"");
    assert_eq!(get(&front, "/metrics", &[]).await.status, 404);

    // Prometheus knows both instances as its targets.
    let targets = get(&place.address(ProcessName::Prometheus), "/api/v1/targets", &[]).await.text();
    for instance in ProcessName::instances(2) {
        assert!(targets.contains(&place.address(instance)), "{targets}");
    }
    check_with("promtool", &["check", "config", place.path("prometheus/prometheus.yml").to_str().unwrap()]);
    check_with("/usr/sbin/nginx", &["-t", "-p", place.path("nginx").to_str().unwrap(), "-c", "nginx.conf"]);

    // The account can log in with its password and not without it.
    let port: u16 = place.address(ProcessName::Database).rsplit(':').next().unwrap().parse().unwrap();
    let password = variables.iter().find_map(|line| line.strip_prefix("DB_PASSWORD=")).unwrap();
    assert!(log_in(port, "store", password).await.is_ok());
    assert!(log_in(port, "store", "wrong").await.is_err());
    assert!(log_in(port, "root", "").await.is_err(), "anyone could be root");

    // With both instances gone, nginx answers as the store would.
    for name in ProcessName::instances(2) {
        kill(place.pid(name), "TERM");
        eventually("an instance is gone", || place.state(name) == ProcessState::Dead).await;
    }
    let away = get(&front, "/health-check", &[]).await;
    assert_eq!((away.status.as_u16(), away.headers["retry-after"].to_str().unwrap()), (503, "1"));
    let error: serde_json::Value = away.json().unwrap();
    assert_eq!(error["code"], "not_ready");
    place.stack.down(&|_| {}).await.unwrap();
}

async fn log_in(port: u16, user: &str, password: &str) -> Result<(), mysql_async::Error> {
    let options = mysql_async::OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(port)
        .user(Some(user))
        .pass(Some(password))
        .prefer_socket(false);
    mysql_async::Conn::new(options).await?.disconnect().await
}

fn check_with(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn what_cannot_start_is_explained_and_taken_back() {
    let mut place = Place::new();
    place.config.serve_options = vec!["--fail".into()];
    let error = place.up().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("ended with exit code 7 before it was ready"), "{text}");
    assert!(text.contains("the shelves are on fire") && text.contains("logs/serve-"), "{text}");
    assert!(!error.is_usage());
    assert_eq!(inhabitants(place.folder.path()), Vec::<u32>::new());
    assert!(!place.path("env").exists());

    // A process that does not answer in time is named, too.
    place.config.serve_options = vec!["--hang".into()];
    place.config.start_timeout = Duration::from_secs(5);
    let text = place.up().await.unwrap_err().to_string();
    assert!(text.contains("was not ready after 5.00 s"), "{text}");
    assert_eq!(inhabitants(place.folder.path()), Vec::<u32>::new());

    // Another program answers on the port of an instance, which is not taken for the instance.
    place.config.serve_options = vec!["--stranger".into()];
    let text = place.up().await.unwrap_err().to_string();
    assert!(text.contains("cannot listen: another program has taken port"), "{text}");
    for stranger in inhabitants(place.folder.path()) {
        kill(stranger, "KILL");
    }

    // The port that was asked for is in use.
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    place.config.port = Some(port);
    let text = place.up().await.unwrap_err().to_string();
    assert!(text.contains(&format!("port {port} is in use")), "{text}");

    // The same folder works once the cause is gone; other options restart the instances and nothing else.
    place.config = Config { mysqld: place.config.mysqld.clone(), ..Config::new(place.config.serve_program.clone()) };
    let (before, _) = place.up().await.unwrap();
    place.config.serve_options = vec!["--order-writer".into(), "batched".into()];
    let (after, _) = place.up().await.unwrap();
    for name in ProcessName::all(2) {
        let changed = before.of(name).unwrap().pid != after.of(name).unwrap().pid;
        assert_eq!(changed, name.is_instance(), "{name}");
    }
    place.stack.down(&|_| {}).await.unwrap();
}

#[tokio::test]
async fn a_stranger_with_a_remembered_number_is_left_alone() {
    let place = Place::new();
    place.up().await.unwrap();
    let redis = place.pid(ProcessName::Redis);
    kill(redis, "KILL");
    eventually("redis is gone", || place.state(ProcessName::Redis) == ProcessState::Dead).await;
    // The process number passes to an unrelated process: the recorded start time no longer matches.
    let mut stranger = Command::new("sleep").arg("600").current_dir("/").spawn().unwrap();
    let path = place.path("stack.json");
    let mut state: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    state["processes"]["redis"]["pid"] = stranger.id().into();
    fs::write(&path, state.to_string()).unwrap();
    assert_eq!(place.state(ProcessName::Redis), ProcessState::Dead);
    place.up().await.unwrap();
    place.stack.down(&|_| {}).await.unwrap();
    assert!(stranger.try_wait().unwrap().is_none(), "a stranger was killed");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert_eq!(inhabitants(place.folder.path()), Vec::<u32>::new());
}

#[tokio::test]
async fn an_up_that_is_cut_short_leaves_nothing() {
    let place = Place::new();
    // Cancelled at many points during the start, from the first moment to nearly the end.
    for pause in [0, 20, 60, 150, 400, 700, 1_000] {
        let cut = tokio::time::sleep(Duration::from_millis(pause));
        match place.stack.up(&place.config, &|_| {}, cut).await {
            Ok(_) => place.stack.down(&|_| {}).await.unwrap(),
            Err(error) => assert!(matches!(error, StackError::Interrupted), "{error}"),
        }
        assert_eq!(inhabitants(place.folder.path()), Vec::<u32>::new(), "after {pause} ms");
    }
    // Dropped, as if killed: nothing is stopped, but the next `up` and `down` know every process.
    let cut_off = Place::new();
    let up = cut_off.stack.up(&cut_off.config, &|_| {}, std::future::pending());
    assert!(tokio::time::timeout(Duration::from_millis(150), up).await.is_err(), "up in no time at all");
    assert!(cut_off.up().await.unwrap().0.all_run());
    cut_off.stack.down(&|_| {}).await.unwrap();
    assert_eq!(inhabitants(cut_off.folder.path()), Vec::<u32>::new());
    for pause in [30, 300, 900] {
        let up = place.stack.up(&place.config, &|_| {}, std::future::pending());
        let _ = tokio::time::timeout(Duration::from_millis(pause), up).await;
        place.stack.down(&|_| {}).await.unwrap();
        assert_eq!(inhabitants(place.folder.path()), Vec::<u32>::new(), "after {pause} ms");
    }
}

#[tokio::test]
async fn two_ups_at_once_make_one_stack() {
    let place = Place::new();
    let (one, other) = tokio::join!(place.up(), place.up());
    assert_eq!(one.unwrap().0, other.unwrap().0);
    place.stack.down(&|_| {}).await.unwrap();
    assert_eq!(inhabitants(place.folder.path()), Vec::<u32>::new());
}

/// Sends raw bytes and returns what comes back until the other side closes.
async fn exchange(address: &str, request: &[u8]) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn the_command_runs_the_store_itself() {
    let place = Place::new();
    let run = |arguments: &[&str]| storemgr(place.folder.path(), arguments).output().unwrap();
    let up = run(&["stack", "up", "--", "--order-writer", "per-item"]);
    let (table, told) = (String::from_utf8_lossy(&up.stdout), String::from_utf8_lossy(&up.stderr));
    assert_eq!(up.status.code(), Some(0), "{told}");
    for name in ProcessName::all(2) {
        assert!(table.contains(&place.address(name)) && table.contains(&place.pid(name).to_string()), "{table}");
    }
    let status = run(&["stack", "status", "--json", "-"]);
    assert_eq!(status.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    let names: Vec<&str> = json["processes"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["database", "redis", "prometheus", "nginx", "serve-1", "serve-2"]);
    assert_eq!(json["processes"][4]["state"], "running");

    // A request that only nginx can refuse is refused as the store does it.
    let front = place.address(ProcessName::Nginx);
    assert_eq!(get(&front, "/orders/reports/best-sellers", &[]).await.text(), "[]");
    let large = format!("POST /orders HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", 9 << 20);
    let header = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(40_000));
    for (request, status, code) in [
        ("GET / HTTP/1.1\r\nhost: a b\r\n\r\n", "400", "invalid_parameter"),
        (large.as_str(), "413", "body_too_large"),
        (header.as_str(), "431", "invalid_parameter"),
    ] {
        let answer = exchange(&front, request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        let body = answer.split("\r\n\r\n").nth(1).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["code"], code, "{answer}");
    }

    kill(place.pid(ProcessName::Serve(1)), "KILL");
    eventually("an instance is gone", || place.state(ProcessName::Serve(1)) == ProcessState::Dead).await;
    assert_eq!(run(&["stack", "status"]).status.code(), Some(1));
    // The other instance continues, and clients notice nothing.
    for _ in 0..20 {
        assert_eq!(get(&front, "/health-check", &[]).await.status, 200);
    }
    assert_eq!(run(&["stack", "down"]).status.code(), Some(0));
    let log = fs::read_to_string(place.path("logs/serve-2.log")).unwrap();
    assert!(!log.contains("ERROR"), "{log}");
    assert_eq!(inhabitants(place.folder.path()), Vec::<u32>::new());
    assert_eq!(run(&["stack", "status"]).status.code(), Some(1));
}

#[tokio::test]
async fn an_interrupted_command_takes_back_and_a_killed_one_is_cleaned_up_after() {
    let place = Place::new();
    for (signal, pause) in [("INT", 300), ("TERM", 1_500), ("KILL", 100), ("KILL", 600), ("KILL", 2_000)] {
        let mut command = storemgr(place.folder.path(), &["stack", "up"]);
        let mut up = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(pause)).await;
        kill(up.id(), signal);
        let ended = up.wait().unwrap();
        if signal != "KILL" {
            assert_eq!(ended.code(), Some(130), "{signal}");
            assert_eq!(inhabitants(place.folder.path()), Vec::<u32>::new(), "after {signal} at {pause} ms");
        }
        assert_eq!(storemgr(place.folder.path(), &["stack", "down"]).status().unwrap().code(), Some(0));
        // A process that was being started when `up` was killed notices it and ends by itself.
        eventually("nothing is left after `up` was killed", || inhabitants(place.folder.path()).is_empty()).await;
    }
}

#[test]
fn a_missing_program_is_named_with_its_package() {
    let folder = tempfile::tempdir().unwrap();
    let output = storemgr(folder.path(), &["stack", "up"]).env("PATH", "/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("redis-server, prometheus are not installed"), "{text}");
    assert!(text.contains("apt-get install redis-server prometheus"), "{text}");
    let output = storemgr(folder.path(), &["stack", "up", "--mysqld", "/bin/true"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!folder.path().join(".storemgr").exists(), "something was made before the check");
}

#[test]
fn no_stack_is_said_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let status = storemgr(folder.path(), &["stack", "status", "--json", "-"]).output().unwrap();
    assert_eq!(status.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&status.stderr).contains("`storemgr stack up` starts one"));
    let json: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(json, serde_json::json!({ "processes": [] }));
    let down = storemgr(folder.path(), &["stack", "down"]).output().unwrap();
    assert_eq!(down.status.code(), Some(0));
}

#[tokio::test]
async fn a_stack_has_as_many_instances_as_asked_for_and_the_policy_that_nginx_is_told() {
    let mut place = Place::new();
    place.config.instances = 3;
    place.config.balance = Balance::RoundRobin;
    let (status, _) = place.up().await.unwrap();
    assert_eq!(status.processes.len(), 7, "{status:?}");
    assert!(status.all_run(), "{status:?}");
    let text = fs::read_to_string(place.path("env")).unwrap();
    let instances = text.lines().find_map(|line| line.strip_prefix("STOREMGR_INSTANCES=")).unwrap();
    assert_eq!(instances.split(',').count(), 3, "{text}");
    let targets = get(&place.address(ProcessName::Prometheus), "/api/v1/targets", &[]).await.text();
    let configuration = || fs::read_to_string(place.path("nginx/nginx.conf")).unwrap();
    for name in ProcessName::instances(3) {
        assert!(targets.contains(&place.address(name)), "{name}: {targets}");
        assert!(configuration().contains(&format!("server {} max_fails=5", place.address(name))), "{name}");
    }
    // All requests of one address: in turn by round robin, to the same instance by its hash.
    let reached = async || {
        let mut reached = Vec::new();
        for _ in 0..12 {
            reached.push(get(&place.address(ProcessName::Nginx), "/health-check", &[]).await.text());
        }
        reached.sort();
        reached.dedup();
        reached.len()
    };
    assert_eq!(reached().await, 3);
    for (policy, directive) in [
        (Balance::IpHash, Some("ip_hash;")),
        (Balance::Random, Some("random;")),
        (Balance::LeastConn, Some("least_conn;")),
    ] {
        let config = Config { balance: policy, ..place.config.clone() };
        place.stack.up(&config, &|_| {}, std::future::pending()).await.unwrap();
        let written = configuration();
        for word in ["least_conn;", "ip_hash;", "random;"] {
            let there = written.lines().any(|line| line.trim() == word);
            assert_eq!(there, directive == Some(word), "{policy}: {written}");
        }
        if policy == Balance::IpHash {
            assert_eq!(reached().await, 1);
        }
    }

    // With fewer instances the others are stopped, and are no part of the stack any more.
    let third = place.pid(ProcessName::Serve(3));
    place.config.instances = 1;
    let (status, _) = place.up().await.unwrap();
    assert_eq!(status.processes.last().unwrap().name, ProcessName::Serve(1));
    assert!(status.all_run() && !inhabitants(place.folder.path()).contains(&third), "{status:?}");
    place.stack.down(&|_| {}).await.unwrap();
    assert_eq!(inhabitants(place.folder.path()), Vec::<u32>::new());

    let refused = storemgr(place.folder.path(), &["stack", "up", "--balance", "fair"]).output().unwrap();
    let told = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2));
    assert!(told.contains("the balancing policies are least_conn, round_robin, ip_hash, random"), "{told}");
}

#[tokio::test]
async fn an_instance_that_stands_still_is_ended_all_the_same() {
    let place = Place::new();
    place.up().await.unwrap();
    kill(place.pid(ProcessName::Serve(1)), "STOP");
    let killed = Mutex::new(false);
    place.stack.down(&|event| *killed.lock().unwrap() |= matches!(event, Event::Killed(_))).await.unwrap();
    assert!(!*killed.lock().unwrap(), "it was killed in place of ending");
    assert_eq!(inhabitants(place.folder.path()), Vec::<u32>::new());
}
