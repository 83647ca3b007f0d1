//! Each kind of fault once, and what `stack` and `lab` do with a group.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use serde_json::Value;
use storemgr::db::writable_server;
use storemgr::observe::Subject;
use storemgr::stack::Stack;

use super::load::Load;
use super::{FAULTS, Shop};
use crate::harness::{Instance, TestDatabase, inhabitants, kill, storemgr_in, wait_until};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real MySQL and root: ops/group runs it"]
async fn every_fault_of_a_group_loses_and_doubles_nothing() {
    let mut shop = Shop::open("short").await;
    let load = Load::begin(&shop, &[]).await;
    for fault in FAULTS {
        shop.suffer(fault, &load).await;
    }
    shop.settle(load).await;
    let body =
        serde_json::json!({"user_id": shop.users[0], "items": [{"product_id": shop.products[0], "quantity": 1}]});
    let primary = shop.group.next_primary(usize::MAX).await.0;
    let (seed, next) = ((primary + 1) % shop.group.size(), (primary + 2) % shop.group.size());
    let on_primary = shop.database.at_member(&shop.group, primary);
    // One member, and one that is not the primary, is enough to find the group.
    let variables = account(&shop, &on_primary, seed).await;
    let instance = Instance::start_with(&variables, &["--no-migrate"]).await;
    // Without this right, nothing tells a member from a server that was restarted and takes writes for itself.
    let refused = instance.post("/orders", body.clone()).await;
    assert_eq!((refused.status, refused.code()), (503, "database_unavailable"), "{refused:?}");
    wait_until("the log to say what is missing", async || {
        instance.log().contains("GRANT SELECT ON performance_schema.replication_group_members")
    })
    .await;
    on_primary.execute("GRANT SELECT ON performance_schema.replication_group_members TO 'shop'@'%'").await;
    let accepts = async || instance.post("/orders", body.clone()).await.status == 201;
    wait_until("an order with the right", accepts).await;
    // The one that DB_HOST names refuses the account, and is not the primary, nor will it be.
    let at_seed = shop.database.at_member(&shop.group, seed);
    at_seed
        .execute("SET GLOBAL super_read_only = 0; SET sql_log_bin = 0; ALTER USER 'shop'@'%' ACCOUNT LOCK; SET GLOBAL super_read_only = 1")
        .await;
    shop.group.move_to(next).await;
    shop.group.next_primary(primary).await;
    wait_until("an order at the new primary", accepts).await;
}

/// An account that may read and write rows, and that does not see the members of its group; the variables lead to this one
/// member.
async fn account(shop: &Shop, on_primary: &TestDatabase, seed: usize) -> Vec<(&'static str, String)> {
    on_primary.execute("CREATE USER 'shop'@'%' IDENTIFIED BY 'shop-5f2c9a1e77'").await;
    let rights = "SELECT, INSERT, UPDATE, DELETE ON `storemgr\\_test\\_%`.*";
    on_primary.execute(&format!("GRANT {rights} TO 'shop'@'%'")).await;
    shop.group.caught_up().await;
    let mut variables = shop.database.variables();
    variables.retain(|(name, _)| !["DB_HOST", "DB_USER", "DB_PASSWORD"].contains(name));
    variables.push(("DB_HOST", shop.group.place(seed)));
    variables.push(("DB_USER", "shop".to_owned()));
    variables.push(("DB_PASSWORD", "shop-5f2c9a1e77".to_owned()));
    variables
}

/// A folder whose processes end with the test.
struct Place(tempfile::TempDir);

impl Drop for Place {
    fn drop(&mut self) {
        for pid in inhabitants(self.0.path()) {
            kill(pid, "KILL");
        }
    }
}

