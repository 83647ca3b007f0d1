//! How a service was reached: protocol, TLS, addresses, and what the parts of a request took.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::latency::{LatencySummary, or_nulls};
use crate::stats::Latencies;
use crate::text;

/// How the service was reached in a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Transport {
    /// `HTTP/1.1` or `HTTP/2`; empty in a file that was written before this field existed.
    pub protocol: String,
    /// How many users shared one HTTP/2 connection; 1 if each had its own.
    pub streams: u32,
    /// TLS handshakes by version and cipher suite, such as `TLS 1.3, AES_128_GCM_SHA256`; empty without TLS.
    pub tls_handshakes: BTreeMap<String, u64>,
    /// How many of them resumed a session of the same user.
    pub tls_resumed: u64,
    /// Whether the certificate of the server was not checked.
    pub insecure: bool,
    /// The addresses of the service, or of the proxy to it, in the order in which they were found; empty for a Unix
    /// socket.
    pub addresses: Vec<AddressSummary>,
    /// The parts of the times of good answers.
    pub phases: PhaseSummaries,
}

/// What became of one address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressSummary {
    /// The IP address and port.
    pub address: String,
    /// Connections that were opened to it.
    pub connections: u64,
    /// Attempts that failed, or took so long that another address was tried.
    pub failed_attempts: u64,
    /// Requests that were sent over its connections. While the run lasts, those of connections that are closed.
    pub requests: u64,
    /// Why the first attempt failed; null if none did.
    pub why: Option<String>,
}

/// The parts of the times of good answers, one after the other. Without the first, and with the wait of a request that was
/// sent later than it was due, they make up its response time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PhaseSummaries {
    /// Looking the name up. No request waits for it: it is done before the run and then every 30 seconds.
    pub resolve: PhaseSummary,
    /// Opening a connection, with the tunnel of a proxy; only for requests that needed a new one.
    pub connect: PhaseSummary,
    /// The TLS handshake; only for requests that needed a new connection.
    pub tls: PhaseSummary,
    /// From the instant a request was sent to the first byte of its answer.
    pub first_byte: PhaseSummary,
    /// From the first byte of the answer to its last.
    pub last_byte: PhaseSummary,
}

/// The times of one part.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PhaseSummary {
    /// How often it took place.
    pub count: u64,
    /// Its times; None without any.
    #[serde(with = "or_nulls")]
    pub latency_ms: Option<LatencySummary>,
    /// The same as a histogram.
    pub histogram: Latencies,
}

impl PhaseSummary {
    /// The figures of a distribution.
    pub fn of(times: &Latencies) -> Self {
        Self { count: times.count(), latency_ms: LatencySummary::of(times), histogram: times.clone() }
    }
}

impl PhaseSummaries {
    /// The parts in their order, with their names.
    pub fn named(&self) -> [(&'static str, &PhaseSummary); 5] {
        [
            (text!("resolve"), &self.resolve),
            (text!("connect"), &self.connect),
            (text!("TLS handshake"), &self.tls),
            (text!("to first byte"), &self.first_byte),
            (text!("to last byte"), &self.last_byte),
        ]
    }
}
