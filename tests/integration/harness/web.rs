//! A private nginx before some instances, and a private Prometheus that watches them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use storemgr::net::Target;

use super::folder::kill;
use super::server::{free_port, start_tethered, wait_for_address};

/// A running server of either kind. It is killed when the value is dropped.
#[derive(Debug)]
pub struct WebServer {
    pub target: Target,
    pid: u32,
}

/// A new folder of a test.
pub fn test_folder(name: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The folders of nginx for bodies.
fn temporary(folder: &Path) -> String {
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    kinds.iter().map(|name| format!("{name}_temp_path {}/{name};", folder.display())).collect()
}

impl WebServer {
    /// nginx with `least_conn` over these instances; `/metrics` is closed.
    pub fn nginx(instances: &[&Target]) -> Self {
        Self::nginx_with(instances, "location = /metrics { return 404; }")
    }

    /// The same, with other locations beside the store's.
    pub fn nginx_with(instances: &[&Target], locations: &str) -> Self {
        let (folder, port) = (test_folder("nginx"), free_port());
        let servers: String = instances.iter().map(|target| format!("server {};", target.authority())).collect();
        let temporary = temporary(&folder);
        let configuration = format!(
            "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n\
             http {{ access_log off; {temporary} upstream store {{ least_conn; {servers} }}\n\
             server {{ listen 127.0.0.1:{port}; {locations} location / {{ proxy_pass http://store; }} }} }}",
            folder = folder.display()
        );
        std::fs::write(folder.join("nginx.conf"), configuration).unwrap();
        let arguments = ["-c".to_owned(), folder.join("nginx.conf").display().to_string()];
        Self::start("nginx", &arguments, &folder, port)
    }

    /// nginx with one server, which has these directives and those of `listen` on its port, such as `ssl`. Each line of the
    /// log `access.log` in the folder is a request.
    pub fn nginx_serving(listen: &str, directives: &str) -> (Self, PathBuf) {
        Self::nginx_at("127.0.0.1", free_port(), listen, directives)
    }

    /// The same on this address and port.
    pub fn nginx_at(ip: &str, port: u16, listen: &str, directives: &str) -> (Self, PathBuf) {
        let folder = test_folder("nginx");
        let configuration = format!(
            "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; worker_rlimit_nofile 4096;\n\
             events {{ worker_connections 2000; }} http {{ access_log {folder}/access.log; {temporary}\n\
             server {{ listen {ip}:{port} {listen}; {directives} }} }}",
            folder = folder.display(),
            temporary = temporary(&folder)
        );
        std::fs::write(folder.join("nginx.conf"), configuration).unwrap();
        let arguments = ["-c".to_owned(), folder.join("nginx.conf").display().to_string()];
        (Self::start_at("nginx", &arguments, &folder, (ip, port)), folder)
    }

    /// Any other server that listens on this port.
    pub fn other(program: &str, arguments: &[&str], port: u16) -> Self {
        let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self::start(program, &arguments, &test_folder("server"), port)
    }

    /// Prometheus that scrapes these instances every second. Waits until it is ready.
    pub fn prometheus(instances: &[&Target]) -> Self {
        Self::prometheus_with(instances, "")
    }

    /// The same, with a file of rules (YAML) that are evaluated every second.
    pub fn prometheus_with(instances: &[&Target], rules: &str) -> Self {
        Self::prometheus_in(&test_folder("prometheus"), instances, rules)
    }

    /// The same in this folder. It also scrapes what `others.json` there lists, if there is one, and reads `rules.yml` again on
    /// SIGHUP.
    #[expect(clippy::disallowed_methods, reason = "a test's own thread may wait")]
    pub fn prometheus_in(folder: &Path, instances: &[&Target], rules: &str) -> Self {
        let port = free_port();
        let targets: Vec<_> = instances.iter().map(|target| format!("\"{}\"", target.authority())).collect();
        std::fs::write(folder.join("rules.yml"), rules).unwrap();
        let rule_files = if rules.is_empty() { "" } else { "rule_files: [rules.yml]\n" };
        let configuration = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n{rule_files}scrape_configs:\n- job_name: storemgr\n  static_configs: [{{targets: [{}]}}]\n  file_sd_configs: [{{files: [others.json]}}]\n",
            targets.join(",")
        );
        std::fs::write(folder.join("prometheus.yml"), configuration).unwrap();
        let arguments = [
            format!("--config.file={}", folder.join("prometheus.yml").display()),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ];
        let server = Self::start("prometheus", &arguments, folder, port);
        // It listens before it answers.
        while !says_ok(port, "/-/ready") {
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// Sends a signal, by its name without SIG.
    pub fn signal(&self, name: &str) {
        kill(self.pid, name);
    }

    fn start(program: &str, arguments: &[String], folder: &Path, port: u16) -> Self {
        Self::start_at(program, arguments, folder, ("127.0.0.1", port))
    }

    fn start_at(program: &str, arguments: &[String], folder: &Path, address: (&str, u16)) -> Self {
        let log = folder.join("log");
        let pid = start_tethered(program, arguments, &log);
        wait_for_address(program, address, &log);
        Self { target: Target::loopback(address.1), pid }
    }
}

/// Whether a GET is answered with 200.
fn says_ok(port: u16, path: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let request = format!("GET {path} HTTP/1.0\r\n\r\n");
    let mut answer = String::new();
    let answered = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer));
    answered.is_ok() && answer.split(' ').nth(1) == Some("200")
}

impl Drop for WebServer {
    fn drop(&mut self) {
        kill(self.pid, "KILL");
    }
}
