//! The HTTP server of the store, which `storemgr serve` runs.
//!
//! hyper speaks HTTP/1.1. This module sets the limits (connections, size and time of headers and bodies, a deadline per
//! request), routes requests, gives every refusal the same JSON shape, and drains. No input from outside may cause a
//! 500, a panic or a page of HTML. Work on the database runs in a separate task, so that a client that hangs up never
//! cancels a transaction.

mod accept;
mod access;
mod body;
mod budget;
mod call;
mod connection;
mod crowd;
mod dispatch;
mod endpoint;
mod error;
mod graphql;
mod handlers;
mod head;
mod limits;
mod observe;
mod payload;
mod reply;
mod request_log;
mod router;
mod scope;
mod socket;
mod store;
mod tokens;
mod turns;

pub use accept::{Listeners, serve};
pub use access::Access;
pub use endpoint::required_scopes;
pub use limits::{Limits, PROBE_CONNECTIONS};
pub use request_log::LoggedRequests;
pub use scope::Scope;
pub use store::Store;
pub use tokens::{Grant, InvalidGrant, InvalidTokens, Tokens};
