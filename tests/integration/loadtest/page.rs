//! `loadtest --page`: who may see the page and steer it, what becomes of what is asked for, and how the process ends.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use storemgr::net::{Answer, Target, TlsOptions, Way, request_by, request_once};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr};

use super::{Behaviour, Server};
use crate::harness::{Authority, WebServer, command, free_port, wait_until};

/// A load test with a page.
pub(super) struct Paged {
    pub(super) child: Child,
    /// The address that was printed, with its token.
    pub(super) url: String,
    pub(super) target: Target,
    /// What else it prints, which somebody has to read.
    _reader: tokio::task::JoinHandle<()>,
}

impl Paged {
    /// Starts one with these options.
    pub(super) async fn start(options: &[&str]) -> Self {
        Self::start_at(free_port(), options).await
    }

    /// The same at a port that others were told.
    async fn start_at(port: u16, options: &[&str]) -> Self {
        Self::launch(&format!("127.0.0.1:{port}"), options, &[]).await
    }

    /// The same at any address of this machine, with variables in the environment.
    pub(super) async fn launch(address: &str, options: &[&str], variables: &[(&str, String)]) -> Self {
        let (page, port) = (format!("--page={address}"), address.rsplit_once(':').unwrap().1.parse().unwrap());
        let arguments = [&["loadtest", &page], options].concat();
        let mut child = command(&arguments, variables).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = loop {
            let line = lines.next_line().await.unwrap().expect("the address of the page is printed");
            if let Some((_, url)) = line.split_once("The page: ").or_else(|| line.split_once("La page\u{a0}: ")) {
                break url.trim().to_owned();
            }
        };
        let reader = tokio::spawn(drain(lines));
        let reached = address.parse::<std::net::SocketAddr>().unwrap();
        let target = if reached.ip().is_loopback() { Target::parse(address).unwrap() } else { Target::loopback(port) };
        Self { child, url, target, _reader: reader }
    }

    pub(super) fn token(&self) -> &str {
        self.url.split_once('#').unwrap().1
    }

    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.target.authority())
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let (method, body) = (method.parse().unwrap(), body.as_bytes().to_vec());
        request_once(&self.target, method, path, headers, body, Duration::from_secs(20)).await.unwrap()
    }

    /// The cookie for the token, as a browser would send it back.
    pub(super) async fn enter(&self) -> String {
        let answer = self.ask("POST", "/session", &[("origin", &self.origin())], self.token()).await;
        assert_eq!(answer.status, 204, "{answer:?}");
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        cookie.split_once(';').unwrap().0.to_owned()
    }

    pub(super) async fn steer(&self, cookie: &str, form: &str) -> (u16, String) {
        let headers = [("origin", &*self.origin()), ("cookie", cookie)];
        let answer = self.ask("POST", "/steer", &headers, form).await;
        (answer.status.as_u16(), String::from_utf8(answer.body.to_vec()).unwrap())
    }

    pub(super) async fn run(&self, cookie: &str, number: u32) -> Value {
        let answer = self.ask("GET", &format!("/download/run-{number}.json"), &[("cookie", cookie)], "").await;
        serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
    }

    /// Opens the events of the page and reads nothing yet.
    async fn events(&self, cookie: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.target.address()).await.unwrap();
        let request = format!("GET /events HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\n\r\n", self.target.authority());
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Waits for the end of a run, and gives what it came to.
    async fn run_ends(&self, cookie: &str, number: u32) -> Value {
        wait_until("the run has ended", async || self.run(cookie, number).await["complete"] == true).await;
        self.run(cookie, number).await
    }

    /// All events from now on, until one of them holds this text.
    async fn events_until(&self, cookie: &str, text: &str) -> String {
        let (mut stream, mut all) = (self.events(cookie).await, Vec::new());
        let reading = async {
            loop {
                let mut part = vec![0; 65536];
                let read = stream.read(&mut part).await.unwrap_or(0);
                all.extend_from_slice(&part[..read]);
                let so_far = String::from_utf8_lossy(&all);
                if so_far.contains(text) {
                    return so_far.into_owned();
                }
                assert!(read > 0, "the events end without {text}: {so_far}");
            }
        };
        tokio::time::timeout(Duration::from_secs(30), reading).await.expect("the events say so in time")
    }

    fn interrupt(&self) {
        let pid = rustix::process::Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    }

    async fn code(&mut self) -> i32 {
        let ended = tokio::time::timeout(Duration::from_mins(1), self.child.wait()).await;
        ended.expect("it ends").unwrap().code().unwrap()
    }
}

