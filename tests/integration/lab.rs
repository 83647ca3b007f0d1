//! `storemgr lab`: a small ladder on a real private stack.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use storemgr::net::{Target, request_once};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Authority, StudentStore, WebServer, free_port, inhabitants, kill, storemgr_in};

/// A folder for one lab, which is stopped and removed after the test.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// `lab` with a small load. 400 users use up 151 connections in a few seconds.
    fn lab(&self, arguments: &[&str]) -> Command {
        let mut command = storemgr_in(self.path(), &["lab"]);
        command.args(arguments);
        command
    }

    fn small(&self, arguments: &[&str]) -> Command {
        let load = ["--users", "400", "--run-time", "4", "--history-orders", "2000", "--output", "out"];
        let mut command = self.lab(&load);
        command.args(if arguments.contains(&"--burst") { &[][..] } else { &["--burst", "1"] }).args(arguments);
        command
    }

    fn json(&self, name: &str) -> Value {
        let text = fs::read(self.path().join("out").join(name)).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    fn nothing_runs(&self) {
        assert_eq!(inhabitants(self.path()), Vec::<u32>::new());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for pid in inhabitants(self.path()) {
            kill(pid, "KILL");
        }
    }
}

/// Exit code 98 means that this machine was too busy; the figures still distinguish the rungs.
fn assert_done(code: Option<i32>, told: &str) {
    assert!(matches!(code, Some(0 | 98)), "exit code {code:?}: {told}");
}

