//! What runs: real services, each broken in one place.

use std::time::Duration;

use storemgr::deploy_check::{CATALOG, Status, Surroundings, after};
use storemgr::net::Target;
use storemgr::units::Secret;

use super::{assert_only, failed, found};
use crate::harness::{Instance, TestDatabase, TestRedis, WebServer, run_command, wait_until};

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

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            database: Some(self.database.address()),
            redis: Some(self.redis.address()),
            front: Some(self.front.target.clone()),
            instances: self.instances.iter().map(|instance| instance.target().clone()).collect(),
            prometheus: None,
            timeout: Duration::from_secs(10),
        }
    }
}

/// Asserts that this check alone failed, and what it says.
async fn only_fails(surroundings: Surroundings, id: &str, seen: &str) {
    assert_only(&after(CATALOG, surroundings).await, id, seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_deployment_is_healthy_and_left_as_it_was() {
    let deployment = Deployment::sound().await;
    let prometheus = WebServer::prometheus(&[deployment.instances[0].target(), deployment.instances[1].target()]);
    let surroundings = Surroundings { prometheus: Some(prometheus.target.clone()), ..deployment.surroundings() };
    wait_until("Prometheus to have looked at both", async || {
        let verdict = after(CATALOG, surroundings.clone()).await;
        assert!(
            ["prometheus-targets"].iter().any(|id| failed(&verdict).is_empty() || failed(&verdict) == [*id]),
            "{verdict:?}"
        );
        verdict.healthy
    })
    .await;
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
        address.port = 1;
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
    deployment.database.execute("DELETE FROM schema_migrations WHERE version = 2").await;
    let verdict = after(CATALOG, deployment.surroundings()).await;
    // An instance on an old schema is not ready, and says the same.
    assert_eq!(failed(&verdict), ["schema-current", "instances-ready"], "{verdict:?}");
    assert_eq!(found(&verdict, "schema-current").seen, "version 1, and 2 is needed");
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
    let surroundings =
        |prometheus: &Target| Surroundings { prometheus: Some(prometheus.clone()), ..deployment.surroundings() };
    only_fails(surroundings(&one.target), "prometheus-targets", "does not know").await;
    only_fails(surroundings(&Target::loopback(1)), "prometheus-targets", "connection refused").await;
    let dead = Target::loopback(1);
    let instances = [deployment.instances[0].target(), deployment.instances[1].target(), &dead];
    let all = WebServer::prometheus(&instances);
    wait_until("Prometheus to have looked at all", async || {
        let verdict = after(CATALOG, surroundings(&all.target)).await;
        found(&verdict, "prometheus-targets").seen.contains("cannot scrape 127.0.0.1:1")
    })
    .await;
    only_fails(surroundings(&all.target), "prometheus-targets", "cannot scrape").await;
    deployment.database.execute("UPDATE stocks SET quantity = 0").await;
    only_fails(deployment.surroundings(), "order-round-trip", "has stock").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_a_table_or_json_and_its_exit_code_tells() {
    let database = TestDatabase::migrated().await;
    let good = run_command(&["deploy-check"], &database.variables()).await;
    assert_eq!(good.code, 0, "{good:?}");
    assert!(good.stdout.contains("The deployment is healthy: 11 checks, 3 passed, 8 skipped."), "{good:?}");
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