/// The run went to its end, whoever did not read; 98 is that of a machine that stood still meanwhile.
fn assert_whole(code: i32) {
    assert!(matches!(code, 0 | 98), "exit code {code}");
}

async fn drain(mut lines: tokio::io::Lines<BufReader<ChildStderr>>) {
    while let Ok(Some(_)) = lines.next_line().await {}
}

/// Options of a session against a server: runs are started from the page.
fn session_of(server: &Server) -> Vec<String> {
    [&server.target.to_string(), "--think-time", "20ms"].map(str::to_owned).to_vec()
}

fn borrowed(options: &[String]) -> Vec<&str> {
    options.iter().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_token_from_another_page_or_under_another_name_nothing_is_shown_or_done() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(2))).await;
    let page = Paged::start(&borrowed(&session_of(&server))).await;
    let (cookie, own) = (page.enter().await, page.origin());
    let start = "action=start&host=0&scenario=0&kind=users&level=5&run_time=1s";
    let other_port = format!("http://127.0.0.1:{}", free_port());
    let refused = [
        ("POST", "/steer", vec![("origin", &*own)], start, 401),
        ("POST", "/steer", vec![("origin", &own), ("cookie", "storemgr-page-1=x")], start, 401),
        ("POST", "/steer", vec![("origin", &other_port), ("cookie", &cookie)], start, 403),
        ("POST", "/steer", vec![("origin", "https://elsewhere.example"), ("cookie", &cookie)], start, 403),
        ("POST", "/steer", vec![("origin", "null"), ("cookie", &cookie)], start, 403),
        ("POST", "/steer", vec![("cookie", &cookie)], start, 403),
        ("POST", "/steer", vec![("origin", &own), ("cookie", &cookie), ("sec-fetch-site", "same-site")], start, 403),
        ("GET", "/events", vec![], "", 401),
        ("GET", "/events", vec![("cookie", &cookie), ("origin", &other_port)], "", 403),
        ("GET", "/events", vec![("cookie", &cookie), ("sec-fetch-site", "cross-site")], "", 403),
        ("GET", "/download/run-1.json", vec![], "", 401),
        ("GET", "/download/run-1.json", vec![("cookie", &cookie)], "", 404),
        ("GET", "/elsewhere", vec![], "", 401),
        ("POST", "/session", vec![("origin", &own)], "the token of yesterday", 401),
        ("POST", "/session", vec![("origin", &other_port)], page.token(), 403),
    ];
    for (method, path, headers, body, status) in refused {
        let answer = page.ask(method, path, &headers, body).await;
        assert_eq!(answer.status, status, "{method} {path} {headers:?}");
        assert!(
            !answer.headers.contains_key("set-cookie") && !answer.headers.contains_key("access-control-allow-origin")
        );
    }
    for host in ["elsewhere.example", "127.0.0.1", "127.0.0.1:1"] {
        let mut stream = TcpStream::connect(page.target.address()).await.unwrap();
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 421 "), "{host}: {answer}");
    }
    let shell = page.ask("GET", "/", &[], "").await;
    let policy = shell.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let text = String::from_utf8(shell.body.to_vec()).unwrap();
    assert!(
        !text.contains(&server.target.to_string()) && !text.contains("onclick") && !text.contains("style="),
        "{text}"
    );
    assert_eq!(server.asked(), 0, "nothing was started");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_steer_at_once_are_both_heard_and_a_run_starts_once() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(2))).await;
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("{n}.json");
    let mut options = session_of(&server);
    options.extend(["--json", json.to_str().unwrap()].map(str::to_owned));
    let mut page = Paged::start(&borrowed(&options)).await;
    let (first, second) = (page.enter().await, page.enter().await);
    assert_eq!(page.steer(&first, "action=pause").await.0, 409, "no run goes on");
    let start = "action=start&host=0&scenario=0&kind=users&level=4&per_second=1000&run_time=1m";
    let (one, other) = tokio::join!(page.steer(&first, start), page.steer(&second, start));
    let mut codes = [one.0, other.0];
    codes.sort_unstable();
    assert_eq!(codes, [200, 409], "{one:?} {other:?}");
    wait_until("requests are sent", async || server.asked() > 20).await;
    // Somebody has to look, or nothing is drawn and kept.
    let _viewer = page.events(&first).await;
    let (one, other) =
        tokio::join!(page.steer(&first, "action=change&level=8"), page.steer(&second, "action=change&level=6"));
    assert_eq!((one.0, other.0), (200, 200));
    wait_until("the changes are seen", async || {
        let run = page.run(&first, 1).await;
        matches!(run["levels"].as_array().and_then(|all| all.last()?["level"].as_f64()), Some(6.0 | 8.0))
    })
    .await;
    assert_eq!(page.steer(&second, "action=change&level=1000001").await.0, 409, "more than anybody has");
    assert_eq!(page.steer(&second, "action=stop").await.0, 200);
    wait_until("the run has ended", async || page.steer(&first, start).await.0 == 200).await;
    let run: Value = serde_json::from_str(&std::fs::read_to_string(folder.path().join("1.json")).unwrap()).unwrap();
    assert_eq!((run["complete"].as_bool(), run["failures"].as_u64()), (Some(true), Some(0)));
    let levels = run["levels"].as_array().unwrap();
    assert!(matches!(levels.len(), 2 | 3), "of two changes at once the last one may be the only one: {levels:?}");
    let of_levels: u64 = levels.iter().map(|level| level["requests"].as_u64().unwrap()).sum();
    assert_eq!(of_levels, run["requests"].as_u64().unwrap());
    let asked = server.asked();
    wait_until("the second run sends", async || server.asked() > asked).await;
    page.interrupt();
    assert_eq!(page.code().await, 130, "the run that went on was interrupted");
    assert!(folder.path().join("2.json").is_file(), "and is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_who_reads_nothing_is_dropped_one_who_reads_slowly_is_not_and_one_who_sleeps_is_shown_the_newest_state()
 {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(2))).await;
    let host = server.target.to_string();
    let mut page = Paged::start(&[&host, "--users", "2", "--think-time", "20ms", "--run-time", "1m"]).await;
    let cookie = page.enter().await;
    let mut asleep = page.events(&cookie).await;
    rustix::net::sockopt::set_socket_recv_buffer_size(&asleep, 4096).unwrap();
    // A request for the events whose answer is never read, with the smallest buffer: what fits is taken by the system.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(1).unwrap();
    let mut deaf = socket.connect(page.target.address().parse().unwrap()).await.unwrap();
    let request = format!("GET /events HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\n\r\n", page.target.authority());
    deaf.write_all(request.as_bytes()).await.unwrap();
    // A viewer over a line of four kilobytes a second, for whom a single event takes long.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2048).unwrap();
    let mut slow = socket.connect(page.target.address().parse().unwrap()).await.unwrap();
    slow.write_all(request.as_bytes()).await.unwrap();
    let slow = tokio::spawn(async move {
        let (mut read, started) = (0, std::time::Instant::now());
        while started.elapsed() < Duration::from_secs(35) {
            let mut part = [0; 2048];
            read += slow.read_exact(&mut part).await.map_err(|error| format!("after {read} bytes: {error}"))?;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Ok::<_, String>(read)
    });
    let mut reader = page.events(&cookie).await;
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains("\"phase\":\"running\"") {
        let mut part = [0; 16384];
        let read = reader.read(&mut part).await.unwrap();
        assert!(read > 0, "the events go on");
        text.extend_from_slice(&part[..read]);
    }
    drop(reader);
    // Whoever wakes up reads what was on its way, and then the newest.
    let mut woken = vec![0; 4096];
    assert!(asleep.read(&mut woken).await.unwrap() > 0);
    // Ten seconds after the buffers are full, which some twenty small events take.
    tokio::time::sleep(Duration::from_secs(30)).await;
    let to_its_end = async {
        let mut part = vec![0; 16384];
        while deaf.read(&mut part).await.is_ok_and(|read| read > 0) {}
    };
    let dropped = tokio::time::timeout(Duration::from_secs(8), to_its_end).await;
    assert!(dropped.is_ok(), "who reads nothing is still sent events");
    let read = slow.await.unwrap().expect("who reads slowly is not dropped");
    assert!(read > 50_000, "{read} bytes");
    // A run without a single answer is never good.
    wait_until("requests are answered", async || server.asked() > 10).await;
    assert_eq!(page.steer(&cookie, "action=stop").await.0, 200);
    assert_whole(page.code().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_steered_run_says_how_it_is_repeated_and_is_compared_with_that() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(2))).await;
    let (folder, host) = (tempfile::tempdir().unwrap(), server.target.to_string());
    let [steered, repeated] =
        ["steered.json", "repeated.json"].map(|name| folder.path().join(name).display().to_string());
    let mut page = Paged::start(&[&host, "--rate", "50", "--run-time", "4s", "--json", &steered]).await;
    let cookie = page.enter().await;
    wait_until("requests are sent", async || server.asked() > 30).await;
    let before = server.asked();
    assert_eq!(page.steer(&cookie, "action=pause").await.0, 200);
    wait_until("the pause has begun", async || {
        let asked = server.asked();
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.asked() == asked
    })
    .await;
    assert!(server.asked() < before + 50);
    let paused_at = server.asked();
    assert_eq!(page.steer(&cookie, "action=change&level=100&per_second=200").await.0, 200);
    assert_whole(page.code().await);
    let run: Value = serde_json::from_str(&std::fs::read_to_string(&steered).unwrap()).unwrap();
    let counts: Vec<_> =
        run["levels"].as_array().unwrap().iter().map(|level| level["requests"].as_u64().unwrap()).collect();
    assert_eq!(counts, [paused_at, 0, server.asked() - paused_at], "as the server counted them: {run}");
    let stages = run["stages"].as_array().unwrap();
    assert!(stages.iter().any(|stage| stage[1] == 0.0) && stages.last().unwrap()[1] == 100.0, "{stages:?}");
    let stages = stages.iter().flat_map(|stage| {
        let milliseconds = (1e3 * stage[0].as_f64().unwrap()).round();
        ["--stage".to_owned(), format!("{milliseconds}ms:{}", stage[1])]
    });
    let rate = run["rate"]["per_second"].to_string();
    let mut again: Vec<String> =
        ["loadtest", &host, "--rate", &rate, "--baseline", &steered, "--json", &repeated].map(str::to_owned).to_vec();
    again.extend(stages);
    let ran = crate::harness::run_command(&borrowed(&again), &[]).await;
    assert_whole(ran.code);
    let compared: Value = serde_json::from_str(&std::fs::read_to_string(&repeated).unwrap()).unwrap();
    assert_eq!(compared["comparison"]["runs_before"], 1);
    let [was, is] = [&run, &compared].map(|run| run["requests"].as_f64().unwrap());
    assert!((was - is).abs() <= 0.1 * was, "{was} and {is} requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_tls_the_page_answers_to_the_names_of_its_certificate_and_to_a_token_of_ones_own() {
    let (server, authority) = (Server::start(Behaviour::Answer(Duration::from_millis(2))).await, Authority::new());
    let identity = authority.issue("page", "DNS:load.example,IP:127.0.0.1");
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "0123456789abcdef\n").unwrap();
    let (host, token) = (server.target.to_string(), token.to_str().unwrap().to_owned());
    let files = ["--page-cert", &identity.certificate, "--page-key", &identity.key, "--page-token-file", &token];
    let page = Paged::start(&[&[&*host, "--language", "fr"], &files[..]].concat()).await;
    assert_eq!(page.url, format!("https://{}/", page.target.authority()), "a token of one's own is not printed");
    let tls = TlsOptions { authorities: Some(authority.certificate().into()), ..TlsOptions::default() };
    let way = Way { tls, connect_to: Some(page.target.clone()), ..Way::default() };
    let port = page.target.port();
    let ask = async |host: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        let target = Target::parse(&format!("https://{host}:{port}")).unwrap();
        let (method, body) = (method.parse().unwrap(), body.as_bytes().to_vec());
        request_by(&target, &way, method, path, headers, body, Duration::from_secs(20)).await
    };
    let shell = ask("load.example", "GET", "/", &[], "").await.unwrap();
    let text = String::from_utf8(shell.body.to_vec()).unwrap();
    assert!(text.contains(">Statistiques<") && !text.contains(">Statistics<"), "{text}");
    let origin = format!("https://load.example:{port}");
    let entered = ask("load.example", "POST", "/session", &[("origin", &origin)], "0123456789abcdef").await.unwrap();
    assert_eq!(entered.status, 204);
    let cookie = entered.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
    let insecure = Way { tls: TlsOptions { insecure: true, ..TlsOptions::default() }, ..way.clone() };
    let target = Target::parse(&format!("https://elsewhere.example:{port}")).unwrap();
    let elsewhere =
        request_by(&target, &insecure, "GET".parse().unwrap(), "/", &[], Vec::new(), Duration::from_secs(20));
    assert_eq!(elsewhere.await.unwrap().status, 421, "a name that the certificate does not have");
}

