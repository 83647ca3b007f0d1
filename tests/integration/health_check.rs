//! `storemgr serve --health-check`: what a container engine asks, without a shell.

use crate::harness::{Instance, TestDatabase, run_command};

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_healthy_when_it_is_ready_and_not_before() {
    let ask = async |address: &str| run_command(&["serve", "--health-check", "--listen", address], &[]).await;
    let database = TestDatabase::create().await;
    let ready = Instance::start(&database, &[]).await;
    let ran = ask(&ready.target().authority()).await;
    assert_eq!((ran.code, ran.stdout.trim()), (0, "ready"), "{}", ran.stderr);

    let mut away = database.variables();
    away.iter_mut().filter(|(name, _)| *name == "DB_PORT").for_each(|(_, port)| "1".clone_into(port));
    let not_ready = Instance::start_with(&away, &[]).await;
    let ran = ask(&not_ready.target().authority()).await;
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("not ready: 503") && ran.stdout.contains("database_unavailable"), "{}", ran.stdout);

    let ran = ask("127.0.0.1:1").await;
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("127.0.0.1:1 does not answer: connection refused"), "{}", ran.stdout);
}
