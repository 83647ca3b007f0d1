//! What runs: real services, each broken in one place.

use std::time::Duration;

use mysql_async::prelude::Queryable;
use storemgr::db::Servers;
use storemgr::deploy_check::{CATALOG, RunningDeployment, Status, after};
use storemgr::net::{Target, TlsOptions, Way};
use storemgr::promql::Prometheus;
use storemgr::units::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{assert_only, failed, found};
use crate::harness::{
    Authority, Instance, TestDatabase, TestRedis, WebServer, free_port, run_command, test_folder, wait_until,
};

/// A whole deployment that is sound.
struct Deployment {
    database: TestDatabase,
    redis: TestRedis,
    instances: Vec<Instance>,
    front: WebServer,
}

impl Deployment {
    async fn sound() -> Self {
        let database = TestDatabase::migrated().await;
        let redis = TestRedis::start();
        redis.configure("maxmemory", "64mb");
        redis.configure("maxmemory-policy", "allkeys-lru");
        let arguments = ["--db-pool-size", "4", "--drain-notice", "2m"];
        let instances =
            vec![Instance::start(&database, &arguments).await, Instance::start(&database, &arguments).await];
        instances[0].product(2.5, 100).await;
        let front = WebServer::nginx(&[instances[0].target(), instances[1].target()]);
        Self { database, redis, instances, front }
    }

    fn surroundings(&self) -> RunningDeployment {
        RunningDeployment {
            database: Some(self.database.address()),
            redis: Some(self.redis.address()),
            front: Some(self.front.target.clone()),
            instances: self.instances.iter().map(|instance| instance.target().clone()).collect(),
            // Any machine that can run the tests will do.
            disk_margin: 0.0,
            memory_margin: 0.0,
            timeout: Duration::from_secs(10),
            ..RunningDeployment::default()
        }
    }

    /// An instance whose reports, which it has, count as new for this long, alone and with a limit of 900 ms for their age.
    async fn with_reports(&self, time_to_live: &str) -> (Instance, RunningDeployment) {
        let mut variables = self.database.variables();
        variables.extend(self.redis.variables());
        let instance = Instance::start_with(&variables, &["--db-pool-size", "4", "--report-ttl", time_to_live]).await;
        instance.wait_ready().await;
        for report in ["best-sellers", "highest-spenders"] {
            assert_eq!(instance.get(&format!("/orders/reports/{report}")).await.status, 200);
        }
        let surroundings = RunningDeployment {
            instances: vec![instance.target().clone()],
            front: None,
            report_age: Duration::from_millis(900),
            ..self.surroundings()
        };
        (instance, surroundings)
    }
}

/// Asserts that this check alone failed, and what it says.
async fn only_fails(surroundings: RunningDeployment, id: &str, seen: &str) {
    assert_only(&after(CATALOG, surroundings).await, id, seen);
}

