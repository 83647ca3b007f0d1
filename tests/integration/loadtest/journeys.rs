//! Journeys on a shop that gives out tokens and cookies, refuses everything else, and counts: its counts are ours.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::Value;
use storemgr::net::{Target, request_once};

use crate::harness::{Authority, Instance, Ran, TestDatabase, WebServer, run_command};

/// A service of `tests/data` in a process of its own, until it is dropped.
pub(super) struct Service {
    process: Child,
    pub(super) target: Target,
}

impl Service {
    pub(super) fn start(program: &str, arguments: &[&str]) -> Self {
        let program = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(program);
        let started = Command::new("python3").arg(program).args(arguments).stdout(Stdio::piped()).spawn();
        let mut process = started.expect("python3, which ops/install --tests installs");
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { process, target: Target::parse(url.trim()).unwrap() }
    }

    /// What it answers to a path, in JSON.
    pub(super) async fn told(&self, path: &str) -> Value {
        let patience = std::time::Duration::from_secs(10);
        let answer = request_once(&self.target, hyper::Method::GET, path, &[], Vec::new(), patience).await;
        serde_json::from_str(&answer.unwrap().text()).unwrap()
    }
}

/// The shop of `tests/data`.
pub(super) struct Shop(Service);

impl Shop {
    pub(super) fn start() -> Self {
        Self(Service::start("shop.py", &[]))
    }

    /// How often it did something, and how often it refused.
    pub(super) async fn count(&self, name: &str) -> u64 {
        self.told("/counts").await[name].as_u64().unwrap_or(0)
    }
}

impl std::ops::Deref for Shop {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.0
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

pub(super) const PASSWORD: &str = "correct horse";

fn shop_scenario() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/shop.toml").to_owned()
}

/// Runs a scenario against the shop, with its result as JSON on standard output.
pub(super) async fn run(shop: &Shop, scenario: &str, arguments: &[&str]) -> (Ran, Value) {
    let host = shop.target.to_string();
    let base = ["loadtest", "--quiet", "--host", &host, "--scenario", scenario, "--json", "-"];
    let password = [("SHOP_PASSWORD", PASSWORD.to_owned())];
    let ran = run_command(&[&base[..], arguments].concat(), &password).await;
    let summary = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    (ran, summary)
}

/// Runs the text of a scenario.
async fn run_text(shop: &Shop, text: &str, arguments: &[&str]) -> (Ran, Value) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scenario.toml");
    std::fs::write(&file, text).unwrap();
    run(shop, file.to_str().unwrap(), arguments).await
}

fn journey<'a>(summary: &'a Value, name: &str) -> &'a Value {
    summary["journeys"].as_array().unwrap().iter().find(|journey| journey["name"] == name).unwrap()
}

