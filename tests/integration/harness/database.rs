//! A database per test, on a server that all tests of a run share.

use std::sync::atomic::{AtomicU32, Ordering};

use mysql_async::Conn;
use mysql_async::prelude::{FromRow, Queryable};
use storemgr::db::{Address, Servers};
use storemgr::units::Secret;

use super::database_server::{PrivateServer, Server};
use super::group::Group;
use super::server::wait_until;

/// An account that may open six connections: it stands for a server with few, so that the numbers stay small and other
/// tests unharmed. Also its password.
pub const SMALL_ACCOUNT: &str = "storemgr_few";

/// The password of accounts of a test's own.
pub const ACCOUNT_PASSWORD: &str = "few-5f2c";

/// The server of this run: the one that `TEST_DATABASE_URL` names, or a private one; it is prepared once.
fn shared_server() -> &'static Server {
    static SERVER: std::sync::OnceLock<Server> = std::sync::OnceLock::new();
    SERVER.get_or_init(|| {
        let server = match std::env::var("TEST_DATABASE_URL") {
            Ok(url) => Server::from_url(&url),
            Err(_) => PrivateServer::start_blocking("shared", &[]).server,
        };
        run_blocking(create_small_account(server.clone())).expect("the account may create accounts");
        server
    })
}

/// Makes the account with few connections. Once, before any test.
async fn create_small_account(server: Server) {
    let mut conn = Conn::new(server.options(None)).await.expect("the test database server answers");
    for host in ["127.0.0.1", "localhost"] {
        let account = format!("'{SMALL_ACCOUNT}'@'{host}'");
        conn.query_drop(format!("CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{SMALL_ACCOUNT}'")).await.unwrap();
        conn.query_drop(format!("ALTER USER {account} WITH MAX_USER_CONNECTIONS 6")).await.unwrap();
        conn.query_drop(format!("GRANT ALL ON *.* TO {account}")).await.unwrap();
    }
    conn.disconnect().await.unwrap();
}

/// Runs something to its end on a thread with a runtime of its own, where a test's runtime cannot be used or is ending.
fn run_blocking(work: impl Future<Output = ()> + Send + 'static) -> std::thread::Result<()> {
    let worker = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(work);
    });
    worker.join()
}

/// A database of one test, empty. It is deleted when the value is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    server: Server,
    name: String,
    /// What `DB_HOST` says, if it is more than the server.
    places: Option<String>,
    /// Whether another value deletes it.
    borrowed: bool,
}

impl TestDatabase {
    /// An empty database on the server that all tests share.
    pub async fn create() -> Self {
        Self::create_at(tokio::task::spawn_blocking(shared_server).await.unwrap()).await
    }

    /// An empty database on a server of a test's own.
    pub async fn create_on(server: &PrivateServer) -> Self {
        Self::create_at(&server.server).await
    }

    async fn create_at(server: &Server) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("storemgr_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut conn = Conn::new(server.options(None)).await.expect("the test database server answers");
        conn.query_drop(format!("CREATE DATABASE {name}")).await.unwrap();
        conn.disconnect().await.unwrap();
        Self { server: server.clone(), name, places: None, borrowed: false }
    }

    /// With the schema, on a group; processes are led to it by the list of its members.
    pub async fn migrated_on_group(group: &Group) -> Self {
        let primary = group.next_primary(usize::MAX).await.0;
        let mut database = Self::create_at(group.servers().nth(primary).unwrap()).await;
        database.places = Some(group.places());
        storemgr::db::migrate(&database.address()).await.unwrap();
        database
    }

    /// The same database as a member of the group has it.
    pub fn at_member(&self, group: &Group, index: usize) -> Self {
        let server = group.servers().nth(index).unwrap().clone();
        Self { server, name: self.name.clone(), places: None, borrowed: true }
    }

    /// Leads processes elsewhere, such as to a router before the group.
    pub fn lead_to(&mut self, places: &str) {
        self.places = Some(places.to_owned());
    }

    /// A database of the same name, with the schema, on another server.
    pub async fn twin_on(&self, server: &PrivateServer) -> Self {
        let twin = Self { server: server.server.clone(), name: self.name.clone(), places: None, borrowed: false };
        let mut conn = Conn::new(twin.server.options(None)).await.unwrap();
        conn.query_drop(format!("CREATE DATABASE {}", twin.name)).await.unwrap();
        conn.disconnect().await.unwrap();
        storemgr::db::migrate(&twin.address()).await.unwrap();
        twin
    }

    /// With the schema, on a server of a test's own.
    pub async fn migrated_on(server: &PrivateServer) -> Self {
        let database = Self::create_on(server).await;
        storemgr::db::migrate(&database.address()).await.unwrap();
        database
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
            servers: match &self.places {
                Some(places) => Servers::parse(places, 3306).unwrap(),
                None => Servers::one(self.server.host.clone(), self.server.port),
            },
            tls: None,
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
        let mut read = conn.query(sql).await;
        // MySQL fails to list the processes while any of them, be it another test's, runs a statement with binary values.
        while matches!(&read, Err(mysql_async::Error::Server(error)) if error.code == 3854) {
            read = conn.query(sql).await;
        }
        conn.disconnect().await.unwrap();
        read.unwrap()
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

    /// Makes an account of a test's own, with these rights; gives the environment variables that lead a process here with it.
    pub async fn account(&self, name: &str, grants: &[&str]) -> Vec<(&'static str, String)> {
        for host in ["127.0.0.1", "localhost"] {
            let account = format!("'{name}'@'{host}'");
            self.execute(&format!("DROP USER IF EXISTS {account}")).await;
            self.execute(&format!("CREATE USER {account} IDENTIFIED BY '{ACCOUNT_PASSWORD}'")).await;
            for grant in grants {
                self.execute(&format!("GRANT {grant} TO {account}")).await;
            }
        }
        let mut variables = self.variables();
        for (variable, value) in &mut variables {
            match *variable {
                "DB_USER" => name.clone_into(value),
                "DB_PASSWORD" => ACCOUNT_PASSWORD.clone_into(value),
                _ => {}
            }
        }
        variables
    }

    /// The environment variables that lead a process here.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DB_HOST", self.places.clone().unwrap_or_else(|| self.server.host.clone())),
            ("DB_PORT", self.server.port.to_string()),
            ("DB_NAME", self.name.clone()),
            ("DB_USER", self.server.user.clone()),
            ("DB_PASSWORD", self.server.password.clone()),
        ]
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.borrowed {
            return;
        }
        let (options, name) = (self.server.options(None), self.name.clone());
        // A database that is left behind harms nobody.
        let _ = run_blocking(async move {
            if let Ok(mut conn) = Conn::new(options).await {
                drop(conn.query_drop(format!("DROP DATABASE IF EXISTS {name}")).await);
            }
        });
    }
}
