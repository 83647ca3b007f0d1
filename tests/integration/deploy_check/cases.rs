//! Files of other people that were judged wrongly once, each for its kind.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use storemgr::deploy_check::{CATALOG, Phase, Severity, Status, Verdict, before};
use tempfile::TempDir;

use super::anywhere::{files_of, write_all};
use super::found;
use crate::harness::free_port;

/// A deployment that a test writes down.
struct Case(BTreeMap<String, String>);

impl Case {
    /// A compose file alone.
    fn of(compose: &str) -> Self {
        Self(BTreeMap::new()).file("compose.yaml", compose)
    }

    fn file(mut self, path: &str, text: &str) -> Self {
        self.0.insert(path.to_owned(), text.to_owned());
        self
    }

    async fn verdict(&self) -> Verdict {
        let folder = TempDir::new().unwrap();
        write_all(folder.path(), &self.0);
        let checks: Vec<_> = CATALOG.iter().filter(|check| check.phase() == Phase::Before).copied().collect();
        before(&checks, files_of(folder.path())).await
    }

    /// Asserts that no check finds an error.
    async fn proves_sound(self) -> Verdict {
        let verdict = self.verdict().await;
        assert!(errors(&verdict).is_empty(), "{:#?}", errors(&verdict));
        verdict
    }

    /// Asserts that this check alone finds an error, and what it says.
    async fn fails(self, id: &str, seen: &str) -> Verdict {
        let verdict = self.verdict().await;
        let errors = errors(&verdict);
        assert!(errors.len() == 1 && errors[0].0 == id && errors[0].1.contains(seen), "{id} {seen}: {errors:#?}");
        assert_eq!(verdict.checks[0].id, id, "it comes first");
        verdict
    }

    /// Asserts that this check warns, that it says this, and that nothing is an error.
    async fn warns(self, id: &str, seen: &str) {
        let verdict = self.proves_sound().await;
        let finding = found(&verdict, id);
        assert!(finding.severity == Some(Severity::Warning) && finding.seen.contains(seen), "{finding:?}");
    }
}

fn errors(verdict: &Verdict) -> Vec<(&'static str, String)> {
    let bad = verdict.checks.iter().filter(|finding| finding.status == Status::Fail);
    bad.map(|finding| (finding.id, finding.seen.clone())).collect()
}

fn has(verdict: &Verdict, id: &str, part: &str) -> bool {
    found(verdict, id).seen.contains(part)
}

const SECRET: &str = "3f0c6f0d9b5a4e7780aa41c2";

#[tokio::test]
async fn files_of_variables_are_read_as_compose_reads_them() {
    let compose = "services: {a: {image: 'a:1', environment: {T: '${TITLE:?}', K: '${LONG:?}'}}}";
    let text = "\u{feff}# note\r\nTITLE=My Shop\r\nCRON=0 3 * * *\r\nP=C:\\x\r\nA=it's\r\nmy-key=1\r\nNAME\r\nexport B=1\r\nLONG=\"one\r\ntwo\"\r\nDB_PORT=\r\n";
    Case::of(compose).file(".env", text).proves_sound().await;
    // A mistake is told where it stands: also in a file that a service names.
    let named = "services: {a: {image: 'a:1', env_file: [app.env]}}";
    let verdict = Case::of(named).file("app.env", "A=1\nnot a line\n").fails("files-readable", "app.env:2: ").await;
    assert!(!has(&verdict, "files-readable", "not a line"));
}

#[tokio::test]
async fn ports_are_those_of_the_image() {
    let with = |url: &str| {
        Case::of(&format!(
            "services:\n  app:\n    image: app:1\n    environment: {{DB_HOST: db, DB_PORT: \"{url}\"}}\n  db:\n    image: postgres:17\n    environment: {{POSTGRES_PASSWORD: {SECRET}}}\n"
        ))
    };
    with("5432").proves_sound().await;
    with("3306").fails("addresses-named", "DB_HOST of app asks db at port 3306; db listens on 5432").await;
    // What is not known is not judged.
    Case::of(
        "services: {app: {image: 'app:1', environment: {API_HOST: other, API_PORT: '81'}}, other: {image: 'x:1'}}",
    )
    .proves_sound()
    .await;
    let built = Case::of("services: {app: {image: 'app:1', environment: {API_URL: 'http://api:81'}}, api: {build: .}}");
    built
        .file("Dockerfile", "FROM a:1\nEXPOSE 8000\n")
        .fails("addresses-named", "api at port 81; api listens on 8000")
        .await;
}

