//! Who may use what: tokens, scopes, and a file that is read again.

use std::path::{Path, PathBuf};

use hyper::Method;
use serde_json::{Value, json};
use storemgr::http::{Scope, required_scopes};

use super::errors::assert_refusal;
use crate::harness::{Instance, Reply, TestDatabase, run_command, wait_until};

/// A file of tokens, with one token of each scope.
struct TokenFile {
    _folder: tempfile::TempDir,
    path: PathBuf,
    tokens: Vec<(&'static str, String)>,
}

/// Makes a token by the command; gives its line and its text.
async fn new_token(name: &str, scopes: &str) -> (String, String) {
    let made = run_command(&["token", "new", name, "--scope", scopes], &[]).await;
    assert_eq!(made.code, 0, "{}", made.stderr);
    let text = made.stderr.lines().last().unwrap().trim().to_owned();
    assert!(!made.stdout.contains(&text), "the line shows the token");
    (made.stdout, text)
}

impl TokenFile {
    async fn with_all_scopes() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let (mut lines, mut tokens) = ("# made by a test\n".to_owned(), Vec::new());
        for scope in Scope::ALL {
            let (line, text) = new_token(scope.name(), scope.name()).await;
            lines += &line;
            tokens.push((scope.name(), text));
        }
        std::fs::write(&path, lines).unwrap();
        Self { _folder: folder, path, tokens }
    }

    fn of(&self, scope: &str) -> &str {
        &self.tokens.iter().find(|(name, _)| *name == scope).unwrap().1
    }
}

async fn start(database: &TestDatabase, file: &Path) -> Instance {
    Instance::start(database, &["--report-cache", "off", "--tokens-file", file.to_str().unwrap()]).await
}

