//! Services whose words try to steer a terminal or to turn a line around: whatever is asked of them, and in whatever form
//! it is told, their words are shown and not obeyed.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Ran, command, run_command};

/// Clears the screen, in seven bits and in eight; rings; begins to write from right to left; isolates what follows.
const HOSTILE: &str = "wicked\u{1b}[2J\u{9b}2J\u{7}\u{202e}\u{2066}\u{200f}";

/// What every text that is shown must hold of it, so that a test looks at the words it means to.
const SHOWN: &str = "wicked\u{fffd}[2J\u{fffd}2J\u{fffd}\u{fffd}\u{fffd}\u{fffd}";

/// Asserts that the hostile words are in a text, and that nothing in it steers whoever shows it.
fn assert_printable(what: &str, text: &str) {
    let steers = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(steers), "{what} steers: {text:?}");
    // Where there is no room a text is broken, and in Markdown a bracket has a backslash before it.
    let together: String = text.chars().filter(|c| !c.is_whitespace() && *c != '\\').collect();
    assert!(together.contains(SHOWN), "{what} does not show it: {text:?}");
}

/// A service that listens, and answers each connection as it is told to.
async fn service<F, A>(answer: F) -> u16
where
    F: Fn(TcpStream) -> A + Send + Sync + 'static,
    A: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that goes away knows it.
            tokio::spawn(answer(stream));
        }
    });
    port
}

/// A service that answers HTTP: a status and JSON, by the body of the request.
async fn http(answer: impl Fn(&str) -> (u16, serde_json::Value) + Send + Sync + 'static) -> u16 {
    let answer = Arc::new(answer);
    service(move |stream| one_request(stream, Arc::clone(&answer))).await
}

async fn one_request(
    mut stream: TcpStream,
    answer: Arc<impl Fn(&str) -> (u16, serde_json::Value)>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(&mut stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).await? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await?;
    let (status, json) = answer(&String::from_utf8(body).unwrap());
    let json = json.to_string();
    let head = "content-type: application/json\r\nconnection: close\r\ncontent-length";
    stream.write_all(format!("HTTP/1.1 {status} Said\r\n{head}: {}\r\n\r\n{json}", json.len()).as_bytes()).await?;
    stream.shutdown().await
}

/// A Prometheus that finds every question wrong.
async fn refusing_prometheus() -> u16 {
    http(|_| (400, serde_json::json!({"status": "error", "errorType": "bad_data", "error": HOSTILE}))).await
}

