//! A database per test, on a server that all tests of a run share.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use mysql_async::prelude::{FromRow, Queryable};
use mysql_async::{Conn, Opts, OptsBuilder};
use storemgr::db::Address;
use storemgr::units::Secret;

use super::server::{free_port, start_tethered, wait_for_port, wait_until};

/// An account that may open six connections: it stands for a server with few, so that the numbers stay small and other
/// tests unharmed. Also its password.
pub const SMALL_ACCOUNT: &str = "storemgr_few";

/// The server that tests use.
#[derive(Clone, Debug)]
pub struct Server {
    host: String,
    port: u16,
    user: String,
    password: String,
}

impl Server {
    /// The server of this run: the one that was named, or a private one, started once.
    fn shared() -> &'static Self {
        static SERVER: std::sync::OnceLock<Server> = std::sync::OnceLock::new();
        SERVER.get_or_init(|| {
            let server = match std::env::var("TEST_DATABASE_URL") {
                Ok(url) => Self::from_url(&url),
                Err(_) => PrivateServer::start("shared").server,
            };
            run_blocking(server.clone().create_small_account()).expect("the account may create accounts");
            server
        })
    }

    /// Makes the account with few connections. Once, before any test.
    async fn create_small_account(self) {
        let mut conn = Conn::new(self.options(None)).await.expect("the test database server answers");
        for host in ["127.0.0.1", "localhost"] {
            let account = format!("'{SMALL_ACCOUNT}'@'{host}'");
            conn.query_drop(format!("CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{SMALL_ACCOUNT}'"))
                .await
                .unwrap();
            conn.query_drop(format!("ALTER USER {account} WITH MAX_USER_CONNECTIONS 6")).await.unwrap();
            conn.query_drop(format!("GRANT ALL ON *.* TO {account}")).await.unwrap();
        }
        conn.disconnect().await.unwrap();
    }

    fn from_url(url: &str) -> Self {
        let options = Opts::from_url(url).expect("TEST_DATABASE_URL is mysql://user:password@host:port");
        Self {
            host: options.ip_or_hostname().to_owned(),
            port: options.tcp_port(),
            user: options.user().unwrap_or("root").to_owned(),
            password: options.pass().unwrap_or_default().to_owned(),
        }
    }

    fn options(&self, database: Option<&str>) -> Opts {
        OptsBuilder::default()
            .ip_or_hostname(self.host.clone())
            .tcp_port(self.port)
            .user(Some(self.user.clone()))
            .pass(Some(self.password.clone()))
            .db_name(database.map(ToOwned::to_owned))
            .prefer_socket(false)
            .into()
    }
}

/// A MariaDB of our own, which a test may kill. It ends with the test run.
#[derive(Debug)]
pub struct PrivateServer {
    server: Server,
    arguments: Vec<String>,
    log: PathBuf,
    pid: u32,
}

impl PrivateServer {
    /// Starts a fresh one and waits until it answers.
    pub fn start(name: &str) -> Self {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("mariadb-{name}"));
        drop(std::fs::remove_dir_all(&directory));
        std::fs::create_dir_all(&directory).unwrap();
        let path = |file: &str| directory.join(file).display().to_string();
        // Servers that share a folder for temporary files take each other's away.
        std::fs::create_dir_all(directory.join("tmp")).unwrap();
        let installed = Command::new("mariadb-install-db")
            .env("TMPDIR", path("tmp"))
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .arg(format!("--user={}", user_name()))
            .arg(format!("--datadir={}", path("data")))
            .output()
            .expect("mariadb-install-db is installed (ops/install does it)");
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
        let init = "CREATE USER IF NOT EXISTS 'test'@'127.0.0.1' IDENTIFIED BY 'test-5f2c9a1e77';\n\
                    GRANT ALL ON *.* TO 'test'@'127.0.0.1' WITH GRANT OPTION;\n\
                    ALTER USER 'root'@'localhost' IDENTIFIED BY 'test-5f2c9a1e77';\n\
                    DROP USER IF EXISTS 'root'@'127.0.0.1';\n\
                    DROP USER IF EXISTS 'root'@'::1';\n";
        std::fs::write(path("init.sql"), init).unwrap();
        let port = free_port();
        let arguments = vec![
            "--no-defaults".to_owned(),
            format!("--user={}", user_name()),
            format!("--datadir={}", path("data")),
            format!("--tmpdir={}", path("tmp")),
            format!("--init-file={}", path("init.sql")),
            format!("--port={port}"),
            "--bind-address=127.0.0.1".to_owned(),
            "--skip-name-resolve".to_owned(),
            "--socket=".to_owned(),
            format!("--pid-file={}", path("pid")),
            // Many tests at once; the limit that matters to one of them is the account's.
            "--max-connections=1000".to_owned(),
        ];
        let log = directory.join("log");
        let pid = start_tethered("mariadbd", &arguments, &log);
        let server = Server {
            host: "127.0.0.1".to_owned(),
            port,
            user: "test".to_owned(),
            password: "test-5f2c9a1e77".to_owned(),
        };
        wait_for_port("MariaDB", port, &log);
        Self { server, arguments, log, pid }
    }

    /// Sends a signal, by its name without SIG.
    pub fn signal(&self, name: &str) {
        drop(Command::new("kill").args([format!("-{name}"), self.pid.to_string()]).output());
    }

    /// Starts it again after it was killed; waits until it answers.
    pub fn start_again(&mut self) {
        self.pid = start_tethered("mariadbd", &self.arguments, &self.log);
        wait_for_port("MariaDB", self.server.port, &self.log);
    }

    /// A database on it, with the schema.
    pub async fn migrated(&self) -> TestDatabase {
        let database = TestDatabase::create_on(self.server.clone()).await;
        storemgr::db::migrate(&database.address()).await.unwrap();
        database
    }
}

