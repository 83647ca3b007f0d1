//! Files: a sound deployment, broken in one place at a time.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use storemgr::deploy_check::{
    CATALOG, Files, Location, Locations, Phase, SETTINGS, Severity, Status, Verdict, before, summary_line,
};

use super::plan::{Plan, locations};
use super::{assert_only, failed, found};
use crate::harness::{Authority, free_port, run_command};
use crate::nginx;

const ENV: &str = ".env";
const COMPOSE: &str = "ops/compose.yml";
const NGINX: &str = "nginx/nginx.conf";
const PROMETHEUS: &str = "monitoring/prometheus.yml";
const RULES: &str = "monitoring/rules/store.yml";

/// Breaks a file in one place; this check alone must tell.
async fn only_fails(path: &str, from: &str, to: &str, id: &str, seen: &str) {
    let plan = Plan::sound().with(path, from, to);
    if path == ENV {
        plan.mode(ENV, 0o600);
    }
    assert_only(&plan.verdict().await, id, seen);
}

/// The same for a check that only warns.
async fn only_warns(path: &str, from: &str, to: &str, id: &str, seen: &str) {
    let plan = Plan::sound().with(path, from, to);
    let verdict = plan.verdict().await;
    let not_passed = verdict.checks.iter().filter(|finding| matches!(finding.status, Status::Warn | Status::Fail));
    let not_passed: Vec<_> = not_passed.collect();
    assert_eq!(not_passed.iter().map(|finding| finding.id).collect::<Vec<_>>(), [id], "{not_passed:?}");
    let finding = found(&verdict, id);
    assert!(verdict.healthy && finding.status == Status::Warn && finding.seen.contains(seen), "{finding:?}");
}

/// Asserts that this check alone has something to say, and that it only warns.
fn assert_warns(verdict: &Verdict, id: &str, seen: &str) {
    let told = verdict.checks.iter().filter(|finding| matches!(finding.status, Status::Warn | Status::Fail));
    assert_eq!(told.map(|finding| finding.id).collect::<Vec<_>>(), [id], "{verdict:?}");
    let finding = found(verdict, id);
    assert!(
        verdict.healthy && finding.severity == Some(Severity::Warning) && finding.seen.contains(seen),
        "{finding:?}"
    );
}

#[tokio::test]
async fn a_store_that_others_can_reach_and_that_asks_for_no_token_is_told() {
    for port in ["${STORE_PORT:?}:80", "0.0.0.0:${STORE_PORT:?}:80"] {
        let plan = published(port).with(NGINX, "listen 80;", WITH_TLS);
        assert_warns(&plan.verdict().await, "access-limited", "whoever reaches nginx on port");
    }
}

/// A certificate that only the container has.
const WITH_TLS: &str =
    "listen 80 ssl; ssl_certificate /etc/nginx/tls/front.pem; ssl_certificate_key /etc/nginx/tls/front.key;";

/// A plan whose front is published so.
fn published(port: &str) -> Plan {
    Plan::sound().with(COMPOSE, "127.0.0.1:${STORE_PORT:?}:80", port)
}

#[tokio::test]
async fn a_store_that_others_reach_in_clear_is_told() {
    let with_tokens = |plan: Plan| {
        let variable = "STOREMGR_NO_MIGRATE: \"true\"";
        plan.with(COMPOSE, variable, &format!("{variable}\n    STOREMGR_TOKENS_FILE: /run/tokens"))
    };
    let open = published("0.0.0.0:${STORE_PORT:?}:80").verdict().await;
    assert_eq!(found(&open, "front-encrypted").severity, Some(Severity::Warning), "{open:?}");
    let plain = with_tokens(published("0.0.0.0:${STORE_PORT:?}:80"));
    assert_only(&plain.verdict().await, "front-encrypted", "nginx is reached in clear on port");
    // TLS may end at a proxy, and it is known that there is one.
    let behind = plain.with(NGINX, "events {}\nhttp {", "events {}\nhttp {\nset_real_ip_from 192.0.2.1;");
    assert_warns(&behind.verdict().await, "front-encrypted", "nginx is reached in clear on port");
    let secured = with_tokens(published("0.0.0.0:${STORE_PORT:?}:80")).with(NGINX, "listen 80;", WITH_TLS);
    assert!(failed(&secured.verdict().await).is_empty());
    // One that only sends clients elsewhere reads nothing.
    let redirect =
        "server { listen 81; return 308 https://store.example$request_uri; }\n    server {\n        listen 80;";
    let sent_away = published("0.0.0.0:${STORE_PORT:?}:81").with(NGINX, "server {\n        listen 80;", redirect);
    assert_eq!(found(&sent_away.verdict().await, "front-encrypted").status, Status::Pass);
    let of_an_instance = "serve-1: {<<: *serve, ports: [\"5999:5000\"]}";
    let around = with_tokens(Plan::sound()).with(COMPOSE, "serve-1: {<<: *serve}", of_an_instance);
    assert_only(&around.verdict().await, "front-encrypted", "serve-1 is reached in clear on port 5999");
}