/// A Prometheus that has watched one instance, whose every label is hostile.
async fn answering_prometheus() -> u16 {
    http(|form| {
        let field = |name: &str| {
            form_urlencoded::parse(form.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let (query, at) = (field("query").unwrap(), field("time").unwrap().parse::<f64>().unwrap());
        let mut labels = serde_json::json!({"method": "POST", "status": "500", "le": "+Inf"});
        for label in ["instance", "route", "code", "outcome", "kind", "cache", "state"] {
            labels[label] = HOSTILE.into();
        }
        let samples = query.ends_with(']') && !query.starts_with("last_over_time");
        let result = if samples {
            let points: Vec<_> = (0..30).map(|ago| (at - f64::from(30 - ago), (ago + 1).to_string())).collect();
            serde_json::json!({"resultType": "matrix", "result": [{"metric": labels, "values": points}]})
        } else {
            serde_json::json!({"resultType": "vector", "result": [{"metric": labels, "value": (at, "1")}]})
        };
        (200, serde_json::json!({"status": "success", "data": result}))
    })
    .await
}

/// A store that refuses everything.
async fn store() -> u16 {
    http(|_| (503, serde_json::json!({"error": HOSTILE, "code": HOSTILE, "request_id": "1"}))).await
}

/// A database that greets whoever comes with an error (an ERR packet in place of the handshake).
async fn database() -> u16 {
    service(async |mut stream: TcpStream| {
        let packet = [&[0xff, 0x15, 0x04], HOSTILE.as_bytes()].concat();
        let mut sent = vec![packet.len() as u8, 0, 0, 0];
        sent.extend(packet);
        stream.write_all(&sent).await?;
        stream.shutdown().await
    })
    .await
}

/// A Redis that answers everything with an error.
async fn redis() -> u16 {
    service(async |mut stream: TcpStream| {
        let mut request = [0; 4096];
        while stream.read(&mut request).await? > 0 {
            stream.write_all(format!("-ERR {HOSTILE}\r\n").repeat(8).as_bytes()).await?;
        }
        Ok(())
    })
    .await
}

async fn run(arguments: &[&str]) -> Ran {
    run_command(arguments, &[]).await
}

#[tokio::test]
async fn a_health_check_shows_what_an_instance_says() {
    let port = store().await;
    let ran = run(&["serve", "--health-check", "--listen", &format!("127.0.0.1:{port}")]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    // JSON has written the one as an escape and the other as it is.
    let shown = ran.stdout.replace("\\u001b", "\u{fffd}").replace("\\u0007", "\u{fffd}");
    assert_printable("the health check", &shown);
}

#[tokio::test]
async fn a_report_shows_why_prometheus_refuses() {
    let url = format!("http://127.0.0.1:{}", refusing_prometheus().await);
    let ran = run(&["report", "--last", "1m", "--prometheus", &url]).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_printable("the complaint", &ran.stderr);

    let mut watching =
        command(&["report", "--last", "1m", "--prometheus", &url, "--watch", "10s"], &[]).spawn().unwrap();
    let line = BufReader::new(watching.stdout.take().unwrap()).lines().next_line().await.unwrap().unwrap();
    assert_printable("--watch", &line);
}

#[tokio::test]
async fn a_report_shows_labels_in_every_form() {
    let url = format!("http://127.0.0.1:{}", answering_prometheus().await);
    for format in ["table", "markdown", "html", "csv"] {
        let ran = run(&["report", "--last", "20s", "--prometheus", &url, "--format", format]).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_printable(format, &ran.stdout);
    }
    let ran = run(&["report", "--last", "20s", "--prometheus", &url, "--json", "-"]).await;
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["routes"][0]["route"], HOSTILE, "a program gets what there is");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_shows_what_the_parts_of_a_deployment_say() {
    let folder = tempfile::tempdir().unwrap();
    let junit = folder.path().join("junit.xml");
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let variables = [
        ("DB_HOST", "127.0.0.1".to_owned()),
        ("DB_PORT", database().await.to_string()),
        ("DB_PASSWORD", "unused".to_owned()),
        ("REDIS_HOST", "127.0.0.1".to_owned()),
        ("REDIS_PORT", redis().await.to_string()),
        ("STOREMGR_URL", url(store().await)),
        ("STOREMGR_INSTANCES", url(store().await)),
        ("PROMETHEUS_URL", url(refusing_prometheus().await)),
    ];
    let arguments = ["deploy-check", "--after", "--timeout", "1s", "--junit", junit.to_str().unwrap()];
    let ran = run_command(&arguments, &variables).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_printable("the table", &ran.stdout);
    assert_printable("JUnit", &std::fs::read_to_string(&junit).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_test_shows_why_requests_failed() {
    let folder = tempfile::tempdir().unwrap();
    let (page, json) = (folder.path().join("page.html"), folder.path().join("run.json"));
    let url = format!("http://127.0.0.1:{}", store().await);
    let arguments = ["loadtest", "--host", &url, "-u", "2", "-t", "1s", "--think-time", "100ms"];
    let files = ["--html", page.to_str().unwrap(), "--json", json.to_str().unwrap()];
    let ran = run(&[&arguments[..], &files].concat()).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_printable("the summary", &ran.stdout);
    assert_printable("the page", &std::fs::read_to_string(&page).unwrap());
    let result: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    assert_printable("JSON", result["failure_groups"][0]["message"].as_str().unwrap());
}

#[tokio::test]
async fn a_command_shows_what_the_database_says() {
    let port = database().await.to_string();
    let variables = [("DB_HOST", "127.0.0.1".to_owned()), ("DB_PORT", port), ("DB_PASSWORD", "unused".to_owned())];
    for arguments in [&["migrate"] as &[&str], &["seed", "--products", "10"]] {
        let ran = run_command(arguments, &variables).await;
        assert_eq!(ran.code, 3, "{ran:?}");
        assert_printable("the complaint", &ran.stderr);
    }
}
