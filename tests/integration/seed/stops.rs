//! A seed that is interrupted: the store is recognised as half filled, and --reset repairs it.

use std::process::Stdio;
use std::time::Duration;

use storemgr::db::Session;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};

use super::{KNOWN_CONTENT, SMALL, Variables, command, content, errors, seed, seeded};
use crate::harness::{Fault, Proxy, TestDatabase};

/// Enough orders to interrupt the seed in the middle.
const MANY: [&str; 2] = ["--orders", "2000000"];

/// A running seed that is writing orders, and its standard error.
struct Running {
    child: Child,
    errors: BufReader<ChildStderr>,
}

impl Running {
    async fn in_the_middle(variables: &Variables, arguments: &[&str]) -> Self {
        let mut child = command(variables, &[arguments, &MANY].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(" users in ") {
            line.clear();
            assert_ne!(errors.read_line(&mut line).await.unwrap(), 0, "it ended before it wrote orders");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        Self { child, errors }
    }

    async fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().await.unwrap().success());
    }

    /// Waits for its end. Returns its exit code and its last message.
    async fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.errors.read_to_string(&mut said).await.unwrap();
        (self.child.wait().await.unwrap().code(), said)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_that_was_killed_is_known_and_cured() {
    let database = TestDatabase::create().await;
    for _ in 0..3 {
        let running = Running::in_the_middle(&database.variables(), &["--reset"]).await;
        running.signal("KILL").await;
        // At once, while the server may still be processing what the killed seed had sent.
        seeded(&database, &[&SMALL[..], &["--reset"]].concat()).await;
        assert_eq!(content(&database).await, KNOWN_CONTENT);
        assert_eq!(running.end().await.0, None, "it was killed and not done");
    }
    let running = Running::in_the_middle(&database.variables(), &["--reset"]).await;
    running.signal("KILL").await;
    running.end().await;
    let refused = seed(&database, &SMALL).await;
    assert_eq!(refused.status.code(), Some(2));
    let said = errors(&refused);
    assert!(said.contains("half filled by a seed that did not finish (10,000 products, 1,000 users, "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_that_was_killed_in_any_step_is_known() {
    // What the steps leave behind, last to first; and the deletions of a reset, first to last.
    for left in [
        &["DELETE FROM stocks WHERE product_id > 299"][..],
        &["TRUNCATE stocks"],
        &["TRUNCATE stocks", "DELETE FROM user_totals WHERE user_id > 3"],
        &["TRUNCATE stocks", "TRUNCATE user_totals", "DELETE FROM orders WHERE id < 9"],
        &["TRUNCATE stocks", "TRUNCATE user_totals", "TRUNCATE order_items", "TRUNCATE orders", "TRUNCATE users"],
        &[
            "TRUNCATE stocks",
            "TRUNCATE user_totals",
            "TRUNCATE order_items",
            "TRUNCATE orders",
            "TRUNCATE users",
            "DELETE FROM products WHERE id < 200",
        ],
    ] {
        let database = TestDatabase::create().await;
        seeded(&database, &SMALL).await;
        for sql in left {
            database.execute(sql).await;
        }
        let refused = seed(&database, &SMALL).await;
        assert!(errors(&refused).contains("half filled"), "{left:?}: {}", errors(&refused));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interruption_says_what_it_left_behind() {
    let database = TestDatabase::create().await;
    for signal in ["INT", "TERM"] {
        let running = Running::in_the_middle(&database.variables(), &["--reset"]).await;
        running.signal(signal).await;
        let (code, said) = running.end().await;
        assert_eq!(code, Some(130), "{said}");
        assert!(said.contains("is half filled; run the same command with --reset"), "{said}");
        database.settled().await;
    }
    assert!(errors(&seed(&database, &SMALL).await).contains("half filled by a seed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_in_the_middle_is_said_and_the_store_known_as_half_filled() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::before(&database.address()).await;
    let running = Running::in_the_middle(&proxy.variables(database.variables()), &[]).await;
    proxy.set(Fault::Refuse);
    let (code, said) = running.end().await;
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("the store may be half filled now: run the same command with --reset"), "{said}");
    database.settled().await;
    assert!(errors(&seed(&database, &SMALL).await).contains("half filled by a seed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_seeds_at_once_the_second_is_refused() {
    let (database, neighbour) = (TestDatabase::migrated().await, TestDatabase::create().await);
    let mut first = Session::connect(&database.address(), Duration::from_mins(1)).await.unwrap();
    assert!(first.try_lock_seed().await.unwrap());
    let refused = seed(&database, &["--reset"]).await;
    assert_eq!(refused.status.code(), Some(3));
    assert!(errors(&refused).contains("another seed is filling this store"), "{}", errors(&refused));
    assert_eq!(database.number("SELECT COUNT(*) FROM products").await, 0);
    seeded(&neighbour, &SMALL).await;
    first.confirm_seed_lock().await.unwrap();
    database.execute(&format!("KILL {}", first_connection(&database).await)).await;
    assert!(first.confirm_seed_lock().await.is_err(), "a lock that was lost is noticed");
    seeded(&database, &SMALL).await;
}

/// The connection that holds the lock of seeds: the only one that is open to this database for a second.
async fn first_connection(database: &TestDatabase) -> u64 {
    database
        .number("SELECT MIN(id) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
        .await
}