#[tokio::test]
async fn a_certificate_that_will_not_do_is_told_before_nginx_has_it() {
    let authority = Authority::new();
    let plan = |certificate: &str, key: &str| {
        let mount = "\"../nginx/nginx.conf:/etc/nginx/nginx.conf:ro\"";
        let plan = Plan::sound().with(NGINX, "listen 80;", WITH_TLS).with(
            COMPOSE,
            mount,
            &format!("{mount}, \"../nginx/tls:/etc/nginx/tls:ro\""),
        );
        std::fs::create_dir(plan.path("nginx/tls")).unwrap();
        for (from, to) in [(certificate, "front.pem"), (key, "front.key")] {
            if !from.is_empty() {
                std::fs::copy(from, plan.path("nginx/tls").join(to)).unwrap();
            }
        }
        plan
    };
    let (good, other) = (authority.issue("good", "DNS:store.example"), authority.issue("other", "DNS:store.example"));
    let sound = plan(&good.certificate, &good.key).verdict().await;
    let finding = found(&sound, "certificate-valid");
    assert!(finding.status == Status::Pass && finding.seen.contains("ends in 9 days"), "{sound:?}");
    let id = "certificate-valid";
    let mixed = plan(&good.certificate, &other.key).verdict().await;
    assert_only(&mixed, id, "the private key is not that of the certificate");
    let swapped = plan(&good.key, &good.certificate).verdict().await;
    assert_only(&swapped, id, "front.pem has no certificate");
    let expired = authority.issue_expired("old", "DNS:store.example");
    assert_only(&plan(&expired.certificate, &expired.key).verdict().await, id, "expired on 2020-01-01");
    assert_warns(&plan(&good.certificate, "").verdict().await, id, "front.key");
    // Paths start from the folder of nginx's first file, wherever that is.
    let moved = plan(&expired.certificate, &expired.key)
        .with(COMPOSE, "../nginx/nginx.conf:/etc/nginx/nginx.conf:ro", "../nginx/nginx.conf:/srv/front/nginx.conf:ro")
        .with(COMPOSE, "../nginx/tls:/etc/nginx/tls:ro", "../nginx/tls:/srv/front/tls:ro")
        .with(COMPOSE, "image: nginx:1.30.1", "image: nginx:1.30.1\n    command: [nginx, -c, /srv/front/nginx.conf]")
        .with(NGINX, WITH_TLS, &WITH_TLS.replace("/etc/nginx/", ""));
    assert_only(&moved.verdict().await, id, "expired on 2020-01-01");
}

#[tokio::test]
async fn whose_addresses_nginx_takes_for_those_of_clients_is_told() {
    let http = "events {}\nhttp {";
    let believing = |what: &str| format!("{http}\nset_real_ip_from {what};");
    for everybody in ["0.0.0.0/0", "::/0"] {
        only_fails(NGINX, http, &believing(everybody), "client-addresses", "it believes everybody").await;
    }
    // Published on the loopback address, so a proxy passes everybody on.
    for key in ["$binary_remote_addr", "$client"] {
        let limit = "map $uri $client { /live \"\"; default $remote_addr; }\n\
                     limit_req_zone KEY zone=all:1m rate=5r/s; limit_req zone=all burst=9;";
        let limit = limit.replace("KEY", key);
        let limited = format!("{http}\n{limit}");
        only_warns(NGINX, http, &limited, "client-addresses", "all clients have that of").await;
        let known = Plan::sound().with(NGINX, http, &format!("{}{limit}", believing("192.0.2.1")));
        assert_eq!(found(&known.verdict().await, "client-addresses").status, Status::Pass);
    }
    let by_token = format!("{http}\nlimit_req_zone $http_authorization zone=all:1m rate=5r/s; limit_req zone=all;");
    let by_token = Plan::sound().with(NGINX, http, &by_token);
    assert_eq!(found(&by_token.verdict().await, "client-addresses").status, Status::Pass);
}

#[tokio::test]
async fn a_sound_plan_passes_every_check() {
    let verdict = Plan::sound().verdict().await;
    let not_passed: Vec<_> = verdict.checks.iter().filter(|finding| finding.status != Status::Pass).collect();
    // It is in no repository, and no service has replicas.
    let left_out: Vec<_> = not_passed.iter().map(|finding| (finding.id, finding.status)).collect();
    assert_eq!(left_out, [("env-not-committed", Status::Skip), ("replicas-possible", Status::Skip)], "{not_passed:?}");
    assert!(verdict.healthy);
    let all = CATALOG.iter().filter(|check| check.phase() == Phase::Before).count();
    assert_eq!(verdict.checks.len(), all);
}

