//! A deployment's files, sound until a test breaks them in one place.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use storemgr::deploy_check::{CATALOG, Files, Location, Locations, Verdict, before};
use tempfile::TempDir;

use crate::harness::free_port;

const ENV: &str = "\
DB_USER=shopkeeper
DB_PASSWORD=3f0c6f0d9b5a4e7780aa41c2
DB_ROOT_PASSWORD=c7b19e02d84f4a65b3d8f0e1
GRAFANA_PASSWORD=91be7d3c50fa42d88c6e2a07
STORE_PORT={port}
";

pub const COMPOSE: &str = r#"
name: shop
x-serve: &serve
  image: shop/store:local
  build: {context: .., dockerfile: ops/Dockerfile}
  command: [serve]
  environment: &services
    DB_HOST: database
    DB_NAME: store
    DB_USER: ${DB_USER:?}
    DB_PASSWORD_FILE: /run/secrets/db_password
    REDIS_HOST: redis
    STOREMGR_DB_POOL_SIZE: ${POOL_SIZE:-16}
    STOREMGR_NO_MIGRATE: "true"
  secrets: [db_password]
  stop_grace_period: 40s
  depends_on:
    migrate: {condition: service_completed_successfully}
    redis: {condition: service_healthy}
services:
  database:
    image: mysql:9.7.1
    command: ["--max-connections=151"]
    volumes: ["data:/var/lib/mysql"]
    environment:
      MYSQL_DATABASE: store
      MYSQL_USER: ${DB_USER}
      MYSQL_PASSWORD_FILE: /run/secrets/db_password
      MYSQL_ROOT_PASSWORD: ${DB_ROOT_PASSWORD:?}
    healthcheck: {test: [CMD, mysqladmin, ping]}
  redis:
    image: redis:7.4.2
    command: redis-server --maxmemory 64mb --maxmemory-policy allkeys-lru
    healthcheck: {test: [CMD, redis-cli, ping]}
  migrate:
    image: shop/store:local
    command: [migrate]
    environment: *services
    depends_on: {database: {condition: service_healthy}}
  serve-1: {<<: *serve}
  serve-2: {<<: *serve}
  nginx:
    image: nginx:1.30.1
    ports: ["127.0.0.1:${STORE_PORT:?}:80"]
    volumes: ["../nginx/nginx.conf:/etc/nginx/nginx.conf:ro"]
    healthcheck: {test: [CMD, true]}
  prometheus:
    image: prom/prometheus:v3.8.0
    volumes: ["../monitoring/prometheus.yml:/etc/prometheus/prometheus.yml:ro", "../monitoring/rules:/etc/rules:ro"]
    healthcheck: {test: [CMD, true]}
  grafana:
    image: grafana/grafana:12.1.0
    environment: {GF_SECURITY_ADMIN_PASSWORD: "${GRAFANA_PASSWORD:?}"}
    healthcheck: {test: [CMD, true]}
  loadtest:
    image: shop/store:local
    command: [loadtest, --timeout, 60s]
    environment: {STOREMGR_URL: "http://nginx"}
    profiles: [loadtest]
secrets:
  db_password: {environment: DB_PASSWORD}
volumes: {data: {}}
"#;

const DOCKERFILE: &str = "\
ARG RUST=1.91
FROM rust:${RUST}-slim AS build
RUN cargo build --release --locked
FROM debian:13-slim
COPY --from=build /src/target/release/storemgr /usr/local/bin/storemgr
HEALTHCHECK CMD [\"storemgr\", \"--version\"]
ENTRYPOINT [\"storemgr\"]
CMD [\"serve\"]
";

const NGINX: &str = r#"
user nginx;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log notice;
events {}
http {
    access_log /var/log/nginx/access.log;
    upstream store {
        zone store 64k;
        least_conn;
        server serve-1:5000 max_fails=5 fail_timeout=2s;
        server serve-2:5000 max_fails=5 fail_timeout=2s;
        keepalive 64;
        keepalive_timeout 60s;
    }
    server {
        listen 80;
        location / {
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_read_timeout 30s;
            proxy_pass http://store;
        }
        location = /metrics { return 404; }
    }
}
"#;

const PROMETHEUS: &str = "\
global: {scrape_interval: 5s}
rule_files: [/etc/rules/*.yml]
scrape_configs:
- job_name: storemgr
  static_configs: [{targets: [serve-1:5000, serve-2:5000]}]
- job_name: prometheus
  static_configs: [{targets: [localhost:9090]}]
";

const RULES: &str = r#"
groups:
- name: store
  rules:
  - record: job:storemgr_http_requests:rate1m
    expr: sum by (job) (rate(storemgr_http_requests_total{job="storemgr"}[1m]))
  - alert: InstanceDown
    expr: up{job="storemgr"} == 0
    for: 30s
  - alert: Slow
    expr: histogram_quantile(0.99, sum by (le) (rate(storemgr_http_request_duration_seconds_bucket{route="/orders"}[5m]))) > 1
"#;

const DASHBOARD: &str = r#"{"title": "Store", "panels": [
  {"targets": [{"expr": "job:storemgr_http_requests:rate1m"}, {"expr": "storemgr_db_connections{state=\"in_use\"}"}]}]}"#;

const WORKFLOW: &str = "\
on: push
jobs:
  test:
    runs-on: ubuntu-24.04
    services: {redis: {image: 'redis:7.4.2'}}
    steps:
    - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
    - run: just test
";

/// The files, in a folder of their own that is removed with the value.
#[derive(Debug)]
pub struct Plan {
    folder: TempDir,
}

impl Plan {
    /// All of them, sound.
    pub fn sound() -> Self {
        let plan = Self { folder: TempDir::new().unwrap() };
        for (path, text) in [
            (".env", ENV.replace("{port}", &free_port().to_string()).as_str()),
            (".env.example", "DB_USER=store\nDB_PASSWORD=change-me\nDB_ROOT_PASSWORD=change-me\n"),
            ("ops/compose.yml", COMPOSE),
            ("ops/Dockerfile", DOCKERFILE),
            ("nginx/nginx.conf", NGINX),
            ("monitoring/prometheus.yml", PROMETHEUS),
            ("monitoring/rules/store.yml", RULES),
            ("monitoring/grafana/dashboards/store.json", DASHBOARD),
            (".github/workflows/ci.yml", WORKFLOW),
        ] {
            plan.write(path, text);
        }
        plan.mode(".env", 0o600);
        plan
    }

    /// Where a file is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Who may read a file.
    pub fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Puts other words in the place of some that are there.
    pub fn with(self, path: &str, from: &str, to: &str) -> Self {
        let text = fs::read_to_string(self.path(path)).unwrap();
        assert!(text.contains(from), "{path} does not hold {from}");
        self.write(path, &text.replacen(from, to, 1));
        self
    }

    /// Where everything is.
    pub fn locations(&self) -> Locations {
        locations(self.folder.path())
    }

    /// What the checks find.
    pub async fn verdict(&self) -> Verdict {
        before(CATALOG, Files::load(&self.locations())).await
    }
}

/// The usual places in a folder.
pub fn locations(folder: &Path) -> Locations {
    let place = |path: &str| Location { path: folder.join(path), named: false };
    Locations {
        env_file: place(".env"),
        compose: vec![place("ops/compose.yml")],
        project_directory: None,
        dockerfile: place("ops/Dockerfile"),
        nginx: place("nginx/nginx.conf"),
        prometheus: place("monitoring/prometheus.yml"),
        rules: place("monitoring/rules"),
        dashboards: place("monitoring/grafana"),
        workflows: place(".github/workflows"),
        environment: BTreeMap::new(),
    }
}