#[test]
fn the_first_rung_collapses_while_the_database_sleeps_and_the_last_one_holds() {
    let place = Place::new();
    let ran = place.small(&["--rungs", "1,7", "--json", "lab-copy.json"]).output().unwrap();
    let (shown, told) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert_done(ran.status.code(), &told);
    place.nothing_runs();

    let account = place.json("lab.json");
    let copy: Value = serde_json::from_slice(&fs::read(place.path().join("lab-copy.json")).unwrap()).unwrap();
    assert_eq!(account, copy);
    let [first, last] = [&account["rungs"][0], &account["rungs"][1]];
    assert_eq!((&first["rung"], &first["name"], &first["state"]), (&1.into(), &"baseline".into(), &"measured".into()));
    assert_eq!((&last["rung"], &last["name"]), (&7.into(), &"group commit".into()));
    assert!(first["failures"].as_u64().unwrap() > 0, "{first}");
    let message = first["failure_groups"][0]["message"].as_str().unwrap();
    assert!(message.contains("Too many connections (1040)"), "{message}");
    assert_eq!(last["failures"], 0);

    // The cause, which the author of the original store could not see.
    let peak = &first["database"]["peak"];
    let [open, asleep, running] = ["open", "asleep", "running"].map(|key| peak[key].as_u64().unwrap());
    assert_eq!(first["database"]["max_connections"], 151);
    assert!(open >= 148 && asleep * 10 >= open * 9 && running * 10 <= open, "{peak}");
    // Nothing is left of what was measured before the load, which lasts 4 s: that would be asleep for twice as long. A busy
    // machine takes a second or two to look.
    let slept = first["database"]["longest_sleep_s"].as_u64().unwrap();
    assert!(slept <= first["duration_s"].as_f64().unwrap().ceil() as u64 + 3, "asleep for {slept} s: {peak}");
    assert!(open <= 151, "{peak}");
    let left = first["burst"]["left_open"].as_u64().unwrap();
    assert!(left >= 148 && first["findings"].to_string().contains("were still open, left by the requests"), "{first}");
    assert!(first["server"]["refused_connections"].as_u64().unwrap() > 0);
    assert_eq!(last["server"]["refused_connections"], 0);
    assert!(last["database"]["peak"]["open"].as_u64().unwrap() <= 40, "{}", last["database"]["peak"]);
    let findings = first["findings"].to_string();
    // In the words of the rules, or, if too little was seen for them, in those of the lab.
    let left_open = ["requests open connections and leave them behind", "The database was idle"];
    assert!(left_open.iter().any(|sentence| findings.contains(sentence)), "{findings}");

    // Single requests: a query per article and a scan of the history in the first rung, neither in the last.
    let alone = |rung: &Value, key: &str| rung["alone"][key].as_u64().unwrap();
    assert!(alone(first, "order_statements") > alone(last, "order_statements"));
    assert!(alone(first, "cold_report_rows") > 2_000, "{}", first["alone"]);
    let burst = |rung: &Value| rung["burst"]["orders_per_s"].as_f64().unwrap();
    assert!(burst(last) > 10.0 * burst(first).max(1.0), "{} and {}", first["burst"], last["burst"]);

    // Load test and Prometheus agree on both rungs. If Prometheus failed to scrape for seconds, its count includes the ten
    // single requests.
    for rung in [first, last] {
        let [seen, sent] = [&rung["server"]["requests"], &rung["requests"]].map(|count| count.as_u64().unwrap());
        assert!((sent..=sent + 10).contains(&seen), "{}: {seen} of {sent}", rung["name"]);
        assert_eq!(rung["server"]["failures"], rung["failures"], "{}", rung["name"]);
    }
    for text in ["== Rung 1: baseline", "== The ladder", "Failures by message", "What explains it", "To rung 1"] {
        assert!(shown.contains(text), "{text} is missing in {shown}");
    }
    let (markdown, page) = (read(&place, "lab.md"), read(&place, "lab.html"));
    assert!(markdown.contains("## Rung 7: group commit") && markdown.contains("| Rung"), "{markdown}");
    assert!(page.contains("<svg") && page.contains("Too many connections") && !page.contains("<script"));

    // Its Prometheus is gone, but what it said is kept with each run.
    for format in ["table", "html"] {
        let arguments = ["report", "--run", "out/rung-7.1.json", "--format", format];
        let reported = storemgr_in(place.path(), &arguments).output().unwrap();
        let (shown, told) = (String::from_utf8_lossy(&reported.stdout), String::from_utf8_lossy(&reported.stderr));
        assert_eq!(reported.status.code(), Some(0), "{told}");
        assert!(told.contains("this is the report that was kept with the run"), "{told}");
        assert!(shown.contains("/orders/reports/best-sellers"), "{shown}");
    }
    let compared = ["report", "--compare", "out/rung-1.1.json", "out/rung-7.1.json"];
    let compared = storemgr_in(place.path(), &compared).output().unwrap();
    assert_eq!(compared.status.code(), Some(0), "{compared:?}");
    assert_eq!(first["report"], Value::Null, "the account of the lab has the figures, and no copy of the report");

    // The file of a rung has the format of the load tester's.
    let report = storemgr_in(place.path(), &["loadtest", "--baseline", "out/rung-7.1.json", "--host", "127.0.0.1:1"]);
    let refused = { report }.output().unwrap();
    let sentence = String::from_utf8_lossy(&refused.stderr);
    assert!(sentence.contains("host differs"), "{sentence}");
}

fn read(place: &Place, name: &str) -> String {
    fs::read_to_string(place.path().join("out").join(name)).unwrap()
}

/// Starts a lab with its standard error in a file.
fn started(place: &Place, mut command: Command) -> Child {
    let told = fs::File::create(place.path().join("told")).unwrap();
    command.stdout(Stdio::null()).stderr(told).spawn().unwrap()
}

