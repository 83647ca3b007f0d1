//! Whoever watches an instance is answered, also when customers have taken all of its connections.

use std::time::Duration;

use hyper::Method;
use storemgr::net::{Target, request_once};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::harness::{Fault, Instance, Proxy, TestDatabase, free_port, run_command, run_with_handles, wait_until};

async fn ask(target: &Target, path: &str) -> (u16, String) {
    let patience = Duration::from_secs(2);
    let answer = request_once(target, Method::GET, path, &[], Vec::new(), patience).await;
    answer.map_or_else(|error| (0, error.to_string()), |answer| (answer.status.as_u16(), answer.text()))
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_have_a_way_in_of_their_own() {
    let database = TestDatabase::migrated().await;
    let address = format!("127.0.0.1:{}", free_port());
    let arguments = ["--probe-listen", &address, "--max-connections", "5", "--drain-notice", "2s"];
    let mut instance = Instance::start(&database, &arguments).await;
    let probes = Target::parse(&address).unwrap();
    // Every way to hold a connection: silent, between two requests, in the middle of one, with answers that it leaves unread.
    for sends in ["", "GET /live HTTP/1.1\r\nhost: store\r\n\r\n", "GET /live HTTP/1.1\r\nhost:", "unread"] {
        let mut taken = Vec::new();
        for _ in 0..20 {
            let mut stream = TcpStream::connect(instance.target().authority()).await.unwrap();
            if sends == "unread" {
                let many = b"GET /openapi.json HTTP/1.1\r\nhost: store\r\n\r\n".repeat(2_000);
                drop(tokio::time::timeout(Duration::from_millis(50), stream.write_all(&many)).await);
            } else {
                stream.write_all(sends.as_bytes()).await.unwrap();
            }
            taken.push(stream);
        }
        for path in ["/live", "/ready"] {
            let (status, text) = ask(&probes, path).await;
            assert_eq!((status, text.as_str()), (200, r#"{"status":"ok"}"#), "{sends:?}: {path}");
        }
        let (status, metrics) = ask(&probes, "/metrics").await;
        assert!(status == 200 && metrics.contains("\nstoremgr_http_connections "), "{sends:?}: {status} {metrics}");
        let ran = run_command(&["serve", "--health-check", "--probe-listen", &address], &[]).await;
        assert_eq!((ran.code, ran.stdout.trim()), (0, "ready"), "{sends:?}");
        drop(taken);
    }
    let (status, text) = ask(&probes, "/orders/1").await;
    assert!(status == 404 && text.contains("no_such_route"), "{status} {text}");
    wait_until("the main address to answer again", async || ask(instance.target(), "/live").await.0 == 200).await;
    assert_eq!(ask(instance.target(), "/metrics").await.0, 200, "what was asked there before goes on working");
    // While it drains it says so, to the end.
    instance.signal("TERM");
    wait_until("the instance to be not ready", async || ask(&probes, "/ready").await.0 == 503).await;
    assert_eq!(ask(&probes, "/live").await.0, 200);
    assert!(instance.wait_end().await.success());
}

/// A store that sells nothing because its database is away is told of by its metrics, also while nobody asks it anything.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_says_by_itself_whether_it_is_ready() {
    let database = TestDatabase::migrated().await;
    let proxy = Proxy::before(&database.address()).await;
    let instance = Instance::start_behind(&proxy, &database, &[]).await;
    let ready = async || instance.metric("storemgr_ready").await;
    let unreachable = async || instance.metric(r#"storemgr_db_errors_total{kind="unreachable"}"#).await;
    wait_until("the instance to be ready", async || ready().await > 0.0).await;
    for fault in [Fault::Refuse, Fault::Freeze] {
        let before = unreachable().await;
        proxy.set(fault);
        wait_until("the instance to say that it is not", async || ready().await < 1.0).await;
        wait_until("another error to be counted", async || unreachable().await > before + 1.0).await;
        proxy.set(Fault::None);
        wait_until("the instance to be ready again", async || ready().await > 0.0).await;
    }
}

/// The address cannot be listened on, so that the command ends after it has looked at its file handles.
const SERVE: [&str; 7] =
    ["serve", "--listen", "203.0.113.1:5000", "--db-host", "127.0.0.1", "--max-connections", "1000"];

#[tokio::test]
async fn file_handles_are_held_against_connections() {
    let few = run_with_handles(100, &SERVE).await;
    assert_eq!(few.code, 3, "{few:?}");
    assert!(few.stderr.contains("this process may open 100 files"), "{few:?}");
    let fewer = run_with_handles(500, &SERVE).await;
    assert!(fewer.stderr.contains("fewer client connections than --max-connections are taken"), "{fewer:?}");
    assert!(fewer.stderr.contains("open_files=500") && fewer.stderr.contains("connections=356"), "{fewer:?}");
    let enough = run_with_handles(2_000, &SERVE).await;
    assert!(!enough.stderr.contains("max-connections"), "{enough:?}");
    assert!(enough.stderr.contains("203.0.113.1:5000 cannot be listened on"), "{enough:?}");
}
