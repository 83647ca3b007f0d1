//! Redis: an adapter with short time limits.
//!
//! A cache may be slow or away; it never costs a request more than [`TIME_LIMIT`], and after a few failures in a row it
//! is not asked at all for a while. It never decides anything: truth is in the database.

mod address;
mod breaker;
mod server;
mod store;

pub use address::Address;
pub use server::{ServerFacts, clear, other_keys, server_facts};
pub use store::{Cache, CacheError, TIME_LIMIT};
