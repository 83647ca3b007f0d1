//! `storemgr seed`: fills a store with products, users, stock and, on request, a history of orders.
//!
//! Promises:
//! - **The same plan gives the same rows**, on any machine and on MySQL and MariaDB alike. Every random choice comes from
//!   a PCG stream that belongs to one row (or to one block of orders), never from the order in which rows are written;
//!   so product 7 is the same product in a store of 100 and of 10,000, and rows can be written on several connections.
//! - **Nothing proportional to the orders is kept in memory.** Orders are made in blocks and forgotten; what stays is a
//!   total per product and per user.
//! - **A store is whole, empty, or known to be half filled.** The rows of `stocks` are written last and deleted first, and
//!   the store itself makes every product together with its stock: products without stock are a seed that did not finish.
//!   The service refuses orders of such products and users, so nothing wrong can happen meanwhile.
//! - Nothing is deleted unless it was asked for.

mod draws;
mod error;
mod fill;
mod history;
mod phase;
mod plan;
mod popularity;
mod products;
mod summary;
mod users;
mod words;

pub use error::SeedError;
pub use fill::run;
pub use phase::{Phase, Progress};
pub use plan::{Counts, InvalidPlan, MAX_ORDERS, MAX_PRODUCTS, MAX_USERS, Plan};
pub use summary::{Summary, TableFilled};
