//! The database server that a measurement runs on: given by DB_HOST and its relatives.
use anyhow::{Context, Result};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};

#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) name: String,
}

impl Server {
    pub(crate) fn from_environment(name: &str) -> Result<Self> {
        let variable = |name: &str| std::env::var(name).with_context(|| format!("set {name}"));
        Ok(Self {
            host: variable("DB_HOST")?,
            port: variable("DB_PORT").unwrap_or("3306".to_owned()).parse().context("DB_PORT")?,
            user: variable("DB_USER")?,
            password: variable("DB_PASSWORD").unwrap_or_default(),
            name: name.to_owned(),
        })
    }

    pub(crate) fn options(&self) -> OptsBuilder {
        OptsBuilder::default()
            .ip_or_hostname(self.host.clone())
            .tcp_port(self.port)
            .user(Some(self.user.clone()))
            .pass(Some(self.password.clone()))
            .db_name(Some(self.name.clone()))
            .prefer_socket(false)
            .tcp_nodelay(true)
            .init(vec!["SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"])
    }

    pub(crate) async fn free_order_number(&self) -> Result<u64> {
        let mut conn = Conn::new(self.options()).await?;
        let number: Option<u64> = conn.query_first("SELECT next_id FROM id_blocks WHERE name = 'orders'").await?;
        conn.disconnect().await?;
        number.context("no block")
    }

    pub(crate) async fn take_order_numbers_up_to(&self, next: u64) -> Result<()> {
        let mut conn = Conn::new(self.options()).await?;
        conn.query_drop(format!("UPDATE id_blocks SET next_id = GREATEST(next_id, {next}) WHERE name = 'orders'"))
            .await?;
        conn.disconnect().await?;
        Ok(())
    }
}
