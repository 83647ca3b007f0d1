//! The adapter for Redis, with a short time limit on every call.
//!
//! A slow or unreachable cache never costs a request more than [`TIME_LIMIT`] per call, and after a few failures in a
//! row it is not called at all for a while. No decision depends on the cache: the database has the authoritative data.

mod address;
mod breaker;
mod link;
mod server;
mod store;

pub use address::{Address, Place};
pub use server::{ServerFacts, clear, other_keys, server_facts};
pub use store::{Cache, CacheError, TIME_LIMIT};
