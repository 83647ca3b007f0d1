//! The limits for clients, and how long an instance takes to drain.

use std::time::Duration;

/// The most connections open at once on the address for probes. Prometheus, a container engine and a balancer keep one
/// each.
pub const PROBE_CONNECTIONS: usize = 64;

/// The limits for clients, and the times for draining.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most connections open at once. For a further one, a waiting connection of the address with the most
    /// connections is closed; if there is none, the further one waits.
    pub connections: usize,
    /// The most bytes in the request line and all headers of one request.
    pub header_bytes: usize,
    /// The longest wait for the headers of a request, which is also how long an idle connection stays open. It must be
    /// longer than a proxy in front keeps idle connections, or the proxy sends requests into a closing connection.
    pub idle: Duration,
    /// The most bytes in the body of one request.
    pub body_bytes: usize,
    /// The most bytes in all request bodies together, not counting the first 4 KiB of each.
    pub all_body_bytes: usize,
    /// The longest time from the headers of a request to its answer. Only an order whose commit has begun may take
    /// longer.
    pub request: Duration,
    /// How long a client may read nothing of its answer before its connection is reset.
    pub write: Duration,
    /// After the signal to stop, how long to accept connections while answering "not ready", so that balancers notice.
    pub drain_notice: Duration,
    /// After `drain_notice`, the longest wait for requests in flight.
    pub drain: Duration,
}