impl Place {
    async fn run(&self, arguments: &[&'static str]) -> Output {
        let folder: Box<Path> = self.0.path().into();
        let mut arguments = arguments.to_vec();
        let mysqld = std::env::var("TEST_GROUP_MYSQLD").unwrap();
        if arguments.starts_with(&["lab"]) {
            arguments.extend(["--mysqld", &mysqld]);
        }
        if arguments.starts_with(&["stack", "up"]) {
            arguments.extend(["--replicas", "3", "--timeout", "180s", "--mysqld", &mysqld]);
        }
        let mut command = storemgr_in(&folder, &arguments);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// Waits until a load test of this stack would watch the server that takes writes, and the Redis that is the master.
    async fn watches_the_primary(&self) {
        let stack = Stack::open(self.0.path()).unwrap();
        let access = stack.access().unwrap().unwrap();
        let mut watched = Vec::new();
        wait_until("the parts of the stack to be found", async || {
            watched = stack.subjects(&access.front).await.unwrap_or_default();
            watched.iter().any(|subject| matches!(subject, Subject::Redis(_)))
        })
        .await;
        let primary = writable_server(&access.database, Duration::from_secs(5)).await.unwrap();
        let database = watched.iter().find_map(|subject| match subject {
            Subject::Database(database) => Some(database.port),
            _ => None,
        });
        assert_eq!(database, Some(primary.port), "{watched:?}");
    }

    /// Expects the command to do its work.
    async fn good(&self, arguments: &[&'static str]) -> String {
        let ran = self.run(arguments).await;
        let told = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success(), "{arguments:?}: {told}{}", String::from_utf8_lossy(&ran.stderr));
        told
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real MySQL and root: ops/group runs it"]
async fn a_stack_of_three_servers_can_be_broken_and_mended() {
    let place = Place(tempfile::tempdir().unwrap());
    place.good(&["stack", "up"]).await;
    for fail in [&["stack", "fail", "primary"], &["stack", "fail", "redis"], &["stack", "fail", "instance"]] {
        let told = place.good(fail).await;
        assert!(told.starts_with("Killed "), "{told}");
        assert_eq!(place.run(&["stack", "status"]).await.status.code(), Some(1), "{fail:?}: it still runs");
        // Where writes go, not where they went, whether what was killed is mended or not.
        place.watches_the_primary().await;
        place.good(&["stack", "heal"]).await;
        place.good(&["stack", "status"]).await;
        place.watches_the_primary().await;
        place.good(&["seed", "--reset", "--products", "10", "--users", "2"]).await;
        place.good(&["deploy-check", "--after", "--only", "database-group"]).await;
    }
    // Two of three: the one that is left gives up its group some seconds later, and begins a new one with the others.
    place.good(&["stack", "fail", "primary"]).await;
    wait_until("another primary, which fails as well", async || {
        place.run(&["stack", "fail", "primary"]).await.status.success()
    })
    .await;
    place.good(&["stack", "heal"]).await;
    place.good(&["deploy-check", "--after", "--only", "database-group"]).await;
    place.good(&["stack", "down"]).await;
    // The members were stopped one after the other; the one that has everything begins again.
    place.good(&["stack", "up"]).await;
    place.good(&["deploy-check", "--after", "--only", "database-group"]).await;
    place.good(&["stack", "down"]).await;
}

/// In two rounds, so that the stack goes from one server to three, back to one, and to three again, of which one was killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real MySQL and root: ops/group runs it"]
async fn a_lab_measures_what_the_loss_of_a_server_costs() {
    let place = Place(tempfile::tempdir().unwrap());
    let load = ["--users", "60", "--run-time", "24", "--burst", "2", "--history-orders", "2000"];
    let lab = ["--rungs", "7,8", "--repeat", "2", "--output", "out"];
    let ran = place.run(&[&["lab"][..], &lab, &load].concat()).await;
    let (shown, told) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    // 98: this machine was too busy.
    assert!(matches!(ran.status.code(), Some(0 | 98)), "{:?}: {told}", ran.status.code());
    assert_eq!(inhabitants(place.0.path()), Vec::<u32>::new(), "nothing of the lab runs any more");
    let json = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(place.0.path().join("out").join(name)).unwrap()).unwrap()
    };
    for round in ["1", "2"] {
        let [before, after] = ["7", "8"].map(|rung| json(&format!("rung-{rung}.{round}.json")));
        assert_eq!((&before["failover"], &before["failures"]), (&Value::Null, &0.into()), "{before}");
        let failover = &after["failover"];
        let number = |key: &str| failover[key].as_f64().unwrap_or_else(|| panic!("{key} in {failover}"));
        assert!((11.9..13.0).contains(&number("killed_at_s")), "{failover}");
        assert!((1.0..60.0).contains(&number("accepted_after_s")), "{failover}");
        assert!(number("own_orders") >= 2.0 && number("failed") >= number("refused"), "{failover}");
        assert!(number("stored_orders") >= number("accepted_orders"), "an accepted order was lost: {failover}");
        assert_eq!(after["remarks"], Value::Array(Vec::new()), "what could not be measured");
        // The watcher went over to the new primary.
        let last = after["database"]["timeline"].as_array().unwrap().last().unwrap()["at_s"].as_f64().unwrap();
        assert!(last > number("killed_at_s") + number("accepted_after_s"), "{last} s: {failover}");
        assert!(after["burst"]["orders_per_s"].as_f64().unwrap() > 0.0, "{}", after["burst"]);
    }
    for text in ["the primary was killed", "No accepted order", "The loss of the primary"] {
        assert!(shown.split_whitespace().collect::<Vec<_>>().join(" ").contains(text), "{text} is missing in {shown}");
    }
}
