//! Journeys in compiled form: steps in their order, and what a user does between them.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::capture::Capture;
use super::check::Check;
use super::when::When;

/// What every user does of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::loadtest) struct Client {
    /// Whether it has a jar of cookies.
    pub(in crate::loadtest) cookies: bool,
    /// How many redirects of one request it follows.
    pub(in crate::loadtest) redirects: u32,
}

/// Steps that one user makes in their order.
#[derive(Clone, Debug)]
pub(in crate::loadtest) struct Journey {
    pub(in crate::loadtest) name: String,
    /// How often it is made, relative to the others.
    pub(in crate::loadtest) weight: u32,
    pub(in crate::loadtest) steps: Vec<Step>,
    /// What its steps capture, in the order of the slots.
    pub(super) captures: Vec<String>,
}

/// A step of a journey.
#[derive(Clone, Debug)]
pub(in crate::loadtest) struct Step {
    /// The index of its request among the tasks of the scenario.
    pub(in crate::loadtest) task: usize,
    /// What decides whether it is made; None if it always is.
    pub(in crate::loadtest) when: Option<When>,
    /// How often it is made, drawn for each journey.
    pub(in crate::loadtest) repeat: RangeInclusive<u32>,
    /// What is waited for; None if one answer is enough.
    pub(in crate::loadtest) until: Option<Until>,
    pub(super) captures: Vec<Capture>,
}

/// A wait for a state of the service: the request is sent again until its answer says so.
#[derive(Clone, Debug)]
pub(in crate::loadtest) struct Until {
    /// What the answer that is waited for is like.
    pub(in crate::loadtest) state: Check,
    /// The time from one request to the next.
    pub(in crate::loadtest) every: Duration,
    /// The longest wait.
    pub(in crate::loadtest) within: Duration,
}

impl Step {
    /// Keeps what it captures of an answer. Gives the message of the first capture that is not there.
    pub(in crate::loadtest) fn capture(
        &self,
        reply: &crate::net::Reply<'_>,
        into: &mut super::captured::Captured,
    ) -> Option<String> {
        super::capture::capture(&self.captures, reply, into)
    }
}