fn route<'a>(summary: &'a Value, method: &str, name: &str) -> &'a Value {
    let mut routes = summary["routes"].as_array().unwrap().iter();
    routes.find(|route| route["method"] == method && route["route"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_shop_counts_is_what_is_told() {
    let shop = Shop::start();
    let journeys = std::env::var("JOURNEYS").unwrap_or_else(|_| "600".to_owned());
    let arguments = ["-u", "50", "-r", "500", "--think-time", "0s", "--iterations", &journeys];
    let (ran, summary) = run(&shop, &shop_scenario(), &arguments).await;
    let (buy, look) = (journey(&summary, "buy"), journey(&summary, "look"));
    let made = |journey: &Value| journey["journeys"].as_u64().unwrap();
    assert_eq!((made(buy) + made(look)).to_string(), journeys, "{ran:?}");
    assert_eq!((buy["failures"].as_u64(), buy["unfinished"].as_u64()), (Some(0), Some(0)), "{ran:?}");
    assert_eq!(shop.count("refused").await, 0);
    assert_eq!(shop.count("forms").await, made(buy) + made(look));
    let bought = made(buy);
    for (name, expected) in [("logins", bought), ("accounts", bought), ("orders", bought), ("states", 3 * bought)] {
        assert_eq!(shop.count(name).await, expected, "{name}");
    }
    // The log-in and the account that it leads to are one request.
    let login = route(&summary, "POST", "/login");
    assert_eq!((login["requests"].as_u64(), login["redirects"].as_u64()), (Some(bought), Some(bought)));
    assert_eq!(login["statuses"]["200"].as_u64(), Some(bought));
    // Each state that was asked for is a request, and the wait for it a figure of its own.
    assert_eq!(route(&summary, "GET", "/orders/{id}")["requests"].as_u64(), Some(3 * bought));
    let paid = &buy["steps"][3];
    assert_eq!(paid["made"].as_u64(), Some(bought));
    assert!(paid["waited_ms"]["min"].as_f64().unwrap() >= 200.0, "{paid}");
    assert!(buy["latency_ms"]["min"].as_f64().unwrap() >= 200.0, "the wait is part of the journey");
    assert_eq!(summary["requests"].as_u64(), Some(6 * bought + made(look)));
    // 75 % of the journeys are to buy something.
    let share = bought as f64 / (bought + made(look)) as f64;
    assert!((0.6..0.9).contains(&share), "{share}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journey_of_the_documentation_runs_on_the_store_and_leaves_its_stock() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("scenarios/journey.toml");
    let read = |text: &str| text.parse::<toml::Table>().unwrap();
    let docs = std::fs::read_to_string(root.join("docs/scenarios.md")).unwrap();
    let copy = docs.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(read(copy), read(&std::fs::read_to_string(&file).unwrap()), "the page shows the file");

    let database = TestDatabase::migrated().await;
    let seed = ["seed", "--products", "50", "--users", "20", "--stock", "1000", "--orders", "0"];
    assert_eq!(run_command(&seed, &database.variables()).await.code, 0);
    let instance = Instance::start(&database, &["--report-cache", "off"]).await;
    let host = instance.target().to_string();
    let base = ["loadtest", "--quiet", "--host", &host, "--scenario", file.to_str().unwrap(), "--json", "-"];
    let more =
        ["--var", "products=50", "--var", "customers=20", "-u", "8", "--think-time", "0s", "--iterations", "200"];
    let ran = run_command(&[&base[..], &more].concat(), &[]).await;
    let summary: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let counts = (summary["requests"].as_u64(), summary["failures"].as_u64());
    assert_eq!(counts, (Some(800), Some(0)), "{ran:?}");
    assert_eq!(journey(&summary, "order and cancel")["journeys"], 200);
    let left = database.number("SELECT CAST(SUM(quantity) - SUM(quantity_sold) AS UNSIGNED) FROM stocks").await;
    assert_eq!(left, 50_000, "what was ordered was given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_is_not_there_fails_under_its_name_and_ends_the_journey() {
    let shop = Shop::start();
    let text = r#"
        name = "lost"
        think_time = "0s"
        [[journey]]
        name = "lost"
        [[journey.step]]
        name = "form"
        path = "/login"
        capture = { csrf = { body = 'name="xsrf" value="([^"]+)"' } }
        [[journey.step]]
        name = "log in"
        path = "/login"
        form = { csrf = "{{csrf}}" }
        [[journey.step]]
        path = "/account"
    "#;
    let (ran, summary) = run_text(&shop, text, &["-u", "2", "--iterations", "20", "--threshold", "lost:p95<1s"]).await;
    assert!([99, 98].contains(&ran.code), "98 on a machine without time to spare: {ran:?}");
    let lost = journey(&summary, "lost");
    assert_eq!((lost["journeys"].as_u64(), lost["failures"].as_u64()), (Some(20), Some(20)), "{ran:?}");
    let counts = |step: usize| ["made", "failed", "not_sent"].map(|count| lost["steps"][step][count].as_u64().unwrap());
    assert_eq!([counts(0), counts(1), counts(2)], [[20, 20, 0], [0, 0, 20], [0, 0, 20]]);
    assert_eq!((shop.count("forms").await, shop.count("refused").await), (20, 0));
    let failure = &summary["failure_groups"][0];
    assert_eq!((failure["count"].as_u64(), failure["kind"].as_str()), (Some(20), Some("check")));
    assert!(failure["message"].as_str().unwrap().starts_with("capture csrf: "), "{failure}");
    assert_eq!(summary["thresholds"][0]["seen"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_counts_journeys() {
    let shop = Shop::start();
    let arguments = [
        "--rate",
        "40",
        "-t",
        "3s",
        "-s",
        "60s",
        "--think-time",
        "100ms..200ms",
        "--threshold",
        "buy:p95<30s",
        "--threshold",
        "look:requests>5",
    ];
    let (ran, summary) = run(&shop, &shop_scenario(), &arguments).await;
    let all: u64 = ["buy", "look"].iter().map(|name| journey(&summary, name)["journeys"].as_u64().unwrap()).sum();
    let unfinished: u64 =
        ["buy", "look"].iter().map(|name| journey(&summary, name)["unfinished"].as_u64().unwrap()).sum();
    assert_eq!((all + unfinished, unfinished), (120, 0), "{ran:?}");
    assert!(summary["thresholds"].as_array().unwrap().iter().all(|threshold| threshold["held"] == true), "{ran:?}");
    assert_eq!(shop.count("forms").await, 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_repeated_and_left_out() {
    let shop = Shop::start();
    let text = r#"
        name = "again"
        think_time = "0s"
        [[journey]]
        name = "again"
        [[journey.step]]
        name = "forms"
        path = "/login"
        repeat = 3
        capture = { kind = { header = "content-type" }, next = { header = "x-next", default = "none" } }
        [[journey.step]]
        name = "never"
        path = "/nowhere"
        when = "{{next}} != none"
        [[journey.step]]
        name = "sometimes"
        path = "/login?again"
        repeat = "0..2"
        when = "{{kind}} == 'text/html; charset=utf-8'"
    "#;
    let (ran, summary) = run_text(&shop, text, &["-u", "4", "--iterations", "100"]).await;
    assert_eq!(summary["failures"].as_u64(), Some(0), "{ran:?}");
    let again = journey(&summary, "again");
    let steps = |count: &str| (0..3).map(|step| again["steps"][step][count].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!((steps("left_out"), steps("made")[..2].to_vec()), (vec![0, 100, 0], vec![300, 0]));
    let sometimes = steps("made")[2];
    assert!((60..140).contains(&sometimes), "{sometimes}");
    assert_eq!(shop.count("forms").await, 300 + sometimes);
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_stay_within_the_hosts_of_the_scenario_and_authorization_stays_with_its_host() {
    let (shop, other) = (Shop::start(), Shop::start());
    // The account of the one shop is not that of the other: its cookie goes along, its session is not known there.
    let text = |hosts: &str| {
        format!(
            r#"
            name = "two"
            think_time = "0s"
            [client]
            cookies = true
            redirects = 3
            {hosts}
            [[journey]]
            name = "two"
            [[journey.step]]
            name = "away"
            path = "/away?to={}/login"
            bearer = "secret"
            "#,
            other.target
        )
    };
    let (ran, summary) = run_text(&shop, &text(""), &["-u", "1", "--iterations", "5"]).await;
    assert_eq!((other.count("forms").await, summary["failures"].as_u64()), (0, Some(5)), "{ran:?}");
    let message = summary["failure_groups"][0]["message"].as_str().unwrap();
    assert!(message.contains("which is no host of the scenario: name it under [hosts]"), "{message}");
    let hosts = format!("[hosts]\nother = \"{}\"", other.target);
    let (ran, summary) = run_text(&shop, &text(&hosts), &["-u", "1", "--iterations", "5"]).await;
    assert_eq!((other.count("forms").await, other.count("with authorization").await), (5, 0), "{ran:?}");
    assert_eq!(shop.count("with authorization").await, 10);
    assert_eq!((summary["requests"].as_u64(), summary["routes"][0]["redirects"].as_u64()), (Some(5), Some(5)));
    // A host by its name, and HTTP/2 is no matter of the scenario.
    let named = format!(
        "name = 'x'\nthink_time = '0s'\n{hosts}\n[[journey]]\nname = 'x'\n[[journey.step]]\npath = 'other:/login'"
    );
    let (ran, summary) = run_text(&shop, &named, &["-u", "2", "--iterations", "4"]).await;
    assert_eq!(
        (other.count("forms").await, summary["routes"][0]["route"].as_str()),
        (9, Some("other:/login")),
        "{ran:?}"
    );
}

/// Two shops, each behind an nginx that speaks TLS and HTTP/2; a journey that asks both in turn.
#[tokio::test(flavor = "multi_thread")]
async fn steps_of_several_hosts_go_by_tls_by_http2_and_through_a_proxy() {
    let (shop, other, authority) = (Shop::start(), Shop::start(), Authority::new());
    let identity = authority.issue("front", "DNS:localhost");
    let front = |shop: &Shop| {
        WebServer::nginx_serving(
            "ssl http2",
            &format!(
                "ssl_certificate {}; ssl_certificate_key {}; location / {{ proxy_pass {}; }}",
                identity.certificate, identity.key, shop.target
            ),
        )
    };
    let ((near, near_log), (far, far_log)) = (front(&shop), front(&other));
    let url = |server: &WebServer| format!("https://localhost:{}", server.target.port());
    let text = format!(
        "name = 'two'\nthink_time = '0s'\n[hosts]\nother = '{}'\n[[journey]]\nname = 'two'\n\
         [[journey.step]]\npath = '/login'\ncapture = {{ csrf = {{ body = 'name=\"csrf\" value=\"([^\"]+)\"' }} }}\n\
         [[journey.step]]\npath = 'other:/login?seen={{{{csrf}}}}'\nroute = 'other:/login'\n",
        url(&far)
    );
    let folder = tempfile::tempdir().unwrap();
    let (file, ca) = (folder.path().join("two.toml"), authority.certificate());
    std::fs::write(&file, text).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let tunnels = Arc::default();
    tokio::spawn(super::way::proxy(listener, "Basic c2VjcmV0", Arc::clone(&tunnels)));
    let main = url(&near);
    let base =
        ["loadtest", "--quiet", "--host", &main, "--scenario", file.to_str().unwrap(), "--json", "-", "--ca", &ca];
    let base = [&base[..], &["-u", "4", "--iterations", "40"]].concat();
    let authorization = [("PROXY_AUTHORIZATION", "Basic c2VjcmV0".to_owned())];
    let ways =
        [&[][..], &["--http2"], &["--http2", "--streams", "4"], &["--proxy", &proxy], &["--http2", "--proxy", &proxy]];
    for (round, way) in (1..).zip(ways) {
        let ran = run_command(&[&base[..], way].concat(), &authorization).await;
        let summary: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{way:?}: {ran:?}"));
        let counted = [shop.count("forms").await, other.count("forms").await];
        assert_eq!(counted, [40 * round, 40 * round], "{way:?}: {ran:?}");
        assert_eq!(
            (summary["requests"].as_u64(), summary["failures"].as_u64()),
            (Some(80), Some(0)),
            "{way:?}: {ran:?}"
        );
        assert_eq!(journey(&summary, "two")["journeys"], 40, "{way:?}");
        let transport = &summary["transport"];
        let handshakes = transport["tls_handshakes"].as_object().unwrap().values().map(|count| count.as_u64().unwrap());
        // With each service one connection is made before the load.
        let of_the_load = transport["phases"]["tls"]["count"].as_u64().unwrap();
        assert_eq!(handshakes.sum::<u64>(), of_the_load + 2, "{way:?}: {transport}");
        // A connection to each service for each user, or for all users of one of at most two threads.
        if way.contains(&"--streams") { assert!(of_the_load <= 4, "{transport}") } else { assert_eq!(of_the_load, 8) }
    }
    // A service beside that of the run may be the one with TLS.
    let plain = shop.target.to_string();
    let arguments = ["loadtest", "--quiet", "--host", &plain, "--scenario", file.to_str().unwrap(), "--ca", &ca];
    let ran = run_command(&[&arguments[..], &["--json", "-", "-u", "2", "--iterations", "4"]].concat(), &[]).await;
    let summary: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    assert_eq!((summary["failures"].as_u64(), ran.code), (Some(0), 0), "{ran:?}");
    assert_eq!(summary["transport"]["phases"]["tls"]["count"], 2, "{}", summary["transport"]);
    assert!(!summary["transport"]["tls_handshakes"].as_object().unwrap().is_empty());
    assert!(tunnels.load(Ordering::Relaxed) >= 4, "one for each user and host, or for each connection that they share");
    for log in [near_log, far_log] {
        let log = std::fs::read_to_string(log.join("access.log")).unwrap();
        let by_http2 = log.lines().filter(|line| line.contains("HTTP/2.0")).count();
        assert!(by_http2 >= 120, "{by_http2} of {} requests came by HTTP/2", log.lines().count());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_with_its_time_and_files_for_pipelines_say_so() {
    let shop = Shop::start();
    let text = r#"
        name = "waits"
        think_time = "0s"
        [[journey]]
        name = "wait"
        [[journey.step]]
        name = "for ever"
        path = "/login"
        until = { header.x-state = "paid", every = "50ms", within = "200ms" }
    "#;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (junit, markdown) = (file("load.xml"), file("load.md"));
    let arguments = ["-u", "1", "--iterations", "3", "--junit", &junit, "--markdown", &markdown];
    let (ran, summary) = run_text(&shop, text, &arguments).await;
    assert!([1, 98].contains(&ran.code), "98 on a machine without time to spare: {ran:?}");
    let wait = journey(&summary, "wait");
    assert_eq!((wait["journeys"].as_u64(), wait["failures"].as_u64()), (Some(3), Some(3)));
    assert!(wait["latency_ms"]["max"].as_f64().unwrap() < 5_000.0);
    // All but the last request of each wait were good, and each was sent.
    let route = route(&summary, "GET", "/login");
    assert_eq!((route["requests"].as_u64(), route["failures"].as_u64()), (Some(shop.count("forms").await), Some(3)));
    let message = summary["failure_groups"][0]["message"].as_str().unwrap();
    assert!(message.ends_with("within 200 ms") && message.contains("header x-state"), "{message}");
    let junit = std::fs::read_to_string(junit).unwrap();
    assert!(junit.contains("<testsuite name=\"journeys\" tests=\"1\" failures=\"1\""), "{junit}");
    let markdown = std::fs::read_to_string(markdown).unwrap();
    assert!(markdown.starts_with("### Load test `waits` on ") && markdown.contains("at for ever"), "{markdown}");
}
