//! What one client may take, and how long an instance takes to leave.

use std::time::Duration;

/// Connections open at once at the address for probes. Prometheus, a container engine and a balancer keep one each.
pub const PROBE_CONNECTIONS: usize = 64;

/// What one client may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections open at once. For one more, the address that has most of them gives one up, or it waits.
    pub connections: usize,
    /// Bytes of the request line and all headers.
    pub header_bytes: usize,
    /// The longest wait for a request's headers, which is also how long an idle connection stays open. Longer than a
    /// proxy in front keeps its idle connections, or requests meet a closing connection.
    pub idle: Duration,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of all requests' bodies together, beyond the first 4 KiB of each.
    pub all_body_bytes: usize,
    /// From a request's headers to its answer. Only an order whose commit has begun is waited for longer.
    pub request: Duration,
    /// The longest that a client may take nothing of its answer; then the connection is reset.
    pub write: Duration,
    /// After the signal to end: how long to go on accepting while answering "not ready", so that balancers notice.
    pub drain_notice: Duration,
    /// After that: the longest wait for requests in flight.
    pub drain: Duration,
}