async fn wait_for(place: &Place, what: &str) {
    let start = Instant::now();
    while !fs::read_to_string(place.path().join("told")).unwrap().contains(what) {
        assert!(start.elapsed() < Duration::from_secs(90), "{what} was not told in 90 s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What the page of a lab shows first to a viewer, who then leaves.
async fn seen_in_a_browser(place: &Place, port: u16) -> String {
    let told = fs::read_to_string(place.path().join("told")).unwrap();
    let (_, token) = told.lines().find(|line| line.starts_with("The page: ")).unwrap().split_once('#').unwrap();
    let page = Target::loopback(port);
    let origin = page.to_string();
    let origin = ("origin", origin.as_str());
    let send = async |path, headers: &[(&str, &str)], body: &str| {
        let (method, patience) = ("POST".parse().unwrap(), Duration::from_secs(20));
        request_once(&page, method, path, headers, body.as_bytes().to_vec(), patience).await.unwrap()
    };
    let entered = send("/session", &[origin], token).await;
    let cookie = entered.headers["set-cookie"].to_str().unwrap().split_once(';').unwrap().0.to_owned();
    let steered = send("/steer", &[origin, ("cookie", &cookie)], "action=stop").await;
    assert_eq!(steered.status, 409, "the page of a lab does not steer");
    let mut stream = TcpStream::connect(page.address()).await.unwrap();
    let request = format!("GET /events HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\n\r\n", page.authority());
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut seen, mut piece) = (Vec::new(), vec![0; 65536]);
    while !seen.windows(4).any(|end| end == b"\n\n\r\n") {
        let read = stream.read(&mut piece).await.unwrap();
        assert!(read > 0, "the events go on");
        seen.extend_from_slice(&piece[..read]);
    }
    String::from_utf8_lossy(&seen).into_owned()
}

#[tokio::test]
async fn an_interrupted_lab_leaves_nothing_running_and_goes_on_where_it_was() {
    let place = Place::new();
    let port = free_port();
    let mut lab = started(&place, place.small(&["--rungs", "5,7", &format!("--page=127.0.0.1:{port}")]));
    wait_for(&place, "[2/2]").await;
    let seen = seen_in_a_browser(&place, port).await;
    assert!(seen.contains("bounded connections") && seen.contains("\"kind\":\"users\""), "the ladder so far: {seen}");
    let second = place.lab(&["--output", "elsewhere"]).output().unwrap();
    let refused = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(3), "{refused}");
    assert!(refused.contains("another lab is running in this directory"), "{refused}");
    wait_for(&place, "400 users for").await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    kill(lab.id(), "INT");
    assert_eq!(lab.wait().unwrap().code(), Some(130));
    place.nothing_runs();
    let told = fs::read_to_string(place.path().join("told")).unwrap();
    assert!(told.contains("Continue with: storemgr lab --resume out"), "{told}");
    let before = place.json("lab.json");
    assert_eq!((&before["rungs"][0]["state"], &before["rungs"][1]["state"]), (&"measured".into(), &"pending".into()));

    // No measurement is overwritten.
    let again = place.small(&["--rungs", "5"]).output().unwrap();
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("with --resume out"), "{again:?}");

    let resumed = place.lab(&["--resume", "out"]).output().unwrap();
    let told = String::from_utf8_lossy(&resumed.stderr);
    assert_done(resumed.status.code(), &told);
    assert!(told.contains("bounded connections was measured before"), "{told}");
    let after = place.json("lab.json");
    assert_eq!(after["rungs"][0]["started_at"], before["rungs"][0]["started_at"]);
    assert_eq!(after["rungs"][1]["state"], "measured");
    place.nothing_runs();
}

#[test]
fn a_rung_that_breaks_is_a_result_and_the_others_are_measured() {
    let place = Place::new();
    // A pool of one connection is too small for group commit, so `serve` refuses to start.
    let mut lab = place.small(&["--rungs", "5,7", "--burst", "0"]);
    let ran = lab.env("STOREMGR_DB_POOL_SIZE", "1").output().unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(matches!(ran.status.code(), Some(1 | 98)), "{:?}: {told}", ran.status.code());
    let account = place.json("lab.json");
    assert_eq!(account["rungs"][0]["state"], "measured");
    assert_eq!((&account["rungs"][1]["state"], &account["rungs"][1]["requests"]), (&"broken".into(), &Value::Null));
    let reason = account["rungs"][1]["reason"].as_str().unwrap();
    assert!(reason.contains("ended with exit code 2") && reason.contains("give --db-pool-size 2 or more"), "{reason}");
    assert!(String::from_utf8_lossy(&ran.stdout).contains("It broke: serve-"), "{ran:?}");
    place.nothing_runs();
}