#[tokio::test]
async fn merges_are_written_out() {
    let compose = "x-a: &a {image: 'shop:1', healthcheck: {test: [CMD, x]}}\nx-b: &b {<<: *a, restart: always}\nx-c: &c {stop_grace_period: 5s}\n\
                   services:\n  web: {<<: [*b, *c], image: 'shop:2'}\n  other: {<<: *b}\n";
    let verdict = Case::of(compose).proves_sound().await;
    for id in ["health-checks", "images-pinned"] {
        assert_eq!(found(&verdict, id).status, Status::Pass, "{verdict:?}");
    }
    // One text on top of another is a list of both, where Compose takes one or a list.
    let database = format!("db: {{image: 'postgres:17', environment: {{POSTGRES_PASSWORD: {SECRET}}}}}");
    Case::of(&format!("services: {{app: {{image: 'app:1', env_file: a.env}}, {database}}}"))
        .file("compose.override.yaml", "services: {app: {env_file: b.env}}")
        .file("a.env", "DB_HOST=dbs\n")
        .file("b.env", "LANGUAGE=en\n")
        .fails("addresses-named", "DB_HOST of app is dbs, which is not a service")
        .await;
}

/// Services behind an nginx whose configuration is mounted.
fn behind_nginx(tag: &str, configuration: &str) -> Case {
    let compose = format!(
        "services:\n  nginx:\n    image: nginx:{tag}\n    volumes: [\"./default.conf:/etc/nginx/conf.d/default.conf:ro\"]\n  grafana: {{image: 'grafana/grafana:11.4.0'}}\n  app: {{image: 'app:1'}}\n  php: {{image: 'php:8.3-fpm'}}\n  log: {{image: 'log:1'}}\n"
    );
    Case::of(&compose).file("default.conf", configuration)
}

#[tokio::test]
async fn every_service_is_a_fair_upstream_and_what_none_is_named_is_a_mistake() {
    let passing = |to: &str| behind_nginx("1.27.3", &format!("server {{ listen 80; {to} }}"));
    for to in [
        "location / { proxy_pass http://grafana:3000; }",
        "set $u app; location / { proxy_pass http://$u:5000; }",
        "location / { proxy_pass http://app:5000$request_uri; }",
        "location / { proxy_pass http://$host$request_uri; resolver 127.0.0.11; }",
        "location / { fastcgi_pass php:9000; include fastcgi_params; }",
        "location / { grpc_pass grpc://app:50051; } location /u { uwsgi_pass app:3031; }",
        "access_log syslog:server=log:514; location / { proxy_pass http://app:1; }",
        "listen 443 ssl; ssl_certificate /etc/ssl/a.pem; ssl_certificate_key /etc/ssl/a.key; location / { proxy_pass http://app:1; }",
        "access_log /var/log/a.log; access_log /var/log/a.log combined buffer=4k; location / { return 200; }",
    ] {
        passing(to).proves_sound().await;
    }
    for (to, seen) in [
        ("location / { proxy_pass http://grafanna:3000; }", "grafanna, which is not a service"),
        ("set $u appp; location / { proxy_pass http://$u:5000; }", "appp, which is not a service"),
        ("location / { proxy_pass http://grafana:3001; }", "grafana at port 3001; grafana listens on 3000"),
        ("location / { fastcgi_pass phq:9000; }", "phq, which is not a service"),
    ] {
        let verdict = passing(to).fails("upstreams-named", seen).await;
        assert!(found(&verdict, "upstreams-named").places[0].file.ends_with("default.conf"));
    }
    let stream = "services:\n  nginx:\n    image: nginx:1.27.3\n    volumes: [\"./nginx.conf:/etc/nginx/nginx.conf:ro\"]\n  mysql: {image: 'mysql:8.4', environment: {MYSQL_RANDOM_ROOT_PASSWORD: 'yes'}}\n";
    let text = |host: &str| format!("events {{}}\nstream {{ server {{ listen 3306; proxy_pass {host}:3306; }} }}\n");
    Case::of(stream).file("nginx.conf", &text("mysql")).proves_sound().await;
    Case::of(stream).file("nginx.conf", &text("mysq")).fails("upstreams-named", "mysq").await;
    let caches = "events {}\nhttp { proxy_cache_path /c/a keys_zone=a:1m; proxy_cache_path /c/b keys_zone=b:1m; server { location / { return 200; } } }";
    Case::of(stream).file("nginx.conf", caches).proves_sound().await;
}

