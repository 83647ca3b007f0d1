//! What .env says of the front: TLS, proxies whose word is believed, and what one client may send. A real nginx with the
//! deployment's own files, and with those that `ops/deploy prepare` makes of such lines.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hyper::Method;
use serde_json::Value;
use storemgr::net::{self, Answer, NetError, Target, TlsOptions, Way};

use crate::harness::{Authority, Identity, wait_until};
use crate::nginx::{Front, Instance, Manner, code, prepare};

const PATIENCE: Duration = Duration::from_secs(20);
const PATH: &str = "/orders/1";

/// The lines of .env for TLS with this certificate.
fn with_tls(identity: &Identity) -> Vec<(&str, &str)> {
    vec![
        ("STOREMGR_TLS_NAME", "localhost"),
        ("STOREMGR_TLS_CERT", &identity.certificate),
        ("STOREMGR_TLS_KEY", &identity.key),
        ("STOREMGR_HSTS_AGE", "300"),
    ]
}

fn trusting(authorities: &str) -> Way {
    Way { tls: TlsOptions { authorities: Some(authorities.into()), ..TlsOptions::default() }, ..Way::default() }
}

async fn get(target: &Target, way: &Way, path: &str) -> Result<Answer, NetError> {
    net::request_by(target, way, Method::GET, path, &[], Vec::new(), PATIENCE).await
}

/// What openssl says of a handshake with these options.
fn handshake(target: &Target, options: &[&str]) -> String {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &target.authority()]).args(options).stdin(std::process::Stdio::null());
    let output = command.output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[tokio::test]