/// The address of this machine on its network, if it is on one. Nothing is sent.
fn own_address() -> Option<std::net::IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_that_is_printed_is_answered_wherever_the_page_listens() {
    let (server, authority) = (Server::start(Behaviour::Answer(Duration::from_millis(2))).await, Authority::new());
    let identity = authority.issue("page", "DNS:*.wild.example,DNS:load.example");
    let files = ["--page-cert", &identity.certificate, "--page-key", &identity.key];
    let host = server.target.to_string();
    let tls = TlsOptions { authorities: Some(authority.certificate().into()), ..TlsOptions::default() };
    let status = async |target: &Target, way: &Way| {
        let get = "GET".parse().unwrap();
        request_by(target, way, get, "/", &[], Vec::new(), Duration::from_secs(20)).await.unwrap().status.as_u16()
    };
    for ip in ["0.0.0.0".parse().ok(), own_address()].into_iter().flatten() {
        let port = free_port();
        let address = std::net::SocketAddr::new(ip, port);
        let page = Paged::launch(&address.to_string(), &[&[&*host], &files[..]].concat(), &[]).await;
        let (printed, _) = page.url.split_once("/#").unwrap();
        assert_eq!(printed, format!("https://load.example:{port}"));
        let reached =
            if ip.is_unspecified() { Target::loopback(port) } else { Target::parse(&address.to_string()).unwrap() };
        let way = Way { tls: tls.clone(), connect_to: Some(reached), ..Way::default() };
        assert_eq!(status(&Target::parse(printed).unwrap(), &way).await, 200, "{printed}");
        if !ip.is_unspecified() {
            let insecure = TlsOptions { insecure: true, ..TlsOptions::default() };
            let own = Target::parse(&format!("https://{address}")).unwrap();
            assert_eq!(status(&own, &Way { tls: insecure, ..way }).await, 200, "{own}, which was asked for");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_be_made_is_told_on_the_page_which_then_waits_for_nothing() {
    // Connections are accepted by the system, and nobody answers the handshake.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("https://{}", silent.local_addr().unwrap());
    let mut page = Paged::start(&[&host, "--insecure", "--users", "1", "--language", "fr"]).await;
    let cookie = page.enter().await;
    let told = page.events_until(&cookie, "\"files\"").await;
    assert!(told.contains("est injoignable") && told.contains("\"phase\":\"ended\""), "{told}");
    assert_eq!(page.code().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_does_not_hear_any_more_is_not_confirmed_and_refusals_are_in_the_language_of_the_page() {
    let server = Server::start(Behaviour::StallAfter(20)).await;
    let mut options = session_of(&server);
    options.extend(["--stop-timeout", "4s", "--language", "fr"].map(str::to_owned));
    let page = Paged::start(&borrowed(&options)).await;
    let cookie = page.enter().await;
    let start = "action=start&host=0&scenario=0&kind=users&level=2&per_second=1000&run_time=1m";
    assert_eq!(page.steer(&cookie, start).await.0, 200);
    server.was_asked(22).await;
    assert_eq!(page.steer(&cookie, "action=stop").await.0, 200);
    for order in ["action=pause", "action=go-on", "action=change&level=5"] {
        let (status, said) = page.steer(&cookie, order).await;
        assert_eq!(status, 409, "{order}: {said}");
        assert!(said.starts_with("L’exécution n’envoie plus"), "{said}");
    }
    page.run_ends(&cookie, 1).await;
    // Its time is over, and answers are awaited.
    let short = start.replace("1m", "1s");
    wait_until("the next one starts", async || page.steer(&cookie, &short).await.0 == 200).await;
    server.was_asked(24).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(page.steer(&cookie, "action=pause").await.0, 409);
    page.run_ends(&cookie, 2).await;
    let refused = page.steer(&cookie, &format!("{start}&thresholds=p95")).await;
    assert!(refused.0 == 409 && refused.1.contains("ne contient aucune comparaison"), "{refused:?}");
    let unknown = format!("{start}&thresholds=POST%20%2Fnothing%3Ap95%3C1s");
    wait_until("the third one starts", async || page.steer(&cookie, &unknown).await.0 == 200).await;
    page.events_until(&cookie, "ne nomme aucune route de cette exécution").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_holds_the_connections_of_a_page_and_a_download_that_nobody_reads_is_dropped() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(2))).await;
    // A run with many routes has a long page.
    let task =
        |number: u32| format!("[[task]]\nname = '{number}'\nmethod = 'GET'\npath = '/{number}'\nthink_time = '5ms'\n");
    let scenario = format!("name = 'many'\n{}", (0..150).map(task).collect::<String>());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.toml");
    std::fs::write(&path, scenario).unwrap();
    let page = Paged::start(&["-H", &server.target.to_string(), "--scenario", path.to_str().unwrap()]).await;
    let cookie = page.enter().await;
    let start = "action=start&host=0&scenario=0&kind=users&level=2&per_second=1000&run_time=1s";
    assert_eq!(page.steer(&cookie, start).await.0, 200);
    page.run_ends(&cookie, 1).await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(1).unwrap();
    let mut deaf = socket.connect(page.target.address().parse().unwrap()).await.unwrap();
    let host = page.target.authority();
    let download = format!("GET /download/run-1.html HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\n\r\n");
    deaf.write_all(download.as_bytes()).await.unwrap();
    let half =
        format!("POST /session HTTP/1.1\r\nhost: {host}\r\norigin: {}\r\ncontent-length: 100\r\n\r\n", page.origin());
    let mut held = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(page.target.address()).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        held.push(stream);
    }
    let asked = tokio::time::timeout(Duration::from_secs(30), async {
        // Whoever comes later waits for a place.
        while request_once(&page.target, "GET".parse().unwrap(), "/page.css", &[], Vec::new(), Duration::from_secs(2))
            .await
            .is_err()
        {}
    });
    assert!(asked.await.is_ok(), "those who send nothing hold every connection");
    let mut answer = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), held[0].read_to_end(&mut answer)).await;
    assert!(closed.is_ok() && answer.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&answer));
    // The download has stood still for ten seconds as well, a little later.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut whole = 0;
    let to_its_end = async {
        let mut part = vec![0; 16384];
        while let Ok(read @ 1..) = deaf.read(&mut part).await {
            whole += read;
        }
    };
    let dropped = tokio::time::timeout(Duration::from_secs(20), to_its_end).await;
    let page_length = page.ask("GET", "/download/run-1.html", &[("cookie", &cookie)], "").await.body.len();
    assert!(
        page_length > 100_000 && dropped.is_ok() && whole < page_length,
        "{whole} of {page_length} bytes were kept for it"
    );
}

