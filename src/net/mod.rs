//! Outgoing HTTP/1.1: addresses and connections that carry one request at a time.
//!
//! There are two kinds: [`Connection`] is made with hyper, for occasional requests; [`LeanConnection`] is for the load
//! generator. Neither has a pool or hidden retries: a caller that measures must know what was sent, and a caller that
//! checks must see the first failure. Failures are [`NetError`]s, in words that a person can act on and that group well
//! in a table.

mod body;
mod chunks;
mod connection;
mod error;
mod lean;
mod reply;
mod target;

pub use body::{BodyBudget, KeepBody, MOST_BODY_BYTES, MOST_BYTES_OF_ALL};
pub use connection::{Answer, Connection, Limits};
pub use error::{Cut, NetError};
pub use lean::{LeanConnection, Reply, resolve};
pub use target::{InvalidTarget, Target};

use std::time::Duration;

use hyper::Method;

/// Makes one request on its own connection: connects, sends, reads the complete answer and closes, all within
/// `timeout`.
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