#[test]
fn another_service_stands_beside_the_rungs_and_has_the_same_answers() {
    let place = Place::new();
    let store = StudentStore::in_memory();
    // Behind TLS, with an authority of its own.
    let authority = Authority::new();
    let identity = authority.issue("store", "DNS:localhost");
    let files = format!("ssl_certificate {}; ssl_certificate_key {};", identity.certificate, identity.key);
    let (front, _) = WebServer::nginx_serving("ssl", &format!("{files} location / {{ proxy_pass {}; }}", store.url));
    let (url, ca) = (format!("https://localhost:{}", front.target.port()), authority.certificate());
    let arguments = ["--rungs", "6", "--target", &url, "--ca", &ca, "--label", "student", "--answers", "answers.md"];
    let ran = place.small(&arguments).output().unwrap();
    assert_done(ran.status.code(), &String::from_utf8_lossy(&ran.stderr));
    let account = place.json("lab.json");
    let [student, rung] = [&account["rungs"][0], &account["rungs"][1]];
    let shown = (&student["name"], &student["rung"], &student["database"]);
    assert_eq!(shown, (&"student".into(), &Value::Null, &Value::Null));
    assert!(student["requests"].as_u64().unwrap() > 300 && rung["requests"].as_u64().unwrap() > 300);
    assert!(read(&place, "lab.md").contains("## student"));

    let answers = fs::read_to_string(place.path().join("answers.md")).unwrap();
    for text in ["student. ", "500 (1040, 'Too many connections')", "database_unavailable", "Rung 6: read models"] {
        assert!(answers.contains(text), "{text} is missing in {answers}");
    }
    let headings: Vec<_> = answers.lines().filter(|line| line.starts_with("## ")).collect();
    assert!(headings.len() == 12 && (1..=9).all(|n| headings[n - 1].starts_with(&format!("## {n}. "))), "{headings:?}");
    for linked in answers.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        let picture = fs::read(place.path().join(linked)).unwrap();
        assert!(picture.starts_with(b"\x89PNG"), "{linked}");
        assert!(place.path().join(linked).with_extension("svg").exists(), "{linked}");
    }
    assert!(answers.contains("storemgr lab --balance"), "what was not measured is told: {answers}");
}

/// The search is added to a lab that was measured without it, and nothing else is measured again.
#[test]
fn the_number_of_users_that_are_served_is_searched_of_what_was_measured_before() {
    let place = Place::new();
    let first = place.small(&["--rungs", "7", "--burst", "0", "--answers", "before.md"]).output().unwrap();
    assert_done(first.status.code(), &String::from_utf8_lossy(&first.stderr));
    let answers = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
    assert!(
        answers("before.md").contains("`--find-limit` searches it: with `--resume FOLDER`"),
        "{}",
        answers("before.md")
    );
    let before = place.json("lab.json");
    let search = ["--resume", "out", "--find-limit", "--limit-most", "2", "--answers", "after.md"];
    let ran = place.lab(&search).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    assert_done(ran.status.code(), &told);
    assert!(told.contains("searching the number of users that are served correctly"), "{told}");
    let after = place.json("lab.json");
    assert_eq!(after["rungs"][0]["started_at"], before["rungs"][0]["started_at"], "the load was measured again");
    assert!(answers("after.md").contains("Users served correctly: 2 or more."), "{}", answers("after.md"));
    // It is kept as well.
    let ran = place.lab(&["--resume", "out", "--answers", "again.md"]).output().unwrap();
    assert!(String::from_utf8_lossy(&ran.stderr).contains("was measured before"), "{ran:?}");
    assert!(answers("again.md").contains("Users served correctly: 2 or more."));
    place.nothing_runs();
}

