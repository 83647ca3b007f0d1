//! Databases, instances, a proxy that breaks: what tests are written in.

mod authority;
mod browser;
mod command;
mod database;
mod database_server;
mod folder;
mod group;
mod instance;
mod proxy;
mod recorder;
mod redis;
mod server;
mod student_store;
mod terminal;
mod web;

pub use authority::{Authority, Identity};
pub use browser::{Browser, RIGHT};
pub use command::{Ran, command, program, run_command, run_with_handles};
pub use database::{ACCOUNT_PASSWORD, SMALL_ACCOUNT, TestDatabase};
pub use database_server::PrivateServer;
pub use folder::{inhabitants, kill, storemgr_in};
pub use group::Group;
pub use instance::{Instance, Reply, wait_end};
pub use proxy::{Breakage, Fault, Proxy};
pub use recorder::Recorder;
pub use redis::TestRedis;
pub use server::{free_port, start_tethered, wait_for_address, wait_until};
pub use student_store::StudentStore;
pub use terminal::OnTerminal;
pub use web::{WebServer, test_folder};