/// What `ops/containers/deployments` found when it started what was called sound.
#[tokio::test]
async fn what_did_not_work_in_containers_is_told() {
    let compose = "services:\n  nginx:\n    image: nginx:1.27.3\n    ports: [\"8080:80\"]\n    volumes: [\"./default.conf:/etc/nginx/conf.d/default.conf:ro\"]\n  \
                   prometheus:\n    image: prom/prometheus:v3.0.1\n    volumes: [\"./prometheus.yml:/etc/prometheus/prometheus.yml:ro\"]\n  \
                   php: {image: 'php:8.3-fpm'}\n";
    let case = |parameters: &str, target: &str| {
        let nginx = format!(
            "server {{\n  root /app;\n  location ~ \\.php$ {{\n    fastcgi_pass php:9000;\n    {parameters}\n  }}\n}}\n"
        );
        let prometheus = format!("scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['{target}']}}]}}]\n");
        Case::of(compose).file("default.conf", &nginx).file("prometheus.yml", &prometheus)
    };
    let script = "include fastcgi_params; fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;";
    case(script, "nginx:80").proves_sound().await;
    case("include fastcgi_params;", "nginx:80").fails("upstreams-named", "does not name the script").await;
    // Another list than nginx's own may name it.
    case("include php_params;", "nginx:80").proves_sound().await;
    case(script, "php:9000").fails("targets-named", "php at port 9000, where php does not speak HTTP").await;

    let caddy = |ports: &str, site: &str| {
        let compose = format!(
            "services:\n  caddy:\n    image: caddy:2.8.4\n    ports: [{ports}]\n    volumes: [\"./Caddyfile:/etc/caddy/Caddyfile:ro\"]\n  app: {{image: 'app:1'}}\n"
        );
        Case::of(&compose).file("Caddyfile", &format!("{site} {{\n  reverse_proxy app:3000\n}}\n"))
    };
    caddy("\"80:80\", \"443:443\"", "shop.example").proves_sound().await;
    caddy("\"8080:80\"", "http://shop.example").proves_sound().await;
    caddy("\"8080:80\"", "shop.example")
        .fails("addresses-named", "the published port 8080 asks caddy, which sends clients to https://shop.example")
        .await;

    let haproxy = |more: &str, defaults: &str| {
        let compose = format!(
            "services:\n  haproxy:\n    image: haproxy:3.0.7\n    volumes: [\"./haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro\"]\n{more}  \
             app: {{image: 'app:1', depends_on: {{other: {{condition: service_healthy}}}}}}\n  other: {{image: 'app:1', healthcheck: {{test: [CMD, x]}}}}\n"
        );
        let text = format!("defaults\n  {defaults}\nbackend b\n  server a app:8000\n");
        Case::of(&compose).file("haproxy.cfg", &text)
    };
    haproxy("    depends_on: [app]\n", "mode http").proves_sound().await;
    haproxy("    restart: always\n", "mode http").proves_sound().await;
    haproxy("", "default-server init-addr none").proves_sound().await;
    haproxy("", "mode http").fails("upstreams-named", "HAProxy starts first, and ends without that name").await;
}

#[tokio::test]
async fn other_fronts_know_every_instance_and_name_what_is_there() {
    let compose = "services:\n  caddy:\n    image: caddy:2.8.4\n    volumes: [\"./Caddyfile:/etc/caddy/Caddyfile:ro\"]\n  \
                   haproxy:\n    image: haproxy:3.0.7\n    volumes: [\"./haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro\"]\n  \
                   serve-1: &serve {image: 'storemgr:1', command: serve, stop_grace_period: 60s}\n  serve-2: {<<: *serve}\n";
    let case = |caddy: &str, haproxy: &str| {
        let caddy = format!(":80 {{\n  reverse_proxy {caddy}\n}}\n");
        let haproxy = format!("backend b\n{haproxy}\nfrontend f\n  default_backend b\n");
        Case::of(compose).file("Caddyfile", &caddy).file("haproxy.cfg", &haproxy)
    };
    let (both, servers) = ("serve-1:5000 serve-2:5000", "  server a serve-1:5000\n  server b serve-2:5000");
    let verdict = case(both, servers).verdict().await;
    assert_eq!(found(&verdict, "upstreams-named").status, Status::Pass, "{verdict:?}");
    for (caddy, haproxy, seen) in [
        ("serve-1:5000", servers, "Caddy does not know serve-2"),
        (both, "  server b tasks.serve-2:5000", "HAProxy does not know serve-1"),
        // A fault in the file of one hides nothing of the other.
        ("serve-1:5000 serv-2:5000", "  server a serve-1:5000", "HAProxy does not know serve-2"),
        ("localhost:5000", servers, "Caddy asks localhost:5000, which is its own container"),
        (both, "  server a serve-1:5001", "HAProxy asks serve-1 at port 5001; serve-1 listens on 5000"),
    ] {
        case(caddy, haproxy).fails("upstreams-named", seen).await;
    }
}

