//! Instances of two versions on one database, replaced one by one under load, forward and back again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use storemgr::db::migrate_to;

use super::load::{Load, Shop};
use super::{FEW, first_schema, limits, next, old_program};
use crate::harness::{Instance, TestRedis, program};

/// How `ops/compose.yml` starts an instance, as far as it matters here: an order may wait while the other one is replaced.
const ARGUMENTS: [&str; 4] = ["--order-queue-wait", "5s", "--report-cache", "redis"];

/// A database and a Redis on which instances of any version run.
struct Store {
    shop: Shop,
    redis: TestRedis,
}

impl Store {
    async fn start(&self, program: &Path) -> Arc<Instance> {
        let variables = [self.shop.database.variables(), self.redis.variables()].concat();
        let instance = Instance::start_program(program, &variables, &ARGUMENTS).await;
        instance.wait_ready().await;
        Arc::new(instance)
    }
}

/// Both instances of a store, under load.
struct Deployment {
    store: Store,
    load: Load,
    running: [Arc<Instance>; 2],
}

impl Deployment {
    /// Replaces one instance: the new one takes requests before the old one is told to end.
    async fn replace(&mut self, place: usize, program: &Path) {
        let new = self.store.start(program).await;
        let old = std::mem::replace(&mut self.running[place], new);
        self.load.use_only(self.running.to_vec()).await;
        let mut old = Arc::into_inner(old).unwrap();
        old.signal("TERM");
        assert!(old.wait_end().await.success(), "{}", old.log());
    }

    /// Lets the versions that run now work for a time.
    async fn work(&self, stage: &str, time: Duration) {
        tokio::time::sleep(time).await;
        let (accepted, failed, longest) = (self.load.accepted(), self.load.failed(), self.load.longest());
        eprintln!("{stage:<12} {accepted:>7} orders accepted, {failed} failed, longest {longest:.1?}");
        // Both compute the same report, or read the one that the other has cached.
        let reports = async |path: &str| {
            let [one, two] = &self.running;
            (one.get(path).await, two.get(path).await)
        };
        for path in ["/orders/reports/best-sellers", "/orders/reports/highest-spenders"] {
            let (one, two) = reports(path).await;
            assert_eq!((one.status, two.status), (200, 200), "{one:?} {two:?}");
            assert_eq!(one.body.as_array().map(Vec::len), two.body.as_array().map(Vec::len), "{path}");
        }
    }
}

/// Old and old, old and new, new and new, new and old, old and old: every order is stored once.
async fn forward_and_back(old: PathBuf, time: Duration) {
    let store = Store { shop: Shop::open(first_schema().await).await, redis: TestRedis::start() };
    let running = [store.start(&old).await, store.start(&old).await];
    let load = Load::start(running.to_vec(), &store.shop);
    let mut deployment = Deployment { store, load, running };
    let new = program();
    deployment.work("old + old", time).await;
    // What is migrated here is used by the old version first, as in a deployment.
    let migrated = migrate_to(&deployment.store.shop.database.address(), &next(), limits()).await.unwrap();
    deployment.work(&format!("schema {}", migrated.to), time).await;
    deployment.replace(0, &new).await;
    deployment.work("new + old", time).await;
    deployment.replace(1, &new).await;
    deployment.work("new + new", time).await;
    deployment.replace(1, &old).await;
    deployment.work("new + old", time).await;
    deployment.replace(0, &old).await;
    deployment.work("old + old", time).await;
    let Deployment { store, load, running } = deployment;
    let (failed, repeated) = (load.failed(), load.repeated());
    let ledger = load.stop().await;
    store.shop.audit(&ledger, 0).await;
    eprintln!("{} accepted, {repeated} repeated, {failed} failed, 0 lost, 0 doubled", ledger.accepted());
    assert!(ledger.accepted() > 50 && repeated > 5, "{} accepted, {repeated} repeated", ledger.accepted());
    assert!(failed * FEW <= ledger.accepted(), "{failed} orders were refused or not answered");
    drop(running);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_versions_side_by_side_lose_and_double_nothing() {
    forward_and_back(program(), Duration::from_millis(700)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an older program: ops/versions builds it"]
async fn the_older_program_and_this_one_side_by_side_lose_and_double_nothing() {
    assert!(std::env::var_os("STOREMGR_OLD").is_some(), "STOREMGR_OLD names the older program");
    forward_and_back(old_program(), Duration::from_secs(10)).await;
}
