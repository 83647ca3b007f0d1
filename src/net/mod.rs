//! Outgoing HTTP: addresses, TLS, and connections that carry one request at a time.
//!
//! A [`Dialer`] opens connections by the [`Way`] that was asked for. There are two kinds for HTTP/1.1: [`Connection`] is
//! made with hyper, for occasional requests; [`LeanConnection`] is for the load generator, as is [`Http2Connection`]. None has a pool or hidden retries: a caller that measures must know what was sent, and a caller that
//! checks must see the first failure. Failures are [`NetError`]s, in words that a person can act on and that group well
//! in a table.

mod addresses;
mod body;
mod chunks;
mod coding;
mod connection;
mod dialer;
mod error;
mod host_and_port;
mod http2;
mod lean;
mod proxy;
mod reply;
mod stream;
mod target;
mod tls;

pub use addresses::AddressUse;
pub use body::{BodyBudget, KeepBody, MOST_BODY_BYTES, MOST_BYTES_OF_ALL};
pub use coding::{ACCEPTED_CODINGS, Decoder, Undecodable};
pub use connection::{Answer, Connection, Limits};
pub use dialer::{Caller, Dialer, Handshakes, OpenPhases, Way};
pub use error::{Cut, NetError};
pub use host_and_port::{InvalidHost, host_and_port};
pub use http2::{Http2Connection, Http2Reader};
pub use lean::{LeanConnection, Reply};
pub use proxy::{InvalidProxy, Proxy};
pub use target::{InvalidTarget, Scheme, Target};
pub use tls::{InvalidTls, ServerTls, TlsNames, TlsOptions, Validity, tls_sentence};

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
    request_by(target, &Way::default(), method, path, headers, body, timeout).await
}

/// The same by a way of the caller's.
pub async fn request_by(
    target: &Target,
    way: &Way,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
    timeout: Duration,
) -> Result<Answer, NetError> {
    // What is needed for TLS makes the future large.
    let attempt = Box::pin(async {
        let mut connection = Connection::open_by(target, way, Limits::default()).await?;
        connection.send(method, path, headers, body.into()).await
    });
    tokio::time::timeout(timeout, attempt).await.map_err(|_| NetError::TimedOut { after: timeout })?
}

/// The time in which the certificate of a service is valid, after a handshake by this way, which checks it. `None` if there is
/// no TLS, or the certificate does not say.
pub async fn validity_of(target: &Target, way: &Way, timeout: Duration) -> Result<Option<Validity>, NetError> {
    let dialer = Dialer::new(target, way).map_err(|error| NetError::Tls(error.to_string()))?;
    let caller = dialer.caller();
    let opened = tokio::time::timeout(timeout, Box::pin(dialer.open(&caller)));
    let opened = opened.await.map_err(|_| NetError::ConnectTimedOut { after: timeout })??;
    Ok(opened.stream.certificate().and_then(Validity::of))
}