#[test]
fn the_answers_are_in_the_language_of_the_student_and_json_is_not() {
    let place = Place::new();
    let first = place.small(&["--rungs", "7", "--burst", "0"]).output().unwrap();
    assert_done(first.status.code(), &String::from_utf8_lossy(&first.stderr));
    // Nothing is measured again.
    let outputs = ["--answers", "reponses.md", "--charts", "images", "--language", "fr"];
    let ran = place.lab(&["--resume", "out", "--json", "copie.json"]).args(outputs).output().unwrap();
    assert_done(ran.status.code(), &String::from_utf8_lossy(&ran.stderr));
    let shown = String::from_utf8_lossy(&ran.stdout);
    assert!(shown.contains("Tous les échelons") && shown.contains("Aucune des"), "{shown}");
    let answers = fs::read_to_string(place.path().join("reponses.md")).unwrap();
    assert!(
        answers.contains("## 1. À partir de combien d’utilisateurs") && answers.contains("](images/question-1.png)")
    );
    assert!(answers.contains("10\u{202f}000 produits") && answers.contains("0,00\u{202f}%"), "{answers}");
    let svg = fs::read_to_string(place.path().join("images/failed.svg")).unwrap();
    assert!(svg.contains("Requêtes échouées") && !svg.contains("var("), "{svg}");
    let page = read(&place, "lab.html");
    assert!(page.contains("<html lang=\"fr\">") && page.contains("Échelon"), "{page}");
    let copy: Value = serde_json::from_slice(&fs::read(place.path().join("copie.json")).unwrap()).unwrap();
    assert!(
        copy["rungs"][0]["findings"][0].as_str().unwrap().starts_with("None of"),
        "{}",
        copy["rungs"][0]["findings"]
    );
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_started() {
    let (place, elsewhere) = (Place::new(), tempfile::tempdir().unwrap());
    // What a server says of itself decides whether there can be a group of it.
    let mariadb = elsewhere.path().join("mariadbd");
    fs::write(&mariadb, "#!/bin/sh\necho 'mariadbd  Ver 10.11.6-MariaDB for debian-linux-gnu on x86_64'\n").unwrap();
    fs::set_permissions(&mariadb, fs::Permissions::from_mode(0o700)).unwrap();
    let mariadb = mariadb.display().to_string();
    for (arguments, sentence) in [
        (&["--rungs", "9"][..], "the rungs are numbered from 1 to 8: write a list or a range, such as 1,2,7 or 3-5"),
        (&["--rungs", "8", "--mysqld", &mariadb], "rung 8 needs a group of three database servers: "),
        (
            &["--rungs", "7,8", "--mysqld", &mariadb],
            "needs MySQL 8.4 or newer: name its server with --mysqld /path/to/mysqld",
        ),
        (&["--target", "http://127.0.0.1:1"], "--label"),
        (&["--resume", "nowhere"], "nowhere is not the folder of a lab"),
        (&["--resume", "nowhere", "--users", "5"], "cannot be used with"),
        (&["--history-orders", "2000000000"], "the number of orders must be at most 1,000,000,000"),
        (&["--target", "ftp://shop", "--label", "shop"], "is not the address of a service"),
        (&["--mysqld", "/bin/true"], "neither mysqld nor mariadbd"),
        (&["--rungs", "2", "--limit-most", "20"], "--limit-most has no effect without --find-limit"),
    ] {
        let ran = place.lab(arguments).output().unwrap();
        let told = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains(sentence), "{arguments:?}: {told}");
    }
    // And nothing is left behind.
    let left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name == ".storemgr"), "{left:?}");
    let listed = place.lab(&["--list"]).output().unwrap();
    assert_eq!(listed.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&listed.stdout).contains("Where do the 1040s go?"));
    place.nothing_runs();
}