#[tokio::test]
async fn files_that_cannot_be_read_fail_one_check_only() {
    for (path, text, seen) in [
        (COMPOSE, "services: [", "compose.yml:"),
        (NGINX, "http {\n", "nginx.conf: a brace is not closed"),
        (PROMETHEUS, "a: [b", "prometheus.yml:"),
        (RULES, "none: here", "store.yml: it has no rule groups"),
        ("monitoring/grafana/dashboards/store.json", "{", "store.json:"),
        (".github/workflows/ci.yml", "a: [", "ci.yml:"),
        ("ops/Dockerfile", "RUN true", "Dockerfile: it has no FROM"),
        (ENV, "DB PASSWORD = two words", ".env:1: this line is not NAME=value"),
    ] {
        let plan = Plan::sound();
        plan.write(path, text);
        let verdict = plan.verdict().await;
        if path == ENV {
            // Without its variables the compose file has none.
            assert_eq!(failed(&verdict), ["files-readable", "env-complete"], "{verdict:?}");
            assert!(found(&verdict, "files-readable").seen.contains(seen), "{verdict:?}");
        } else {
            assert_only(&verdict, "files-readable", seen);
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_variables_and_secrets_is_told_by_its_own_check() {
    only_fails(ENV, "DB_USER=shopkeeper\n", "", "env-complete", ".env does not set DB_USER").await;
    only_fails(ENV, "DB_USER=shopkeeper", "DB_USER=", "env-complete", "DB_USER").await;
    let whole = std::fs::read_to_string(Plan::sound().path(ENV)).unwrap();
    for line in whole.lines() {
        let plan = Plan::sound();
        plan.write(ENV, &whole.replace(&format!("{line}\n"), ""));
        assert_only(&plan.verdict().await, "env-complete", line.split('=').next().unwrap());
    }
    let none = Plan::sound();
    std::fs::remove_file(none.path(ENV)).unwrap();
    assert_only(
        &none.verdict().await,
        "env-complete",
        "there is no .env, and nothing sets DB_PASSWORD, DB_ROOT_PASSWORD",
    );
    for (weak, reason) in [
        ("", "DB_PASSWORD is empty"),
        ("change-me-please", "DB_PASSWORD is a placeholder"),
        ("labo04", "is a common password"),
        ("shopkeeper", "the name of the account"),
        ("k3uV9x", "fewer than 12 characters"),
    ] {
        only_fails(ENV, "3f0c6f0d9b5a4e7780aa41c2", weak, "secrets-strong", reason).await;
    }
    let literal = r#"GF_SECURITY_ADMIN_PASSWORD: "admin""#;
    let from = r#"GF_SECURITY_ADMIN_PASSWORD: "${GRAFANA_PASSWORD:?}""#;
    only_fails(COMPOSE, from, literal, "secrets-strong", "GF_SECURITY_ADMIN_PASSWORD of grafana").await;
    let file = Plan::sound().with(COMPOSE, "{environment: DB_PASSWORD}", "{file: ./secrets/db}");
    assert_only(&file.verdict().await, "secrets-strong", "for the secret db_password: No such file");
    file.write("ops/secrets/db", "3f0c6f0d9b5a4e7780aa41c2\n");
    file.mode("ops/secrets", 0o700);
    assert!(file.verdict().await.healthy, "{:?}", file.verdict().await);
    file.write("ops/secrets/db", "91be7d3c50fa42d88c6e2a07\n");
    assert_only(&file.verdict().await, "credentials-agree", "db is not the DB_PASSWORD of .env");
    file.write("ops/secrets/db", "3f0c6f0d9b5a4e7780aa41c2\n");
    file.mode("ops/secrets", 0o755);
    file.mode("ops/secrets/db", 0o644);
    assert_warns(&file.verdict().await, "secrets-private", "ops/secrets/db can be read by others");
    let open = Plan::sound();
    open.mode(ENV, 0o644);
    assert_warns(&open.verdict().await, "secrets-private", ".env can be read by others");
    let text = format!("{:?}", open.verdict().await);
    assert!(!text.contains("3f0c6f0d9b5a4e7780aa41c2"), "a secret is shown: {text}");
}

#[tokio::test]
async fn an_account_that_the_database_does_not_make_is_told_before_anything_runs() {
    let id = "credentials-agree";
    let other = "MYSQL_PASSWORD: ${DB_ROOT_PASSWORD}";
    let from = "MYSQL_PASSWORD_FILE: /run/secrets/db_password";
    only_fails(COMPOSE, from, other, id, "the password of serve-1 is not the one database is created with").await;
    only_fails(COMPOSE, "MYSQL_USER: ${DB_USER}", "MYSQL_USER: keeper", id, "database creates keeper").await;
    only_fails(COMPOSE, "MYSQL_DATABASE: store", "MYSQL_DATABASE: shop", id, "uses the database store").await;
    let made = Plan::sound().with(COMPOSE, "MYSQL_USER: ${DB_USER}", "MYSQL_USER: keeper");
    let made = made.with(COMPOSE, "services:", "x-accounts: a script\nservices:");
    assert!(made.verdict().await.healthy, "{:?}", made.verdict().await);
}

#[tokio::test]
async fn versions_that_may_change_are_told() {
    only_warns(COMPOSE, "mysql:9.7.1", "mysql", "images-pinned", "compose.yml:22: mysql").await;
    only_warns(COMPOSE, "redis:7.4.2", "redis:latest", "images-pinned", ": redis:latest").await;
    only_warns("ops/Dockerfile", "debian:13-slim", "debian:stable", "images-pinned", "debian:stable").await;
    let hash = "08c6903cd8c0fde910a37f88322edcfb5dd907a8";
    only_warns(".github/workflows/ci.yml", hash, "v5", "actions-pinned", "actions/checkout@v5").await;
}

#[tokio::test]
async fn names_that_do_not_agree_are_told_by_the_file_that_is_wrong() {
    only_fails(COMPOSE, "../nginx/nginx.conf:", "../nginx/ngnix.conf:", "mounts-exist", "ngnix.conf").await;
    only_fails(COMPOSE, "DB_HOST: database", "DB_HOST: databse", "addresses-named", "databse, which is not a service")
        .await;
    only_fails(COMPOSE, "REDIS_HOST: redis", "REDIS_HOST: localhost", "addresses-named", "its own container").await;
    let port = "DB_NAME: store\n    DB_PORT: 3307";
    only_fails(COMPOSE, "DB_NAME: store", port, "addresses-named", "port 3307; database listens on 3306").await;
    only_fails(COMPOSE, "http://nginx", "http://ngnix", "addresses-named", "STOREMGR_URL of loadtest is ngnix").await;
    let elsewhere = "STOREMGR_URL of loadtest asks nginx at port 8080; nginx listens on 80";
    only_fails(COMPOSE, "http://nginx", "http://nginx:8080", "addresses-named", elsewhere).await;
    only_fails(COMPOSE, "STORE_PORT:?}:80", "STORE_PORT:?}:81", "addresses-named", "asks nginx at port 81").await;
    only_fails(NGINX, "serve-2:5000", "server-2:5000", "upstreams-named", "server-2, which is not a service").await;
    only_fails(NGINX, "serve-2:5000", "serve-2:8000", "upstreams-named", "serve-2 listens on 5000").await;
    let second = "server serve-2:5000 max_fails=5 fail_timeout=2s;";
    only_fails(NGINX, second, "", "upstreams-named", "nginx does not know serve-2").await;
    let probes =
        Plan::sound().with(COMPOSE, "DB_NAME: store", "DB_NAME: store\n    STOREMGR_PROBE_LISTEN: 0.0.0.0:5100");
    let probes = probes.with(PROMETHEUS, "serve-1:5000, serve-2:5000", "serve-1:5100, serve-2:5100");
    assert!(probes.verdict().await.healthy, "{:?}", probes.verdict().await);
    only_fails(PROMETHEUS, "serve-2:5000", "serve-2:9090", "targets-named", "serve-2 listens on 5000").await;
    only_fails(PROMETHEUS, ", serve-2:5000", "", "targets-named", "Prometheus does not know serve-2").await;
    only_fails(PROMETHEUS, "job_name: storemgr", "job_name: store", "targets-named", "no job storemgr").await;
    only_fails(PROMETHEUS, "localhost:9090", "prometeus:9090", "targets-named", "names prometeus").await;
}

#[tokio::test]
async fn numbers_that_do_not_fit_together_are_told() {
    let pool = "${POOL_SIZE:-80}";
    only_fails(COMPOSE, "${POOL_SIZE:-16}", pool, "planned-connections", "160 in 2 pools").await;
    only_fails(COMPOSE, "--max-connections=151", "--max_connections=40", "planned-connections", "is 40").await;
    let each = "REDIS_HOST: redis\n    STOREMGR_DB_CONNECTIONS: per-request";
    only_fails(COMPOSE, "REDIS_HOST: redis", each, "planned-connections", "for every request").await;
    let memory = "--maxmemory 64mb --maxmemory-policy allkeys-lru";
    for policy in ["noeviction", "volatile-lru", "allkeys-random"] {
        let bad = format!("--maxmemory 64mb --maxmemory-policy {policy}");
        only_fails(COMPOSE, memory, &bad, "planned-eviction", policy).await;
    }
    only_fails(COMPOSE, memory, "--maxmemory 64mb", "planned-eviction", "noeviction: once it is full").await;
    let narrow = "image: redis:7.4.2\n    mem_limit: 70m";
    only_fails(COMPOSE, "image: redis:7.4.2", narrow, "planned-eviction", "the container has 70m").await;
    let unbounded = Plan::sound().with(COMPOSE, memory, "").verdict().await;
    assert!(unbounded.healthy && found(&unbounded, "planned-eviction").status == Status::Warn, "{unbounded:?}");
    let waits = "migrate: {condition: service_completed_successfully}\n    redis";
    only_fails(COMPOSE, waits, "redis", "migration-planned", "serve-1 does not migrate").await;
    only_fails(NGINX, "proxy_read_timeout 30s", "proxy_read_timeout 90s", "timeout-order", "nginx 90.0 s").await;
    only_fails(NGINX, "proxy_read_timeout 30s", "proxy_read_timeout 5s", "timeout-order", "nginx 5.00 s").await;
    let deadline = "REDIS_HOST: redis\n    STOREMGR_REQUEST_DEADLINE: 500ms";
    only_fails(COMPOSE, "REDIS_HOST: redis", deadline, "timeout-order", "instance 500 ms, pool 800 ms").await;
    let patient = "REDIS_HOST: redis\n    STOREMGR_ORDER_QUEUE_WAIT: 15s";
    only_fails(COMPOSE, "REDIS_HOST: redis", patient, "timeout-order", "instance 10.0 s, pool 800 ms, orders 15.0 s")
        .await;
    only_fails(COMPOSE, "--timeout, 60s", "--timeout, 20s", "timeout-order", "client 20.0 s").await;
    only_fails(NGINX, "keepalive_timeout 60s", "keepalive_timeout 80s", "keepalive-order", "nginx 80.0 s").await;
    let grace = "  stop_grace_period: 40s\n";
    only_fails(COMPOSE, grace, "", "drain-order", "killed 10.0 s after it was asked to stop; it may need 25.0 s").await;
}

#[tokio::test]
async fn services_that_do_not_tell_how_they_are_are_told() {
    let id = "health-checks";
    only_warns(COMPOSE, "{test: [CMD, redis-cli, ping]}", "{interval: 5s}", id, "no health check: redis").await;
    only_fails(COMPOSE, "{test: [CMD, redis-cli, ping]}", "{disable: true}", id, "others wait until it is healthy")
        .await;
    let image = "HEALTHCHECK CMD [\"storemgr\", \"--version\"]\n";
    only_warns("ops/Dockerfile", image, "", id, "no health check: serve-2").await;
}

#[tokio::test]
async fn metrics_that_no_program_exports_fail() {
    let id = "metrics-exist";
    let name = "storemgr_http_requests_total{";
    only_fails(RULES, name, "storemgr_http_request_total{", id, "no program exports storemgr_http_request_total").await;
    only_fails(RULES, "route=\"/orders\"", "path=\"/orders\"", id, "has no label path").await;
    let bucket = "storemgr_http_request_duration_seconds_bucket";
    only_fails(RULES, bucket, "storemgr_http_request_duration_seconds", id, "no program exports").await;
    let board = "monitoring/grafana/dashboards/store.json";
    only_fails(board, "job:storemgr_http_requests:rate1m", "job:storemgr_http_requests:rate5m", id, ":rate5m").await;
}

#[tokio::test]
async fn ports_that_are_taken_or_named_twice_are_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    only_fails(COMPOSE, "${STORE_PORT:?}", &port, "ports-free", &format!("port {port} of nginx is in use")).await;
    drop(listener);
    let twice = "healthcheck: {test: [CMD, redis-cli, ping]}\n    ports: [\"127.0.0.1:${STORE_PORT}:6379\"]";
    let from = "healthcheck: {test: [CMD, redis-cli, ping]}";
    only_fails(COMPOSE, from, twice, "ports-free", "is published twice").await;
}

#[tokio::test]
async fn what_the_programs_themselves_refuse_is_told_in_their_words() {
    let unknown = "proxy_reed_timeout 30s; proxy_read_timeout 30s";
    only_fails(NGINX, "proxy_read_timeout 30s", unknown, "nginx-valid", "unknown directive \"proxy_reed_timeout\"")
        .await;
    let verdict = Plan::sound().with(NGINX, "least_conn;", "least_con;").verdict().await;
    assert!(found(&verdict, "nginx-valid").seen.contains("nginx.conf:10"), "{verdict:?}");
    let unknown = "scrape_intervall: 5s";
    only_fails(PROMETHEUS, "scrape_interval: 5s", unknown, "prometheus-valid", "scrape_intervall").await;
    only_fails(RULES, "== 0", "== ", "prometheus-valid", "could not parse expression").await;
}

#[tokio::test]
async fn services_that_come_from_elsewhere_are_neither_sound_nor_wrong() {
    // Each would make several checks fail, or pass, if what is seen were taken for everything.
    let extended = "serve-1: {extends: {file: https://x.example/common.git, service: serve}}";
    let part = Plan::sound().with(COMPOSE, "serve-1: {<<: *serve}", extended);
    let fewer = Plan::sound().with(COMPOSE, "  serve-1: {<<: *serve}\n", "");
    let elsewhere = fewer.with(COMPOSE, "name: shop", "name: shop\ninclude: [https://x.example/first.git]");
    for (plan, word) in [(part, "in serve-1"), (elsewhere, "include https")] {
        let verdict = plan.verdict().await;
        assert_eq!(failed(&verdict), Vec::<&str>::new(), "{verdict:?}");
        let told = found(&verdict, "files-readable");
        assert!(told.status == Status::Warn && told.seen.contains(word), "{told:?}");
        assert!(told.advice.contains("docker compose config"), "{told:?}");
        for id in ["planned-connections", "health-checks", "upstreams-named", "migration-planned"] {
            assert_eq!(found(&verdict, id).status, Status::Skip, "{id}");
        }
        for id in ["images-pinned", "secrets-private"] {
            assert_eq!(found(&verdict, id).status, Status::Warn, "{id}");
        }
        assert!(summary_line(&verdict).starts_with("The configuration is sound as far as it was seen: "));
    }
}

#[tokio::test]
async fn what_nginx_and_prometheus_include_is_neither_sound_nor_wrong() {
    let of_nginx = ["upstreams-named", "timeout-order", "keepalive-order", "addresses-named", "nginx-valid"];
    let beside = Plan::sound().with(NGINX, "server {", "include conf.d/*.conf;\n    server {");
    let verdict = beside.verdict().await;
    assert_eq!(failed(&verdict), Vec::<&str>::new(), "{verdict:?}");
    for id in of_nginx {
        let told = found(&verdict, id);
        assert!(told.status == Status::Warn && told.seen.contains("not seen: "), "{told:?}");
    }
    // What is seen to be wrong stays wrong.
    let misspelt = beside.with(NGINX, "serve-2:5000", "server-2:5000").verdict().await;
    assert_only(&misspelt, "upstreams-named", "server-2, which is not a service");
    let second = "server serve-2:5000 max_fails=5 fail_timeout=2s;";
    for (from, to) in [(second, "include others.conf;"), ("proxy_read_timeout 30s;", "include proxy.conf;")] {
        let verdict = Plan::sound().with(NGINX, from, to).verdict().await;
        assert_eq!(failed(&verdict), Vec::<&str>::new(), "{verdict:?}");
        assert_eq!(found(&verdict, "nginx-valid").status, Status::Warn, "{verdict:?}");
    }
    let plan = Plan::sound().with(NGINX, "listen 80;", "include listen.conf;");
    assert_eq!(failed(&plan.verdict().await), Vec::<&str>::new());
    let plan = Plan::sound().with(PROMETHEUS, "job_name: storemgr", "job_name: other");
    let plan = plan.with(PROMETHEUS, "rule_files:", "scrape_config_files: [jobs/*.yml]\nrule_files:");
    // promtool knows that setting since 2.43.
    let checks: Vec<_> = CATALOG.iter().filter(|check| check.id != "prometheus-valid").copied().collect();
    let verdict = before(&checks, Files::load(&plan.locations())).await;
    let told = found(&verdict, "targets-named");
    assert!(verdict.healthy && told.status == Status::Skip && told.seen.contains("jobs/*.yml"), "{told:?}");
}

#[tokio::test]
async fn what_is_not_there_is_skipped_unless_it_was_named() {
    let plan = Plan::sound();
    std::fs::remove_file(plan.path(NGINX)).unwrap();
    let plan = plan.with(COMPOSE, "\"../nginx/nginx.conf:/etc/nginx/nginx.conf:ro\"", "");
    let verdict = plan.verdict().await;
    assert!(verdict.healthy && found(&verdict, "nginx-valid").status == Status::Skip, "{verdict:?}");
    let mut locations = plan.locations();
    locations.nginx.named = true;
    assert_only(&before(CATALOG, Files::load(&locations)).await, "files-readable", "No such file");
}

#[tokio::test]
async fn the_defaults_that_checks_rely_on_are_those_of_the_commands() {
    for setting in SETTINGS {
        let help = run_command(&[setting.command, "--help"], &[]).await.stdout;
        let at = help.find(&format!("{} <", setting.flag)).unwrap_or_else(|| panic!("no {}", setting.flag));
        let entry = &help[at..];
        let end = entry[2..].find("\n      --").map_or(entry.len(), |end| end + 2);
        assert!(entry[..end].contains(&format!("[default: {}]", setting.default)), "{setting:?}: {}", &entry[..end]);
        let variable = format!("[env: {}", setting.variable);
        assert!(setting.variable.is_empty() || entry[..end].contains(&variable), "{setting:?}: {}", &entry[..end]);
    }
}

#[tokio::test]
async fn the_command_prints_a_table_json_and_junit() {
    let plan = Plan::sound().with(NGINX, "serve-2:5000", "server-2:5000");
    plan.mode(ENV, 0o600);
    let junit = plan.path("junit.xml");
    let path = |path: &str| plan.path(path).display().to_string();
    let files = [
        ("--env-file", ENV),
        ("--compose", COMPOSE),
        ("--nginx", NGINX),
        ("--prometheus-config", PROMETHEUS),
        ("--rules", "monitoring/rules"),
        ("--dashboards", "monitoring/grafana"),
        ("--workflows", ".github/workflows"),
    ];
    let mut arguments = vec!["deploy-check".to_owned(), "--before".to_owned()];
    arguments.extend(files.iter().flat_map(|(flag, place)| [(*flag).to_owned(), path(place)]));
    arguments.extend(["--junit".to_owned(), junit.display().to_string()]);
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let ran = run_command(&arguments, &[]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("The configuration is NOT sound: "), "{ran:?}");
    assert!(ran.stdout.contains("nginx asks server-2, which is not a service"), "{ran:?}");
    let xml = std::fs::read_to_string(junit).unwrap();
    assert!(xml.contains("failures=\"1\"") && xml.contains("name=\"upstreams-named\""), "{xml}");
    let json: Vec<_> = arguments.iter().copied().chain(["--json", "-", "--skip", "upstreams-named"]).collect();
    let ran = run_command(&json, &[]).await;
    let verdict: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, verdict["healthy"].as_bool(), verdict["phase"].as_str()), (0, Some(true), Some("before")));
}