async fn a_front_with_tls_speaks_nothing_older_and_sends_everybody_there() {
    let authority = Authority::new();
    let identity = authority.issue("front", "DNS:localhost");
    let instance = Instance::start(Manner::Answers).await;
    let front = Front::told(&instance, &with_tls(&identity)).await;
    let (way, secured) = (trusting(&authority.certificate()), front.with_tls());

    let answer = get(&secured, &way, PATH).await.unwrap();
    assert_eq!(answer.status.as_u16(), 201);
    assert_eq!(answer.headers["strict-transport-security"], "max-age=300");
    for (options, seen) in [
        (&["-tls1_3"][..], "TLSv1.3"),
        (&["-tls1_2"], "TLSv1.2"),
        (&["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], "alert protocol version"),
        (&["-alpn", "h2"], "ALPN protocol: h2"),
    ] {
        let said = handshake(&secured, options);
        assert!(said.contains(seen), "{options:?}: {said}");
    }

    // In clear it is as it was, and nobody is told of TLS there.
    let plain = front.send(Method::GET, PATH, &[]).await;
    assert_eq!((plain.status.as_u16(), plain.headers.get("strict-transport-security")), (201, None));
    let redirecting = front.redirecting();
    let redirected = net::request_once(&redirecting, Method::POST, "/orders?a=b", &[], b"{}".to_vec(), PATIENCE);
    let redirected = redirected.await.unwrap();
    assert_eq!(redirected.status.as_u16(), 308);
    assert_eq!(redirected.headers["location"], "https://localhost/orders?a=b");
    assert_eq!(redirected.headers.get("strict-transport-security"), None);
    // Who speaks HTTP to the port of HTTPS is told in the store's words.
    let wrong = Target::loopback(secured.port());
    let wrong = get(&wrong, &Way::default(), PATH).await.unwrap();
    assert_eq!((wrong.status.as_u16(), code(&wrong).as_str()), (400, "invalid_parameter"));
    assert!(wrong.text().contains("HTTPS"), "{}", wrong.text());
}

#[tokio::test]
async fn what_nginx_says_itself_tells_browsers_of_tls_as_well() {
    let authority = Authority::new();
    let identity = authority.issue("front", "DNS:localhost");
    let instance = Instance::start(Manner::Dies).await;
    let settings = [with_tls(&identity), vec![("STOREMGR_CLIENT_RATE", "1")]].concat();
    let front = Front::told(&instance, &settings).await;
    let (way, secured) = (trusting(&authority.certificate()), front.with_tls());

    let mut seen = Vec::new();
    // One in a second may be sent, and two ahead: the last ones are beyond that. TRACE does not count.
    for method in [Method::TRACE, Method::GET, Method::POST, Method::GET, Method::GET, Method::GET] {
        let answer = net::request_by(&secured, &way, method, "/orders", &[], Vec::new(), PATIENCE).await.unwrap();
        seen.push(answer.status.as_u16());
        let told = answer.headers.get("strict-transport-security").map(|value| value.to_str().unwrap());
        assert_eq!(told, Some("max-age=300"), "{seen:?}");
    }
    assert_eq!(seen[..3], [405, 503, 504]);
    assert!(seen.contains(&429), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_taken_up_without_a_failed_request_and_a_broken_one_is_not() {
    let (first, second) = (Authority::new(), Authority::new());
    let identities = [first.issue("front", "DNS:localhost"), second.issue("front", "DNS:localhost")];
    let instance = Instance::start(Manner::Answers).await;
    let front = Front::told(&instance, &with_tls(&identities[0])).await;
    let secured = front.with_tls();
    let both = tempfile::NamedTempFile::new().unwrap();
    let read = |authority: &Authority| std::fs::read_to_string(authority.certificate()).unwrap();
    std::fs::write(both.path(), read(&first) + &read(&second)).unwrap();
    let trusting_both = trusting(both.path().to_str().unwrap());

    let (ended, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients = (0..4).map(|_| {
        let (ended, answered) = (Arc::clone(&ended), Arc::clone(&answered));
        let (secured, way) = (secured.clone(), trusting_both.clone());
        tokio::spawn(async move {
            while !ended.load(Ordering::SeqCst) {
                let answer = get(&secured, &way, PATH).await.unwrap();
                assert_eq!(answer.status.as_u16(), 201);
                answered.fetch_add(1, Ordering::SeqCst);
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    for round in 1..=4 {
        let (identity, authority) = (&identities[round % 2], [&first, &second][round % 2]);
        front.reload(&with_tls(identity));
        let way = trusting(&authority.certificate());
        let mut taken_up = false;
        for _ in 0..200 {
            taken_up = net::validity_of(&secured, &way, PATIENCE).await.is_ok();
            if taken_up {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert!(taken_up, "round {round}: nginx still shows the other certificate");
    }
    ended.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    assert!(answered.load(Ordering::SeqCst) > 20, "{answered:?}");

    // nginx goes on with what it has. deploy-check would have refused this before.
    let mixed = Identity { certificate: identities[1].certificate.clone(), key: identities[0].key.clone() };
    front.reload(&with_tls(&mixed));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let validity = net::validity_of(&secured, &trusting(&first.certificate()), PATIENCE).await.unwrap().unwrap();
    let days = validity.ends.duration_since(validity.begins).unwrap().as_secs() / (24 * 60 * 60);
    assert_eq!(days, 10);
}

#[tokio::test]
async fn a_client_is_known_by_what_a_proxy_says_and_by_nothing_that_it_says_itself() {
    let instance = Instance::start(Manner::Answers).await;
    let forged = [("x-forwarded-for", "198.51.100.7, 203.0.113.9")];
    for (proxies, known_as) in [("", "127.0.0.1"), ("192.0.2.1", "127.0.0.1"), ("127.0.0.1, 10.0.0.0/8", "203.0.113.9")]
    {
        let front = Front::told(&instance, &[("STOREMGR_PROXIES", proxies)]).await;
        front.send(Method::GET, PATH, &forged).await;
        let heard = instance.last.lock().unwrap().clone();
        assert!(heard.contains(&format!("x-forwarded-for: {known_as}\r\n")), "{proxies}: {heard}");
        // It is written after the answer.
        wait_until("the request is in the log", async || front.log().ends_with('\n')).await;
        let line: Value = serde_json::from_str(front.log().lines().next().unwrap()).unwrap();
        assert_eq!(line["client"], known_as, "{proxies}");
    }
}

#[tokio::test]
async fn a_client_beyond_its_rate_is_told_and_probes_and_others_are_not() {
    let instance = Instance::start(Manner::Answers).await;
    let front = Front::told(&instance, &[("STOREMGR_CLIENT_RATE", "2"), ("STOREMGR_PROXIES", "127.0.0.1")]).await;
    let (one, other) = ([("x-forwarded-for", "198.51.100.7")], [("x-forwarded-for", "198.51.100.8")]);
    let mut refused = Vec::new();
    for number in 0..18 {
        let (method, path) =
            if number % 2 == 0 { (Method::GET, PATH) } else { (Method::POST, ["/orders", "/graphql"][number / 2 % 2]) };
        let answer = front.send(method, path, &one).await;
        if answer.status.as_u16() != 201 {
            refused.push(answer);
        }
    }
    // Two in each second, and four ahead.
    assert!(refused.len() > 5, "{}", refused.len());
    for answer in refused {
        assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (429, "too_many_requests"), "{}", answer.text());
        assert_eq!(answer.headers["retry-after"], "1");
        assert!(!answer.json::<Value>().unwrap()["request_id"].as_str().unwrap().is_empty());
    }
    assert_eq!(front.send(Method::GET, PATH, &other).await.status.as_u16(), 201, "another client pays for it");
    for path in ["/health-check", "/live", "/ready"].repeat(10) {
        assert_eq!(front.send(Method::GET, path, &one).await.status.as_u16(), 201, "{path}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_nginx_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.pem");
    std::fs::write(&file, "").unwrap();
    let (name, here) = (("STOREMGR_TLS_NAME", "store.example"), file.to_str().unwrap());
    let files = [("STOREMGR_TLS_CERT", here), ("STOREMGR_TLS_KEY", here)];
    for (settings, why) in [
        (vec![name], "STOREMGR_TLS_NAME needs STOREMGR_TLS_CERT and STOREMGR_TLS_KEY"),
        (vec![name, files[0]], "STOREMGR_TLS_NAME needs STOREMGR_TLS_CERT and STOREMGR_TLS_KEY"),
        (vec![name, files[0], ("STOREMGR_TLS_KEY", "key.pem")], "STOREMGR_TLS_KEY has to be a path from / on"),
        (vec![name, files[0], ("STOREMGR_TLS_KEY", "/absent/key.pem")], "/absent/key.pem cannot be read"),
        (
            vec![name, files[0], ("STOREMGR_ACME", "https://acme.example/")],
            "leave STOREMGR_TLS_CERT and STOREMGR_TLS_KEY out",
        ),
        (vec![("STOREMGR_TLS_NAME", "a.example b.example"), files[0], files[1]], "has to be one name"),
        (
            vec![name, files[0], files[1], ("COMPOSE_FILE", "ops/compose.yml")],
            "needs COMPOSE_FILE=ops/compose.yml:ops/compose.tls.yml",
        ),
        (vec![("STOREMGR_CLIENT_RATE", "ten")], "STOREMGR_CLIENT_RATE has to be a whole number"),
        (vec![("STOREMGR_HSTS_AGE", "5m")], "STOREMGR_HSTS_AGE has to be a whole number"),
        (vec![("STOREMGR_PROXIES", "10.0.0.1, proxy;")], "proxy; is neither an address nor a range"),
    ] {
        let said = prepare(folder.path(), &settings).unwrap_err();
        assert!(said.contains(why), "{settings:?}: {said}");
        assert!(!folder.path().join("front").exists(), "{settings:?}: something was written");
    }
}