/// Runs something to its end on a thread with a runtime of its own, where a test's runtime cannot be used or is ending.
fn run_blocking(work: impl Future<Output = ()> + Send + 'static) -> std::thread::Result<()> {
    let worker = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(work);
    });
    worker.join()
}

fn user_name() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A database of one test, empty. It is deleted when the value is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    server: Server,
    name: String,
}

impl TestDatabase {
    /// An empty database on the server that all tests share.
    pub async fn create() -> Self {
        let server = tokio::task::spawn_blocking(Server::shared).await.unwrap();
        Self::create_on(server.clone()).await
    }

    async fn create_on(server: Server) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("storemgr_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut conn = Conn::new(server.options(None)).await.expect("the test database server answers");
        conn.query_drop(format!("CREATE DATABASE {name}")).await.unwrap();
        conn.disconnect().await.unwrap();
        Self { server, name }
    }

    /// With the schema.
    pub async fn migrated() -> Self {
        let database = Self::create().await;
        storemgr::db::migrate(&database.address()).await.unwrap();
        database
    }

    /// Where it is.
    pub fn address(&self) -> Address {
        Address {
            host: self.server.host.clone(),
            port: self.server.port,
            name: self.name.clone(),
            user: self.server.user.clone(),
            password: Secret::new(self.server.password.clone()),
        }
    }

    /// A connection for what the product has no words for.
    pub async fn connect(&self) -> Conn {
        Conn::new(self.server.options(Some(&self.name))).await.unwrap()
    }

    /// Runs a statement.
    pub async fn execute(&self, sql: &str) {
        let mut conn = self.connect().await;
        conn.query_drop(sql).await.unwrap();
        conn.disconnect().await.unwrap();
    }

    /// Runs a query and gives its rows.
    pub async fn query<T: FromRow + Send + 'static>(&self, sql: &str) -> Vec<T> {
        let mut conn = self.connect().await;
        let rows = conn.query(sql).await.unwrap();
        conn.disconnect().await.unwrap();
        rows
    }

    /// Runs a query that answers one number.
    pub async fn number(&self, sql: &str) -> u64 {
        self.query::<u64>(sql).await[0]
    }

    /// Waits until the server has undone what killed or broken connections to this database had open; in between, an
    /// audit would see half of it.
    pub async fn settled(&self) {
        let open = "SELECT COUNT(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p \
                    ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE()";
        // MySQL cannot show the text of a statement with binary values, and fails: then one is running.
        wait_until("open transactions to be undone", async || {
            let mut conn = self.connect().await;
            matches!(conn.query_first::<u64, _>(open).await, Ok(Some(0)))
        })
        .await;
    }

    /// The environment variables that lead a process here.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DB_HOST", self.server.host.clone()),
            ("DB_PORT", self.server.port.to_string()),
            ("DB_NAME", self.name.clone()),
            ("DB_USER", self.server.user.clone()),
            ("DB_PASSWORD", self.server.password.clone()),
        ]
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (options, name) = (self.server.options(None), self.name.clone());
        // A database that is left behind harms nobody.
        let _ = run_blocking(async move {
            if let Ok(mut conn) = Conn::new(options).await {
                drop(conn.query_drop(format!("DROP DATABASE IF EXISTS {name}")).await);
            }
        });
    }
}
