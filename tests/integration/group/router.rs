//! One address before the group, whose server changes: HAProxy, which is told by a check who the primary is, and MySQL Router
//! with a static route, which is not, and leads to the first server that answers. `GROUP_FAULTS` sets the number of faults.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::load::Load;
use super::{FAULTS, Shop};
use crate::harness::{free_port, start_tethered, wait_for_address};

const FAULTS_EACH: usize = 20;

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("router-{name}"));
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Starts a program that listens on this port.
async fn start(name: &'static str, program: String, arguments: Vec<String>, port: u16) {
    let log = folder(name).with_extension("log");
    tokio::task::spawn_blocking(move || {
        start_tethered(&program, &arguments, &log);
        wait_for_address(name, ("127.0.0.1", port), &log);
    })
    .await
    .unwrap();
}

/// Answers 200 to whoever asks on this port, as long as the member is the primary.
async fn agent(server: mysql_async::Opts) -> u16 {
    use mysql_async::prelude::Queryable;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = Arc::new(server);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let asking = async {
                    let mut conn = mysql_async::Conn::new(mysql_async::Opts::clone(&server)).await.ok()?;
                    conn.query_first::<u8, _>("SELECT @@super_read_only").await.ok().flatten()
                };
                let limit = std::time::Duration::from_millis(800);
                let writes = tokio::time::timeout(limit, asking).await == Ok(Some(0));
                let status = if writes { "200 OK" } else { "503 Service Unavailable" };
                drop(client.write_all(format!("HTTP/1.0 {status}\r\n\r\n").as_bytes()).await);
            });
        }
    });
    port
}

async fn suffer(mut shop: Shop, address: String) {
    shop.database.lead_to(&address);
    let load = Load::begin(&shop, &[]).await;
    let count = std::env::var("GROUP_FAULTS").map_or(FAULTS_EACH, |text| text.parse().unwrap());
    for number in 0..count {
        shop.suffer(FAULTS[number % FAULTS.len()], &load).await;
    }
    shop.settle(load).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ten minutes: ops/group router runs it"]
async fn twenty_faults_behind_haproxy_lose_and_double_nothing() {
    let shop = Shop::open("haproxy").await;
    let port = free_port();
    let mut configuration = format!(
        "global\n  maxconn 500\ndefaults\n  mode tcp\n  timeout connect 1s\n  timeout client 1h\n  timeout server 1h\n\
         listen database\n  bind 127.0.0.1:{port}\n  option httpchk GET /\n"
    );
    for index in 0..shop.group.size() {
        let agent = agent(shop.group.options(index)).await;
        let server = format!(
            "  server member-{index} {} check addr 127.0.0.1 port {agent} inter 500ms fall 2 rise 1 \
             on-marked-down shutdown-sessions\n",
            shop.group.place(index)
        );
        configuration.push_str(&server);
    }
    let file = folder("haproxy-configuration").join("haproxy.cfg");
    std::fs::write(&file, configuration).unwrap();
    let arguments = ["-f".to_owned(), file.display().to_string()].into();
    start("haproxy", "haproxy".to_owned(), arguments, port).await;
    suffer(shop, format!("127.0.0.1:{port}")).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ten minutes: ops/group router runs it"]
async fn twenty_faults_behind_mysql_router_lose_and_double_nothing() {
    let shop = Shop::open("router").await;
    let port = free_port();
    let home = folder("mysqlrouter-configuration");
    let configuration = format!(
        "[DEFAULT]\nruntime_folder={0}\ndata_folder={0}\nlogging_folder={0}\n[routing:store]\nbind_address=127.0.0.1\n\
         bind_port={port}\ndestinations={1}\nrouting_strategy=first-available\nprotocol=classic\n\
         client_ssl_mode=PASSTHROUGH\n",
        home.display(),
        shop.group.places()
    );
    let file = home.join("router.conf");
    std::fs::write(&file, configuration).unwrap();
    let program = std::env::var("TEST_GROUP_ROUTER").expect("TEST_GROUP_ROUTER names a mysqlrouter: run ops/group");
    let arguments = ["--user=root".to_owned(), "-c".to_owned(), file.display().to_string()].into();
    start("mysqlrouter", program, arguments, port).await;
    suffer(shop, format!("127.0.0.1:{port}")).await;
}
