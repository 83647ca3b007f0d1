//! `seed`: fills a store with products, users, stock and, on request, a history of orders.
//!
//! Promises:
//! - **The same plan gives the same rows**, on any machine and on MySQL and MariaDB alike. Every random choice comes from a
//!   PCG stream that belongs to one row (or to one block of orders) and does not depend on the order in which rows are
//!   written. So product 7 is the same in a store of 100 and of 10,000, and rows can be written on several connections.
//! - **Memory does not grow with the number of orders.** Orders are generated in blocks and forgotten; only a total per
//!   product and per user is kept.
//! - **A store is complete, empty, or recognisably half filled.** The rows of `stocks` are written last and deleted first,
//!   and the store itself always creates a product together with its stock, so products without stock mean that a seed did
//!   not finish. The service refuses orders for such products and users, so no wrong order is possible meanwhile.
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