#[test]
fn an_order_of_many_articles_costs_what_its_writer_makes_of_it_up_to_what_the_store_takes() {
    let place = Place::new();
    let ran = place.small(&["--order-lines", "1,200,20000"]).output().unwrap();
    let (shown, told) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert_done(ran.status.code(), &told);
    place.nothing_runs();
    let account = place.json("lab.json");
    assert_eq!(account["rungs"], Value::Array(Vec::new()), "no ladder was asked for");
    let orders = account["order_lines"]["orders"].as_array().unwrap();
    let find = |writer: &str, lines: u64| {
        orders.iter().find(|order| order["writer"] == writer && order["lines"] == lines).unwrap()
    };
    let statements = |writer: &str, lines: u64| find(writer, lines)["statements"].as_u64().unwrap();
    // A statement or more for each article, or as many however many there are.
    assert!(statements("per-item", 200) > 200, "{account}");
    for writer in ["batched", "group-commit"] {
        assert!(statements(writer, 200) < 30 && statements(writer, 1) <= statements(writer, 200), "{account}");
    }
    // The store says why it does not take more, however long the body may be.
    for writer in ["per-item", "batched", "group-commit"] {
        let refused = find(writer, 20_000);
        assert_eq!((&refused["status"], &refused["refused_code"]), (&422.into(), &"invalid_items".into()), "{refused}");
        assert!(refused["refused_because"].as_str().unwrap().contains("at most 10000 items, not 20000"), "{refused}");
    }
    assert!(shown.contains("422 invalid_items"), "{shown}");
    let (markdown, page) = (read(&place, "lab.md"), read(&place, "lab.html"));
    assert!(markdown.contains("## Orders of many articles") && markdown.contains("at most 10000 items"), "{markdown}");
    assert!(page.contains("Statements for an order by its number of articles"), "{page}");

    // What was measured is kept.
    let resumed = place.lab(&["--resume", "out"]).output().unwrap();
    assert_done(resumed.status.code(), &String::from_utf8_lossy(&resumed.stderr));
    assert!(String::from_utf8_lossy(&resumed.stderr).contains("orders of growing size was measured before"));
    assert_eq!(place.json("lab.json")["order_lines"], account["order_lines"]);
}

#[test]
fn balancing_helps_where_the_processor_of_an_instance_is_the_limit() {
    let place = Place::new();
    let ran = place.small(&["--balance", "least_conn,ip_hash"]).output().unwrap();
    let (shown, told) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert_done(ran.status.code(), &told);
    place.nothing_runs();
    let account = place.json("lab.json");
    let runs = account["balancing"]["runs"].as_array().unwrap();
    let names: Vec<_> = runs.iter().map(|run| (run["policy"].as_str(), run["one_slow"].as_bool().unwrap())).collect();
    let expected = [
        (None, false),
        (Some("least_conn"), false),
        (Some("least_conn"), true),
        (Some("ip_hash"), false),
        (Some("ip_hash"), true),
    ];
    assert_eq!(names, expected);
    let rate = |run: usize| runs[run]["good_per_s"].as_f64().unwrap();
    let part = |run: usize, instance: usize| runs[run]["instances"][instance]["part"].as_f64().unwrap();
    for run in runs {
        assert_eq!(run["fail_ratio"], 0.0, "{run}");
    }
    assert!(rate(1) > 1.2 * rate(0), "two instances give no more than one: {account}");
    assert!((0.4..0.6).contains(&part(1, 0)), "equal instances do not get equal parts: {account}");
    assert!(part(2, 1) < part(1, 1), "a slow instance gets as much as before: {account}");
    assert!(part(3, 0) > 0.99 || part(3, 1) > 0.99, "one address went to several instances: {account}");
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("balancing helps") && words.contains("have one address"), "{shown}");
    assert!(read(&place, "lab.html").contains("Good answers per second, by balancing policy"));
}