#[tokio::test]
async fn a_check_of_the_other_phase_and_an_empty_folder_are_a_matter_of_usage() {
    let other = run_command(&["deploy-check", "--only", "nginx-valid"], &[]).await;
    assert!(other.code == 2 && other.stderr.contains("add --before"), "{other:?}");
    let nothing = run_command(&["deploy-check", "--before"], &[]).await;
    assert!(nothing.code == 2 && nothing.stderr.contains("--compose"), "{nothing:?}");
    let list = run_command(&["deploy-check", "--list"], &[]).await;
    for check in CATALOG {
        assert!(list.stdout.contains(check.id) && list.stdout.contains(check.phase().name()), "{}", check.id);
    }
}

/// What the repository itself offers to deploy, with every secret filled in.
#[tokio::test]
async fn the_repository_s_own_files_pass() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let example = std::fs::read_to_string(repository.join(".env.example")).unwrap();
    let mut environment = BTreeMap::from([("STOREMGR_SECRETS".to_owned(), folder.path().display().to_string())]);
    let mut filled = String::new();
    for (number, line) in example.lines().enumerate() {
        let secret = format!("3f0c6f0d9b5a4e7780aa{number:04}");
        filled += &line.strip_suffix('=').map_or_else(|| line.to_owned(), |name| format!("{name}={secret}"));
        filled.push('\n');
        if let Some(name) = line.strip_suffix('=') {
            std::fs::write(folder.path().join(name.to_lowercase()), secret).unwrap();
        }
    }
    // As `ops/deploy prepare` writes them where the store asks for no token, and nobody is told of alerts.
    for name in ["tokens", "store_token", "alert_mail_password"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let password = "91be7d3c50fa42d88c6e2a07";
    for (name, text) in [
        ("exporter_password", password.to_owned()),
        ("db_migrate_password", password.to_owned()),
        ("revision", "STOREMGR_FILES_REVISION=0".to_owned()),
        ("prometheus_revision", "STOREMGR_PROMETHEUS_REVISION=0".to_owned()),
        ("mysql_exporter.cnf", format!("[client]\nhost=mysql\nport=3306\nuser=exporter\npassword={password}")),
        ("redis_exporter.json", format!("{{\"redis://exporter@redis:6379\": \"{password}\"}}")),
        ("exporters.yml", "[]".to_owned()),
        ("alertmanager.yml", "route: {receiver: people}\nreceivers: [{name: people}]".to_owned()),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let env = folder.path().join(".env");
    std::fs::write(&env, filled).unwrap();
    for path in [env.as_path(), folder.path()] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    for name in ["STOREMGR_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT", "ALERTMANAGER_PORT"] {
        environment.insert(name.to_owned(), free_port().to_string());
    }
    for profiles in ["", "exporters"] {
        let mut environment = environment.clone();
        environment.insert("COMPOSE_PROFILES".to_owned(), profiles.to_owned());
        let env_file = Location { path: env.clone(), named: true };
        let locations = Locations { env_file, environment, ..locations(repository) };
        let verdict = before(CATALOG, Files::load(&locations)).await;
        let not_passed: Vec<_> = verdict.checks.iter().filter(|finding| finding.status != Status::Pass).collect();
        // No service has replicas, and whether there is a repository around depends on who tests.
        let left_out = ["env-not-committed", "replicas-possible"];
        let told: Vec<_> =
            not_passed.iter().filter(|one| one.status != Status::Skip || !left_out.contains(&one.id)).collect();
        assert!(verdict.healthy && told.is_empty(), "{told:#?}");
    }
    // With TLS, and what `ops/deploy prepare` writes for it.
    let (authority, prepared) = (Authority::new(), tempfile::tempdir().unwrap());
    let identity = authority.issue("front", "DNS:store.example");
    nginx::tell(
        prepared.path(),
        &[
            ("STOREMGR_TLS_NAME", "store.example"),
            ("STOREMGR_TLS_CERT", &identity.certificate),
            ("STOREMGR_TLS_KEY", &identity.key),
            ("STOREMGR_CLIENT_RATE", "200"),
            ("STOREMGR_PROXIES", "192.0.2.1"),
        ],
    );
    std::fs::create_dir(folder.path().join("certificate")).unwrap();
    for file in ["authority", "acme_authority", "certificate/certificate.pem", "certificate/key.pem"] {
        std::fs::copy(prepared.path().join(file), folder.path().join(file)).unwrap();
    }
    // nginx reads it beside its other files.
    let place = tempfile::tempdir().unwrap();
    for part in ["ops", "nginx", "monitoring", ".github", "Cargo.toml"] {
        let copied = std::process::Command::new("cp").arg("-r").arg(repository.join(part)).arg(place.path()).status();
        assert!(copied.unwrap().success(), "{part}");
    }
    for file in ["front/http.conf", "front/server.conf"] {
        std::fs::copy(prepared.path().join(file), place.path().join("nginx").join(file)).unwrap();
    }
    let repository = place.path();
    for (name, value) in [
        ("STOREMGR_TLS_NAME", "store.example"),
        ("STOREMGR_TOKENS_FILE", "/run/secrets/tokens"),
        ("STOREMGR_TLS_PORT", &free_port().to_string()),
        ("STOREMGR_REDIRECT_PORT", &free_port().to_string()),
    ] {
        environment.insert(name.to_owned(), value.to_owned());
    }
    let env_file = Location { path: env.clone(), named: true };
    let mut locations = Locations { env_file, environment, ..locations(repository) };
    locations.compose.push(Location { path: repository.join("ops/compose.tls.yml"), named: true });
    let verdict = before(CATALOG, Files::load(&locations)).await;
    let told = verdict.checks.iter().filter(|finding| matches!(finding.status, Status::Warn | Status::Fail));
    let told: Vec<_> = told.collect();
    assert!(verdict.healthy && told.is_empty(), "{told:#?}");
    assert!(found(&verdict, "certificate-valid").seen.contains("ends in 9 days"), "{verdict:?}");
    assert_eq!(found(&verdict, "front-encrypted").seen, "2 ports that other machines reach, none in clear");
}

#[tokio::test]
async fn what_lets_others_in_or_loses_data_is_told() {
    let redis = "healthcheck: {test: [CMD, redis-cli, ping]}";
    let published = format!("{redis}\n    ports: [\"{}:6379\"]", free_port());
    only_fails(COMPOSE, redis, &published, "datastores-published", "asks for no password").await;
    let empty = "MYSQL_ALLOW_EMPTY_PASSWORD: \"yes\"";
    only_fails(COMPOSE, "MYSQL_ROOT_PASSWORD: ${DB_ROOT_PASSWORD:?}", empty, "passwords-set", "lets anyone in").await;
    let url = "REDIS_HOST: redis\n    MAIL_URL: smtp://shop:9f81bb02c7d4@mail.example:587";
    only_warns(COMPOSE, "REDIS_HOST: redis", url, "secrets-in-urls", "MAIL_URL of migrate has a password in its URL")
        .await;
    only_warns(COMPOSE, "data:/var/lib/mysql", "data:/var/lib/mysq", "data-kept", "/var/lib/mysql, which is lost")
        .await;
    let plan = Plan::sound();
    let git = |arguments: &[&str]| {
        let folder = plan.path("");
        let run = std::process::Command::new("git").arg("-C").arg(folder).args(arguments).output().unwrap();
        assert!(run.status.success(), "{run:?}");
    };
    git(&["init", "--quiet"]);
    let verdict = plan.verdict().await;
    assert_eq!(found(&verdict, "env-not-committed").status, Status::Pass, "{verdict:?}");
    // What a repository tells git to run is not run.
    git(&["config", "core.fsmonitor", "touch ran"]);
    git(&["config", "core.hooksPath", "."]);
    git(&["-c", "core.fsmonitor=false", "add", "--force", ".env"]);
    assert_only(&plan.verdict().await, "env-not-committed", "git keeps this file, with DB_PASSWORD in it");
    assert!(!plan.path("ran").exists());
}

#[tokio::test]
async fn what_compose_refuses_and_what_cannot_work_is_told() {
    let command = "command: redis-server --max";
    only_fails(COMPOSE, command, "restart: allways\n    command: redis-server --max", "compose-valid", "\"allways\"")
        .await;
    let apart = Plan::sound().with(COMPOSE, "image: mysql:9.7.1", "image: mysql:9.7.1\n    networks: [inner]");
    let apart = apart.with(COMPOSE, "volumes: {data: {}}", "volumes: {data: {}}\nnetworks: {inner: {}}");
    assert_only(
        &apart.verdict().await,
        "networks-shared",
        "serve-1 talks to database (DB_HOST), and they share no network",
    );
    only_fails(PROMETHEUS, "/etc/rules/*.yml", "/etc/rule/*.yml", "rule-files-found", "none of its rules").await;
    let several = "image: nginx:1.30.1\n    deploy: {replicas: 2}";
    only_fails(COMPOSE, "image: nginx:1.30.1", several, "replicas-possible", "nginx has 2 replicas, and 1 port").await;
}
