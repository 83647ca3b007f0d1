//! Causes that the store's own options and small faults bring about.

use std::time::Duration;

use mysql_async::prelude::Queryable;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Explained, Watched, explained};
use crate::harness::{
    ACCOUNT_PASSWORD, Instance, PrivateServer, TestDatabase, TestRedis, WebServer, run_command, test_folder,
};

/// The server counts statements.
pub(super) const COUNTING: &[&str] = &["--performance-schema=ON"];

/// Commits do not wait for the disk: that of the machine would otherwise be a cause beside the one that is brought about.
pub(super) fn fast(options: &[&str]) -> Vec<String> {
    options.iter().chain(&["--innodb-flush-log-at-trx-commit=2"]).map(|&option| option.to_owned()).collect()
}

/// A store of 200 products and this history on a server of its own.
pub(super) async fn store(
    name: &'static str,
    options: &'static [&'static str],
    history: &str,
) -> (PrivateServer, TestDatabase) {
    let server = PrivateServer::start_with(name, fast(options)).await;
    let database = TestDatabase::migrated_on(&server).await;
    let arguments = ["seed", "--products", "200", "--users", "50", "--stock", "1000000", "--orders", history];
    let seeded = run_command(&arguments, &database.variables()).await;
    assert_eq!(seeded.code, 0, "{seeded:?}");
    (server, database)
}

