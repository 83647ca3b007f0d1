//! `serve`: the HTTP edge of the store.
//!
//! hyper speaks HTTP/1.1; this module bounds it (connections, header size and time, body size and time, a deadline per
//! request), routes, turns every refusal into the same JSON shape, and drains. Nothing the outside sends may end in a
//! 500, a panic or a page of HTML. A request is worked on in a task of its own: a client that hangs up never cancels a
//! transaction.

mod accept;
mod body;
mod budget;
mod call;
mod connection;
mod crowd;
mod dispatch;
mod endpoint;
mod error;
mod handlers;
mod head;
mod limits;
mod observe;
mod payload;
mod refusals;
mod reply;
mod router;
mod scope;
mod socket;
mod store;

pub use accept::{Listeners, serve};
pub use endpoint::required_scopes;
pub use limits::{Limits, PROBE_CONNECTIONS};
pub use scope::Scope;
pub use store::Store;
