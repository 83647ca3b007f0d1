//! `storemgr loadtest`: what it asks for, and where its results go.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use storemgr::net::Target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Ran, command, run_command};

/// A server that keeps what it was asked, and answers what the path says: `/status/404`, `/json`, `/slow`.
struct Server {
    target: Target,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::loopback(listener.local_addr().unwrap().port());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&kept)));
            }
        });
        Self { target, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    async fn was_asked(&self, times: usize) {
        for _ in 0..3_000 {
            if self.requests.lock().unwrap().len() >= times {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("asked {} times, not {times}", self.requests().len());
    }
}

async fn talk(mut stream: TcpStream, kept: Arc<Mutex<Vec<String>>>) -> Option<()> {
    let mut received = Vec::new();
    loop {
        let request = loop {
            let text = String::from_utf8(received.clone()).unwrap();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.map_or(0, |length| length.parse().unwrap());
                if body.len() >= length {
                    received.drain(..head.len() + 4 + length);
                    break format!("{head}\r\n\r\n{}", &body[..length]);
                }
            }
            let mut buffer = [0; 4_096];
            match stream.read(&mut buffer).await {
                Ok(count @ 1..) => received.extend_from_slice(&buffer[..count]),
                _ => return None,
            }
        };
        let path = request.split(' ').nth(1).unwrap().to_owned();
        if path.starts_with("/products?") {
            // The question for the size of a store is no part of the load.
            stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await.ok()?;
            continue;
        }
        let number = {
            let mut kept = kept.lock().unwrap();
            kept.push(request);
            kept.len()
        };
        let status = path.strip_prefix("/status/").map_or("200", |status| &status[..3]).to_owned();
        if path == "/slow" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let body = format!("{{\"id\":{number},\"error\":\"no order {number} for mia{number}@example.com\"}}");
        let head =
            format!("HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.ok()?;
    }
}

/// Runs a scenario; gives how the command ended, and its JSON.
async fn run(server: &Server, folder: &Path, scenario: &str, arguments: &[&str]) -> (Ran, Value) {
    let (path, host) = (folder.join("scenario.toml"), server.target.to_string());
    std::fs::write(&path, scenario).unwrap();
    let path = path.to_str().unwrap();
    let mut all = vec!["loadtest", "-H", &host, "--scenario", path, "--json", "-"];
    for (flag, value) in [("-u", "3"), ("-r", "1000"), ("-t", "700ms")] {
        if !arguments.contains(&flag) {
            all.extend([flag, value]);
        }
    }
    let ran = run_command(&[&all[..], arguments].concat(), &[]).await;
    let summary = serde_json::from_str(&ran.stdout).unwrap_or(Value::Null);
    (ran, summary)
}

const SHOP: &str = r#"
name = "shop"
think_time = "5ms"
[csv]
users = "users.csv"
[[task]]
name = "find"
weight = 3
path = "/orders/{{id = random(1, 100000)}}?page={{random(1, 9)}}"
headers = { X-Key = "{{uuid}}", X-Id = "{{id}}" }
[[task]]
name = "buy"
method = "POST"
path = "/orders"
body = '{"email":{{csv.users.email | json}},"n":{{sequence}}}'
check = { status = 200, header.content-type = { contains = "json" }, json."/id" = { min = 1 } }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_is_sent_as_it_is_written_and_counted_by_route() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start().await);
    std::fs::write(folder.path().join("users.csv"), "email\na@example.com\n\"b \"\"q\"\"\"\n").unwrap();
    let (ran, summary) = run(&server, folder.path(), SHOP, &[]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let routes: Vec<_> = summary["routes"].as_array().unwrap().iter().map(|route| route["route"].clone()).collect();
    assert_eq!(routes, ["/orders/{id}", "/orders"]);
    let (mut finds, mut numbers) = (0, Vec::new());
    for request in server.requests() {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        assert_eq!(header("host: "), server.target.authority());
        if let Some(path) = head.strip_prefix("GET /orders/") {
            finds += 1;
            assert_eq!(path.split('?').next().unwrap(), header("x-id: "));
            assert_eq!((header("x-key: ").len(), body), (36, ""));
        } else {
            let body: Value = serde_json::from_str(body).unwrap();
            assert!(["a@example.com", "b \"q\""].contains(&body["email"].as_str().unwrap()), "{body}");
            assert_eq!(header("content-type: "), "application/json");
            numbers.push(body["n"].as_u64().unwrap());
        }
    }
    assert_eq!(summary["routes"][0]["requests"].as_u64(), Some(finds));
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "no number twice");
    let share = finds as f64 / server.requests().len() as f64;
    assert!((0.6..0.9).contains(&share), "three of four are finds, not {share}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_asks_for_the_same_things_under_other_keys() {
    let (folder, scenario) = (tempfile::tempdir().unwrap(), SHOP.replace("{{sequence}}", "1"));
    std::fs::write(folder.path().join("users.csv"), "email\na@example.com\nb@example.com\n").unwrap();
    let (mut asked, mut keys) = (Vec::new(), Vec::new());
    for seed in ["7", "7", "8"] {
        let server = Server::start().await;
        let (ran, _) = run(&server, folder.path(), &scenario, &["-u", "1", "--seed", seed]).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let host = format!("host: {}", server.target.authority());
        let requests: Vec<_> = server.requests().iter().take(20).map(|request| request.replace(&host, "")).collect();
        let lines = requests.iter().flat_map(|request| request.lines().map(str::to_owned));
        let (key, rest): (Vec<_>, Vec<_>) = lines.partition(|line| line.to_lowercase().starts_with("x-key:"));
        asked.push(rest);
        keys.push(key);
    }
    assert!(asked[0].len() > 20 && asked[0] == asked[1] && asked[0] != asked[2]);
    // A service answers a key that it knows from memory: a second run must not repeat those of the first.
    assert!(!keys[0].is_empty() && keys[0].iter().all(|key| !keys[1].contains(key)), "{keys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_keep_their_kind_and_an_example_and_group_without_ids() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start().await);
    let scenario = "name = 'x'\nthink_time = '5ms'\n\
        [[task]]\nname = 'gone'\npath = '/status/404'\n\
        [[task]]\nname = 'gone as expected'\npath = '/status/404?good'\ncheck = { status = 404 }\n\
        [[task]]\nname = 'wrong'\npath = '/json'\ncheck = { json.'/id' = 'seven' }\n\
        [[task]]\nname = 'wrong status'\npath = '/status/202'\ncheck = { status = 201 }";
    let (ran, summary) = run(&server, folder.path(), scenario, &["--max-fail-ratio", "1"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let groups: Vec<_> = summary["failure_groups"].as_array().unwrap().iter().collect();
    let find = |kind: &str, message: &str| {
        let found = groups.iter().find(|group| group["kind"] == kind && group["message"] == message);
        found.unwrap_or_else(|| panic!("no {kind} {message} in {groups:?}"))
    };
    let gone = find("http", "404 no order N for EMAIL");
    assert!(gone["example"].as_str().unwrap().ends_with("@example.com"), "{gone}");
    find("check", "JSON \"/id\" is N, expected \"seven\"");
    find("check", "status 202, expected 201");
    assert_eq!(groups.len(), 3, "{groups:?}");
    let counted: u64 = groups.iter().map(|group| group["count"].as_u64().unwrap()).sum();
    assert_eq!(Some(counted), summary["failures"].as_u64());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_that_cannot_be_sent_is_refused_with_its_line() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start().await);
    let scenario = "name = 'x'\n[[task]]\nname = 'order'\npath = '/{{random(1, prodcts)}}'";
    let (ran, _) = run(&server, folder.path(), scenario, &[]).await;
    let told = "scenario.toml, line 4, task \"order\": {{random(1, prodcts)}}: there is no variable prodcts";
    assert!(ran.code == 2 && ran.stderr.contains(told), "{ran:?}");
    let away = run_command(&["loadtest", "-H", "127.0.0.1:1", "--scenario", "/nowhere.toml"], &[]).await;
    assert!(away.code == 2 && away.stderr.contains("/nowhere.toml: the scenario cannot be read"), "{away:?}");
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_scenario_is_printed_and_runs_as_a_file() {
    let printed = run_command(&["loadtest", "--print-scenario"], &[]).await;
    assert_eq!(printed.code, 0, "{printed:?}");
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start().await);
    let (ran, summary) =
        run(&server, folder.path(), &printed.stdout, &["--think-time", "5ms", "--var", "products=7"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let routes: Vec<_> = summary["routes"].as_array().unwrap().iter().map(|route| route["route"].clone()).collect();
    assert_eq!(routes, ["/orders", "/orders/reports/best-sellers", "/orders/reports/highest-spenders"]);
    let products: Vec<u64> = server
        .requests()
        .iter()
        .filter_map(|request| serde_json::from_str::<Value>(request.split_once("\r\n\r\n")?.1).ok())
        .flat_map(|order| order["items"].as_array().unwrap().clone())
        .map(|item| item["product_id"].as_u64().unwrap())
        .collect();
    assert!(!products.is_empty() && products.iter().all(|product| (1..=7).contains(product)), "{products:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_that_come_with_it_can_be_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut read = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|extension| extension == "toml") {
            // Read by the program, which has a password for those that want one: it fails for want of a service.
            let path = file.display().to_string();
            let arguments = ["loadtest", "--host", "http://127.0.0.1:1", "--scenario", &path];
            let ran = run_command(&arguments, &[("SHOP_PASSWORD", "secret".to_owned())]).await;
            assert_eq!(ran.code, 3, "{ran:?}");
            read += 1;
        }
    }
    assert!(read >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_leaves_what_it_had_done() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start().await);
    let (host, path) = (server.target.to_string(), |name: &str| folder.path().join(name).to_str().unwrap().to_owned());
    let (json, html, csv) = (path("run.json"), path("run.html"), path("run"));
    let arguments = ["loadtest", "-H", &host, "-u", "3", "-r", "1000", "-t", "10m", "--think-time", "50ms"];
    let files = ["--json", &json, "--html", &html, "--csv", &csv, "--tag", "version=7"];
    let mut child = command(&[&arguments[..], &files].concat(), &[]).spawn().unwrap();
    // The first snapshot is written after ten seconds.
    let written = async {
        while std::fs::metadata(&json).map_or(0, |file| file.len()) == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        while std::fs::metadata(&html).map_or(0, |file| file.len()) == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), written).await.unwrap();
    child.kill().await.unwrap();
    let summary: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!((summary["complete"].as_bool(), summary["tags"]["version"].as_str()), (Some(false), Some("7")));
    assert!(summary["requests"].as_u64().unwrap() > 100, "{summary}");
    assert!(std::fs::read_to_string(&html).unwrap().ends_with("</html>\n"));
    let stats = std::fs::read_to_string(format!("{csv}_stats.csv")).unwrap();
    assert!(stats.lines().last().unwrap().starts_with(",Aggregated,"), "{stats}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_baseline_is_compared_and_another_experiment_refused() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start().await);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let fast = "name = 'x'\nthink_time = '5ms'\n[[task]]\nname = 'a'\npath = '/{{choice(\"fast\")}}'";
    let slow = fast.replace("fast", "slow");
    let (mut before, mut now) = (Vec::new(), Vec::new());
    for number in 0..4 {
        for (scenario, files, name) in [(fast, &mut before, "before"), (slow.as_str(), &mut now, "now")] {
            let file = path(&format!("{name}{number}.json"));
            let (ran, _) = run(&server, folder.path(), scenario, &["--tag", "x=y"]).await;
            assert_eq!(ran.code, 0, "{ran:?}");
            std::fs::write(&file, &ran.stdout).unwrap();
            files.push(file);
        }
    }
    let mut arguments = vec!["--baseline"];
    arguments.extend(before.iter().map(String::as_str));
    arguments.push("--with");
    arguments.extend(now.iter().map(String::as_str));
    let (ran, summary) = run(&server, folder.path(), &slow, &arguments).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let comparison = &summary["comparison"];
    assert_eq!((comparison["runs_before"].as_u64(), comparison["runs_now"].as_u64()), (Some(4), Some(5)));
    let figures = comparison["figures"].as_array().unwrap();
    let p50 = figures.iter().find(|figure| figure["route"] == "Aggregated" && figure["figure"] == "p50_ms").unwrap();
    assert!(p50["meaning"] == "worse" && p50["now"].as_f64().unwrap() >= 50.0, "{p50}");
    assert!(p50["p"].as_f64().unwrap() < 0.02, "{p50}");
    let (ran, _) = run(&server, folder.path(), fast, &["--baseline", &before[0], "--think-time", "9ms"]).await;
    assert!(ran.code == 2 && ran.stderr.contains("the mix of requests differs"), "{ran:?}");
    let asked = server.requests().len();
    let other = ["loadtest", "-H", &server.target.to_string(), "-u", "9", "--baseline", &before[0]];
    let ran = run_command(&other, &[]).await;
    assert!(ran.code == 2 && ran.stderr.contains("the number of users differs, 3 there and 9 here"), "{ran:?}");
    assert_eq!(server.requests().len(), asked, "refused before anything was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_exposed_to_prometheus_while_it_lasts() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start().await);
    // A port that is free now.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let metrics = Target::loopback(address.port());
    let scrape = async {
        server.was_asked(100).await;
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let mut connection = storemgr::net::Connection::open(&metrics, storemgr::net::Limits::default()).await.unwrap();
        let get = |path| (hyper::Method::GET, path);
        let (method, path) = get("/metrics");
        let answer = connection.send(method, path, &[], hyper::body::Bytes::new()).await.unwrap();
        let (method, path) = get("/");
        let elsewhere = connection.send(method, path, &[], hyper::body::Bytes::new()).await.unwrap();
        assert_eq!(elsewhere.status, 404);
        answer.text()
    };
    let scenario = "name = 'x'\nthink_time = '5ms'\n[[task]]\nname = 'a'\npath = '/status/404?{{uuid}}'";
    let address = address.to_string();
    let arguments = ["-t", "4s", "--metrics-listen", &address, "--max-fail-ratio", "1"];
    let ((ran, summary), text) = tokio::join!(run(&server, folder.path(), scenario, &arguments), scrape);
    assert_eq!(ran.code, 0, "{ran:?}");
    let value = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).rsplit(' ').next().unwrap().parse().unwrap()
    };
    let labels = "method=\"GET\",route=\"/status/404\"";
    let failed = value(&format!("storemgr_loadtest_failures_total{{kind=\"http\",{labels}}}"));
    let times = |outcome: &str| {
        let labels = format!("method=\"GET\",outcome=\"{outcome}\",route=\"/status/404\"");
        value(&format!("storemgr_loadtest_response_time_seconds_count{{{labels}}}"))
    };
    let (counted, good) = (times("failed"), times("succeeded"));
    assert!(good < 0.5, "a failure is in no time of good answers: {text}");
    assert!(failed >= 100.0 && failed <= summary["failures"].as_f64().unwrap(), "{failed} {summary}");
    assert!((failed - counted).abs() < 0.5 && value("storemgr_loadtest_users ") > 2.5, "{text}");
    for metric in storemgr::metrics::LOADTEST_DECLARED {
        assert!(text.contains(&format!("# TYPE {} {}", metric.name, metric.kind)), "{} is not exposed", metric.name);
    }
}