/// A scenario in a file of its own.
pub(super) fn scenario(text: &str) -> String {
    let file = test_folder("scenario").join("scenario.toml");
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

/// Orders of ten products.
pub(super) fn large_orders() -> String {
    let items: Vec<_> = (0..10)
        .map(|n| format!("{{\"product_id\":{{{{random({}, {})}}}},\"quantity\":1}}", 20 * n + 1, 20 * n + 20))
        .collect();
    scenario(&format!(
        "name = \"large orders\"\n[[task]]\nname = \"order\"\nmethod = \"POST\"\npath = \"/orders\"\nheaders = {{ content-type = \"application/json\" }}\n\
         body = '{{\"user_id\":{{{{random(1, 50)}}}},\"items\":[{}]}}'\n",
        items.join(",")
    ))
}

const REPORTS: &str = "name = \"reports\"\n[[task]]\nname = \"best\"\nmethod = \"GET\"\npath = \"/orders/reports/best-sellers\"\n\
                       [[task]]\nname = \"spenders\"\nmethod = \"GET\"\npath = \"/orders/reports/highest-spenders\"\n";

/// Orders of one product.
pub(super) const SMALL_ORDER: &str = "[[task]]\nname = \"order\"\nmethod = \"POST\"\npath = \"/orders\"\nheaders = { content-type = \"application/json\" }\n\
                           body = '{\"user_id\":{{random(1, 50)}},\"items\":[{\"product_id\":{{random(1, 200)}},\"quantity\":1}]}'\n";

/// Users without a pause.
const BUSY: &[&str] = &["--users", "16", "--spawn-rate", "1000", "--think-time", "0ms", "--run-time", "6s"];

/// Users who think, as people do.
const CALM: &[&str] = &["--users", "20", "--spawn-rate", "20", "--think-time", "100ms..200ms", "--run-time", "8s"];

pub(super) async fn watched(database: &TestDatabase, instance: &Instance, arguments: &[&str]) -> Explained {
    let watched = Watched { database: Some(database), pid: Some(instance.pid()), redis: None };
    explained(&instance.target().to_string(), watched, arguments).await
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_requests_leave_open_are_told_from_a_limit_that_is_too_low() {
    let (_server, database) = store("left-open", &["--max-connections=60"], "100").await;
    let options = ["--db-connections", "per-request", "--order-writer", "per-item", "--report-cache", "off"];
    let instance = Instance::start(&database, &options).await;
    let seen = watched(&database, &instance, CALM).await;
    seen.assert_first("connections_left_open");
    assert_eq!(seen.causes()[0].1, "certain", "{}", seen.told());
    assert!(seen.figure("connections_left_open", "connections open at the peak") > 40.0, "{}", seen.told());
    // A few connections would do.
    let needed = seen.figure("connections_left_open", "connections needed for the same requests");
    assert!(needed <= 20.0, "{}", seen.told());

    // The cure, and what it changed.
    drop(instance);
    let instance = Instance::start(&database, &["--order-writer", "per-item", "--report-cache", "off"]).await;
    let after = watched(&database, &instance, CALM).await;
    let files = [&seen.file, &after.file].map(|file| file.display().to_string());
    let told = run_command(&["report", "--explain", &files[0], &files[1], "--json", "-"], &[]).await;
    let changes: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    let changes = &changes["changes"];
    assert!(changes["gone"].as_array().unwrap().contains(&"connections_left_open".into()), "{changes}");
    let figures = changes["figures"].as_array().unwrap();
    let failed = figures.iter().find(|figure| figure["figure"] == "fail_ratio").unwrap();
    assert!(failed["before"].as_f64() > Some(0.1) && failed["after"].as_f64() < Some(0.01), "{failed}");
    assert!(failed["off_by"].as_f64() < Some(0.1), "what was expected came about: {failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_an_account_is_told_from_connections_that_are_left_open() {
    let (_server, database) = store("account-limit", &[], "100").await;
    let name = database.address().name;
    let mut variables = database.account("storemgr_limited", &[&format!("ALL ON {name}.*")]).await;
    for host in ["127.0.0.1", "localhost"] {
        database.execute(&format!("ALTER USER 'storemgr_limited'@'{host}' WITH MAX_USER_CONNECTIONS 3")).await;
    }
    assert!(variables.iter().any(|(_, value)| value == ACCOUNT_PASSWORD));
    variables.push(("STOREMGR_NO_MIGRATE", "true".to_owned()));
    let options = [
        "--db-connections",
        "per-request",
        "--db-connection-linger",
        "0s",
        "--report-cache",
        "off",
        "--order-writer",
        "per-item",
    ];
    let instance = Instance::start_with(&variables, &options).await;
    instance.wait_ready().await;
    let seen = watched(&database, &instance, BUSY).await;
    seen.assert_first("connection_limit");
    let ruled_out = seen.explanation["ruled_out"].as_array().unwrap();
    assert!(ruled_out.iter().any(|cause| cause["cause"] == "connections_left_open"), "{}", seen.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_for_each_article_is_seen() {
    let (_server, database) = store("per-item", COUNTING, "0").await;
    let instance = Instance::start(&database, &["--order-writer", "per-item", "--report-cache", "off"]).await;
    let file = large_orders();
    let load = ["--scenario", &file, "--users", "2", "--spawn-rate", "100", "--think-time", "0ms", "--run-time", "10s"];
    let seen = watched(&database, &instance, &load).await;
    seen.assert_first("query_per_item");
    let times = seen.figure("query_per_item", "times that it ran for each order or request");
    assert!(times >= 2.0, "{times}: {}", seen.told());
    drop(instance);
    // The cure: what was expected is measured.
    let instance = Instance::start(&database, &["--order-writer", "batched", "--report-cache", "off"]).await;
    let after = watched(&database, &instance, &load).await;
    assert!(!after.causes().iter().any(|(cause, _)| *cause == "query_per_item"), "{}", after.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_of_all_orders_is_named_and_so_is_the_missing_cache_below_it() {
    let (_server, database) = store("scan", COUNTING, "20000").await;
    let redis = TestRedis::start();
    let instance = Instance::start(&database, &["--report-source", "scan", "--report-cache", "off"]).await;
    let file = scenario(REPORTS);
    let load = ["--scenario", &file, "--users", "3", "--spawn-rate", "100", "--think-time", "10ms", "--run-time", "6s"];
    let watched = Watched { database: Some(&database), redis: Some(&redis), pid: Some(instance.pid()) };
    let seen = explained(&instance.target().to_string(), watched, &load).await;
    seen.assert_first("full_scan");
    let counted = seen.run["observed"]["databases"][0]["statements_counted"] == true;
    let rows = if counted { "rows read each time" } else { "rows read per request" };
    assert!(seen.figure("full_scan", rows) > 10_000.0, "{}", seen.told());
    let causes = seen.causes();
    assert!(causes.iter().any(|(cause, _)| *cause == "cache_missing"), "both are named: {}", seen.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_servers_counts_a_scan_is_likely_and_what_would_show_more_is_said() {
    let (server, database) = store("scan-uncounted", &["--performance-schema=OFF"], "20000").await;
    let instance = Instance::start(&database, &["--report-source", "scan", "--report-cache", "off"]).await;
    let file = scenario(REPORTS);
    let load = ["--scenario", &file, "--users", "3", "--spawn-rate", "100", "--think-time", "10ms", "--run-time", "8s"];
    let seen = watched(&database, &instance, &load).await;
    seen.assert_first("full_scan");
    assert_eq!(seen.causes()[0].1, "likely", "{}", seen.told());
    let missing = seen.explanation["missing"].as_array().unwrap();
    let setting = missing.iter().any(|missing| missing["remedy"].as_str().unwrap().contains("performance_schema = ON"));
    assert!(setting, "{missing:?}");
    assert!(seen.shown.contains("performance_schema = ON"), "{}", seen.shown);
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_somebody_left_open_is_found_by_the_rows_that_it_holds() {
    let (_server, database) = store("held", &[], "0").await;
    let instance = Instance::start(&database, &["--order-writer", "batched", "--report-cache", "off"]).await;
    let mut holder = database.connect().await;
    holder.query_drop("BEGIN").await.unwrap();
    holder.query_drop("SELECT * FROM stocks FOR UPDATE").await.unwrap();
    let seen = watched(&database, &instance, CALM).await;
    holder.query_drop("ROLLBACK").await.unwrap();
    holder.disconnect().await.unwrap();
    seen.assert_first("held_rows");
    assert!(seen.figure("held_rows", "longest that a transaction was open and did nothing") >= 2.0, "{}", seen.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_somebody_holds_and_a_scan_of_all_orders_are_both_named() {
    let (_server, database) = store("held-scan", COUNTING, "60000").await;
    let options = ["--order-writer", "batched", "--report-source", "scan", "--report-cache", "off"];
    let instance = Instance::start(&database, &options).await;
    let mut holder = database.connect().await;
    holder.query_drop("BEGIN").await.unwrap();
    holder.query_drop("SELECT * FROM stocks WHERE product_id <= 8 FOR UPDATE").await.unwrap();
    let file = scenario(&format!("{REPORTS}{SMALL_ORDER}"));
    let load = ["--scenario", &file, "--users", "4", "--spawn-rate", "100", "--think-time", "10ms", "--run-time", "8s"];
    let seen = watched(&database, &instance, &load).await;
    holder.query_drop("ROLLBACK").await.unwrap();
    holder.disconnect().await.unwrap();
    seen.assert_both(["held_rows", "full_scan"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_that_asks_for_missing_products_is_no_fault_of_the_service() {
    let (_server, database) = store("misfit", &[], "0").await;
    let instance = Instance::start(&database, &["--report-cache", "off"]).await;
    let load = ["--products", "5000", "--customers", "50"];
    let seen = watched(&database, &instance, &[&load[..], CALM].concat()).await;
    seen.assert_first("scenario_does_not_fit");
    assert_eq!(seen.causes().len(), 1, "{}", seen.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_refuses_what_it_cannot_take_does_so_on_purpose() {
    let (_server, database) = store("refusing", &[], "0").await;
    let instance = Instance::start(&database, &["--order-queue", "1", "--report-cache", "off"]).await;
    let file = large_orders();
    let seen = watched(&database, &instance, &[&["--scenario", &file][..], BUSY].concat()).await;
    seen.assert_first("refused_on_purpose");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_killed_is_lost() {
    let (_server, database) = store("killed", &[], "0").await;
    let instance = Instance::start(&database, &["--report-cache", "off"]).await;
    let killed = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        instance.signal("KILL");
    };
    let (seen, ()) = tokio::join!(watched(&database, &instance, CALM), killed);
    seen.assert_first("instance_lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_way_to_the_database_is_told_from_a_slow_database() {
    let (_server, database) = store("far", COUNTING, "0").await;
    let address = database.address();
    let port = delaying_proxy(address.servers.to_string(), Duration::from_millis(15)).await;
    let mut variables = database.variables();
    for (name, value) in &mut variables {
        match *name {
            "DB_HOST" => "127.0.0.1".clone_into(value),
            "DB_PORT" => *value = port.to_string(),
            _ => {}
        }
    }
    let instance = Instance::start_with(&variables, &["--order-writer", "batched", "--report-cache", "off"]).await;
    instance.wait_ready().await;
    let seen = watched(&database, &instance, CALM).await;
    seen.assert_first("slow_dependency");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_gives_up_before_the_service_answers_is_named() {
    let (_server, database) = store("front", &[], "0").await;
    let address = database.address();
    let port = delaying_proxy(address.servers.to_string(), Duration::from_millis(400)).await;
    let mut variables = database.variables();
    for (name, value) in &mut variables {
        if *name == "DB_PORT" {
            *value = port.to_string();
        }
    }
    let instance = Instance::start_with(
        &variables,
        &["--order-writer", "batched", "--report-cache", "off", "--db-pool-wait", "9s"],
    )
    .await;
    let locations =
        format!("location /orders {{ proxy_pass http://{}; proxy_read_timeout 1s; }}", instance.target().authority());
    let front = WebServer::nginx_with(&[instance.target()], &locations);
    // Only the run is known: nobody says where the database is.
    let seen = explained(&front.target.to_string(), Watched::default(), CALM).await;
    seen.assert_first("front_times_out");
    assert!(seen.explanation["unseen"].as_array().unwrap().len() > 5, "{}", seen.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_run_names_nothing() {
    let (_server, database) = store("healthy", COUNTING, "1000").await;
    let redis = TestRedis::start();
    let variables = [database.variables(), redis.variables()].concat();
    let instance = Instance::start_with(&variables, &[]).await;
    instance.wait_ready().await;
    let watched = Watched { database: Some(&database), redis: Some(&redis), pid: Some(instance.pid()) };
    let seen = explained(&instance.target().to_string(), watched, CALM).await;
    assert_eq!(seen.run["failures"], 0, "{:?}", seen.ran);
    // Other tests may use up the machine meanwhile, and that is told.
    let causes = seen.causes();
    let disturbed = causes == [("processors_used_up", "possible")];
    assert!(causes.is_empty() || disturbed, "{}", seen.told());
    let generator = seen.run["verdict"] != "valid";
    assert_eq!(seen.code, i32::from(disturbed || generator), "{}", seen.told());
    let said = if generator {
        "generator_limited"
    } else if disturbed {
        "processors were busy"
    } else {
        "Nothing broke, as far as was seen."
    };
    for shown in [&seen.shown, &seen.ran.stdout] {
        assert!(
            shown.replace('\n', " ").contains(said),
            "by the report, and after the tables of the load test: {shown}"
        );
    }
}

/// Carries bytes to an address, each piece from the client so much later; gives its port.
async fn delaying_proxy(upstream: String, delay: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(&upstream).await else { return };
            drop((client.set_nodelay(true), server.set_nodelay(true)));
            let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                (client.into_split(), server.into_split());
            tokio::spawn(async move {
                let mut piece = vec![0; 65_536];
                while let Ok(length @ 1..) = from_client.read(&mut piece).await {
                    tokio::time::sleep(delay).await;
                    if to_server.write_all(&piece[..length]).await.is_err() {
                        return;
                    }
                }
            });
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        }
    });
    port
}