#[tokio::test]
async fn what_another_nginx_may_know_is_not_judged_and_a_slip_is() {
    let with = |line: &str| {
        behind_nginx(
            "latest",
            &format!(
                "upstream u {{ zone u 64k; server app:80 {line} }}\nserver {{ listen 80; HTTP location / {{ proxy_pass http://u; }} }}"
            ),
        )
    };
    let text = "resolve;";
    let mut case = with(text);
    let conf = case.0.get_mut("default.conf").unwrap();
    *conf = conf.replace("HTTP", "http2 on; resolver 127.0.0.11;");
    case.proves_sound().await;
    behind_nginx("latest", "server { listen 80; location / { proxy_reed_timeout 3s; proxy_pass http://app:1; } }")
        .fails("nginx-valid", "unknown directive \"proxy_reed_timeout\"")
        .await;
}

#[tokio::test]
async fn templates_and_includes_are_read_as_the_container_sees_them() {
    let compose = "services:\n  nginx:\n    image: nginx:1.27.3\n    environment: {APP: app, PORT: \"8000\"}\n    volumes: [\"./templates:/etc/nginx/templates:ro\", \"./snippets:/etc/nginx/snippets:ro\"]\n  app: {image: 'app:1'}\n";
    let case = |host: &str| {
        Case::of(&compose.replace("APP: app", &format!("APP: {host}")))
            .file("templates/default.conf.template", "server { listen 80; include snippets/*.conf; }\n")
            .file("snippets/app.conf", "location / { proxy_pass http://app:8000; }\n")
            .file(
                "templates/more.conf.template",
                "server { listen 81;\n location / { proxy_pass http://${APP}:${PORT}; } }\n",
            )
    };
    case("app").proves_sound().await;
    case("ap").fails("upstreams-named", "more.conf.template:2: nginx asks ap, which is not a service").await;
}

#[tokio::test]
async fn ports_of_the_machine_are_told_apart() {
    let port = free_port();
    let ports =
        |list: &str| Case::of(&format!("services: {{a: {{image: 'a:1', ports: [{list}]}}, b: {{image: 'b:1'}}}}"));
    ports(&format!("\"{port}:53/tcp\", \"{port}:53/udp\"")).proves_sound().await;
    ports(&format!("\"{port}:1\", \"127.0.0.1:{port}:2\"")).fails("ports-free", "published twice").await;
    ports(&format!("\"127.0.0.1:{port}:1\", \"127.0.0.2:{port}:2\"")).proves_sound().await;
    ports("\"198.51.100.7:80:80\"").proves_sound().await;
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let taken = udp.local_addr().unwrap().port();
    ports(&format!("\"127.0.0.1:{taken}:53/udp\"")).fails("ports-free", "is in use").await;
    let replicas = |ports: &str| {
        Case::of(&format!("services: {{a: {{image: 'a:1', ports: [{ports}], deploy: {{replicas: 3}}}}}}"))
    };
    replicas("\"28100-28102:80\"").proves_sound().await;
    replicas("\"28100:80\"").fails("replicas-possible", "a has 3 replicas, and 1 port").await;
    ports("\"99999:80\"").fails("compose-valid", "\"99999\" is not a port").await;
}

#[tokio::test]
async fn an_instance_is_known_by_its_program_and_not_by_a_word() {
    for command in ["npm run serve", "ng serve", "registry serve /etc/registry.yml", "[serve]"] {
        let verdict = Case::of(&format!("services: {{a: {{image: 'a:1', command: {command}}}}}")).proves_sound().await;
        assert_eq!(found(&verdict, "drain-order").status, Status::Skip, "{command}");
    }
    let own = "services: {a: {image: 'storemgr:0.1.0', command: [serve]}}";
    Case::of(own).fails("drain-order", "a is killed 10.0 s after").await;
}

#[tokio::test]
async fn secrets_are_told_from_what_is_about_secrets() {
    let compose = "services: {a: {image: 'a:1', environment: {X: '${DB_USER_PASSWORD:?}'}}}";
    let sound = format!(
        "DB_USER_PASSWORD={SECRET}\nTOKEN_TTL=3600\nJWT_SECRET_EXPIRES_IN=7d\nSSL_KEY_PATH=/run/k.pem\nAWS_CREDENTIALS_SOURCE=ec2\n"
    );
    Case::of(compose).file(".env", &sound).proves_sound().await;
    Case::of(compose).file(".env", "DB_USER_PASSWORD=changeme\n").fails("secrets-strong", "is a placeholder").await;
    // The text of a password is never shown, and a dollar sign that names nothing is text.
    let dollar = "services: {a: {image: 'a:1', environment: {DB_PASSWORD: 'abc$&xyz0', H: '${H:-$2a$14$1lQx}', N: '${COMPOSE_PROJECT_NAME}'}}}";
    let verdict = Case::of(dollar).proves_sound().await;
    assert!(!format!("{verdict:?}").contains("abc$&"), "{verdict:?}");
    assert_eq!(found(&verdict, "env-complete").status, Status::Pass);
    let open = Case::of("services: {a: {image: 'a:1', environment: {DB_PASSWORD: 'geheim${'}}}").verdict().await;
    assert!(!format!("{open:?}").contains("geheim"), "{open:?}");
}

