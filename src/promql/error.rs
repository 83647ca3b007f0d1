//! The errors of the Prometheus client.

use crate::net::NetError;

/// Why Prometheus did not answer a query.
#[derive(Debug, thiserror::Error)]
pub enum PromError {
    /// Nothing answers at the address, or not in time. The message contains the cause, which is not a `source`, so that it
    /// is printed once.
    #[error(
        "Prometheus at {url} does not answer ({cause}): check the address, or run `storemgr stack up` to start a \
         private one"
    )]
    Unreachable {
        /// The address that was asked.
        url: String,
        /// Why the request failed.
        cause: NetError,
    },
    /// Prometheus answers with 503, as it does while it starts.
    #[error("Prometheus at {url} is still starting: try again in a moment")]
    Starting {
        /// The address of Prometheus.
        url: String,
    },
    /// It, or a proxy before it, asks for a token.
    #[error(
        "Prometheus at {url} does not let us in (HTTP status {status}): give its bearer token with PROMETHEUS_TOKEN_FILE"
    )]
    Closed {
        /// The address that was asked.
        url: String,
        /// The HTTP status of the answer.
        status: u16,
    },
    /// Another kind of server answers at the address.
    #[error("what answers at {url} is not Prometheus (HTTP status {status}): check the address")]
    NotPrometheus {
        /// The address that was asked.
        url: String,
        /// The HTTP status of the answer.
        status: u16,
    },
    /// Prometheus reports that it cannot evaluate the query.
    #[error("Prometheus at {url} could not answer `{expression}`: {error}")]
    Refused {
        /// The address of Prometheus.
        url: String,
        /// The PromQL expression.
        expression: String,
        /// The message of Prometheus.
        error: String,
    },
    /// The result has another type than the query should give.
    #[error("Prometheus at {url} answered `{expression}` with {shape}")]
    Unexpected {
        /// The address of Prometheus.
        url: String,
        /// The PromQL expression.
        expression: String,
        /// The type of the result, in words.
        shape: String,
    },
}