const WITH_A_VARIABLE: &str = "name = 'beside'\nthink_time = '5s'\n[variables]\nitems = 9\n[[task]]\nname = 'one'\nmethod = \
                               'GET'\npath = '/items/{{random(1, items)}}'\nroute = '/items/{id}'\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_session_takes_over_what_the_command_line_says_and_ends_as_its_last_run_did() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(5))).await;
    let other = Server::start(Behaviour::Answer(Duration::from_millis(5))).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name).display().to_string();
        std::fs::write(&path, text).unwrap();
        path
    };
    let first = write("first.toml", &WITH_A_VARIABLE.replace("'beside'", "'first'"));
    let beside = write("beside.toml", WITH_A_VARIABLE);
    let without =
        write("without.toml", &WITH_A_VARIABLE.replace("items = 9", "things = 9").replace("(1, items)", "(1, things)"));
    let [host, more] = [&server, &other].map(|server| server.target.to_string());
    let scenarios = format!("{beside},{without}");
    let options = [
        "-H",
        &host,
        "--scenario",
        &first,
        "--page-scenarios",
        &scenarios,
        "--page-hosts",
        &more,
        "--var",
        "items=7",
        "--think-time",
        "20ms",
        "-t",
        "5m",
        "-r",
        "2.5",
    ];
    let mut page = Paged::start(&options).await;
    let cookie = page.enter().await;
    let form = page.events_until(&cookie, "thresholds").await;
    for field in [r#"name=\"run_time\" value=\"300s\""#, r#"name=\"per_second\" inputmode=\"decimal\" value=\"2.5\""#] {
        assert!(form.contains(field), "{field}: {form}");
    }
    for (number, name, variable, most) in [(1, "beside", "items", 7), (2, "beside", "things", 9)] {
        let start = format!(
            "action=start&host=1&scenario={number}&kind=users&level=4&per_second=1000&run_time=1s&thresholds=p95%3C1ms"
        );
        wait_until("it starts", async || page.steer(&cookie, &start).await.0 == 200).await;
        let run = page.run_ends(&cookie, number).await;
        assert_eq!((&run["scenario"]["name"], &run["host"]), (&name.into(), &more.clone().into()));
        assert_eq!(run["scenario"]["tasks"][0]["think_time_min_ms"], 20.0, "{run}");
        assert_eq!(run["scenario"]["ranges"][variable][1], most, "{run}");
        assert_eq!(run["thresholds"][0]["held"], false);
    }
    assert!(server.asked() == 0 && other.asked() > 0);
    let verdict = page.run(&cookie, 2).await["verdict"].clone();
    page.interrupt();
    // On a machine without time to spare no other result is valid.
    assert_eq!(page.code().await, if verdict == "valid" { 99 } else { 98 });
}

