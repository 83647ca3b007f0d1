//! The database server used for the measurements, and the databases made on it.

use anyhow::{Context, Result};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};
use serde_json::{Value, json};

use crate::mix::{PRODUCTS, USERS};
use crate::processes::{self, Process};
use crate::program;

/// A server, as given by the variables `DB_*`.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    user: String,
    password: String,
}

/// A database that the benchmark made on the server.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) server: Server,
    pub(crate) name: String,
}

impl Server {
    pub(crate) fn from_environment() -> Result<Self> {
        let port = std::env::var("DB_PORT").unwrap_or_else(|_| "3306".to_owned());
        Ok(Self {
            host: std::env::var("DB_HOST").context("set DB_HOST, DB_PORT, DB_USER and DB_PASSWORD")?,
            port: port.parse().context("DB_PORT is not a port number")?,
            user: std::env::var("DB_USER").context("set DB_USER and DB_PASSWORD")?,
            password: std::env::var("DB_PASSWORD").unwrap_or_default(),
        })
    }

    fn options(&self) -> OptsBuilder {
        OptsBuilder::default()
            .ip_or_hostname(self.host.clone())
            .tcp_port(self.port)
            .user(Some(self.user.clone()))
            .pass(Some(self.password.clone()))
            .prefer_socket(false)
            .tcp_nodelay(true)
            .init(vec!["SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"])
    }

    /// The settings that a reader has to know to judge a figure: version, durability, memory, cores.
    pub(crate) async fn describe(&self) -> Result<Value> {
        let mut conn = Conn::new(self.options()).await.context("the database server cannot be used")?;
        let sql = "SELECT VERSION(), @@innodb_flush_log_at_trx_commit, @@sync_binlog, @@log_bin, \
                   @@innodb_buffer_pool_size";
        let row: Option<(String, u64, u64, u64, u64)> = conn.query_first(sql).await?;
        conn.disconnect().await?;
        let (version, flush, sync, binary_log, buffer) = row.context("the server returned no settings")?;
        Ok(json!({
            "database": version, "innodb_flush_log_at_trx_commit": flush, "log_bin": binary_log, "sync_binlog": sync,
            "buffer_pool_mib": buffer >> 20, "cores": std::thread::available_parallelism()?.get(),
        }))
    }

    /// Makes an empty database; an old one of the same name is deleted.
    pub(crate) async fn database(&self, name: &str) -> Result<Database> {
        let name = format!("storemgr_bench_{name}");
        self.run(&format!("DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name}")).await?;
        Ok(Database { server: self.clone(), name })
    }

    async fn run(&self, sql: &str) -> Result<()> {
        let mut conn = Conn::new(self.options()).await?;
        conn.query_drop(sql).await?;
        conn.disconnect().await?;
        Ok(())
    }

    /// The processes of the server; empty if it does not run on this machine.
    pub(crate) fn processes(&self) -> Vec<Process> {
        processes::listening_on(self.port)
    }
}

impl Database {
    /// Makes a database with the usual store, a history of `history` orders, and enough stock for every measurement.
    pub(crate) async fn seeded(server: &Server, name: &str, history: u64) -> Result<Self> {
        let database = server.database(name).await?;
        let numbers = [("--products", PRODUCTS), ("--users", USERS), ("--stock", 1_000_000_000), ("--orders", history)];
        let arguments = numbers.iter().flat_map(|(name, value)| [(*name).to_owned(), value.to_string()]);
        let mut command = program::command(&database.variables());
        let seeded = command.arg("seed").args(arguments).output().await.context("storemgr seed cannot be started")?;
        anyhow::ensure!(seeded.status.success(), "seed: {}", String::from_utf8_lossy(&seeded.stderr));
        Ok(database)
    }

    pub(crate) fn options(&self) -> OptsBuilder {
        self.server.options().db_name(Some(self.name.clone()))
    }

    /// The variables for a process that uses this database.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DB_HOST", self.server.host.clone()),
            ("DB_PORT", self.server.port.to_string()),
            ("DB_NAME", self.name.clone()),
            ("DB_USER", self.server.user.clone()),
            ("DB_PASSWORD", self.server.password.clone()),
        ]
    }

    /// Runs statements that return no rows.
    pub(crate) async fn run(&self, sql: &str) -> Result<()> {
        let mut conn = Conn::new(self.options()).await?;
        conn.query_drop(sql).await?;
        conn.disconnect().await?;
        Ok(())
    }

    /// Runs a query that returns one whole number.
    pub(crate) async fn number(&self, sql: &str) -> Result<u64> {
        let mut conn = Conn::new(self.options()).await?;
        let number: Option<u64> = conn.query_first(sql).await?;
        conn.disconnect().await?;
        number.context("the query returned no row")
    }

    /// Reserves order ids for a client other than the store; returns the first one.
    pub(crate) async fn reserve_order_numbers(&self, count: u64) -> Result<u64> {
        let first = self.number("SELECT next_id FROM id_blocks WHERE name = 'orders'").await?;
        let mut conn = Conn::new(self.options()).await?;
        conn.exec_drop("UPDATE id_blocks SET next_id = ? WHERE name = 'orders'", (first + count,)).await?;
        conn.disconnect().await?;
        Ok(first)
    }

    pub(crate) async fn drop(self) -> Result<()> {
        self.server.run(&format!("DROP DATABASE {}", self.name)).await
    }
}
