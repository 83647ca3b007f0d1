//! What is read of compose files, beside what Compose itself reads: services, images, environment, ports, mounts, networks.
//! Each generation of Compose is asked that is installed here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use storemgr::deploy_check::{Files, Location};
use tempfile::TempDir;

use super::anywhere::{files_of, locations_of, write_all};
use super::corpus::deployments;

/// The first generation takes a second for each deployment, so that it is asked about one in this many; about all with
/// STOREMGR_TEST_AGREEMENT=all.
const ONE_IN: usize = 4;

/// The ways to start Compose: the program in `PATH`, which ops/test has from PyPI, the first generation, which Debian's stable
/// version has, and docker's own.
const COMPOSES: [&[&str]; 3] = [&["docker-compose"], &["/usr/bin/docker-compose"], &["docker", "compose"]];

fn run(words: &[&str], arguments: &[&str], folder: &Path) -> Option<String> {
    let output = Command::new(words[0]).args(&words[1..]).args(arguments).current_dir(folder).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn texts(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// A port as `address:8080:80/tcp`: Compose 1 writes texts, newer ones mappings.
fn port(value: &Value) -> String {
    let Some(text) = value.as_str() else {
        let address = value["host_ip"].as_str().map(|address| format!("{address}:")).unwrap_or_default();
        let published = value["published"].as_str().map_or_else(|| value["published"].to_string(), str::to_owned);
        return format!("{address}{published}:{}/{}", value["target"], value["protocol"].as_str().unwrap_or("tcp"));
    };
    if text.contains('/') { text.to_owned() } else { format!("{text}/tcp") }
}

fn mount(value: &Value) -> String {
    let listed = || value.as_str().unwrap_or_default().split(':').nth(1).unwrap_or_default().to_owned();
    value["target"].as_str().map_or_else(listed, str::to_owned)
}

/// What Compose says, in the form of `Files::reading`.
fn by_compose(text: &str) -> BTreeMap<String, Value> {
    let document: Value = yaml_serde::from_str(text).unwrap();
    let scalar = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let one = |service: &Value| {
        let environment: BTreeMap<String, String> = service["environment"]
            .as_object()
            .map(|map| {
                map.iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(name, value)| (name.clone(), scalar(value)))
                    .collect()
            })
            .unwrap_or_default();
        let networks = service["networks"]
            .as_object()
            .map_or_else(|| vec!["default".to_owned()], |map| map.keys().cloned().collect());
        serde_json::json!({
            "image": service.get("image"),
            // `config` writes a dollar sign twice, so that its output can be read again.
            "environment": environment.into_iter().map(|(name, value)| (name, value.replace("$$", "$"))).collect::<BTreeMap<_, _>>(),
            "ports": texts(&service["ports"]).iter().map(port).collect::<BTreeSet<_>>(),
            "mounts": texts(&service["volumes"]).iter().map(mount).collect::<BTreeSet<_>>(),
            "networks": networks,
        })
    };
    document["services"].as_object().unwrap().iter().map(|(name, service)| (name.clone(), one(service))).collect()
}

/// Ours, with lists in order.
fn ours(reading: &Value) -> BTreeMap<String, Value> {
    let sorted = |value: &Value| {
        texts(value).iter().map(|text| text.as_str().unwrap_or_default().to_owned()).collect::<BTreeSet<_>>()
    };
    let one = |service: &Value| {
        let networks: Vec<_> = sorted(&service["networks"]).into_iter().collect();
        let (ports, mounts) = (sorted(&service["ports"]), sorted(&service["mounts"]));
        serde_json::json!({"image": service.get("image"), "environment": service["environment"], "ports": ports, "mounts": mounts, "networks": networks})
    };
    reading.as_object().unwrap().iter().map(|(name, service)| (name.clone(), one(service))).collect()
}

/// Asserts that Compose and this program read the same in a folder.
fn assert_same(words: &[&str], name: &str, arguments: &[&str], folder: &Path, files: &Files) {
    let text =
        run(words, &[arguments, &["config"]].concat(), folder).unwrap_or_else(|| panic!("{words:?} refuses {name}"));
    let without_null = |mut services: BTreeMap<String, Value>| {
        for service in services.values_mut() {
            service.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        }
        services
    };
    assert_eq!(without_null(ours(&files.reading())), without_null(by_compose(&text)), "{name}, {words:?}");
}

#[test]
fn what_is_read_is_what_compose_reads() {
    let all = std::env::var("STOREMGR_TEST_AGREEMENT").is_ok_and(|wanted| wanted == "all");
    let mut asked = BTreeSet::new();
    for words in COMPOSES {
        let anywhere = TempDir::new().unwrap();
        let Some(version) = run(words, &["version"], anywhere.path()) else {
            eprintln!("skipped: {} is not installed", words.join(" "));
            continue;
        };
        if !asked.insert(version.clone()) {
            continue;
        }
        let is_first = version.contains("version 1.");
        let mut compared = 0;
        for (number, (name, deployment)) in deployments().iter().enumerate() {
            // The first generation knows no include.
            if is_first && (!all && number % ONE_IN != 0 || name.ends_with("include")) {
                continue;
            }
            let folder = TempDir::new().unwrap();
            write_all(folder.path(), &deployment.files);
            assert_same(words, name, &[], folder.path(), &files_of(folder.path()));
            compared += 1;
        }
        assert!(compared >= if is_first { 5 } else { 40 }, "{compared}");
        if !is_first {
            let (place, named) = (TempDir::new().unwrap(), |path| Location { path, named: true });
            let folder = place.path();
            for part in ["ops", "nginx", "monitoring", ".env.example"] {
                let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(part);
                assert!(Command::new("cp").arg("-r").arg(from).arg(folder).status().unwrap().success(), "{part}");
            }
            // As `ops/deploy prepare` writes them.
            std::fs::create_dir(folder.join(".secrets")).unwrap();
            std::fs::write(folder.join(".secrets/revision"), "STOREMGR_FILES_REVISION=91be7d3c50fa42d8").unwrap();
            std::fs::write(
                folder.join(".secrets/prometheus_revision"),
                "STOREMGR_PROMETHEUS_REVISION=5a0ac6f1f88ea6dd",
            )
            .unwrap();
            let mut locations = locations_of(folder);
            locations.env_file = named(folder.join(".env.example"));
            locations.compose = vec![named(folder.join("ops/compose.yml"))];
            let arguments = ["--env-file", ".env.example", "--file", "ops/compose.yml"];
            assert_same(words, "storemgr", &arguments, folder, &Files::load(&locations));
        }
    }
}
