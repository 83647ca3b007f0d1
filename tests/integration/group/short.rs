//! Each kind of fault once.

use std::path::Path;
use std::process::Output;

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
    async fn run(&self, arguments: &'static [&'static str]) -> Output {
        let folder: Box<Path> = self.0.path().into();
        let mut arguments = arguments.to_vec();
        let mysqld = std::env::var("TEST_GROUP_MYSQLD").unwrap();
        if arguments.starts_with(&["stack", "up"]) {
            arguments.extend(["--replicas", "3", "--timeout", "180s", "--mysqld", &mysqld]);
        }
        let mut command = storemgr_in(&folder, &arguments);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// Expects the command to do its work.
    async fn good(&self, arguments: &'static [&'static str]) -> String {
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
