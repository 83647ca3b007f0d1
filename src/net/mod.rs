//! Outgoing HTTP/1.1: addresses, one connection, one request at a time.
//!
//! Two of them: [`Connection`] is hyper's, for whoever asks now and then; [`LeanConnection`] is the load generator's own.
//! No pool and no hidden retry: a caller that measures must know what was sent, and a caller that checks must see the
//! first failure. Failures come as [`NetError`], in words that a person can act on and that group well in a table.

mod connection;
mod error;
mod lean;
mod reply;
mod target;

pub use connection::{Answer, Connection, Limits};
pub use error::NetError;
pub use lean::{KeepBody, LeanConnection, Reply, resolve};
pub use target::{InvalidTarget, Target};

use std::time::Duration;

use hyper::Method;

/// One request on a connection of its own: connect, ask, read the whole answer, close; all within `timeout`.
pub async fn request_once(
    target: &Target,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
    timeout: Duration,
) -> Result<Answer, NetError> {
    let attempt = async {
        let mut connection = Connection::open(target, Limits::default()).await?;
        connection.send(method, path, headers, body.into()).await
    };
    tokio::time::timeout(timeout, attempt).await.map_err(|_| NetError::TimedOut { after: timeout })?
}
