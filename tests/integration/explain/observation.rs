//! What is watched: read only, without values, cheap, and honest about what cannot be seen.

use mysql_async::prelude::Queryable;
use serde_json::Value;

use super::{Watched, explained};
use crate::harness::{Instance, PrivateServer, TestDatabase, TestRedis, WebServer, run_command};

const SHORT: &[&str] = &["--users", "4", "--spawn-rate", "100", "--think-time", "10ms", "--run-time", "4s"];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_seen_has_no_values_and_looking_costs_little() {
    let server = PrivateServer::start("observed", &["--performance-schema=ON"]).await;
    let database = TestDatabase::migrated_on(&server).await;
    let redis = TestRedis::start();
    let variables = [database.variables(), redis.variables()].concat();
    let instance = Instance::start_with(&variables, &["--order-writer", "batched"]).await;
    instance.wait_ready().await;
    let (product, user) = (instance.product(1.0, 100_000).await, instance.user().await);
    let mut other = database.connect().await;
    let asking = async {
        for _ in 0..40 {
            other.query_drop("SELECT SLEEP(0.1), 'geheim-4711', 918273645").await.unwrap();
        }
    };
    let (products, customers) = (product.to_string(), user.to_string());
    let load = [&["--products", &products, "--customers", &customers][..], SHORT].concat();
    let watched = Watched { database: Some(&database), redis: Some(&redis), pid: Some(instance.pid()) };
    let host = instance.target().to_string();
    let (seen, ()) = tokio::join!(explained(&host, watched, &load), asking);
    let observed = &seen.run["observed"];
    let written = observed.to_string();
    assert!(!written.contains("geheim") && !written.contains("918273645"), "values are kept: {written}");
    assert!(!written.contains("test-5f2c9a1e77"), "a password is kept");
    let watched = &observed["databases"][0];
    let statements = watched["statements"].as_array().unwrap();
    let slept = statements.iter().find(|statement| statement["text"].as_str().unwrap().contains("SLEEP"));
    let slept = slept.unwrap_or_else(|| panic!("{statements:#?}"));
    // MariaDB counts no prepared statements, which are most of the store's: then its statements are those that were seen.
    let counted = watched["statements_counted"] == true;
    assert!(counted == slept["count"].is_u64() && slept["time_s"].as_f64() > Some(0.5), "{slept}");
    assert!(watched["counters"]["Com_commit"].as_u64() > Some(0), "{watched}");
    assert!(watched["transactions"].is_object() && watched["deadlocks"] == 0, "{watched}");
    let redis = &observed["caches"][0];
    assert!(redis["commands"].as_array().is_some_and(|commands| !commands.is_empty()), "{redis}");
    let process = &observed["processes"][0];
    assert_eq!(
        (&process["name"], &process["alive"], &process["role"]),
        (&"storemgr".into(), &true.into(), &"service".into())
    );
    assert!(process["cpu_cores"].as_f64() > Some(0.0) && process["most_handles"].as_u64() > Some(5), "{process}");
    // Less than 2 % of the time is spent on looking, and that is told.
    let seconds = observed["seconds"].as_f64().unwrap();
    let cost = watched["cost"]["seconds"].as_f64().unwrap();
    assert!(watched["cost"]["queries"].as_u64() > Some(10) && cost > 0.0 && cost / seconds < 0.2, "{watched}");
    assert!(seen.shown.contains("Looking took "), "{}", seen.shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_rights_sees_less_and_says_what_would_show_more() {
    let server = PrivateServer::start("rights", &["--performance-schema=ON"]).await;
    let database = TestDatabase::migrated_on(&server).await;
    let address = database.address();
    for host in ["127.0.0.1", "localhost"] {
        database.execute(&format!("CREATE USER 'looks'@'{host}' IDENTIFIED BY 'looks-77'")).await;
    }
    let instance = Instance::start(&database, &["--report-cache", "off"]).await;
    let (product, user) = (instance.product(1.0, 100_000).await, instance.user().await);
    let file = crate::harness::test_folder("rights").join("run.json").display().to_string();
    let observe = format!("mysql://looks@{}/{}", address.servers, address.name);
    let host = instance.target().to_string();
    let (product, user) = (product.to_string(), user.to_string());
    let arguments = [
        "loadtest",
        "--host",
        &host,
        "--observe",
        &observe,
        "--json",
        &file,
        "--products",
        &product,
        "--customers",
        &user,
    ];
    let arguments = [&arguments[..], SHORT].concat();
    let refused = run_command(&arguments, &[("OBSERVE_DB_PASSWORD", "wrong".to_owned())]).await;
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stderr.contains("OBSERVE_DB_PASSWORD_FILE") && !refused.stderr.contains("wrong"), "{refused:?}");
    let ran = run_command(&arguments, &[("OBSERVE_DB_PASSWORD", "looks-77".to_owned())]).await;
    let run: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let remedies: Vec<_> =
        run["observed"]["databases"][0]["missing"].as_array().unwrap().iter().map(|of| of["remedy"].clone()).collect();
    let grants = ["GRANT PROCESS ON *.* TO 'looks'@", "GRANT SELECT ON performance_schema.* TO 'looks'@"];
    for grant in grants {
        assert!(remedies.iter().any(|remedy| remedy.as_str().unwrap().starts_with(grant)), "{remedies:?}: {ran:?}");
    }
    // In French, too, and with everything else that is said.
    let french = run_command(&["report", "--explain", &file, "--language", "fr"], &[]).await;
    assert!(french.stdout.contains("Ceci le montrerait\u{a0}: GRANT PROCESS"), "{french:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_to_what_is_watched() {
    let server = PrivateServer::start("read-only", &[]).await;
    let database = TestDatabase::migrated_on(&server).await;
    // The load goes elsewhere: the store deletes what is out of date also when it is only asked whether it lives.
    let (other, _) = WebServer::nginx_serving("", "location / { return 204; }");
    let counts = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_insert','Com_update','Com_delete','Com_truncate','Com_set_option',\
                  'Handler_write','Com_lock_tables')";
    let file = crate::harness::test_folder("calm").join("scenario.toml");
    let text = "name = \"live\"\n[[task]]\nname = \"live\"\nmethod = \"GET\"\npath = \"/live\"\n";
    std::fs::write(&file, text).unwrap();
    let read = async || {
        let mut conn = database.connect().await;
        let rows: Vec<(String, u64)> = conn.query(counts).await.unwrap();
        conn.disconnect().await.unwrap();
        rows
    };
    let before = read().await;
    let watched = Watched { database: Some(&database), redis: None, pid: None };
    let scenario = file.display().to_string();
    let seen = explained(&other.target.to_string(), watched, &[&["--scenario", &scenario][..], SHORT].concat()).await;
    let after = read().await;
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        // Temporary tables of the answers are written by handlers, and settings are those of the observer's own session.
        let allowed = match name.as_str() {
            "Handler_write" => u64::MAX,
            "Com_set_option" => 20,
            _ => 0,
        };
        assert!(after - before <= allowed, "{name} rose from {before} to {after}: {}", seen.told());
    }
}