/// Asserts that this check alone warned, that none failed, and what it says.
async fn only_warns(surroundings: RunningDeployment, id: &str, seen: &str) {
    let verdict = after(CATALOG, surroundings).await;
    // The account of the tests may do everything.
    let others = verdict.checks.iter().filter(|finding| finding.id == id || finding.id != "account-limited");
    let warned: Vec<_> = others.filter(|finding| finding.status == Status::Warn).collect();
    assert_eq!(warned.iter().map(|finding| finding.id).collect::<Vec<_>>(), [id], "{warned:?}");
    assert!(verdict.healthy && warned[0].seen.contains(seen) && !warned[0].advice.is_empty(), "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_deployment_is_healthy_and_left_as_it_was() {
    let deployment = Deployment::sound().await;
    let prometheus = WebServer::prometheus(&[deployment.instances[0].target(), deployment.instances[1].target()]);
    let surroundings =
        RunningDeployment { prometheus: Some(Prometheus::new(prometheus.target.clone())), ..deployment.surroundings() };
    // Prometheus has found nothing to scrape yet: that is waited for.
    let verdict = after(CATALOG, surroundings).await;
    assert!(verdict.healthy && found(&verdict, "prometheus-targets").seen == "2 targets, all up", "{verdict:?}");
    for table in ["orders", "order_items", "users"] {
        assert_eq!(deployment.database.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(deployment.database.number("SELECT quantity FROM stocks").await, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_database_is_told_by_its_own_check() {
    let deployment = Deployment::sound().await;
    let mut wrong = deployment.surroundings();
    if let Some(address) = &mut wrong.database {
        address.password = Secret::new("wrong".to_owned());
    }
    only_fails(wrong, "database-reachable", "denied").await;
    let mut away = deployment.surroundings();
    if let Some(address) = &mut away.database {
        address.servers = Servers::one("127.0.0.1", 1);
    }
    only_fails(away, "database-reachable", "connection refused").await;
    let greedy = Instance::start(&deployment.database, &["--db-pool-size", "5000"]).await;
    let mut surroundings = deployment.surroundings();
    surroundings.instances = vec![greedy.target().clone()];
    surroundings.front = None;
    only_fails(surroundings, "connection-budget", "5000 in 1 pools").await;
    let unbounded = Instance::start(&deployment.database, &["--db-connections", "per-request"]).await;
    let mut surroundings = deployment.surroundings();
    surroundings.instances = vec![unbounded.target().clone()];
    surroundings.front = None;
    only_fails(surroundings, "connection-budget", "for every request").await;
    deployment.database.execute("DELETE FROM schema_migrations WHERE version >= 2").await;
    // An instance on an old schema is not ready, for the reason that is told already.
    only_fails(deployment.surroundings(), "schema-current", "version 1, and 3 is needed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_redis_is_told_by_its_own_check() {
    let deployment = Deployment::sound().await;
    deployment.redis.configure("maxmemory-policy", "noeviction");
    only_fails(deployment.surroundings(), "redis-eviction", "noeviction").await;
    deployment.redis.configure("maxmemory", "0");
    let verdict = after(CATALOG, deployment.surroundings()).await;
    assert!(verdict.healthy && found(&verdict, "redis-eviction").status == Status::Warn, "{verdict:?}");
    let surroundings = deployment.surroundings();
    deployment.redis.signal("KILL");
    wait_until("Redis to be gone", async || !failed(&after(CATALOG, surroundings.clone()).await).is_empty()).await;
    only_fails(surroundings, "redis-reachable", "127.0.0.1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_instances_and_nginx_is_told_by_their_own_checks() {
    let deployment = Deployment::sound().await;
    let mut with_a_dead_one = deployment.surroundings();
    with_a_dead_one.instances.push(Target::loopback(1));
    only_fails(with_a_dead_one, "instances-live", "http://127.0.0.1:1: connection refused").await;
    let forgotten = Instance::start(&deployment.database, &["--db-pool-size", "4"]).await;
    let mut with_a_forgotten_one = deployment.surroundings();
    with_a_forgotten_one.instances.push(forgotten.target().clone());
    only_fails(with_a_forgotten_one.clone(), "front-reaches-instances", &forgotten.target().to_string()).await;
    with_a_forgotten_one.front = Some(Target::loopback(1));
    only_fails(with_a_forgotten_one, "front-reaches-instances", "connection refused").await;
    deployment.instances[1].signal("TERM");
    wait_until("the instance to leave", async || deployment.instances[1].get("/ready").await.status == 503).await;
    only_fails(deployment.surroundings(), "instances-ready", "503 this instance is shutting down").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_prometheus_and_with_orders_is_told_by_their_own_checks() {
    let deployment = Deployment::sound().await;
    let one = WebServer::prometheus(&[deployment.instances[0].target()]);
    let surroundings = |prometheus: &Target| RunningDeployment {
        prometheus: Some(Prometheus::new(prometheus.clone())),
        ..deployment.surroundings()
    };
    only_fails(surroundings(&one.target), "prometheus-targets", "does not know").await;
    only_fails(surroundings(&Target::loopback(1)), "prometheus-targets", "connection refused").await;
    let dead = Target::loopback(1);
    let instances = [deployment.instances[0].target(), deployment.instances[1].target(), &dead];
    let all = WebServer::prometheus(&instances);
    only_fails(surroundings(&all.target), "prometheus-targets", "cannot scrape 127.0.0.1:1: ").await;
    deployment.database.execute("UPDATE stocks SET quantity = 0").await;
    let verdict = after(CATALOG, deployment.surroundings()).await;
    let order = found(&verdict, "order-round-trip");
    assert!(verdict.healthy && order.status == Status::Warn && order.seen.contains("has stock"), "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_a_table_or_json_and_its_exit_code_tells() {
    let database = TestDatabase::migrated().await;
    let arguments = ["deploy-check", "--after", "--disk-margin", "0", "--memory-margin", "0%"];
    let good = run_command(&arguments, &database.variables()).await;
    assert_eq!(good.code, 0, "{good:?}");
    assert!(
        good.stdout.contains("The deployment is healthy: 28 checks, 8 passed, 1 to look at, 19 skipped."),
        "{good:?}"
    );
    let json = run_command(
        &["deploy-check", "--json", "-", "--only", "database-reachable,schema-current"],
        &database.variables(),
    )
    .await;
    let verdict: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((verdict["healthy"].as_bool(), verdict["checks"].as_array().unwrap().len()), (Some(true), 2));
    assert_eq!(
        (verdict["checks"][0]["id"].as_str(), verdict["checks"][0]["status"].as_str()),
        (Some("database-reachable"), Some("pass"))
    );
    let bad = run_command(&["deploy-check", "--instance", "127.0.0.1:1"], &[]).await;
    assert_eq!(bad.code, 1, "{bad:?}");
    let nothing = run_command(&["deploy-check"], &[]).await;
    assert!(nothing.code == 2 && nothing.stderr.contains("storemgr stack up"), "{nothing:?}");
    let unknown = run_command(&["deploy-check", "--only", "nonsense"], &[]).await;
    assert!(unknown.code == 2 && unknown.stderr.contains("--list"), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_down_is_told_once_although_prometheus_misses_it_too() {
    let deployment = Deployment::sound().await;
    let down = Target::loopback(1);
    let all = [deployment.instances[0].target(), deployment.instances[1].target(), &down];
    let rules = "groups: [{name: a, rules: [{alert: InstanceDown, expr: up == 0}]}]";
    let prometheus = WebServer::prometheus_with(&all, rules);
    let mut surroundings =
        RunningDeployment { prometheus: Some(Prometheus::new(prometheus.target.clone())), ..deployment.surroundings() };
    surroundings.instances.push(down);
    wait_until("the alert to fire", async || {
        found(&after(CATALOG, surroundings.clone()).await, "alerts-quiet").seen.contains("InstanceDown")
    })
    .await;
    only_fails(surroundings, "instances-live", "http://127.0.0.1:1: connection refused").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_prometheus_missed_a_moment_ago_is_looked_at_again() {
    let deployment = Deployment::sound().await;
    let exporter = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let replaced = Target::loopback(exporter.local_addr().unwrap().port());
    drop(exporter);
    let prometheus =
        WebServer::prometheus(&[deployment.instances[0].target(), deployment.instances[1].target(), &replaced]);
    let surroundings =
        RunningDeployment { prometheus: Some(Prometheus::new(prometheus.target.clone())), ..deployment.surroundings() };
    only_fails(surroundings.clone(), "prometheus-targets", &format!("cannot scrape {}", replaced.authority())).await;
    let exporter = TcpListener::bind(replaced.authority()).await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = exporter.accept().await {
            let mut request = [0; 4096];
            drop(stream.read(&mut request).await);
            drop(stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nsold 1\n").await);
        }
    });
    let verdict = after(CATALOG, surroundings).await;
    assert!(verdict.healthy && found(&verdict, "prometheus-targets").seen == "3 targets, all up", "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_was_taken_away_is_not_missed() {
    let deployment = Deployment::sound().await;
    let folder = test_folder("prometheus");
    let others = folder.join("others.json");
    std::fs::write(&others, r#"[{"targets": ["127.0.0.1:1"]}]"#).unwrap();
    let instances = [deployment.instances[0].target(), deployment.instances[1].target()];
    let prometheus = WebServer::prometheus_in(&folder, &instances, "");
    let surroundings =
        RunningDeployment { prometheus: Some(Prometheus::new(prometheus.target.clone())), ..deployment.surroundings() };
    only_fails(surroundings.clone(), "prometheus-targets", "cannot scrape 127.0.0.1:1: ").await;
    // Prometheus learns of it while the check runs, and by then it has missed the target more than once.
    let take_away = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        std::fs::write(&others, "[]").unwrap();
    };
    let (verdict, ()) = tokio::join!(after(CATALOG, surroundings), take_away);
    assert!(verdict.healthy && found(&verdict, "prometheus-targets").seen == "2 targets, all up", "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_prometheus_is_about_to_load_is_not_missed() {
    let deployment = Deployment::sound().await;
    let folder = test_folder("prometheus");
    let instances = [deployment.instances[0].target(), deployment.instances[1].target()];
    let rules = |names: &[&str]| {
        let rules: Vec<_> = names.iter().map(|name| format!("{{alert: {name}, expr: up == 0}}")).collect();
        format!("groups: [{{name: a, rules: [{}]}}]", rules.join(", "))
    };
    let prometheus = WebServer::prometheus_in(&folder, &instances, &rules(&["First"]));
    let surroundings = RunningDeployment {
        prometheus: Some(Prometheus::new(prometheus.target.clone())),
        alerts: vec!["First".to_owned(), "Second".to_owned()],
        ..deployment.surroundings()
    };
    std::fs::write(folder.join("rules.yml"), rules(&["First", "Second"])).unwrap();
    let reload = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        prometheus.signal("HUP");
    };
    let (verdict, ()) = tokio::join!(after(CATALOG, surroundings), reload);
    assert!(verdict.healthy && found(&verdict, "alerts-loaded").seen == "2 alerts", "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_was_not_built_again_is_told() {
    let deployment = Deployment::sound().await;
    let newer = RunningDeployment { version: "9.9.9".to_owned(), ..deployment.surroundings() };
    only_fails(newer, "build-current", "runs 0.1.0, not 9.9.9").await;
    let changed = RunningDeployment { revision: Some("3f0c6f0".to_owned()), ..deployment.surroundings() };
    only_fails(changed, "build-current", "runs 0.1.0, not 0.1.0, commit 3f0c6f0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_public_address_is_told_by_its_own_check() {
    let deployment = Deployment::sound().await;
    let (authority, stranger) = (Authority::new(), Authority::new());
    let identity = authority.issue("front", "DNS:localhost");
    let files = format!("ssl_certificate {}; ssl_certificate_key {};", identity.certificate, identity.key);
    let age = "add_header Strict-Transport-Security max-age=300;";
    let (public, _) = WebServer::nginx_serving("ssl", &format!("{files} {age} return 200 here;"));
    let (redirect, _) = WebServer::nginx_serving("", "return 308 https://localhost$request_uri;");
    let sound = RunningDeployment {
        public: Some(Target::parse(&format!("https://localhost:{}", public.target.port())).unwrap()),
        redirect: Some(redirect.target.clone()),
        hsts_age: Some(300),
        way: trusting(&authority),
        ..deployment.surroundings()
    };
    let verdict = after(CATALOG, sound.clone()).await;
    assert!(verdict.healthy, "{verdict:?}");
    for (id, seen) in [
        ("certificate-served", "the certificate ends in 9 days"),
        ("plain-redirected", "sends to https://localhost/products?limit=1"),
        ("hsts-meant", "browsers are told for 300 s"),
    ] {
        let finding = found(&verdict, id);
        assert!(finding.status == Status::Pass && finding.seen.contains(seen), "{finding:?}");
    }

    let untrusted = RunningDeployment { way: trusting(&stranger), ..sound.clone() };
    only_fails(untrusted, "certificate-served", "signed by nobody who is trusted").await;
    let by_another_name = Target::parse(&format!("https://127.0.0.1:{}", public.target.port())).unwrap();
    let nobody = Some(Target::loopback(free_port()));
    let unnamed = RunningDeployment { public: Some(by_another_name), redirect: nobody, ..sound.clone() };
    only_fails(unnamed, "certificate-served", "is not for 127.0.0.1 but for localhost").await;
    let (in_clear, _) = WebServer::nginx_serving("", "return 200 here;");
    let answered = RunningDeployment { redirect: Some(in_clear.target.clone()), ..sound.clone() };
    only_fails(answered, "plain-redirected", "answers 200 OK in clear").await;
    let (elsewhere, _) = WebServer::nginx_serving("", "return 308 https://other.example$request_uri;");
    let sent_elsewhere = RunningDeployment { redirect: Some(elsewhere.target.clone()), ..sound.clone() };
    only_fails(sent_elsewhere, "plain-redirected", "sends to https://other.example/").await;
    let longer = RunningDeployment { hsts_age: Some(0), ..sound.clone() };
    only_fails(longer, "hsts-meant", "browsers are told for 300 s, and 0 s is meant").await;
    let (told_in_clear, _) = WebServer::nginx_serving("", &format!("{age} return 308 https://localhost$request_uri;"));
    let told = RunningDeployment { redirect: Some(told_in_clear.target.clone()), ..sound };
    // nginx adds it to this answer, too.
    only_warns(told, "hsts-meant", "in clear").await;
}

fn trusting(authority: &Authority) -> Way {
    let tls = TlsOptions { authorities: Some(authority.certificate().into()), ..TlsOptions::default() };
    Way { tls, ..Way::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nginx_does_with_requests_is_told() {
    let deployment = Deployment::sound().await;
    let (one, two) = (deployment.instances[0].target(), deployment.instances[1].target());
    let uneven = WebServer::nginx(&[one, one, one, one, one, one, one, two]);
    let surroundings =
        |front: &WebServer| RunningDeployment { front: Some(front.target.clone()), ..deployment.surroundings() };
    only_fails(surroundings(&uneven), "requests-spread", &one.to_string()).await;
    let open = WebServer::nginx_with(&[one, two], "");
    only_fails(surroundings(&open), "metrics-closed", "/metrics is answered with").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_prometheus_does_with_alerts_is_told() {
    let deployment = Deployment::sound().await;
    let targets = [deployment.instances[0].target(), deployment.instances[1].target()];
    let rules = "groups:\n- name: a\n  rules:\n  - {alert: Quiet, expr: up == 0}\n  \
                 - {alert: Chatty, expr: vector(1), labels: {severity: info}}\n";
    let surroundings = |prometheus: &WebServer| RunningDeployment {
        prometheus: Some(Prometheus::new(prometheus.target.clone())),
        alerts: vec!["Quiet".to_owned()],
        ..deployment.surroundings()
    };
    let settled = async |prometheus: &WebServer, id: &str, seen: &str| {
        wait_until("Prometheus to have evaluated its rules", async || {
            found(&after(CATALOG, surroundings(prometheus)).await, id).seen.contains(seen)
        })
        .await;
    };
    let sound = WebServer::prometheus_with(&targets, rules);
    settled(&sound, "alerts-quiet", "2 alerts, none firing").await;
    let verdict = after(CATALOG, surroundings(&sound)).await;
    assert!(verdict.healthy && found(&verdict, "alerts-loaded").status == Status::Pass, "{verdict:?}");
    let missing = RunningDeployment { alerts: vec!["Gone".to_owned()], ..surroundings(&sound) };
    only_fails(missing, "alerts-loaded", "not loaded: Gone").await;
    let broken = WebServer::prometheus_with(&targets, &format!("{rules}  - {{alert: Bad, expr: up + on(job) up}}\n"));
    settled(&broken, "alerts-loaded", "Bad: ").await;
    only_fails(surroundings(&broken), "alerts-loaded", "many-to-many").await;
    let firing = WebServer::prometheus_with(&targets, &format!("{rules}  - {{alert: Loud, expr: up == 1}}\n"));
    settled(&firing, "alerts-quiet", "firing: Loud").await;
    only_fails(surroundings(&firing), "alerts-quiet", "firing: Loud").await;
    let without = WebServer::prometheus(&targets);
    settled(&without, "alerts-loaded", "names no rule files").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_are_not_refreshed_are_told() {
    let deployment = Deployment::sound().await;
    let (_lazy, surroundings) = deployment.with_reports("1h").await;
    wait_until("the report to be too old", async || !failed(&after(CATALOG, surroundings.clone()).await).is_empty())
        .await;
    only_fails(surroundings, "reports-fresh", "best-sellers is").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_whose_refresh_takes_a_while_is_waited_for() {
    let deployment = Deployment::sound().await;
    let (_instance, surroundings) = deployment.with_reports("500ms").await;
    // Until these tables can be read again, the reports are those from before.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let mut holder = deployment.database.connect().await;
    holder.query_drop("LOCK TABLES stocks WRITE, user_totals WRITE, products WRITE, users WRITE").await.unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        holder.query_drop("UNLOCK TABLES").await.unwrap();
    };
    let (verdict, ()) = tokio::join!(after(CATALOG, surroundings), release);
    assert!(verdict.healthy && found(&verdict, "reports-fresh").status == Status::Pass, "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_anyone_tries_is_told_and_not_shown() {
    let deployment = Deployment::sound().await;
    let user = format!("weak_{}", std::process::id());
    for host in ["127.0.0.1", "localhost"] {
        deployment.database.execute(&format!("CREATE USER '{user}'@'{host}' IDENTIFIED BY 'passw0rd'")).await;
        deployment.database.execute(&format!("GRANT ALL ON *.* TO '{user}'@'{host}'")).await;
    }
    let mut weak = deployment.surroundings();
    if let Some(address) = &mut weak.database {
        (address.user, address.password) = (user.clone(), Secret::new("passw0rd".to_owned()));
    }
    let verdict = after(CATALOG, weak.clone()).await;
    only_fails(weak, "default-passwords", &format!("lets {user} in")).await;
    assert!(!format!("{verdict:?}").contains("passw0rd"), "{verdict:?}");
    for host in ["127.0.0.1", "localhost"] {
        deployment.database.execute(&format!("DROP USER '{user}'@'{host}'")).await;
    }
    deployment.redis.configure("requirepass", "redis");
    let mut weak = deployment.surroundings();
    if let Some(address) = &mut weak.redis {
        address.password = Some(Secret::new("redis".to_owned()));
    }
    only_fails(weak, "default-passwords", "Redis lets anyone in").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_others_in_a_redis_that_evicts_are_told() {
    let deployment = Deployment::sound().await;
    deployment.redis.write("storemgr:1:report:x", "ours");
    assert!(after(CATALOG, deployment.surroundings()).await.healthy);
    deployment.redis.write("session:42", "somebody's");
    only_fails(deployment.surroundings(), "redis-keys-own", "1 keys of other programs").await;
    // An account with no more than the store needs.
    deployment.redis.make_account("reports", &["~storemgr:*", "+get", "+setex", "+info"]);
    let mut limited = deployment.surroundings();
    if let Some(address) = &mut limited.redis {
        address.user = Some("reports".to_owned());
        address.password = Some(Secret::new("cache-7d1e".to_owned()));
    }
    let verdict = after(CATALOG, limited).await;
    let finding = found(&verdict, "redis-keys-own");
    assert_eq!((finding.status, finding.seen.as_str()), (Status::Skip, "the account may not list keys"), "{finding:?}");
    assert_eq!(found(&verdict, "redis-reachable").status, Status::Pass);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_and_a_machine_that_is_full_are_told() {
    let deployment = Deployment::sound().await;
    let upstream = deployment.instances[1].target().authority();
    let other_day = Target::loopback(Rewriting::before(upstream, twelve_hours_off).await);
    let mut surroundings = deployment.surroundings();
    surroundings.instances[1] = other_day.clone();
    only_fails(surroundings, "clocks-agree", &format!("{other_day} is 7")).await;
    let full = RunningDeployment { disk_margin: 1.1, ..deployment.surroundings() };
    only_fails(full, "disk-margin", "free").await;
    let used_up = RunningDeployment { memory_margin: 1.1, ..deployment.surroundings() };
    only_fails(used_up, "memory-margin", "available").await;
}

/// A proxy that changes what the server says.
struct Rewriting;

impl Rewriting {
    /// Starts it; gives its port.
    async fn before(upstream: String, change: impl Fn(&mut [u8]) + Clone + Send + Sync + 'static) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(Self::carry(client, upstream.clone(), change.clone()));
            }
        });
        port
    }

    async fn carry(client: TcpStream, upstream: String, change: impl Fn(&mut [u8])) {
        let Ok(server) = TcpStream::connect(upstream).await else { return };
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let there = async { drop(tokio::io::copy(&mut from_client, &mut to_server).await) };
        let back = async {
            let mut buffer = vec![0; 65_536];
            while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
                change(&mut buffer[..length]);
                if to_client.write_all(&buffer[..length]).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! { () = there => {} () = back => {} }
    }
}

/// Moves the hour of a `Date` by twelve, as a machine whose clock is wrong.
fn twelve_hours_off(bytes: &mut [u8]) {
    // date: Tue, 24 Nov 2026 19:14:20 GMT
    if let Some(at) = bytes.windows(6).position(|window| window == b"date: ") {
        let hour = at + "date: Tue, 24 Nov 2026 ".len();
        let number: u8 = std::str::from_utf8(&bytes[hour..hour + 2]).unwrap().parse().unwrap();
        bytes[hour..hour + 2].copy_from_slice(format!("{:02}", (number + 12) % 24).as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_with_a_database_of_its_own_is_told() {
    let deployment = Deployment::sound().await;
    let elsewhere = TestDatabase::migrated().await;
    let stranger = Instance::start(&elsewhere, &["--db-pool-size", "4"]).await;
    let mut surroundings = deployment.surroundings();
    surroundings.instances[1] = stranger.target().clone();
    surroundings.front = Some(deployment.instances[0].target().clone());
    let checks: Vec<_> = CATALOG.iter().filter(|check| check.id == "order-round-trip").copied().collect();
    assert_only(&after(&checks, surroundings.clone()).await, "order-round-trip", "does not know the order");
    let front = WebServer::nginx(&[deployment.instances[0].target(), stranger.target()]);
    surroundings.front = Some(front.target.clone());
    only_fails(surroundings, "order-round-trip", "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_too_old_is_told() {
    let deployment = Deployment::sound().await;
    let address = deployment.database.address();
    let version = deployment.database.query::<String>("SELECT VERSION()").await.remove(0);
    let release = version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".") + ".";
    let older: String = release.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let upstream = address.servers.to_string();
    let change = move |bytes: &mut [u8]| {
        while let Some(at) = bytes.windows(release.len()).position(|window| window == release.as_bytes()) {
            bytes[at..at + release.len()].copy_from_slice(older.as_bytes());
        }
    };
    let port = Rewriting::before(upstream, change).await;
    let mut surroundings = deployment.surroundings();
    if let Some(address) = &mut surroundings.database {
        address.servers = Servers::one("127.0.0.1", port);
    }
    only_fails(surroundings, "database-version", ".").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_may_do_more_than_the_store_is_told() {
    let deployment = Deployment::sound().await;
    only_warns(deployment.surroundings(), "account-limited", "has rights beyond its schema: ").await;

    let mut surroundings = deployment.surroundings();
    let address = surroundings.database.as_mut().unwrap();
    let rights = format!("SELECT, INSERT, UPDATE, DELETE ON `{}`.*", address.name);
    for (variable, value) in deployment.database.account("limited", &[&rights]).await {
        match variable {
            "DB_USER" => address.user = value,
            "DB_PASSWORD" => address.password = Secret::new(value),
            _ => {}
        }
    }
    let verdict = after(CATALOG, surroundings).await;
    let finding = found(&verdict, "account-limited");
    assert_eq!((finding.status, finding.seen.as_str()), (Status::Pass, "limited may read and write rows"));
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_no_group_and_a_way_in_clear_are_told() {
    let deployment = Deployment::sound().await;
    let with_servers = |places: &str| {
        let mut surroundings = deployment.surroundings();
        if let Some(address) = &mut surroundings.database {
            let port = address.servers.all()[0].port;
            address.servers = Servers::parse(places, port).unwrap();
        }
        surroundings
    };
    only_warns(with_servers("127.0.0.1,localhost"), "database-group", "DB_HOST names 2 servers").await;
    // This machine, by an address that does not say so.
    only_warns(with_servers("0.0.0.0"), "connections-encrypted", "0.0.0.0 is reached in clear").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_with_a_wrong_password_are_told_once() {
    let deployment = Deployment::sound().await;
    let mut variables = deployment.database.variables();
    variables.retain(|(name, _)| *name != "DB_PASSWORD");
    variables.push(("DB_PASSWORD", "not-the-password".to_owned()));
    let wrong = [Instance::start_with(&variables, &[]).await, Instance::start_with(&variables, &[]).await];
    let front = WebServer::nginx(&[wrong[0].target(), wrong[1].target()]);
    let surroundings = RunningDeployment {
        instances: wrong.iter().map(|instance| instance.target().clone()).collect(),
        front: Some(front.target.clone()),
        ..deployment.surroundings()
    };
    only_fails(surroundings, "instances-ready", "503").await;
}
