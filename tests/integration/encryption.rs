//! TLS to the database and to Redis: who is trusted, what is said if not, and that nothing goes in clear.

use std::path::PathBuf;

use serde_json::json;
use storemgr::cache;
use storemgr::db::{Address, DbError, Servers, Session};
use storemgr::net::TlsOptions;
use storemgr::units::Secret;

use crate::harness::{Authority, Identity, Instance, PrivateServer, Recorder, TestDatabase, TestRedis, wait_until};

const LIMIT: std::time::Duration = std::time::Duration::from_secs(10);

/// A database server with this certificate.
async fn server(name: &str, identity: &Identity) -> PrivateServer {
    let options = [format!("--ssl-cert={}", identity.certificate), format!("--ssl-key={}", identity.key)];
    PrivateServer::start_with(name, options.into()).await
}

fn trusting(authority: &Authority) -> TlsOptions {
    TlsOptions { authorities: Some(authority.certificate().into()), ..TlsOptions::default() }
}

/// Connects through a recorder with these settings of TLS; gives the error, if any.
async fn refusal(database: &TestDatabase, recorder: &Recorder, tls: Option<TlsOptions>) -> Option<String> {
    let servers = Servers::one("127.0.0.1", recorder.port);
    let address = Address { servers, tls, ..database.address() };
    Session::connect(&address, LIMIT).await.err().map(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_trusted_if_its_authority_is_and_nothing_goes_in_clear() {
    let authority = Authority::new();
    let server = server("tls", &authority.issue("database", "IP:127.0.0.1")).await;
    let database = TestDatabase::migrated_on(&server).await;
    let recorder = Recorder::before(server.port()).await;
    assert_eq!(refusal(&database, &recorder, Some(trusting(&authority))).await, None);
    let encrypted = Some(TlsOptions { insecure: true, ..TlsOptions::default() });
    assert_eq!(refusal(&database, &recorder, encrypted).await, None);
    // The whole store, with its orders.
    let mut variables = database.variables();
    variables.retain(|(name, _)| *name != "DB_PORT");
    variables.extend([
        ("DB_PORT", recorder.port.to_string()),
        ("DB_TLS", "verify".to_owned()),
        ("DB_TLS_CA", authority.certificate()),
    ]);
    let instance = Instance::start_with(&variables, &[]).await;
    instance.wait_ready().await;
    let (product, user) = (instance.product(2.5, 10).await, instance.user().await);
    let body = json!({"user_id": user, "items": [{"product_id": product, "quantity": 1}]});
    assert_eq!(instance.post("/orders", body).await.status, 201);
    assert!(recorder.bytes() > 1_000);
    for text in ["INSERT", "SELECT", "START TRANSACTION", &database.address().user, &database.address().name] {
        assert!(!recorder.has_seen(text), "{text} went in clear");
    }
    // Without TLS all of that is there, or the recorder sees nothing.
    assert_eq!(refusal(&database, &recorder, None).await, None);
    assert!(recorder.has_seen(&database.address().user) && recorder.has_seen("SET SESSION"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_trusted_is_told_nothing() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let good = server("tls-stranger", &authority.issue("database", "IP:127.0.0.1")).await;
    let expired = server("tls-expired", &authority.issue_expired("database", "IP:127.0.0.1")).await;
    let misnamed = server("tls-misnamed", &authority.issue("database", "DNS:another.example")).await;
    for (server, trusted, said) in [
        (&good, &stranger, "signed by nobody who is trusted here: give the authority's certificate with DB_TLS_CA"),
        (&expired, &authority, "the certificate of the server expired on 2020-01-01"),
        (&misnamed, &authority, "the certificate of the server is not for 127.0.0.1 but for another.example"),
    ] {
        let database = TestDatabase::create_on(server).await;
        let recorder = Recorder::before(server.port()).await;
        let refused = refusal(&database, &recorder, Some(trusting(trusted))).await.expect("the server is not trusted");
        assert!(refused.contains(said), "{refused}");
        let address = database.address();
        assert!(recorder.bytes() > 0 && !recorder.has_seen(&address.user) && !recorder.has_seen(&address.name));
    }
    // The roots that are built into the driver are no others beside a given one.
    let database = TestDatabase::create_on(&good).await;
    let recorder = Recorder::before(good.port()).await;
    let refused = refusal(&database, &recorder, Some(TlsOptions::default())).await.unwrap();
    assert!(refused.contains("signed by nobody who is trusted here"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_tls_is_told_nothing() {
    let none: &[&str] = if std::env::var_os("TEST_MYSQLD").is_some() { &["--tls-version="] } else { &["--skip-ssl"] };
    let server = PrivateServer::start_with("tls-none", none.iter().map(|&option| option.to_owned()).collect()).await;
    let database = TestDatabase::create_on(&server).await;
    let recorder = Recorder::before(server.port()).await;
    let refused = refusal(&database, &recorder, Some(TlsOptions { insecure: true, ..TlsOptions::default() })).await;
    let refused = refused.expect("the server offers no TLS");
    assert!(refused.contains("it offers no TLS, and DB_TLS asks for it"), "{refused}");
    assert_eq!(recorder.bytes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_may_ask_for_our_certificate() {
    let authority = Authority::new();
    let identity = authority.issue("database", "IP:127.0.0.1");
    let options = [
        format!("--ssl-cert={}", identity.certificate),
        format!("--ssl-key={}", identity.key),
        format!("--ssl-ca={}", authority.certificate()),
    ];
    let server = PrivateServer::start_with("tls-client", options.into()).await;
    let database = TestDatabase::create_on(&server).await;
    database.account("certified", &["ALL ON *.*"]).await;
    for host in ["127.0.0.1", "localhost"] {
        database.execute(&format!("ALTER USER 'certified'@'{host}' REQUIRE X509")).await;
    }
    let account = |tls| Address {
        user: "certified".to_owned(),
        password: Secret::new(crate::harness::ACCOUNT_PASSWORD.to_owned()),
        tls: Some(tls),
        ..database.address()
    };
    let refused = Session::connect(&account(trusting(&authority)), LIMIT).await.unwrap_err();
    assert!(matches!(refused, DbError::Refused(_)), "{refused}");
    let own = authority.issue("store", "DNS:store");
    let identity = Some((PathBuf::from(own.certificate), PathBuf::from(own.key)));
    let with_own = TlsOptions { identity, ..trusting(&authority) };
    Session::connect(&account(with_own), LIMIT).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_trusted_if_its_authority_is_and_nothing_goes_in_clear() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let redis = TestRedis::start_encrypted(&authority.issue("redis", "IP:127.0.0.1"), &authority.certificate());
    let expired = TestRedis::start_encrypted(&authority.issue_expired("old", "IP:127.0.0.1"), &authority.certificate());
    let recorder = Recorder::before(redis.port).await;
    let account = |port, tls| cache::Address {
        user: Some("reports".to_owned()),
        password: Some(Secret::new("cache-7d1e".to_owned())),
        tls: Some(tls),
        ..cache::Address::server("127.0.0.1", port, 0)
    };
    let facts = cache::server_facts(&account(recorder.port, trusting(&authority)), LIMIT).await.unwrap();
    assert!(!facts.version.is_empty());
    for (port, tls) in [
        (recorder.port, trusting(&stranger)),
        (expired.port, trusting(&authority)),
        // A server that offers none.
        (TestRedis::start().port, trusting(&authority)),
    ] {
        cache::server_facts(&account(port, tls), LIMIT).await.expect_err("it is not trusted");
    }
    // The store keeps its reports there.
    let database = TestDatabase::migrated().await;
    let mut variables = database.variables();
    variables.extend([
        ("REDIS_HOST", "127.0.0.1".to_owned()),
        ("REDIS_PORT", recorder.port.to_string()),
        ("REDIS_USER", "reports".to_owned()),
        ("REDIS_PASSWORD", "cache-7d1e".to_owned()),
        ("REDIS_TLS", "verify".to_owned()),
        ("REDIS_TLS_CA", authority.certificate()),
    ]);
    let instance = Instance::start_with(&variables, &["--report-ttl", "100ms"]).await;
    instance.wait_ready().await;
    wait_until("a report to be kept", async || {
        assert_eq!(instance.get("/orders/reports/best-sellers").await.status, 200);
        instance.metric(r#"storemgr_cache_requests_total{cache="best_sellers",outcome="hit"}"#).await > 0.0
            || facts_of_keys(&account(redis.port, trusting(&authority))).await > 0
    })
    .await;
    assert!(recorder.bytes() > 500 && !recorder.has_seen("cache-7d1e") && !recorder.has_seen("best_sellers"));
}

async fn facts_of_keys(address: &cache::Address) -> usize {
    cache::other_keys(address, "none of ours begins like this", 100, LIMIT).await.unwrap()
}
