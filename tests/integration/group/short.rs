//! Each kind of fault once, and what `stack` and `lab` do with a group.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::load::Load;
use super::{FAULTS, Shop};
use crate::harness::{Instance, inhabitants, kill, storemgr_in};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real MySQL and root: ops/group runs it"]
async fn every_fault_of_a_group_loses_and_doubles_nothing() {
    let mut shop = Shop::open("short").await;
    let load = Load::begin(&shop, &[]).await;
    for fault in FAULTS {
        shop.suffer(fault, &load).await;
    }
    shop.settle(load).await;
    // One member, and one that is not the primary, is enough to find the group.
    let secondary = (shop.group.next_primary(usize::MAX).await.0 + 1) % shop.group.size();
    shop.database.lead_to(&shop.group.place(secondary));
    let instance = Instance::start(&shop.database, &[]).await;
    let body =
        serde_json::json!({"user_id": shop.users[0], "items": [{"product_id": shop.products[0], "quantity": 1}]});
    assert_eq!(instance.post("/orders", body).await.status, 201);
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
        place.good(&["stack", "heal"]).await;
        place.good(&["stack", "status"]).await;
        place.good(&["seed", "--reset", "--products", "10", "--users", "2"]).await;
        place.good(&["deploy-check", "--after", "--only", "database-group"]).await;
    }
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