async fn send(instance: &Instance, method: &str, path: &str, token: Option<&str>, body: &str) -> Reply {
    let value = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<_> = value.as_deref().map(|value| ("authorization", value)).into_iter().collect();
    instance.try_send(method.parse().unwrap(), path, &headers, body).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scope_opens_its_routes_and_no_others() {
    let database = TestDatabase::migrated().await;
    let file = TokenFile::with_all_scopes().await;
    let instance = start(&database, &file.path).await;
    for (route, scope) in required_scopes() {
        let path = route.path.replace("{id}", "999");
        let nobody = send(&instance, route.method, &path, None, "{}").await;
        let stranger = send(&instance, route.method, &path, Some("storemgr_unknown"), "{}").await;
        let Some(scope) = scope else {
            assert_eq!((nobody.status, stranger.status), (200, 200), "{route:?}");
            continue;
        };
        assert_refusal(&nobody, 401, "unauthorized", route.path);
        assert_eq!(nobody.header("www-authenticate"), "Bearer realm=\"storemgr\"");
        assert_refusal(&stranger, 401, "unauthorized", route.path);
        assert!(stranger.header("www-authenticate").contains("invalid_token"), "{stranger:?}");
        for own in Scope::ALL {
            let reply = send(&instance, route.method, &path, Some(file.of(own.name())), "{}").await;
            if own == scope || own == Scope::Admin {
                assert!(![401, 403].contains(&reply.status), "{own:?} {route:?}: {reply:?}");
            } else {
                assert_refusal(&reply, 403, "forbidden", route.path);
                let challenge = reply.header("www-authenticate");
                assert!(challenge.contains(&format!("scope=\"{}\"", scope.name())), "{challenge}");
            }
        }
    }
    // Who has no token is not told what is there, and who has one is.
    for (method, path, status) in [("GET", "/nothing", 404), ("PUT", "/orders", 405)] {
        assert_eq!(send(&instance, method, path, None, "").await.status, 401, "{path}");
        assert_eq!(send(&instance, method, path, Some(file.of("metrics")), "").await.status, status, "{path}");
    }
    let head = send(&instance, "HEAD", "/products", Some(file.of("read")), "").await;
    assert_eq!(head.status, 200);
    assert_eq!(send(&instance, "HEAD", "/products", None, "").await.status, 401);
    // A refusal comes before the body is looked at, and nothing of it is stored.
    let large = "x".repeat(2 << 20);
    assert_eq!(send(&instance, "POST", "/users", None, &large).await.status, 401);
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 0);
    // Names stand in sentences, tokens nowhere.
    let log = instance.log();
    assert!(file.tokens.iter().all(|(_, text)| !log.contains(text.as_str())), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_in_one_header_and_no_other_way() {
    let database = TestDatabase::migrated().await;
    let file = TokenFile::with_all_scopes().await;
    let instance = start(&database, &file.path).await;
    let token = file.of("read");
    let bearer = format!("Bearer {token}");
    let lower = format!("bearer  {token} ");
    for (headers, status) in [
        (vec![("authorization", bearer.as_str())], 200),
        (vec![("authorization", lower.as_str())], 200),
        (vec![("authorization", bearer.as_str()), ("authorization", bearer.as_str())], 401),
        (vec![("authorization", token)], 401),
        (vec![("authorization", "Bearer")], 401),
        (vec![("authorization", "Basic cmVhZDpyZWFk")], 401),
        (vec![("x-token", token), ("cookie", bearer.as_str())], 401),
    ] {
        let reply = instance.try_send(Method::GET, "/products", &headers, "").await.unwrap();
        assert_eq!(reply.status, status, "{headers:?}");
    }
    let in_query = instance.get(&format!("/products?access_token={token}")).await;
    assert_eq!(in_query.status, 401);
    let other_case = send(&instance, "GET", "/products", Some(&token.to_uppercase()), "").await;
    assert_eq!(other_case.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_belong_to_the_name_of_a_token() {
    let database = TestDatabase::migrated().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    let (ada, ada_text) = new_token("ada", "order,admin").await;
    let (again, again_text) = new_token("ada", "order,admin").await;
    let (eve, eve_text) = new_token("eve", "admin").await;
    std::fs::write(&file, format!("{ada}{again}{eve}")).unwrap();
    let instance = start(&database, &file).await;
    let post = async |token: &str, path: &str, body: Value| -> Reply {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k")];
        instance.try_send(Method::POST, path, &headers, &body.to_string()).await.unwrap()
    };
    let user = |name: &str| json!({"name": name, "email": format!("{name}@example.com")});
    let first = post(&ada_text, "/users", user("one")).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""), "{first:?}");
    // The same client with the token that replaces the first.
    let same = post(&again_text, "/users", user("one")).await;
    assert_eq!((&same.body, same.header("idempotency-replayed")), (&first.body, "true"), "{same:?}");
    let other = post(&eve_text, "/users", user("two")).await;
    assert_eq!((other.status, other.header("idempotency-replayed")), (201, ""), "{other:?}");
    assert_ne!(first.body, other.body);
    // Whatever words a client uses, it reaches nobody else's key.
    let stored: Vec<String> = database.query("SELECT idempotency_key FROM idempotency_keys").await;
    for key in stored {
        let bearer = format!("Bearer {eve_text}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
        let reply = instance.try_send(Method::POST, "/users", &headers, &user("one").to_string()).await.unwrap();
        assert_ne!(reply.header("idempotency-replayed"), "true", "{key}: {reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_read_again_on_sighup_and_a_bad_one_changes_nothing() {
    let database = TestDatabase::migrated().await;
    let file = TokenFile::with_all_scopes().await;
    let mut instance = start(&database, &file.path).await;
    let status =
        async |instance: &Instance, token: &str| send(instance, "GET", "/products", Some(token), "").await.status;
    let (line, token) = new_token("late", "read").await;
    assert_eq!(status(&instance, &token).await, 401);
    let good = std::fs::read_to_string(&file.path).unwrap();
    for bad in ["", "nonsense\n", "late read sha256:00\n", &"x".repeat(2 << 20)] {
        let told = instance.log().matches("the tokens from before stay").count();
        std::fs::write(&file.path, bad).unwrap();
        instance.signal("HUP");
        wait_until("the bad file to be told", async || {
            instance.log().matches("the tokens from before stay").count() > told
        })
        .await;
        assert_eq!(status(&instance, file.of("read")).await, 200);
    }
    std::fs::remove_file(&file.path).unwrap();
    instance.signal("HUP");
    std::fs::write(&file.path, format!("{good}{line}")).unwrap();
    wait_until("the new token", async || {
        instance.signal("HUP");
        status(&instance, &token).await == 200
    })
    .await;
    std::fs::write(&file.path, line).unwrap();
    instance.signal("HUP");
    wait_until("the old token to be gone", async || status(&instance, file.of("read")).await == 401).await;
    assert!(!instance.log().contains(&token));
    instance.signal("TERM");
    assert!(instance.wait_end().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_with_a_bad_file_does_not_start() {
    let database = TestDatabase::migrated().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    let variables = database.variables();
    for (text, sentence) in [
        (Some(""), "it has no token"),
        (Some("geheim\n"), "line 1: a line is: name scope[,scope] sha256:HEX"),
        (Some("a read,write sha256:00\n"), "line 1: a scope is one of"),
        (None, "No such file"),
    ] {
        match text {
            Some(text) => std::fs::write(&file, text).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--tokens-file", file.to_str().unwrap()];
        let ran = run_command(&arguments, &variables).await;
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains(sentence) && !ran.stderr.contains("geheim"), "{}", ran.stderr);
    }
    let ran = run_command(&["token", "new", "a b", "--scope", "read"], &[]).await;
    assert!(ran.code == 2 && ran.stdout.is_empty(), "{ran:?}");
    let ran = run_command(&["token", "new", "a", "--scope", "write"], &[]).await;
    assert!(ran.code == 2 && ran.stderr.contains("read, order, metrics, admin"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tokens_every_route_is_open_and_a_hangup_ends_the_instance() {
    let database = TestDatabase::migrated().await;
    let variables = [database.variables(), vec![("STOREMGR_TOKENS_FILE", String::new())]].concat();
    let mut instance = Instance::start_with(&variables, &["--report-cache", "off"]).await;
    instance.wait_ready().await;
    assert_eq!(send(&instance, "GET", "/products", Some("anything"), "").await.status, 200);
    instance.signal("HUP");
    assert!(instance.wait_end().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_test_of_the_store_sends_the_token_and_shows_it_nowhere() {
    let database = TestDatabase::migrated().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    let (admin, admin_text) = new_token("admin", "admin").await;
    let (shop, token) = new_token("shop", "order,read").await;
    std::fs::write(&file, format!("{admin}{shop}")).unwrap();
    let instance = start(&database, &file).await;
    for (path, body) in [
        ("/products", json!({"name": "Lamp", "sku": "L-1", "price": 1})),
        ("/stocks", json!({"product_id": 1, "quantity": 1_000_000})),
        ("/users", json!({"name": "Ada", "email": "ada@example.com"})),
    ] {
        assert_eq!(send(&instance, "POST", path, Some(&admin_text), &body.to_string()).await.status, 201);
    }
    let host = format!("http://{}", instance.target().authority());
    let json = folder.path().join("run.json");
    let arguments = [
        "loadtest",
        "--users",
        "2",
        "--iterations",
        "60",
        "--think-time",
        "0",
        "--host",
        &host,
        "--var",
        "products=3",
        "--customers",
        "1",
        "--json",
        json.to_str().unwrap(),
        "--max-fail-ratio",
        "1",
    ];
    let secret = folder.path().join("secret");
    std::fs::write(&secret, format!("{token}\n")).unwrap();
    for (variables, authorized) in [
        (vec![("STOREMGR_TOKEN", token.clone())], true),
        (vec![("STOREMGR_TOKEN_FILE", secret.to_str().unwrap().to_owned())], true),
        (vec![], false),
    ] {
        let ran = run_command(&arguments, &variables).await;
        let result = std::fs::read_to_string(&json).unwrap();
        assert!(!result.contains(&token) && !ran.stdout.contains(&token) && !ran.stderr.contains(&token));
        let result: Value = serde_json::from_str(&result).unwrap();
        let groups = result["failure_groups"].as_array().unwrap();
        let refused = groups.iter().any(|group| group["message"].as_str().unwrap().starts_with("401"));
        assert_eq!(!refused, authorized, "{} {}", ran.stdout, ran.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_asks_for_tokens_is_checked_with_one() {
    let database = TestDatabase::migrated().await;
    let file = TokenFile::with_all_scopes().await;
    let instance = start(&database, &file.path).await;
    let admin = file.of("admin");
    for (path, body) in [
        ("/products", json!({"name": "Lamp", "sku": "L-1", "price": 1})),
        ("/stocks", json!({"product_id": 1, "quantity": 5})),
    ] {
        assert_eq!(send(&instance, "POST", path, Some(admin), &body.to_string()).await.status, 201);
    }
    let host = format!("http://{}", instance.target().authority());
    let checks = "order-round-trip,build-current,instances-ready";
    let arguments = ["deploy-check", "--after", "--only", checks, "--host", &host, "--instance", &host];
    let ran = run_command(&arguments, &[("STOREMGR_TOKEN", admin.to_owned())]).await;
    assert_eq!(ran.code, 0, "{} {}", ran.stdout, ran.stderr);
    let ran = run_command(&arguments, &[]).await;
    assert!(ran.code == 1 && ran.stdout.contains("this store asks for a token"), "{} {}", ran.stdout, ran.stderr);
    assert_eq!(database.number("SELECT COUNT(*) FROM orders").await, 0);
}