#[tokio::test]
async fn a_missing_file_is_a_mistake_and_a_missing_folder_is_made() {
    let mount = |mount: &str| Case::of(&format!("services: {{a: {{image: 'a:1', volumes: ['{mount}']}}}}"));
    mount("./data:/var/lib/a").proves_sound().await;
    mount("./a.conf:/etc/a.conf").fails("mounts-exist", "there is no ").await;
    mount("./Caddyfile:/etc/caddy/Caddyfile").fails("mounts-exist", "Caddyfile").await;
}

#[tokio::test]
async fn images_are_built_as_compose_builds_them() {
    let lower = Case::of("services: {a: {build: .}}").file("dockerfile", "FROM a:1\n");
    lower.proves_sound().await;
    let remote = Case::of("services: {a: {build: 'https://x.example/a.git#main'}}").proves_sound().await;
    assert_eq!(found(&remote, "files-readable").status, Status::Pass);
    let argument = Case::of("services: {a: {build: {context: ., args: {BASE: 'debian:13.1'}}}}")
        .file("Dockerfile", "ARG BASE\nFROM ${BASE}\n");
    let verdict = argument.proves_sound().await;
    assert_eq!(found(&verdict, "images-pinned").status, Status::Pass, "{verdict:?}");
    // One file, several images: each has what its own stage has, and the ones below.
    let stages = "FROM debian:13.1 AS base\nHEALTHCHECK CMD true\nEXPOSE 5000\nFROM base AS worker\nHEALTHCHECK NONE\n";
    let two = |wanted: &str| {
        let web = format!("{{build: {{context: ., target: {wanted}}}, restart: always}}");
        Case::of(&format!("services:\n  web: {web}\n  work: {{build: ., restart: always}}\n"))
            .file("Dockerfile", stages)
    };
    let verdict = two("base").proves_sound().await;
    let checked = found(&verdict, "health-checks").seen.clone();
    assert!(checked.contains("no health check: work") && !checked.contains("web"), "{checked}");
    two("test").fails("compose-valid", "web is built up to the stage test, which").await;
}

#[tokio::test]
async fn names_that_only_some_containers_know_are_known() {
    let db = format!("db: {{image: 'postgres:17', environment: {{POSTGRES_PASSWORD: {SECRET}}}}}");
    for app in [
        "extra_hosts: ['old:10.0.0.1'], environment: {DB_HOST: old}",
        "network_mode: 'service:db', environment: {DB_HOST: localhost}",
        "links: ['db:database'], environment: {DB_HOST: database}",
        "networks: [shared], environment: {DB_HOST: elsewhere}",
    ] {
        let compose = format!(
            "services: {{app: {{image: 'app:1', {app}}}, {db}}}\nnetworks: {{shared: {{external: {{name: n}}}}}}\n"
        );
        Case::of(&compose).proves_sound().await;
    }
    let compose = format!("services: {{app: {{image: 'app:1', environment: {{DB_HOST: dbs}}}}, {db}}}\n");
    Case::of(&compose).fails("addresses-named", "DB_HOST of app is dbs, which is not a service").await;
    // A group of servers: each of the list.
    let group = format!("services: {{app: {{image: 'app:1', environment: {{DB_HOST: 'db:5432,dbs'}}}}, {db}}}\n");
    Case::of(&group).fails("addresses-named", "DB_HOST of app is dbs, which is not a service").await;
}

#[tokio::test]
async fn odd_files_are_read_or_left_alone() {
    Case::of("services: {a: {image: 'a:1'}}\n---\nservices: {b: {image: 'b:1'}}\n").proves_sound().await;
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), b"# caf\xe9\nservices:\n  a:\n    image:\ta:1\t\n").unwrap();
    let verdict = before(CATALOG, files_of(folder.path())).await;
    assert_eq!(found(&verdict, "files-readable").status, Status::Pass, "{verdict:?}");
    let lua = "server { listen 80; location / { content_by_lua_block { if a then say(\"}\") end } } location /b { proxy_pass http://app:1; } }";
    behind_nginx("1.27.3", lua).proves_sound().await;
}

#[tokio::test]
async fn a_queue_is_no_cache() {
    let compose = format!(
        "services:\n  worker: {{image: 'w:1', command: 'celery -A x worker', environment: {{REDIS_URL: 'redis://redis:6379/0'}}}}\n  redis: {{image: 'redis:7', command: 'redis-server --maxmemory 64mb --maxmemory-policy noeviction --requirepass {SECRET}'}}\n"
    );
    let verdict = Case::of(&compose.replace("redis://redis", &format!("redis://:{SECRET}@redis"))).proves_sound().await;
    assert_eq!(found(&verdict, "planned-eviction").status, Status::Skip);
}

