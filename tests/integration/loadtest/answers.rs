//! Answers that are not what they seem, in their values, in their length, or in where they end.

use std::process::Output;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Child;

use crate::harness::{command, run_command};

/// A server that answers what the path says.
async fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that goes away in the middle is what some of the tests are about.
            tokio::spawn(talk(stream));
        }
    });
    format!("http://{address}")
}

async fn talk(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    loop {
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await?);
        }
        let path = String::from_utf8_lossy(&request).split(' ').nth(1).unwrap().to_owned();
        request.clear();
        let (status, body) = path.trim_start_matches('/').split_once('/').unwrap();
        let head = format!("HTTP/1.1 {status} Said\r\nx-name: caf\u{e9}\r\n");
        let chunked = "transfer-encoding: chunked\r\n\r\n";
        match body {
            "huge" => {
                let piece = vec![b'x'; 1 << 20];
                stream.write_all(format!("{head}content-length: {}\r\n\r\n", 100 << 20).as_bytes()).await?;
                for _ in 0..100 {
                    stream.write_all(&piece).await?;
                }
            }
            "endless" => {
                stream.write_all(format!("{head}\r\n").as_bytes()).await?;
                loop {
                    stream.write_all(&vec![b'x'; 64 << 10]).await?;
                }
            }
            "endless-chunks" => {
                stream.write_all(format!("{head}{chunked}").as_bytes()).await?;
                let piece = format!("10000\r\n{}\r\n", "x".repeat(64 << 10));
                loop {
                    stream.write_all(piece.as_bytes()).await?;
                }
            }
            "cut" => {
                stream.write_all(format!("{head}content-length: 100\r\n\r\nseventeen letters").as_bytes()).await?;
                return stream.shutdown().await;
            }
            "cut-chunk" => {
                stream.write_all(format!("{head}{chunked}64\r\nseventeen letters").as_bytes()).await?;
                return stream.shutdown().await;
            }
            "cut-head" => return stream.write_all(b"HTTP/1.1 200").await,
            "reset" => {
                stream.write_all(format!("{head}content-length: 100\r\n\r\nseventeen letters").as_bytes()).await?;
                // The bytes arrive before the reset, which would otherwise take their place.
                tokio::time::sleep(Duration::from_millis(100)).await;
                return stream.set_zero_linger();
            }
            json => {
                let json = json.replace("%22", "\"");
                let answer = format!("{head}content-length: {}\r\n\r\n{json}", json.len());
                stream.write_all(answer.as_bytes()).await?;
            }
        }
    }
}

/// What a run came to: its exit code, its errors, its JSON, and the most memory that it used, in MiB.
#[derive(Debug)]
struct Came {
    code: Option<i32>,
    stderr: String,
    summary: Value,
    memory: u64,
}

impl Came {
    /// The messages of its failures, with an example and the kind of each.
    fn failures(&self) -> Vec<(&str, &str, &str)> {
        let groups = self.summary["failure_groups"].as_array().map(Vec::as_slice).unwrap_or_default();
        groups
            .iter()
            .map(|group| ["kind", "message", "example"].map(|key| group[key].as_str().unwrap()).into())
            .collect()
    }
}

/// Runs one task against a server of its own.
async fn run(path: &str, check: &str, arguments: &[&str]) -> Came {
    let (folder, host) = (tempfile::tempdir().unwrap(), serve().await);
    let file = folder.path().join("scenario.toml");
    let check = if check.is_empty() { String::new() } else { format!("check = {{ {check} }}\n") };
    let task = format!("name = 'x'\nthink_time = '50ms'\n[[task]]\nname = 't'\npath = '{path}'\n{check}");
    std::fs::write(&file, task).unwrap();
    let json = folder.path().join("run.json");
    let base = ["loadtest", "-H", &host, "--scenario", file.to_str().unwrap(), "--json", json.to_str().unwrap()];
    let mut all = base.to_vec();
    for (flag, value) in [("-u", "2"), ("-r", "1000"), ("-t", "500ms")] {
        if !arguments.contains(&flag) {
            all.extend([flag, value]);
        }
    }
    let child = command(&[&all[..], arguments].concat(), &[]).spawn().unwrap();
    let (output, memory) = to_its_end(child).await;
    let summary = std::fs::read_to_string(json).ok().and_then(|text| serde_json::from_str(&text).ok());
    let stderr = String::from_utf8(output.stderr).unwrap();
    Came { code: output.status.code(), stderr, summary: summary.unwrap_or_default(), memory }
}

