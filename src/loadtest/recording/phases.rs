//! The parts of a request's time.

use std::time::Duration;

use crate::stats::Latencies;

/// The parts of the time of one request. None where it had no such part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::loadtest) struct Phases {
    /// Opening the connection, with the tunnel of a proxy.
    pub(in crate::loadtest) connect: Option<Duration>,
    /// The TLS handshake.
    pub(in crate::loadtest) handshake: Option<Duration>,
    /// From the instant the request was sent to the first byte of its answer.
    pub(in crate::loadtest) first_byte: Option<Duration>,
    /// From the first byte of the answer to its last.
    pub(in crate::loadtest) last_byte: Option<Duration>,
}

/// The parts of the times of many requests.
#[derive(Clone, Debug, Default)]
pub(in crate::loadtest) struct PhaseTimes {
    pub(in crate::loadtest) connect: Latencies,
    pub(in crate::loadtest) handshake: Latencies,
    pub(in crate::loadtest) first_byte: Latencies,
    pub(in crate::loadtest) last_byte: Latencies,
}

impl PhaseTimes {
    pub(super) fn record(&mut self, phases: Phases) {
        let Phases { connect, handshake, first_byte, last_byte } = phases;
        for (times, took) in [
            (&mut self.first_byte, first_byte),
            (&mut self.last_byte, last_byte),
            (&mut self.connect, connect),
            (&mut self.handshake, handshake),
        ] {
            if let Some(took) = took {
                times.record(took);
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.connect.merge(&other.connect);
        self.handshake.merge(&other.handshake);
        self.first_byte.merge(&other.first_byte);
        self.last_byte.merge(&other.last_byte);
    }
}
