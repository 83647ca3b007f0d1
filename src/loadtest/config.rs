//! What a run is asked to be.

use std::time::Duration;

use crate::net::Target;

/// A run of closed users.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the service answers.
    pub target: Target,
    /// How many users there are in the end.
    pub users: u32,
    /// How many users start per second.
    pub spawn_rate: f64,
    /// From the first user's start to the last request's.
    pub run_time: Duration,
    /// How long a user waits between an answer and the next request.
    pub think_time: ThinkTime,
    /// The longest wait for an answer; then the connection is closed and the request has failed.
    pub timeout: Duration,
    /// After the run time: the longest wait for answers to requests in flight.
    pub stop_timeout: Duration,
    /// Where random numbers start: the same seed asks for the same things.
    pub seed: u64,
}

/// A pause drawn evenly from a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThinkTime {
    /// The shortest.
    pub least: Duration,
    /// The longest.
    pub most: Duration,
}