/// Waits for the end of a command. Gives its output and the most memory that it used, in MiB.
pub(super) async fn to_its_end(mut child: Child) -> (Output, u64) {
    let status = format!("/proc/{}/status", child.id().unwrap());
    let mut memory = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak =
            text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        memory = memory.max(peak.unwrap_or(0) >> 10);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (child.wait_with_output().await.unwrap(), memory)
}

#[tokio::test(flavor = "multi_thread")]
async fn integers_are_compared_exactly() {
    let check = "json.'/n' = 9223372036854775807";
    for (number, good) in
        [("9223372036854775807", true), ("9223372036854775806", false), ("9223372036854775808", false)]
    {
        let came = run(&format!("/200/{{%22n%22:{number}}}"), check, &[]).await;
        assert_eq!(came.code, Some(i32::from(!good)), "{number}: {came:?}");
        if !good {
            let example = format!("JSON \"/n\" is {number}, expected 9223372036854775807");
            assert_eq!((came.failures()[0].0, came.failures()[0].2), ("check", example.as_str()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_can_never_fail_is_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scenario.toml");
    for (check, said) in [
        ("check = {}", "line 4, task \"t\": check = {} can never fail: write a rule"),
        ("check = { json.'/n' = { min = nan } }", "check.json.\"/n\".min = nan is no limit"),
        ("check = { json.'/n' = {} }", "check.json.\"/n\" = {} can never fail"),
    ] {
        std::fs::write(&file, format!("name = 'x'\n[[task]]\nname = 't'\n{check}\npath = '/'")).unwrap();
        let ran = run_command(&["loadtest", "-H", "127.0.0.1:1", "--scenario", file.to_str().unwrap()], &[]).await;
        assert!(ran.code == 2 && ran.stderr.contains(said), "{check}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_end_takes_little_memory_and_its_status_is_told() {
    for body in ["endless", "endless-chunks"] {
        let came = run(&format!("/500/{body}"), "", &["-u", "30", "-t", "2s", "--timeout", "1s"]).await;
        assert!(came.memory < 150, "{body}: {} MiB", came.memory);
        let failures = came.failures();
        let said = "500, but the body had not ended after 1.00 s";
        assert!(failures.contains(&("timeout", said, said)), "{failures:?}");
        // On a busy machine some have not even a head when their time is over.
        assert!(failures.iter().all(|(kind, ..)| *kind == "timeout"), "{failures:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_matters_to_a_check_that_reads_it_alone() {
    let arguments = ["-t", "1s", "--stop-timeout", "60s"];
    for (path, check, said) in [
        ("/200/huge", "", None),
        ("/200/huge", "status = 200", None),
        ("/200/huge", "header.x-name = 'café'", None),
        ("/200/huge", "size = { min = 104857600 }", None),
        ("/200/huge", "size = { max = 1 }", Some("the size of the body is 104857600 bytes, expected at most 1")),
        ("/200/huge", "json.'/x' = 1", Some("status 200, but the body is too large for its check")),
        ("/500/huge", "json.'/x' = 1", Some("500 Internal Server Error")),
    ] {
        let came = run(path, check, &arguments).await;
        assert!(came.summary["requests"].as_u64() > Some(0), "{came:?}");
        match said {
            // So many bytes may keep a busy machine's generator from its other work, which is another verdict.
            None => assert_eq!(came.failures(), [], "{path} {check}: {}", came.stderr),
            Some(said) => assert!(came.failures()[0].2.starts_with(said), "{path} {check}: {:?}", came.failures()),
        }
        assert!(came.memory < 150, "{path} {check}: {} MiB", came.memory);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_cut_short_is_told_by_its_status_and_byte() {
    for (path, message) in [
        ("/200/cut", "200, but the body was cut short after 17 of 100 bytes"),
        ("/500/cut-chunk", "500, but the body was cut short after 17 bytes"),
        ("/503/reset", "503, but the connection was reset after 17 of 100 bytes of the body"),
        ("/200/cut-head", "the head of the answer was cut short after 12 bytes"),
    ] {
        let came = run(path, "", &[]).await;
        assert_eq!(came.failures(), [("reset", message, message)], "{}", came.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_on_the_time_and_a_path_are_checks() {
    let items = "/200/{%22items%22:[{%22id%22:1},{%22id%22:2}]}";
    let came = run(items, "time = '<30s', json.'$..id' = { min = 1, all = true }", &[]).await;
    assert_eq!(came.code, Some(0), "{came:?}");
    let came = run(items, "time = '<1us'", &[]).await;
    let (kind, _, example) = came.failures()[0];
    assert!(kind == "check" && example.ends_with("expected <1us"), "{example}");
    let came = run(items, "json.'$..id' = { max = 1, all = true }", &[]).await;
    assert_eq!(came.failures()[0].2, "JSON \"$..id\" is 2 (node 2 of 2), expected at most 1");
}
