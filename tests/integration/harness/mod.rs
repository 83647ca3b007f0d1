//! Databases, instances, a proxy that breaks: what tests are written in.

mod command;
mod database;
mod database_server;
mod folder;
mod instance;
mod proxy;
mod redis;
mod server;
mod terminal;
mod web;

pub use command::{Ran, command, program, run_command, run_with_handles};
pub use database::{ACCOUNT_PASSWORD, SMALL_ACCOUNT, TestDatabase};
pub use database_server::PrivateServer;
pub use folder::{inhabitants, kill, storemgr_in};
pub use instance::{Instance, Reply, wait_end};
pub use proxy::{Breakage, Fault, Proxy};
pub use redis::TestRedis;
pub use server::{free_port, wait_until};
pub use terminal::OnTerminal;
pub use web::WebServer;
