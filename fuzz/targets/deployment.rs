//! Any text as one file of a deployment: every check gives a result, and soon. `READER` says which file.
#![no_main]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use storemgr::deploy_check::{self, CATALOG, Check, Files, Location, Locations};
use storemgr_fuzz::runtime;
use tokio::runtime::Runtime;

/// Checks that start programs or look at the ports of this machine.
const LEFT_OUT: [&str; 4] = ["nginx-valid", "prometheus-valid", "ports-free", "env-not-committed"];

/// Whatever is written, all checks together take less.
const LONGEST: Duration = Duration::from_secs(5);

/// Who reads a file, and its name.
const READERS: [(&str, &str); 12] = [
    ("compose", "compose.yml"),
    ("env", ".env"),
    ("dockerfile", "Dockerfile"),
    ("nginx", "nginx.conf"),
    ("prometheus", "prometheus.yml"),
    ("rules", "rules.yml"),
    ("dashboards", "board.json"),
    ("workflows", "workflow.yml"),
    ("caddy", "Caddyfile"),
    ("haproxy", "haproxy.cfg"),
    ("traefik", "dynamic.yml"),
    ("datasources", "datasources.yml"),
];

/// Containers that read the files of the last four.
const FRONTS: &str = "
services:
  app: {image: 'python:3.12', command: flask run --port 5000, expose: [5000]}
  app-2: {image: 'python:3.12', command: flask run --port 5000, expose: [5000]}
  prometheus: {image: 'prom/prometheus:v3.0.1'}
  caddy: {image: 'caddy:2.8.4', volumes: ['./Caddyfile:/etc/caddy/Caddyfile:ro']}
  haproxy: {image: 'haproxy:3.0.7', volumes: ['./haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro']}
  traefik: {image: 'traefik:3.2', command: --providers.file.filename=/etc/traefik/dynamic.yml, volumes: ['./dynamic.yml:/etc/traefik/dynamic.yml:ro']}
  grafana: {image: 'grafana/grafana:11.4.0', volumes: ['./datasources.yml:/etc/grafana/provisioning/datasources/all.yml:ro']}
";

struct Place {
    runtime: Runtime,
    file: PathBuf,
    locations: Locations,
    checks: Vec<Check>,
}

thread_local! {
    static PLACE: Place = place();
}

fn place() -> Place {
    let folder = PathBuf::from(format!("/dev/shm/storemgr-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let reader = std::env::var("READER").expect("READER is one of those in this file");
    let (_, name) =
        READERS.into_iter().find(|(known, _)| *known == reader).expect("READER is one of those in this file");
    let file = folder.join(name);
    let chosen = Location { path: file.clone(), named: true };
    let mut locations = sound();
    match reader.as_str() {
        "compose" => locations.compose = vec![chosen],
        "env" => locations.env_file = chosen,
        "dockerfile" => locations.dockerfile = chosen,
        "nginx" => locations.nginx = chosen,
        "prometheus" => locations.prometheus = chosen,
        "rules" => locations.rules = chosen,
        "dashboards" => locations.dashboards = chosen,
        "workflows" => locations.workflows = chosen,
        _ => {
            let compose = folder.join("compose.yml");
            std::fs::write(&compose, FRONTS).expect("a file");
            locations.compose = vec![Location { path: compose, named: true }];
        }
    }
    let checks = CATALOG.iter().filter(|check| !LEFT_OUT.contains(&check.id)).copied().collect();
    Place { runtime: runtime(), file, locations, checks }
}

fuzz_target!(|text: &[u8]| {
    PLACE.with(|place| {
        std::fs::write(&place.file, text).expect("a file");
        let start = Instant::now();
        let verdict = place.runtime.block_on(deploy_check::before(&place.checks, Files::load(&place.locations)));
        assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
        for finding in &verdict.checks {
            assert!(!finding.seen.starts_with("the check itself failed"), "{finding:?}");
        }
    });
});

/// The deployment in this repository.
fn sound() -> Locations {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let at = |path: &str| Location { path: root.join(path), named: true };
    Locations {
        env_file: at(".env.example"),
        compose: vec![at("ops/compose.yml")],
        project_directory: None,
        dockerfile: at("ops/Dockerfile"),
        nginx: at("nginx/nginx.conf"),
        prometheus: at("monitoring/prometheus.yml"),
        rules: at("monitoring/rules"),
        dashboards: at("monitoring/grafana"),
        workflows: at(".github/workflows"),
        environment: BTreeMap::new(),
    }
}