#[tokio::test]
async fn time_limits_hold_for_each_way() {
    let compose = "services:\n  nginx: {image: 'nginx:1.27.3', volumes: ['./default.conf:/etc/nginx/conf.d/default.conf:ro']}\n  serve: {image: 'storemgr:1', command: [serve], stop_grace_period: 40s}\n  grafana: {image: 'grafana/grafana:11.4.0'}\n";
    let conf = |store: &str| {
        format!(
            "upstream s {{ server serve:5000; }}\nserver {{ listen 80; location / {{ {store} proxy_pass http://s; }} location /g {{ proxy_read_timeout 1h; proxy_pass http://grafana:3000; }} location /r {{ proxy_read_timeout 20s; return 200; }} }}"
        )
    };
    let verdict = Case::of(compose).file("default.conf", &conf("proxy_read_timeout 30s;")).proves_sound().await;
    assert!(has(&verdict, "timeout-order", "nginx 30.0 s"), "{:?}", found(&verdict, "timeout-order"));
    // Where nothing is said it is a minute, which is as long as a client waits.
    Case::of(compose).file("default.conf", &conf("")).fails("timeout-order", "nginx 60.0 s").await;
}

#[tokio::test]
async fn targets_are_those_that_prometheus_asks() {
    let compose = "services:\n  prometheus: {image: 'prom/prometheus:v3.0.1', volumes: ['./p:/etc/prometheus:ro']}\n  blackbox: {image: 'prom/blackbox-exporter:v0.25.0'}\n  app: {image: 'app:1'}\n";
    let config = |replacement: &str, target: &str| {
        format!(
            "scrape_configs:\n- job_name: probe\n  static_configs: [{{targets: [https://shop.example]}}]\n  relabel_configs:\n  - {{source_labels: [__address__], target_label: __param_target}}\n  - {{target_label: __address__, replacement: '{replacement}'}}\n- job_name: app\n  static_configs:\n  - targets: [{target}]\n"
        )
    };
    let case =
        |replacement: &str, target: &str| Case::of(compose).file("p/prometheus.yml", &config(replacement, target));
    case("blackbox:9115", "app:8000").proves_sound().await;
    case("blackbox:9116", "app:8000").fails("targets-named", "blackbox at port 9116").await;
    case("$1:9115", "app:8000").proves_sound().await;
    let verdict = case("blackbox:9115", "appp:8000")
        .fails("targets-named", "prometheus.yml:9: the job app names appp, which is not a service")
        .await;
    assert_eq!(found(&verdict, "targets-named").places[0].write, "app");
}

