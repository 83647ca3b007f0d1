//! The way to a service: TLS, HTTP/2, other places, proxies, and one URL without a file.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener};

use crate::harness::{Authority, Identity, Ran, WebServer, command, free_port, run_command, test_folder, wait_until};

/// A load of so many requests to a URL, and its JSON.
async fn send(url: &str, options: &[&str]) -> (Ran, Value) {
    send_with(url, options, &[]).await
}

async fn send_with(url: &str, options: &[&str], variables: &[(&str, String)]) -> (Ran, Value) {
    let ran = run_command(&[&["loadtest", url, "--json", "-"], options].concat(), variables).await;
    let summary = serde_json::from_str(&ran.stdout).unwrap_or(Value::Null);
    (ran, summary)
}

/// How it ended, on a machine that had time for the load generator.
fn code(ran: &Ran, expected: i32) -> i32 {
    if ran.code == 98 { expected } else { ran.code }
}

fn tls(identity: &Identity) -> String {
    format!("ssl_certificate {}; ssl_certificate_key {};", identity.certificate, identity.key)
}

/// The requests in a log of nginx, with this in their line.
fn logged(folder: &Path, what: &str) -> usize {
    std::fs::read_to_string(folder.join("access.log")).unwrap().lines().filter(|line| line.contains(what)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_over_tls_and_http2_are_those_of_the_servers_own_log() {
    let authority = Authority::new();
    let identity = authority.issue("server", "DNS:localhost,IP:127.0.0.1");
    let directives = format!("{} keepalive_requests 100; location / {{ return 200 'hello'; }}", tls(&identity));
    let (nginx, folder) = WebServer::nginx_serving("ssl http2", &directives);
    let url = format!("https://localhost:{}/a?b=c", nginx.target.port());
    let ca = authority.certificate();
    let base = ["--ca", &ca, "--iterations", "2000", "--users", "4"];
    for (version, more) in [
        ("HTTP/1.1", &[][..]),
        ("HTTP/2", &["--http2"]),
        ("HTTP/2", &["--http2", "--streams", "4"]),
        ("HTTP/2", &["--http2", "--rate", "2000", "--streams", "50"]),
    ] {
        let before = logged(&folder, "GET /a?b=c HTTP");
        let (ran, summary) = send(&url, &[&base[..], more].concat()).await;
        assert_eq!(code(&ran, 0), 0, "{more:?}: {ran:?}");
        assert_eq!((summary["requests"].as_u64(), summary["failures"].as_u64()), (Some(2000), Some(0)), "{more:?}");
        assert_eq!(logged(&folder, "GET /a?b=c HTTP") - before, 2000, "{more:?}");
        let transport = &summary["transport"];
        assert_eq!(transport["protocol"], version);
        // The server ends each connection after 100 requests; what it did not begin with is sent again.
        let handshakes = transport["tls_handshakes"].as_object().unwrap();
        let count: u64 = handshakes.values().map(|count| count.as_u64().unwrap()).sum();
        assert!(count >= 20 && transport["tls_resumed"].as_u64().unwrap() > 0, "{transport}");
        assert!(handshakes.keys().all(|suite| suite.starts_with("TLS 1.")), "{handshakes:?}");
        // A connection is opened by the user who needs it, and that user's request has the time of it.
        let phases = &transport["phases"];
        assert_eq!(phases["tls"]["count"], phases["connect"]["count"]);
        assert_eq!(phases["first_byte"]["count"].as_u64(), Some(2000));
        assert!(phases["tls"]["latency_ms"]["p50"].as_f64().unwrap() > 0.0, "{phases}");
    }
    assert!(logged(&folder, "HTTP/2.0") >= 6000);
    // Each user makes one connection here, and nobody resumes the session of another.
    let (_, summary) = send(&url, &["--ca", &ca, "--iterations", "40", "--users", "20"]).await;
    assert_eq!((summary["requests"].as_u64(), summary["transport"]["tls_resumed"].as_u64()), (Some(40), Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn users_who_share_a_connection_that_allows_few_requests_all_get_their_answers() {
    let (nginx, folder) =
        WebServer::nginx_serving("http2", "keepalive_requests 10; location / { return 200 'hello'; }");
    let url = format!("http://localhost:{}/few", nginx.target.port());
    let load = ["--http2", "--users", "60", "--streams", "60", "--iterations", "600"];
    let (ran, summary) = send(&url, &load).await;
    assert_eq!(code(&ran, 0), 0, "{ran:?}");
    assert_eq!((summary["requests"].as_u64(), summary["failures"].as_u64()), (Some(600), Some(0)), "{ran:?}");
    assert_eq!(logged(&folder, "GET /few HTTP/2.0"), 600);
}

/// A TLS server that answers one request with a body that lasts until the end of the connection. It says that the end has
/// come, or does not; and notes whether the client said so.
async fn ending(identity: &Identity, says_so: bool, ended: Arc<AtomicU64>) -> String {
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio_rustls::rustls::{ServerConfig, crypto::ring};
    let chain = vec![CertificateDer::from_pem_file(&identity.certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&identity.key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, ended) = (acceptor.clone(), Arc::clone(&ended));
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await.unwrap();
                let mut received = Vec::new();
                while !received.ends_with(b"\r\n\r\n") {
                    match stream.read_buf(&mut received).await {
                        Ok(1..) => {}
                        // The end that was told is no error; a connection that just breaks off is one.
                        Ok(0) => {
                            ended.fetch_add(1, Ordering::SeqCst);
                            return;
                        }
                        Err(_) => return,
                    }
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nuntil the end").await.unwrap();
                stream.flush().await.unwrap();
                if says_so {
                    stream.shutdown().await.unwrap();
                }
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_tls_is_told_and_a_body_without_it_is_cut_short() {
    let authority = Authority::new();
    let identity = authority.issue("server", "DNS:localhost");
    let ca = authority.certificate();
    for says_so in [true, false] {
        let told = Arc::new(AtomicU64::new(0));
        let url = ending(&identity, says_so, Arc::clone(&told)).await;
        let (ran, summary) = send(&url, &["--ca", &ca, "--iterations", "5", "--users", "1"]).await;
        let failures = if says_so { 0 } else { 5 };
        assert_eq!((summary["requests"].as_u64(), summary["failures"].as_u64()), (Some(5), Some(failures)), "{ran:?}");
        // The connection that was tried out had no request, and was ended by us.
        wait_until("the end to be told", async || told.load(Ordering::SeqCst) > 0).await;
        if !says_so {
            let message = summary["failure_groups"][0]["message"].as_str().unwrap();
            assert!(message.starts_with("200, but the body was cut short"), "{message}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_tls_is_said_before_the_first_request() {
    let authority = Authority::new();
    let good = authority.issue("server", "DNS:localhost");
    let expired = authority.issue_expired("expired", "DNS:localhost");
    let stranger = Authority::new();
    let strange = stranger.issue("stranger", "DNS:localhost");
    let older = authority.successor();
    let rotated = older.certificate();
    let own = authority.self_signed("own", "DNS:localhost");
    let client = authority.issue("client", "DNS:client");
    let ca = authority.certificate();
    let server = |identity: &Identity, more: &[&str]| {
        let port = free_port();
        let listen = port.to_string();
        let files = ["s_server", "-quiet", "-www", "-accept", &listen, "-cert", &identity.certificate];
        let started = WebServer::other("openssl", &[&files, &["-key", &identity.key][..], more].concat(), port);
        (started, format!("https://localhost:{port}/"))
    };
    let asks = ["-Verify", "1", "-CAfile", &ca];
    let asks_older = ["-Verify", "1", "-CAfile", &ca, "-tls1_2"];
    let old = ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"];
    for (identity, more, options, wanted, said) in [
        (&good, &[][..], vec!["--ca", &ca], 0, ""),
        (&good, &[], vec!["--insecure"], 0, ""),
        (&good, &[], vec![], 3, "signed by nobody who is trusted here: give the authority's certificate with --ca"),
        (&strange, &[], vec!["--ca", &ca], 3, "signed by nobody who is trusted here"),
        (&good, &[], vec!["--ca", &rotated], 3, "--ca may be an older one of the same name"),
        (&expired, &[], vec!["--ca", &ca], 3, "expired on 2020-01-01"),
        (&own, &[], vec!["--ca", &own.certificate], 0, ""),
        (&client, &[], vec!["--ca", &ca], 3, "is not for localhost but for client"),
        (&good, &asks, vec!["--ca", &ca], 3, "asks for a certificate of the client: give one with --cert and --key"),
        (&good, &asks_older, vec!["--ca", &ca], 3, "it may ask for a certificate of the client (--cert and --key)"),
        (&good, &asks, vec!["--ca", &ca, "--cert", &client.certificate, "--key", &client.key], 0, ""),
        (&good, &old, vec!["--ca", &ca], 3, "speaks neither TLS 1.2 nor TLS 1.3"),
        (&good, &[], vec!["--ca", &ca, "--http2"], 3, "does not speak"),
    ] {
        let (_server, url) = server(identity, more);
        let options = [&options[..], &["--iterations", "3", "--users", "1"]].concat();
        let (ran, summary) = send(&url, &options).await;
        assert_eq!(code(&ran, wanted), wanted, "{more:?} {options:?}: {ran:?}");
        assert!(ran.stderr.contains(said), "{more:?} {options:?}: {}", ran.stderr);
        if wanted == 0 {
            assert_eq!((summary["requests"].as_u64(), summary["failures"].as_u64()), (Some(3), Some(0)), "{ran:?}");
            let insecure = options.contains(&"--insecure");
            assert_eq!(summary["transport"]["insecure"], insecure);
            assert_eq!(summary["caveats"].to_string().contains("not checked (--insecure)"), insecure);
        } else {
            assert!(summary.is_null(), "nothing was sent: {ran:?}");
        }
    }
}

/// A server that answers every request with the address that it came from, its Host header and its body.
async fn mirror(listener: TcpListener) {
    while let Ok((stream, from)) = listener.accept().await {
        tokio::spawn(reflect(stream, from.ip().to_string()));
    }
}

async fn reflect(stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite, from: String) -> std::io::Result<()> {
    let mut stream = BufReader::new(Box::pin(stream));
    loop {
        let (mut host, mut length, mut line) = (String::new(), 0, String::new());
        let mut first = String::new();
        if stream.read_line(&mut first).await? == 0 {
            return Ok(());
        }
        while stream.read_line(&mut line).await? > 2 {
            if let Some(value) = line.strip_prefix("host: ") {
                value.trim_end().clone_into(&mut host);
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim_end().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let body = String::from_utf8_lossy(&body);
        let said =
            serde_json::json!({"from": from, "host": host, "request": first.trim_end(), "body": body}).to_string();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{said}", said.len());
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// A scenario that checks what the mirror says.
fn checked(folder: &Path, checks: &str) -> String {
    let file = folder.join("scenario.toml");
    let text = format!("name = 'mirror'\n[[task]]\nname = 'get'\npath = '/'\n[task.check]\n{checks}\n");
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_goes_where_it_was_told_to_and_the_name_stays() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap().to_string();
    tokio::spawn(mirror(listener));
    let folder = test_folder("way");
    let socket = folder.join("socket");
    let unix = UnixListener::bind(&socket).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = unix.accept().await {
            tokio::spawn(reflect(stream, "unix".to_owned()));
        }
    });
    let socket = socket.display().to_string();
    for (host, options, from, name) in [
        ("http://shop.example", vec!["--connect-to", &place], "127.0.0.1", "shop.example"),
        ("http://shop.example:80/", vec!["--connect-to", &place], "127.0.0.1", "shop.example"),
        ("http://[::1]", vec!["--connect-to", &place], "127.0.0.1", "[::1]"),
        ("http://shop.example:8080", vec!["--connect-to", &place], "127.0.0.1", "shop.example:8080"),
        ("http://shop.example", vec!["--unix", &socket], "unix", "shop.example"),
        ("http://shop.example", vec!["--connect-to", &place, "--source", "127.0.0.9"], "127.0.0.9", "shop.example"),
    ] {
        let file = checked(&folder, &format!("json.'/from' = '{from}'\njson.'/host' = '{name}'"));
        let base = ["loadtest", "--host", host, "--scenario", &file, "--iterations", "4", "--users", "2"];
        let ran = run_command(&[&base, &options[..]].concat(), &[]).await;
        assert_eq!(code(&ran, 0), 0, "{host} {options:?}: {ran:?}");
    }
    for (options, said) in [
        (["--unix", "/nowhere/at/all"], "there is no such socket"),
        (["--source", "203.0.113.9"], "203.0.113.9 cannot be used as our own address"),
    ] {
        let (ran, _) = send(&format!("http://{place}/"), &options).await;
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

/// A proxy for tunnels that wants this authorization.
pub(super) async fn proxy(listener: TcpListener, authorization: &'static str, tunnels: Arc<AtomicU64>) {
    while let Ok((stream, _)) = listener.accept().await {
        let tunnels = Arc::clone(&tunnels);
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if stream.read_line(&mut head).await.unwrap() == 0 {
                    return;
                }
            }
            let place = head.strip_prefix("CONNECT ").unwrap().split(' ').next().unwrap();
            let answer = |status: &str| format!("HTTP/1.1 {status}\r\nvia: 1.1 test\r\n\r\n");
            if !head.contains(&format!("proxy-authorization: {authorization}\r\n")) {
                stream.write_all(answer("407 Proxy Authentication Required").as_bytes()).await.unwrap();
                return;
            }
            let Ok(mut beyond) = TcpStream::connect(place).await else {
                drop(stream.write_all(answer("502 Bad Gateway").as_bytes()).await);
                return;
            };
            tunnels.fetch_add(1, Ordering::Relaxed);
            stream.write_all(answer("200 OK").as_bytes()).await.unwrap();
            drop(copy_bidirectional(&mut stream, &mut beyond).await);
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_gives_a_tunnel_and_its_password_is_shown_nowhere() {
    let authority = Authority::new();
    let identity = authority.issue("server", "DNS:localhost");
    let (nginx, _) = WebServer::nginx_serving("ssl", &format!("{} location / {{ return 200; }}", tls(&identity)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let tunnels = Arc::new(AtomicU64::new(0));
    tokio::spawn(proxy(listener, "Basic c2VjcmV0", Arc::clone(&tunnels)));
    let (ca, url) = (authority.certificate(), format!("https://localhost:{}/", nginx.target.port()));
    let options = ["--ca", &ca, "--proxy", &address, "--iterations", "20", "--users", "2"];
    let authorization = |value: &str| [("PROXY_AUTHORIZATION", value.to_owned())];
    let (ran, summary) = send_with(&url, &options, &authorization("Basic c2VjcmV0")).await;
    assert_eq!((code(&ran, 0), summary["failures"].as_u64()), (0, Some(0)), "{ran:?}");
    assert_eq!(tunnels.load(Ordering::Relaxed), 3, "one to try it out, and one for each user");
    assert!(!ran.stdout.contains("c2VjcmV0") && !ran.stderr.contains("c2VjcmV0"), "{ran:?}");
    for (variables, said) in [
        (vec![], "the proxy asks for a password: set PROXY_AUTHORIZATION (407)"),
        (authorization("Basic d3Jvbmc").to_vec(), "the proxy does not accept PROXY_AUTHORIZATION (407)"),
        (authorization("x\r\ny: z").to_vec(), "the authorization for the proxy is not valid in a header"),
    ] {
        let (ran, _) = send_with(&url, &options, &variables).await;
        assert!(ran.code > 1 && ran.stderr.contains(said), "{ran:?}");
        assert!(!ran.stderr.contains("d3Jvbmc"), "{ran:?}");
    }
    let nobody = format!("https://localhost:{}/", free_port());
    let (ran, _) = send_with(&nobody, &options, &authorization("Basic c2VjcmV0")).await;
    assert!(ran.stderr.contains("the proxy refused a connection to the service: 502"), "{ran:?}");
    let gone = format!("http://127.0.0.1:{}", free_port());
    let (ran, _) = send(&url, &["--ca", &ca, "--proxy", &gone]).await;
    assert!(ran.stderr.contains("the proxy cannot be reached: connection refused"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_url_needs_no_file() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    tokio::spawn(mirror(listener));
    let folder = test_folder("url");
    let body = folder.join("body.json");
    std::fs::write(&body, "{\"n\": {{random(7, 7)}}}").unwrap();
    let body = format!("@{}", body.display());
    let url = format!("http://{place}/items?page=2");
    let (ran, summary) = send(&url, &["--body", &body, "--header", "X-A: b", "--iterations", "500", "-u", "7"]).await;
    assert_eq!((code(&ran, 0), summary["requests"].as_u64()), (0, Some(500)), "{ran:?}");
    let route = &summary["routes"][0];
    assert_eq!((&route["method"], &route["route"]), (&"POST".into(), &"/items".into()));
    // {"n": 7} is sent, and comes back.
    assert!(route["average_body_bytes"].as_f64().unwrap() > 90.0, "{route}");
    assert_eq!(summary["iterations"], 500);
    // The number of requests is that of all users, also at a rate, and one that is too large for the time is told.
    let (_, summary) = send(&url, &["--rate", "300", "--iterations", "90"]).await;
    assert_eq!(summary["requests"], 90);
    let (_, summary) = send(&url, &["--think-time", "200ms", "-u", "1", "-t", "1s", "--iterations", "90"]).await;
    assert!(summary["caveats"].to_string().contains("of 90 requests were sent in the run time"), "{summary}");
    // A scenario from standard input.
    let host = format!("http://{place}");
    let arguments = ["loadtest", "--host", &host, "--scenario", "-", "--iterations", "3", "--json", "-"];
    let mut read = command(&arguments, &[]).stdin(std::process::Stdio::piped()).spawn().unwrap();
    let scenario = b"name = 'piped'\n[[task]]\nname = 't'\npath = '/piped'\n";
    read.stdin.take().unwrap().write_all(scenario).await.unwrap();
    let output = read.wait_with_output().await.unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["requests"], &summary["routes"][0]["route"]), (&3.into(), &"/piped".into()));
    for (options, said) in [
        (&["--method", "get"][..], "\"get\" is not a method"),
        (&["--header", "nothing"], "write the name, a colon and the value"),
        (&["--body", "@/nowhere"], "the body cannot be read from /nowhere"),
        (&["--scenario", "x.toml"], "cannot be used with"),
        (&["--products", "5"], "--products belongs to the built-in scenario, and a URL takes its place"),
        (&["--iterations", "5", "--warm-up", "1s"], "--warm-up has no effect with --iterations"),
        (&["--ca", "x.pem"], "--ca has no effect on"),
        (&["--streams", "5"], "--http2"),
    ] {
        let (ran, _) = send(&url, options).await;
        assert!(ran.code == 2 && ran.stderr.contains(said), "{options:?}: {ran:?}");
    }
    let ran = run_command(&["loadtest", "--host", &format!("http://{place}"), "--body", "x"], &[]).await;
    assert!(ran.code == 2 && ran.stderr.contains("--body has no effect without a URL"), "{ran:?}");
    let (ran, _) = send("http://user:secret@127.0.0.1/", &[]).await;
    assert!(ran.code == 2 && !ran.stderr.replace("http://user:secret@127.0.0.1/", "").contains("secret"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_the_environment_is_sent_and_shown_nowhere() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(String::new()));
    let noted = Arc::clone(&seen);
    // It says the token back, in an error and in a header, and with it one form of it.
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let noted = Arc::clone(&noted);
            tokio::spawn(async move {
                let mut received = Vec::new();
                while let Ok(byte) = stream.read_u8().await {
                    received.push(byte);
                    if received.ends_with(b"\r\n\r\n") {
                        let text = String::from_utf8_lossy(&received).into_owned();
                        let path = text.split(' ').nth(1).unwrap().to_owned();
                        let token = text.lines().find(|line| line.starts_with("authorization")).unwrap().to_owned();
                        text.clone_into(&mut noted.lock().unwrap());
                        let said = serde_json::json!({"error": format!("{token} may not see {path}")}).to_string();
                        let head = format!("HTTP/1.1 403 Forbidden\r\nx-token: {token}\r\n");
                        let answer = format!("{head}content-length: {}\r\n\r\n{said}", said.len());
                        stream.write_all(answer.as_bytes()).await.unwrap();
                        received.clear();
                    }
                }
            });
        }
    });
    let folder = test_folder("secret");
    let [csv, page] = ["run", "page.html"].map(|name| folder.join(name).display().to_string());
    let url = format!("http://{place}/{{{{env.PLACE | url}}}}?key={{{{env.PLACE | url}}}}");
    let secret = [("TOKEN", "tok-5Kq9".to_owned()), ("PLACE", "a/se cret".to_owned())];
    let header = "authorization: Bearer {{env.TOKEN}}";
    let options = ["--header", header, "--iterations", "20", "--csv", &csv, "--html", &page, "--threshold", "p95<1s"];
    let (ran, summary) = send_with(&url, &options, &secret).await;
    assert_eq!((code(&ran, 99), summary["failures"].as_u64()), (99, Some(20)), "{ran:?}");
    let sent = seen.lock().unwrap().clone();
    assert!(sent.contains("Bearer tok-5Kq9") && sent.contains("/a%2Fse%20cret?key=a%2Fse%20cret"), "{sent}");
    let mut shown = format!("{}{}", ran.stdout, ran.stderr);
    for entry in std::fs::read_dir(&folder).unwrap() {
        shown.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    for secret in ["tok-5Kq9", "a/se cret", "a%2Fse%20cret"] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
    assert!(shown.contains("403 authorization: Bearer {env.TOKEN} may not see /{env.PLACE}"), "{}", ran.stdout);
    // A name and a password are sent in base64, and a service may say that back.
    let file = folder.join("basic.toml");
    let basic = "basic = { user = 'mia', password = '{{env.PW}}' }";
    std::fs::write(&file, format!("name = 'b'\n[[task]]\nname = 't'\npath = '/'\n{basic}\n")).unwrap();
    let (host, scenario) = (format!("http://{place}"), file.display().to_string());
    let arguments = ["loadtest", "--host", &host, "--scenario", &scenario, "--iterations", "5", "--json", "-"];
    let ran = run_command(&arguments, &[("PW", "s3cret-word".to_owned())]).await;
    assert!(seen.lock().unwrap().contains("Basic bWlhOnMzY3JldC13b3Jk"), "{}", seen.lock().unwrap());
    let shown = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!shown.contains("zY3JldC13b3Jk") && shown.contains("{env.PW}"), "{shown}");
    let (ran, _) = send(&url, &["--header", header]).await;
    assert!(ran.code == 2 && ran.stderr.contains("the environment variable PLACE is not set"), "{ran:?}");
}

/// A server that says each of these on a connection, the first when it is accepted, and each further one to a request.
async fn saying(first: &'static [u8], answers: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut received = Vec::new();
                stream.write_all(first).await?;
                loop {
                    received.push(stream.read_u8().await?);
                    if received.ends_with(b"\r\n\r\n") {
                        stream.write_all(answers).await?;
                        received.clear();
                    }
                }
                #[expect(unreachable_code, reason = "says what the errors are")]
                std::io::Result::Ok(())
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_answer_no_request_are_a_failure() {
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    const TWICE: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    for (first, answers) in [(OK, OK), (OK, b"".as_slice()), (b"SSH-2.0-x\r\n", b""), (b"", TWICE)] {
        let url = saying(first, answers).await;
        let (ran, summary) = send(&url, &["--iterations", "5", "--users", "1", "--think-time", "20ms"]).await;
        assert_eq!((code(&ran, 1), summary["requests"].as_u64(), summary["failures"].as_u64()), (1, Some(5), Some(5)));
        let message = summary["failure_groups"][0]["message"].as_str().unwrap();
        assert!(message.contains("bytes that answer no request"), "{message}");
    }
    let timed_out = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (ran, summary) =
        send(&idle_408(timed_out).await, &["--iterations", "5", "--users", "1", "--think-time", "50ms"]).await;
    assert_eq!((code(&ran, 0), summary["failures"].as_u64()), (0, Some(0)), "a server may close what is idle: {ran:?}");
}

/// A server that answers once, and soon after says that it is tired of waiting.
async fn idle_408(said: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut received = Vec::new();
                while !received.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => received.push(byte),
                        Err(_) => return,
                    }
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                drop(stream.write_all(said).await);
            });
        }
    });
    url
}

/// A server of HTTP/2 without TLS that answers so, by the number of the request on its connection from 1.
async fn answering_over_http2(answer: fn(u32, h2::server::SendResponse<bytes::Bytes>)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                let mut number = 0;
                while let Some(Ok((_, respond))) = connection.accept().await {
                    number += 1;
                    answer(number, respond);
                }
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_refused_is_told_apart_from_one_that_failed() {
    let url = answering_over_http2(|number, mut respond| match number % 4 {
        0 => respond.send_reset(h2::Reason::REFUSED_STREAM),
        1 => respond.send_reset(h2::Reason::INTERNAL_ERROR),
        _ => drop(respond.send_response(http::Response::new(()), true).unwrap()),
    })
    .await;
    let (ran, summary) = send(&url, &["--http2", "--iterations", "40", "--users", "1"]).await;
    assert_eq!((code(&ran, 1), summary["requests"].as_u64(), summary["failures"].as_u64()), (1, Some(40), Some(20)));
    let kinds: Vec<_> = summary["failure_groups"].as_array().unwrap().iter().collect();
    let of = |kind: &str| kinds.iter().find(|group| group["kind"] == kind).unwrap_or_else(|| panic!("{kinds:?}"));
    assert_eq!(of("unprocessed")["count"], 10);
    assert_eq!(of("unprocessed")["message"], "the server refused the request without processing it (REFUSED_STREAM)");
    assert_eq!(of("reset")["message"], "the server reset the request (INTERNAL_ERROR)");
    assert_eq!(summary["reconnects"], 0, "the connection is as good as before");
    let plain = saying(b"", b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await;
    let (ran, _) = send(&plain, &["--http2", "-t", "1s"]).await;
    assert!(ran.code == 3 && ran.stderr.contains("does not speak HTTP/2 on this port"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_cut_short_over_http2_is_told_with_its_status_and_bytes() {
    let url = answering_over_http2(|number, mut respond| {
        let head = http::Response::builder().header("content-length", "10").body(()).unwrap();
        let mut body = respond.send_response(head, false).unwrap();
        body.send_data("four".into(), false).unwrap();
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            if number % 2 == 1 {
                body.send_reset(h2::Reason::INTERNAL_ERROR);
            } else {
                body.send_data("".into(), true).unwrap();
            }
        });
    })
    .await;
    let (ran, summary) = send(&url, &["--http2", "--iterations", "4", "--users", "1"]).await;
    assert_eq!((code(&ran, 1), summary["failures"].as_u64()), (1, Some(4)), "{ran:?}");
    for message in [
        "200, but the server reset the request (INTERNAL_ERROR) after 4 of 10 bytes of the body",
        "200, but the body has another length than its head says: 4 of 10 bytes had come",
    ] {
        let groups = summary["failure_groups"].as_array().unwrap();
        let group = groups.iter().find(|group| group["message"] == message).unwrap_or_else(|| panic!("{groups:?}"));
        assert_eq!((group["kind"].as_str(), group["count"].as_u64()), (Some("reset"), Some(2)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_answers_are_decoded_checked_and_counted() {
    let listing = format!("[{}0]", "\"a product that is there\",".repeat(100));
    let types = "gzip on; gzip_types application/json; gzip_min_length 10; default_type application/json;";
    let (nginx, _) = WebServer::nginx_serving("", &format!("{types} location / {{ return 200 '{listing}'; }}"));
    let folder = test_folder("coding");
    let file = folder.join("scenario.toml");
    for (client, header) in [("[client]\ncompression = true", ""), ("", "headers = { accept-encoding = 'gzip' }")] {
        let task = format!("[[task]]\nname = 't'\npath = '/'\n{header}\ncheck = {{ json.'/100' = 0 }}\n");
        std::fs::write(&file, format!("name = 'x'\n{client}\n{task}")).unwrap();
        let scenario = file.display().to_string();
        let host = nginx.target.to_string();
        let arguments = ["loadtest", "--host", &host, "--scenario", &scenario, "--iterations", "50", "--json", "-"];
        let ran = run_command(&arguments, &[]).await;
        let summary: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((code(&ran, 0), summary["failures"].as_u64()), (0, Some(0)), "{ran:?}");
        let route = &summary["routes"][0];
        assert_eq!(route["average_decoded_bytes"].as_f64(), Some(listing.len() as f64));
        assert!(route["average_body_bytes"].as_f64().unwrap() < 200.0, "{route}");
    }
    // Nobody asked for it, and nobody reads it.
    let unread = saying(b"", b"HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\ncontent-length: 2\r\n\r\nok").await;
    let (ran, summary) = send(&unread, &["--iterations", "5"]).await;
    assert_eq!((code(&ran, 0), summary["failures"].as_u64()), (0, Some(0)), "{ran:?}");
    assert!(summary["routes"][0]["average_decoded_bytes"].is_null());
    let broken = saying(b"", b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 2\r\n\r\nok").await;
    let (ran, summary) = send(&broken, &["--header", "accept-encoding: br", "--iterations", "5"]).await;
    assert_eq!((code(&ran, 1), &summary["failure_groups"][0]["message"]), (1, &"the body is not valid br".into()));
}

/// A server on this address of the loopback interface, which ends each connection after twenty requests.
fn answering(ip: &str, port: u16) -> WebServer {
    WebServer::nginx_at(ip, port, "", "keepalive_requests 20; location / { return 200 'ok'; }").0
}

/// Names are read from a file that is put in the place of /etc/hosts, which only root may do; and it takes 45 s.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by name, as root: it mounts a file for names, and waits for the next look-up"]
async fn a_name_with_three_addresses_of_which_one_is_dead_and_one_moves() {
    let port = free_port();
    let folder = test_folder("names");
    let hosts = folder.join("hosts");
    let names = |ips: &[&str]| ips.iter().map(|ip| format!("{ip} shop.test\n")).collect::<String>();
    std::fs::write(&hosts, names(&["127.0.0.1", "127.0.0.2", "127.0.0.3"])).unwrap();
    let _stays = answering("127.0.0.1", port);
    let moves = answering("127.0.0.2", port);
    let url = format!("http://shop.test:{port}/");
    let result = folder.join("run.json").display().to_string();
    let shell = format!(
        "mount --bind {} /etc/hosts && exec {} loadtest {url} -u 20 -r 20 -t 45s --think-time 100ms --json {result}",
        hosts.display(),
        crate::harness::program().display()
    );
    let mut run = tokio::process::Command::new("unshare").args(["--mount", "sh", "-c", &shell]).spawn().unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    // The file stays, and its content changes: what is mounted is the file.
    std::fs::write(&hosts, names(&["127.0.0.1", "127.0.0.4"])).unwrap();
    let _moved = answering("127.0.0.4", port);
    drop(moves);
    run.wait().await.unwrap();
    let summary: Value = serde_json::from_slice(&std::fs::read(&result).unwrap()).unwrap();
    let used = |ip: &str, what: &str| {
        let all = summary["transport"]["addresses"].as_array().unwrap();
        let place = format!("{ip}:{port}");
        all.iter().find(|address| address["address"] == *place).unwrap()[what].as_u64().unwrap()
    };
    // 20 users and the one that tried it out, a half each; whoever was on the one that moved goes to the others.
    assert_eq!((used("127.0.0.3", "connections"), used("127.0.0.3", "failed_attempts") > 0), (0, true), "{summary}");
    assert!(used("127.0.0.1", "connections") >= 10 && used("127.0.0.2", "connections") >= 5, "{summary}");
    assert!(used("127.0.0.4", "connections") > 0, "the next look-up finds where it went: {summary}");
    let requests = ["127.0.0.1", "127.0.0.2", "127.0.0.4"].map(|ip| used(ip, "requests"));
    let failed = summary["failures"].as_u64().unwrap();
    assert_eq!(requests.iter().sum::<u64>(), summary["requests"].as_u64().unwrap(), "{requests:?}, {failed} failed");
    assert!(failed <= 20, "only what was in flight when it went away: {summary}");
    let told = summary["caveats"].to_string();
    assert!(told.contains(&format!("127.0.0.3:{port} did not accept")), "{told}");
    assert!(used("127.0.0.2", "failed_attempts") > 0 && told.contains("127.0.0.2"), "{told}");
}