/// What docs/loadtest.md says for nginx.
const IN_NGINX: &str = "proxy_set_header host $http_host; proxy_buffering off; proxy_read_timeout 1h;";

#[tokio::test(flavor = "multi_thread")]
async fn behind_nginx_the_page_answers_to_the_name_that_was_given_and_tells_what_happens_at_once() {
    let (server, authority) = (Server::start(Behaviour::Answer(Duration::from_millis(2))).await, Authority::new());
    let identity = authority.issue("front", "DNS:load.example");
    let inner = free_port();
    let directives = format!(
        "ssl_certificate {}; ssl_certificate_key {}; location / {{ proxy_pass http://127.0.0.1:{inner}; proxy_http_version 1.1; {IN_NGINX} }}",
        identity.certificate, identity.key
    );
    let (front, _) = WebServer::nginx_serving("ssl", &directives);
    let port = front.target.port();
    let shown = format!("https://load.example:{port}");
    let options = session_of(&server);
    let page = Paged::start_at(inner, &[&borrowed(&options)[..], &["--page-proxy", &shown]].concat()).await;
    assert!(page.url.starts_with(&format!("{shown}/#")), "{}", page.url);
    let tls = TlsOptions { authorities: Some(authority.certificate().into()), ..TlsOptions::default() };
    let way = Way { tls, connect_to: Some(front.target.clone()), ..Way::default() };
    let target = Target::parse(&shown).unwrap();
    let ask = async |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        let (method, body) = (method.parse().unwrap(), body.as_bytes().to_vec());
        request_by(&target, &way, method, path, headers, body, Duration::from_secs(20)).await.unwrap()
    };
    assert_eq!(ask("GET", "/", &[], "").await.status, 200);
    let foreign = ask("POST", "/session", &[("origin", "https://elsewhere.example")], page.token()).await;
    assert_eq!(foreign.status, 403);
    let entered = ask("POST", "/session", &[("origin", &shown)], page.token()).await;
    let cookie = entered.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(entered.status == 204 && cookie.ends_with("; Secure"), "{cookie}");
    let cookie = cookie.split_once(';').unwrap().0.to_owned();
    // A viewer through nginx, who is told of the run that begins.
    let mut viewer = tokio::process::Command::new("curl");
    viewer.args(["--silent", "--no-buffer", "--cacert", &authority.certificate(), "--cookie", &cookie]);
    viewer.args(["--resolve", &format!("load.example:{port}:127.0.0.1"), &format!("{shown}/events")]);
    let mut viewer = viewer.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(viewer.stdout.take().unwrap()).lines();
    let start = "action=start&host=0&scenario=0&kind=rate&arrivals=poisson&level=20&run_time=3s";
    let steered = ask("POST", "/steer", &[("origin", &shown), ("cookie", &cookie)], start).await;
    assert_eq!(steered.status, 200, "{}", String::from_utf8_lossy(&steered.body));
    let running = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("\"phase\":\"running\"") {
                return;
            }
        }
        panic!("nginx has closed the events");
    };
    let seen = tokio::time::timeout(Duration::from_secs(10), running).await;
    assert!(seen.is_ok(), "nginx keeps back what happens");
    wait_until("the run is kept", async || !page.run(&cookie, 1).await.is_null()).await;
    let run = page.run(&cookie, 1).await;
    assert_eq!((&run["rate"]["arrivals"], &run["failures"]), (&"poisson".into(), &0.into()), "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_not_shown_beyond_this_machine_without_tls_or_a_proxy() {
    let run = async |options: &[&str]| {
        let all = [&["loadtest", "http://127.0.0.1:9", "--users", "1", "--run-time", "1s"], options].concat();
        crate::harness::run_command(&all, &[]).await
    };
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "short").unwrap();
    for (options, sentence) in [
        (&["--page=0.0.0.0:0"][..], "0.0.0.0 can be reached from other machines"),
        (&["--page=0.0.0.0:0", "--page-proxy", "http://load.example"], "--page-proxy needs an https:// address"),
        (&["--page=localhost:1"], "write an IP address of this machine and a port"),
        (&["--page", "--page-token-file", token.to_str().unwrap()], "has no token: it must be one line of at least 16"),
        (
            &["--page", "--page-hosts", "http://other"],
            "--page-hosts has no effect where the command line starts the run",
        ),
        (&["--page-hosts", "http://other"], "--page"),
    ] {
        let ran = run(options).await;
        assert!(ran.code == 2 && ran.stderr.contains(sentence), "{options:?}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_builds_are_those_of_the_store_that_was_chosen() {
    let [own, instance, chosen] = [0; 3].map(|_| Server::start(Behaviour::Answer(Duration::from_millis(5))));
    let (own, instance, chosen) = tokio::join!(own, instance, chosen);
    let [host, instance_at, chosen_at] = [&own, &instance, &chosen].map(|server| server.target.to_string());
    let variables = [("STOREMGR_URL", host), ("STOREMGR_INSTANCES", instance_at)];
    let options = ["--page-hosts", &chosen_at, "--products", "5", "--customers", "5"];
    let page = Paged::launch(&format!("127.0.0.1:{}", free_port()), &options, &variables).await;
    let cookie = page.enter().await;
    for (number, asked) in [(1, [0, 1, 0]), (2, [0, 1, 1])] {
        let start = format!("action=start&host={}&scenario=0&kind=users&level=1&run_time=1s", number - 1);
        wait_until("it starts", async || page.steer(&cookie, &start).await.0 == 200).await;
        page.run_ends(&cookie, number).await;
        let seen = [&own, &instance, &chosen].map(Server::asked_for_metrics);
        assert_eq!(seen, asked, "run {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_stopped_is_not_compared_with_a_whole_one() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(5))).await;
    let (folder, host) = (tempfile::tempdir().unwrap(), server.target.to_string());
    let [whole, stopped] = ["whole.json", "stopped.json"].map(|name| folder.path().join(name).display().to_string());
    let load = [&*host, "--users", "2", "--think-time", "20ms", "--run-time", "3s", "--json"];
    let ran = crate::harness::run_command(&[&["loadtest"], &load[..], &[&whole]].concat(), &[]).await;
    assert_whole(ran.code);
    let asked = server.asked();
    let mut page = Paged::start(&[&load[..], &[&stopped, "--baseline", &whole]].concat()).await;
    let cookie = page.enter().await;
    server.was_asked(asked + 20).await;
    assert_eq!(page.steer(&cookie, "action=stop").await.0, 200);
    assert_whole(page.code().await);
    let run: Value = serde_json::from_str(&std::fs::read_to_string(&stopped).unwrap()).unwrap();
    let caveats = run["caveats"].to_string();
    assert!(run["comparison"].is_null() && caveats.contains("ended by hand after"), "{caveats}");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_who_are_changed_under_load_are_counted_at_the_level_that_was_asked_for() {
    let server = Server::start(Behaviour::Answer(Duration::from_millis(10))).await;
    let host = server.target.to_string();
    let page = Paged::start(&[&host, "--think-time", "200ms"]).await;
    let cookie = page.enter().await;
    let start = "action=start&host=0&scenario=0&kind=users&level=20&per_second=1000&run_time=1m";
    assert_eq!(page.steer(&cookie, start).await.0, 200);
    server.was_asked(20).await;
    let mut bounds = Vec::new();
    for level in [60, 20] {
        tokio::time::sleep(Duration::from_secs(2)).await;
        // What the server was asked before the order is of the level before it; what it is asked a little later, of the next.
        let before = server.asked();
        assert_eq!(page.steer(&cookie, &format!("action=change&level={level}")).await.0, 200);
        tokio::time::sleep(Duration::from_millis(300)).await;
        bounds.push((before, server.asked()));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(page.steer(&cookie, "action=stop").await.0, 200);
    let run = page.run_ends(&cookie, 1).await;
    bounds.push((server.asked(), server.asked()));
    let levels: Vec<_> = run["levels"].as_array().unwrap().iter().collect();
    assert_eq!(levels.iter().map(|level| level["level"].as_f64().unwrap()).collect::<Vec<_>>(), [20.0, 60.0, 20.0]);
    let mut counted = 0;
    for (level, (least, most)) in levels.into_iter().zip(bounds) {
        counted += level["requests"].as_u64().unwrap();
        assert!(
            (least..=most).contains(&counted),
            "{counted} up to this level, {least} to {most} at the server: {run}"
        );
    }
}