#[tokio::test]
async fn only_the_store_s_own_metrics_are_judged() {
    let compose = "services:\n  prometheus: {image: 'prom/prometheus:v3.0.1', volumes: ['./p:/etc/prometheus:ro']}\n  grafana: {image: 'grafana/grafana:11.4.0', volumes: ['./g:/etc/grafana/provisioning:ro', './boards:/boards:ro']}\n";
    let case = |metric: &str| {
        Case::of(compose)
            .file("p/prometheus.yml", "rule_files: [r.yml]\n")
            .file("p/r.yml", &format!("groups: [{{name: g, rules: [{{alert: A, expr: '{metric} > 1'}}, {{record: 'a:b', expr: node_load1}}]}}]\n"))
            .file("g/dashboards/all.yml", "providers: [{name: a, options: {path: /boards}}]\n")
            .file("boards/logs.json", r#"{"panels":[{"targets":[{"expr":"{job=\"x\"} | json | logfmt"}]}]}"#)
    };
    case("mysql_up").proves_sound().await;
    case("storemgr_nothing_total").fails("metrics-exist", "r.yml:1: no program exports storemgr_nothing_total").await;
}

#[tokio::test]
async fn nothing_takes_long_and_nothing_crashes() {
    let nested = format!("a: {}", "${A:-".repeat(60_000));
    let bomb: String =
        (1..14).map(|level| format!("a{level}: &a{level} [{}]\n", format!("*a{},", level - 1).repeat(9))).collect();
    let texts = [
        ("compose.yaml", "{".repeat(20_000)),
        ("compose.yaml", "[".repeat(20_000)),
        ("compose.yaml", nested),
        ("compose.yaml", format!("a0: &a0 [1, 2]\n{bomb}services: {{a: {{image: b}}}}\n")),
        ("compose.yaml", "x".repeat(9 << 20)),
        (".env", format!("A={}\n", "${A:-".repeat(60_000))),
        ("nginx/nginx.conf", "a {".repeat(20_000)),
        (
            "nginx/nginx.conf",
            format!(
                "events {{}}\nhttp {{\n{}}}\n",
                "server { listen 80; location / { return 200; } }\n".repeat(45_000)
            ),
        ),
        ("monitoring/prometheus.yml", "- ".repeat(20_000)),
        ("monitoring/rules/r.yml", "{a: ".repeat(20_000)),
        ("monitoring/grafana/b.json", "[".repeat(200_000)),
    ];
    for (path, text) in texts {
        let start = Instant::now();
        let verdict = Case::of("services: {nginx: {image: 'nginx:1.27.3'}}").file(path, &text).verdict().await;
        let took = start.elapsed();
        assert!(
            verdict.checks.iter().all(|finding| !finding.seen.starts_with("the check itself failed")),
            "{path}: {verdict:?}"
        );
        // Without a limit these took from 15 s to for ever.
        assert!(took < Duration::from_mins(1), "{path}: {took:?}");
    }
    let folder = TempDir::new().unwrap();
    let rules = folder.path().join("monitoring/rules");
    std::fs::create_dir_all(&rules).unwrap();
    for name in ["a", "b"] {
        std::os::unix::fs::symlink(&rules, rules.join(name)).unwrap();
    }
    std::fs::write(rules.join("r.yml"), "groups: []\n").unwrap();
    let verdict = before(CATALOG, files_of(folder.path())).await;
    assert!(has(&verdict, "files-readable", "1 files"), "{verdict:?}");
}

#[tokio::test]
async fn what_compose_refuses_is_told_with_its_line() {
    for (compose, seen) in [
        ("services:\n  a: {image: 'a:1', env_file: absent.env}\n", "compose.yaml:2: the env_file of a, "),
        (
            "services:\n  a:\n    image: a:1\n    b:\n      image: b:1\n",
            "compose.yaml:4: b stands within the service a; it looks like a service",
        ),
        ("services:\n  a: {image: 'a:1', depends_on: [b]}\n", "a uses the service b, which nothing defines"),
        ("services:\n  a: {image: 'a:1', volumes: ['data:/data']}\n", "a uses the volume data"),
        ("services:\n  a: {image: 'a:1', networks: [back]}\n", "a uses the network back"),
        (
            "services:\n  a: {image: 'a:1', depends_on: [b]}\n  b: {image: 'b:1', depends_on: [a]}\n",
            "in a circle: a, b",
        ),
        (
            "services:\n  a:\n    image: a:1\n    enviroment: {A: b}\n",
            "compose.yaml:4: the service a has a key enviroment, which compose does not know; is it environment?",
        ),
        (
            "services:\n  a: {image: 'a:1', configs: [c]}\nconfigs: {c: {file: ./absent.conf}}\n",
            "the file of the config c",
        ),
        ("services:\n  a: {image: 'a:1'}\n  a: {image: 'b:1'}\n", "compose.yaml:3: the key a stands twice"),
        ("services:\n  a: {restart: always}\n", "the service a has neither image nor build"),
        ("include: [absent.yaml]\nservices:\n  a: {image: 'a:1'}\n", "include: there is no "),
        ("services:\n  a: {extends: {file: absent.yaml, service: a}, image: 'a:1'}\n", "a extends a service of "),
    ] {
        Case::of(compose).fails("compose-valid", seen).await;
    }
}

#[tokio::test]
async fn what_talks_shares_a_network() {
    let compose = |networks: &str| {
        format!(
            "services:\n  app: {{image: 'app:1', networks: [front], environment: {{DB_HOST: db}}}}\n  db: {{image: 'mariadb:11', networks: {networks}, environment: {{MARIADB_RANDOM_ROOT_PASSWORD: '1'}}}}\nnetworks: {{front: {{}}, back: {{}}}}\n"
        )
    };
    Case::of(&compose("[front, back]")).proves_sound().await;
    Case::of(&compose("[back]")).fails("networks-shared", "app talks to db (DB_HOST), and they share no network").await;
}

#[tokio::test]
async fn who_is_let_in_is_told() {
    let trust = "services: {db: {image: 'postgres:17', environment: {POSTGRES_HOST_AUTH_METHOD: trust}}}";
    Case::of(trust).fails("passwords-set", "trust lets anyone in").await;
    Case::of("services: {r: {image: 'redis:7', command: 'redis-server --requirepass admin'}}")
        .fails("passwords-set", "is a common password")
        .await;
    Case::of("services: {db: {image: 'postgres:17'}}").fails("passwords-set", "its image does not start without").await;
    let verdict = Case::of("services: {r: {image: 'redis:7'}}").proves_sound().await;
    assert_eq!(found(&verdict, "passwords-set").severity, Some(Severity::Note));
    let port = free_port();
    Case::of(&format!("services: {{r: {{image: 'redis:7', ports: ['{port}:6379']}}}}"))
        .fails("datastores-published", "asks for no password")
        .await;
    let guarded = format!(
        "services: {{r: {{image: 'postgres:17', environment: {{POSTGRES_PASSWORD: {SECRET}}}, ports: ['{port}:5432']}}}}"
    );
    Case::of(&guarded).warns("datastores-published", "r is published on all addresses of this machine").await;
    Case::of(&guarded.replace(&format!("'{port}"), &format!("'127.0.0.1:{port}"))).proves_sound().await;
    let url = format!(
        "services: {{a: {{image: 'a:1', environment: {{DATABASE_URL: 'postgres://u:{SECRET}@db.example/a'}}}}}}"
    );
    Case::of(&url).warns("secrets-in-urls", "DATABASE_URL of a has a password in its URL").await;
    let kept = |volumes: &str| {
        format!(
            "services: {{r: {{image: 'postgres:17', environment: {{POSTGRES_PASSWORD: {SECRET}}}{volumes}}}}}\nvolumes: {{d: {{}}}}"
        )
    };
    Case::of(&kept("")).warns("data-kept", "r keeps its data in /var/lib/postgresql/data, which is lost").await;
    Case::of(&kept(", volumes: ['d:/var/lib/postgres/data']"))
        .warns("data-kept", "/var/lib/postgres/data is not that folder")
        .await;
    let verdict = Case::of(&kept(", volumes: ['d:/var/lib/postgresql/data']")).proves_sound().await;
    assert_eq!(found(&verdict, "data-kept").status, Status::Pass);
}

#[tokio::test]
async fn rule_files_that_stand_for_nothing_and_pools_that_are_too_large_are_told() {
    let compose = "services: {prometheus: {image: 'prom/prometheus:v3.0.1', volumes: ['./p:/etc/prometheus:ro']}}";
    let case = |name: &str| {
        Case::of(compose)
            .file("p/prometheus.yml", &format!("rule_files: [{name}]\n"))
            .file("p/alerts.yml", "groups: []\n")
    };
    case("alerts.yml").proves_sound().await;
    case("alert.yml").fails("rule-files-found", "prometheus.yml:1: no file of prometheus is alert.yml").await;
    let pool = |size: &str, replicas: &str| {
        format!(
            "services:\n  app: {{image: 'app:1', environment: {{DATABASE_URL: 'postgres://db/a', DB_POOL_SIZE: '{size}'}}, deploy: {{replicas: {replicas}}}}}\n  db: {{image: 'postgres:17', environment: {{POSTGRES_PASSWORD: {SECRET}}}}}\n"
        )
    };
    Case::of(&pool("10", "2")).proves_sound().await;
    Case::of(&pool("50", "2")).fails("planned-connections", "100 in 2 pools").await;
    // Another database's connections are no matter of a store that is elsewhere.
    let elsewhere = "services:\n  serve: {image: 'storemgr:1', command: [serve], stop_grace_period: 60s, environment: {DB_HOST: db.example.com, STOREMGR_DB_POOL_SIZE: '200'}}\n  \
                     db: {image: 'mysql:8.4', command: [--max-connections=50], environment: {MYSQL_RANDOM_ROOT_PASSWORD: '1'}}\n";
    Case::of(elsewhere).proves_sound().await;
    // A product that does not fit into a number is too large as well.
    Case::of(&pool("9223372036854775807", "4")).fails("planned-connections", "max_connections is 100").await;
}

#[tokio::test]
async fn both_ends_use_one_account() {
    let case = |url: &str| {
        Case::of(&format!(
            "services:\n  app: {{image: 'app:1', environment: {{DATABASE_URL: '{url}'}}}}\n  db: {{image: 'postgres:17', environment: {{POSTGRES_USER: shop, POSTGRES_PASSWORD: {SECRET}, POSTGRES_DB: shop}}}}\n"
        ))
    };
    case(&format!("postgres://shop:{SECRET}@db/shop")).proves_sound().await;
    case(&format!("postgres://shop:{SECRET}x@db/shop"))
        .fails("credentials-agree", "the password of app is not the one db is created with")
        .await;
    case(&format!("postgres://store:{SECRET}@db/shop"))
        .fails("credentials-agree", "app logs in as store; db creates shop")
        .await;
    case(&format!("postgres://shop:{SECRET}@db/shops"))
        .warns("credentials-agree", "app uses the database shops; db creates shop")
        .await;
    case(&format!("mysql://shop:{SECRET}@db:5432/shop"))
        .fails("addresses-named", "as to MySQL, which is PostgreSQL")
        .await;
}
