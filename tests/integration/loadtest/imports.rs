//! `loadtest --import`: what is made of a document runs, and does what the document says.

use std::path::Path;

use serde_json::Value;

use super::journeys::{PASSWORD, Service, Shop, run};
use crate::harness::{Instance, TestDatabase, run_command};

/// Makes a scenario of a document. Gives its file, its text, and what standard error said.
async fn imported(document: &Path, folder: &Path) -> (String, String, String) {
    let ran = run_command(&["loadtest", "--import", document.to_str().unwrap(), "--print-scenario"], &[]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let file = folder.join("imported.toml");
    std::fs::write(&file, &ran.stdout).unwrap();
    (file.to_str().unwrap().to_owned(), ran.stdout, ran.stderr)
}

fn data(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// What headless Chromium saved of the shop: its log-in page, the form filled in and sent, and the order that the account
/// page places by itself. With cookies and authorization, and without them, as browsers save it by default.
#[tokio::test(flavor = "multi_thread")]
async fn a_har_of_a_browser_runs_against_the_shop_that_it_was_recorded_on() {
    for (name, is_whole) in [("shop.har", true), ("shop-sanitized.har", false)] {
        let folder = tempfile::tempdir().unwrap();
        let (scenario, text, said) = imported(&data(name), folder.path()).await;
        assert!(!text.contains(PASSWORD) && !text.contains("correct+horse"), "{name}: a secret\n{text}");
        assert!(said.contains("Set in the environment before it is run: PASSWORD."), "{said}");
        let shop = Shop::start();
        // The variable of the environment has the name of the field.
        let host = shop.target.to_string();
        let arguments = ["loadtest", "--quiet", "--host", &host, "--scenario", &scenario, "--json", "-"];
        let load = ["-u", "5", "--think-time", "0s", "--iterations", "50"];
        let ran = run_command(&[&arguments[..], &load].concat(), &[("PASSWORD", PASSWORD.to_owned())]).await;
        let summary: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{name}: {ran:?}"));
        let journey = &summary["journeys"][0];
        assert_eq!(journey["journeys"].as_u64(), Some(50), "{name}: {ran:?}");
        for done in ["forms", "logins", "accounts"] {
            assert_eq!(shop.count(done).await, 50, "{name}, {done}: {text}");
        }
        // What was saved without its authorization cannot have it again, and the scenario says so.
        assert_eq!(text.contains("which the HAR was saved without"), !is_whole);
        let expected = if is_whole { (0, 0, 50, 50) } else { (50, 50, 0, 0) };
        let counts = (shop.count("refused").await, shop.count("orders").await, shop.count("states").await);
        let failures = journey["failures"].as_u64().unwrap();
        assert_eq!((failures, counts.0, counts.1, counts.2), expected, "{name}: {text}\n{}", summary["failure_groups"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_runs_as_its_runner_would_run_it() {
    let folder = tempfile::tempdir().unwrap();
    let (scenario, text, _) = imported(&data("store.postman_collection.json"), folder.path()).await;
    assert_eq!(text.matches("[[journey.step]]").count(), 16);
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &["--report-cache", "off"]).await;
    let host = instance.target().to_string();
    let arguments =
        ["loadtest", "--quiet", "--host", &host, "--scenario", &scenario, "--json", "-", "--iterations", "1"];
    let ran = run_command(&arguments, &[]).await;
    let summary: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    assert_eq!((summary["requests"].as_u64(), summary["failures"].as_u64()), (Some(16), Some(0)), "{ran:?}");
}

/// Every operation of the store's own document is sent, and none is malformed.
#[tokio::test(flavor = "multi_thread")]
async fn an_openapi_document_becomes_requests_that_its_service_understands() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &["--report-cache", "off"]).await;
    let document = instance.try_send(hyper::Method::GET, "/openapi.json", &[], "").await.unwrap().body;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let (scenario, text, _) = imported(&file, folder.path()).await;
    let operations: usize = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|item| {
            ["get", "post", "put", "patch", "delete"].iter().filter(|method| item.get(**method).is_some()).count()
        })
        .sum();
    assert_eq!(text.matches("[[task]]").count(), operations);
    let host = instance.target().to_string();
    let arguments = [
        "loadtest",
        "--quiet",
        "--host",
        &host,
        "--scenario",
        &scenario,
        "--json",
        "-",
        "-u",
        "4",
        "--think-time",
        "0s",
        "--iterations",
        "600",
    ];
    let ran = run_command(&arguments, &[("TOKEN", "none".to_owned())]).await;
    let summary: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    for route in summary["routes"].as_array().unwrap() {
        let statuses = route["statuses"].as_object().unwrap();
        assert!(!statuses.is_empty(), "{route}");
        for malformed in ["400", "405", "415", "431", "500"] {
            assert!(!statuses.contains_key(malformed), "{} {}: {statuses:?}\n{text}", route["method"], route["route"]);
        }
    }
}

/// A document as public services have them, of 51 operations, on a service that holds each request against it.
#[tokio::test(flavor = "multi_thread")]
async fn a_public_document_of_fifty_operations_is_sent_and_nothing_of_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (scenario, text, said) = imported(&data("library.openapi.yaml"), folder.path()).await;
    assert_eq!(text.matches("[[task]]").count(), 51, "{text}");
    assert!(!text.contains("left out"), "{text}");
    let variables = "Set in the environment before it is run: API_KEY, PASSWORD, TOKEN, USERNAME.";
    assert!(said.contains(variables), "{said}");
    let yaml = std::fs::read_to_string(data("library.openapi.yaml")).unwrap();
    let document: Value = yaml_serde::from_str(&yaml).unwrap();
    let file = folder.path().join("document.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let service = Service::start("openapi_service.py", &[file.to_str().unwrap()]);
    let host = service.target.to_string();
    let arguments = ["loadtest", "--quiet", "--host", &host, "--scenario", &scenario, "--json", "-"];
    let load = ["-u", "4", "--think-time", "0s", "--iterations", "2000"];
    let secrets = ["API_KEY", "PASSWORD", "TOKEN", "USERNAME"].map(|name| (name, "mellon".to_owned()));
    let ran = run_command(&[&arguments[..], &load].concat(), &secrets).await;
    let summary: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let seen = service.told("/_seen").await;
    assert_eq!(seen["refused"], serde_json::json!({}), "{text}");
    assert_eq!(seen["seen"].as_object().unwrap().len(), 51, "{seen}");
    let answered: u64 = seen["seen"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!((summary["requests"].as_u64(), summary["failures"].as_u64()), (Some(answered), Some(0)), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_commands_are_a_journey() {
    let shop = Shop::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("curl.sh");
    let url = shop.target.to_string();
    std::fs::write(&file, format!("curl {url}/login\ncurl '{url}/login?again=1' -H 'Accept: text/html'\n")).unwrap();
    let (scenario, _, said) = imported(&file, folder.path()).await;
    assert_eq!(said, "");
    let (ran, summary) = run(&shop, &scenario, &["-u", "2", "--iterations", "10"]).await;
    assert_eq!((summary["failures"].as_u64(), shop.count("forms").await), (Some(0), 20), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_imported_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x");
    std::fs::write(&file, "hello").unwrap();
    let file = file.to_str().unwrap();
    for (arguments, said) in [
        (vec!["--import", file, "--print-scenario"], "give a HAR, an OpenAPI 3 document"),
        (vec!["--import", "/nowhere", "--print-scenario"], "/nowhere cannot be read"),
        (vec!["--import", file], "--print-scenario"),
        (vec!["--import", file, "--print-scenario", "--users", "3"], "--users has no effect"),
    ] {
        let ran = run_command(&[&["loadtest"], &arguments[..]].concat(), &[]).await;
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains(said), "{ran:?}");
    }
}
