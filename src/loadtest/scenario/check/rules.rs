//! A check, and how an answer is held against it.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::bounds::Bounds;
use super::expected::{Expected, Found};
use super::number::Number;
use super::place::Place;
use super::time_limit::TimeLimit;
use crate::net::{MOST_BODY_BYTES, MOST_BYTES_OF_ALL, Reply};
use crate::units;

/// The check of a task. Without a rule about the status, any status below 400 is good.
#[derive(Clone, Debug, Default)]
pub(in crate::loadtest) struct Check {
    pub(super) status: Vec<RangeInclusive<u16>>,
    pub(super) time: Option<TimeLimit>,
    /// Of the body, in bytes.
    pub(super) size: Bounds,
    /// By name, in lower case.
    pub(super) headers: Vec<(String, Expected)>,
    pub(super) body: Option<Expected>,
    pub(super) json: Vec<(Place, Expected)>,
}

/// An answer that is checked.
#[derive(Clone, Copy, Debug)]
pub(in crate::loadtest) struct Seen<'a> {
    pub(in crate::loadtest) reply: &'a Reply<'a>,
    /// The response time.
    pub(in crate::loadtest) took: Duration,
}

/// From this size on, in bytes, only one body at a time is made a tree of values, which may take thirty times as much
/// memory.
const LARGE: usize = 256 << 10;

static LARGE_TREE: Mutex<()> = Mutex::new(());

impl Check {
    /// Whether the status is one of the expected ones.
    pub(in crate::loadtest) fn allows(&self, status: u16) -> bool {
        if self.status.is_empty() { status < 400 } else { self.status.iter().any(|range| range.contains(&status)) }
    }

    /// Whether the scenario says that this status is good.
    pub(in crate::loadtest) fn names(&self, status: u16) -> bool {
        self.status.iter().any(|range| range.contains(&status))
    }

    /// Takes the rule on the status of another check, if it has none itself.
    pub(in crate::loadtest::scenario) fn adopt_status(&mut self, other: &Self) {
        if self.status.is_empty() {
            self.status.clone_from(&other.status);
        }
    }

    /// Whether it has a rule on the status.
    pub(in crate::loadtest) fn has_status(&self) -> bool {
        !self.status.is_empty()
    }

    /// Whether it has rules on the body, other than its size, so that the body must be kept.
    pub(in crate::loadtest) fn reads_bodies(&self) -> bool {
        self.body.is_some() || !self.json.is_empty()
    }

    /// The first rule that does not hold, as a message; None if all hold.
    pub(in crate::loadtest) fn complaint(&self, seen: &Seen<'_>) -> Option<String> {
        let Seen { reply, took } = *seen;
        if !self.allows(reply.status) {
            return Some(format!("status {}, expected {}", reply.status, self.statuses()));
        }
        let headers = || self.headers.iter().find_map(|(name, expected)| header_complaint(name, expected, reply));
        let time = || self.time.as_ref()?.complaint(took);
        headers().or_else(|| self.size_complaint(reply)).or_else(|| self.body_complaint(reply)).or_else(time)
    }

    fn size_complaint(&self, reply: &Reply<'_>) -> Option<String> {
        if self.size.is_open() {
            return None;
        }
        let expected = self.size.expected(Some(Number::Whole(i128::from(reply.body_bytes))))?;
        Some(format!("the size of the body is {} bytes, expected {expected}", reply.body_bytes))
    }

    fn body_complaint(&self, reply: &Reply<'_>) -> Option<String> {
        if !self.reads_bodies() {
            return None;
        }
        let Some(body) = reply.whole_body() else { return Some(too_large(reply)) };
        let text = || Found::Text(decoded(Cow::Borrowed(body)));
        if let Some(complaint) = self.body.as_ref().and_then(|expected| expected.complaint(&"the body", &[text()])) {
            return Some(complaint);
        }
        if self.json.is_empty() {
            return None;
        }
        let _one_at_a_time = (body.len() >= LARGE).then(|| LARGE_TREE.lock().unwrap_or_else(PoisonError::into_inner));
        let Ok(json) = serde_json::from_slice::<Value>(body) else {
            return Some(format!("the body is {}, expected JSON", text().short()));
        };
        self.json.iter().find_map(|(place, expected)| place.complaint(expected, &json))
    }

    fn statuses(&self) -> String {
        let shown = |range: &RangeInclusive<u16>| match (range.start(), range.end()) {
            (start, end) if start == end => start.to_string(),
            (start, _) => format!("{}xx", start / 100),
        };
        let all = self.status.iter().map(shown).collect::<Vec<_>>().join(" or ");
        if all.is_empty() { "one below 400".to_owned() } else { all }
    }
}

fn header_complaint(name: &str, expected: &Expected, reply: &Reply<'_>) -> Option<String> {
    let found: Vec<_> = reply.header(name).map(|value| Found::Text(decoded(value))).collect();
    expected.complaint(&format_args!("header {name}"), &found)
}

/// A text in UTF-8, or in Latin-1 if it is none.
pub(in crate::loadtest::scenario) fn decoded(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    let latin_1 = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect();
    match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map_or_else(|_| Cow::Owned(latin_1(bytes)), Cow::Borrowed),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8(bytes).unwrap_or_else(|error| latin_1(error.as_bytes()))),
    }
}

fn too_large(reply: &Reply<'_>) -> String {
    let status = reply.status;
    let (one, all) = (units::bytes(MOST_BODY_BYTES as u64), units::bytes(MOST_BYTES_OF_ALL as u64));
    if reply.body_bytes > MOST_BODY_BYTES as u64 {
        format!("status {status}, but the body is too large for its check, which reads up to {one}: check its size")
    } else {
        format!("status {status}, but the body was not read: the answers in flight have more than {all} together")
    }
}
