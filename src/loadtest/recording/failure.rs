//! Names failures so that equal ones are counted together, and counts them in bounded memory.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::SystemTime;

use super::words::{Generalised, generalised};
use crate::run_result::FailureKind;

/// The most bytes of a message by which failures are grouped, and which tables show.
const LONGEST_MESSAGE: usize = 160;

/// The most messages that are distinguished for one route; further ones are counted together by kind.
const MOST_GROUPS: usize = 200;

/// The message under which those beyond the limit are counted.
const OTHER: &str = "(other failures)";

/// The failure of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::loadtest) struct Failure {
    pub(in crate::loadtest) kind: FailureKind,
    pub(in crate::loadtest) said: String,
    /// The code that the service gave beside its message.
    pub(in crate::loadtest) code: Option<String>,
}

impl Failure {
    /// A failure without a code.
    pub(in crate::loadtest) fn new(kind: FailureKind, said: String) -> Self {
        Self { kind, said, code: None }
    }

    /// The message under which it is counted. Our own messages, and what a scenario expects, contain no ids.
    fn message(&self) -> Generalised<'_> {
        let said = cut(&self.said, LONGEST_MESSAGE);
        let from_service = match self.kind {
            // How many bytes had come of an answer that was cut short differs from one to the next.
            FailureKind::Http | FailureKind::Reset => {
                let is_status =
                    said.find([' ', ',']) == Some(3) && said.bytes().take(3).all(|byte| byte.is_ascii_digit());
                if is_status { 3..said.len() } else { 0..said.len() }
            }
            FailureKind::Check => {
                let found = said.find(" is ").zip(said.rfind(", expected")).filter(|(from, to)| from < to);
                found.map_or(said.len()..said.len(), |(from, to)| from..to)
            }
            FailureKind::Timeout
            | FailureKind::Refused
            | FailureKind::Tls
            | FailureKind::Unprocessed
            | FailureKind::Other => 0..0,
        };
        generalised(said, from_service)
    }
}

/// Failures that are counted together.
#[derive(Clone, Debug)]
pub(in crate::loadtest) struct FailureGroup {
    pub(in crate::loadtest) count: u64,
    pub(in crate::loadtest) first_seen: SystemTime,
    pub(in crate::loadtest) last_seen: SystemTime,
    /// The complete message of the first one.
    pub(in crate::loadtest) example: String,
    /// The code that the service gave with the first one.
    pub(in crate::loadtest) code: Option<String>,
    /// The message of all: their words, with what differs among them left out.
    shown: Shown,
}

/// The message that is shown of a group. Merging is associative: a part is shown if all members say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shown {
    text: String,
    /// The parts of the group's name that stand for words of its members, in their order.
    parts: Vec<Part>,
}

/// A part of a message that may differ within a group.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    /// Where it begins and ends in the name of the group.
    place: (usize, usize),
    /// What all members say there; None if they differ.
    said: Option<Box<str>>,
}

impl Shown {
    fn of(message: &Generalised<'_>) -> Self {
        let part = |part: &(usize, usize, &str)| Part { place: (part.0, part.1), said: Some(part.2.into()) };
        let mut shown = Self { text: String::new(), parts: message.parts.iter().map(part).collect() };
        shown.write(&message.name);
        shown
    }

    /// The shown message of a group whose members have only its name in common.
    fn name(name: &str) -> Self {
        Self { text: name.to_owned(), parts: Vec::new() }
    }

    /// Leaves out what others of the group `name` do not say: `said` gives their parts.
    fn merge<'a>(&mut self, name: &str, said: impl ExactSizeIterator<Item = ((usize, usize), Option<&'a str>)>) {
        // A message may contain a letter that stands for a number in another one.
        let mut same_places = said.len() == self.parts.len();
        let mut changed = false;
        for (part, (place, said)) in self.parts.iter_mut().zip(said) {
            same_places &= part.place == place;
            if part.said.is_some() && part.said.as_deref() != said {
                part.said = None;
                changed = true;
            }
        }
        if !same_places {
            *self = Self::name(name);
        } else if changed {
            self.write(name);
        }
    }

    fn write(&mut self, name: &str) {
        self.text.clear();
        let mut written = 0;
        for Part { place: (start, end), said } in &self.parts {
            self.text.push_str(&name[written..*start]);
            self.text.push_str(said.as_deref().unwrap_or(&name[*start..*end]));
            written = *end;
        }
        self.text.push_str(&name[written..]);
    }
}

/// The failures of one route, grouped by kind and message.
#[derive(Clone, Debug, Default)]
pub(in crate::loadtest) struct Failures {
    groups: BTreeMap<(FailureKind, String), FailureGroup>,
}

impl Failures {
    /// Counts a failure at the current time.
    pub(in crate::loadtest) fn record(&mut self, failure: Failure) {
        let now = SystemTime::now();
        let message = failure.message();
        let key = (failure.kind, message.name.clone());
        if let Some(total) = self.groups.get_mut(&key) {
            total.count += 1;
            // The clock may have been set back.
            (total.first_seen, total.last_seen) = (total.first_seen.min(now), total.last_seen.max(now));
            total.shown.merge(&key.1, message.parts.iter().map(|part| ((part.0, part.1), Some(part.2))));
            return;
        }
        let shown = Shown::of(&message);
        let (example, code) = (failure.said, failure.code);
        let group = FailureGroup { count: 1, first_seen: now, last_seen: now, example, code, shown };
        self.add(key, group);
    }

    /// Adds the groups of another instance.
    pub(in crate::loadtest) fn merge(&mut self, other: Self) {
        for (key, group) in other.groups {
            self.add(key, group);
        }
    }

    /// The groups, ordered by kind and name, each with the message that is shown of it.
    pub(in crate::loadtest) fn groups(&self) -> impl Iterator<Item = (FailureKind, &str, &FailureGroup)> {
        self.groups.iter().map(|((kind, _), group)| (*kind, group.shown.text.as_str(), group))
    }

    fn add(&mut self, key: (FailureKind, String), mut group: FailureGroup) {
        let known = self.groups.len() < MOST_GROUPS || self.groups.contains_key(&key);
        let key = if known {
            key
        } else {
            group.shown = Shown::name(OTHER);
            group.code = None;
            (key.0, OTHER.to_owned())
        };
        let name = key.1.clone();
        match self.groups.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(group);
            }
            Entry::Occupied(total) => total.into_mut().merge(group, &name),
        }
    }
}

impl FailureGroup {
    /// Adds another instance's part of the group with this name.
    fn merge(&mut self, other: Self, name: &str) {
        self.count += other.count;
        if other.first_seen < self.first_seen {
            self.example = other.example;
            self.code = other.code;
        }
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.shown.merge(name, other.shown.parts.iter().map(|part| (part.place, part.said.as_deref())));
    }
}

/// The beginning of a text, cut between characters.
pub(super) fn cut(text: &str, longest: usize) -> &str {
    let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= longest).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_scenario_expects_is_no_id() {
        for (said, group) in [
            ("status 200, expected 201", "status 200, expected 201"),
            ("JSON \"/items/0/id\" is 17, expected at least 20", "JSON \"/items/0/id\" is N, expected at least 20"),
            ("the body is not JSON", "the body is not JSON"),
        ] {
            let failure = Failure::new(FailureKind::Check, said.to_owned());
            assert_eq!(failure.message().name, group);
        }
    }

    /// What is shown of the failures with these messages, however they are spread over shards and seconds.
    fn shown(said: &[&str]) -> Vec<String> {
        let of = |said: &[&str]| {
            let mut failures = Failures::default();
            for said in said {
                failures.record(Failure::new(FailureKind::Http, (*said).to_owned()));
            }
            failures
        };
        let texts = |failures: &Failures| failures.groups().map(|(_, shown, _)| shown.to_owned()).collect::<Vec<_>>();
        let together = texts(&of(said));
        for split in 0..=said.len() {
            let (first, rest) = said.split_at(split);
            for second in 0..=rest.len() {
                let [a, b, c] = [first, &rest[..second], &rest[second..]].map(of);
                let (mut left, mut right, mut whole) = (a.clone(), b.clone(), a);
                left.merge(b);
                left.merge(c.clone());
                right.merge(c);
                whole.merge(right);
                assert_eq!((texts(&left), texts(&whole)), (together.clone(), together.clone()), "{said:?}");
            }
        }
        together
    }

    #[test]
    fn only_what_differs_is_left_out_of_a_message() {
        let full = "500 (pymysql.err.OperationalError) 1040 (HY000): Too many connections";
        for (said, message) in [
            (&[full][..], full),
            (&[full, full, full], full),
            (&["404 no product 17 in shop 3", "404 no product 18 in shop 3"], "404 no product N in shop 3"),
            (&["409 a@x.com is taken", "409 a@x.com is taken"], "409 a@x.com is taken"),
            (&["409 a@x.com is taken", "409 b@x.com is taken"], "409 EMAIL is taken"),
            (
                &[
                    "200, but the body was cut short after 17 of 100 bytes",
                    "200, but the body was cut short after 18 of 100 bytes",
                ],
                "200, but the body was cut short after N of 100 bytes",
            ),
            (&["404 no product 17", "404 no product N", "404 no product 17"], "404 no product N"),
            (
                &["500 6fa459ea-ee8a-4ca4-894e-db77e160355e at 7", "500 7fa459ea-ee8a-4ca4-894e-db77e160355e at 7"],
                "500 UUID at 7",
            ),
        ] {
            assert_eq!(shown(said), [message]);
        }
        assert_eq!(shown(&["503 (1040)", "503 (1041)", "503 (1040)"]), ["503 (1040)", "503 (1041)"]);
    }

    #[test]
    fn an_example_is_longer_than_its_message() {
        let long = format!("{} {}", "word ".repeat(40), "the end");
        let mut failures = Failures::default();
        failures.record(Failure::new(FailureKind::Http, format!("500 {long}")));
        let (_, message, group) = failures.groups().next().unwrap();
        assert!(message.len() <= LONGEST_MESSAGE && group.example.ends_with("the end"), "{group:?}");
    }

    #[test]
    fn a_hundred_thousand_kinds_of_failures_stay_few_and_none_is_lost() {
        let mut failures = Failures::default();
        for number in 0_u32..100_000 {
            let letters: String = number.to_string().bytes().map(|digit| char::from(digit + 49)).collect();
            let said = format!("no {letters}");
            failures.record(Failure::new(FailureKind::Http, said));
        }
        assert_eq!(failures.groups().count(), MOST_GROUPS + 1);
        assert_eq!(failures.groups().map(|(_, _, group)| group.count).sum::<u64>(), 100_000);
        failures.record(Failure::new(FailureKind::Timeout, "no answer".to_owned()));
        let others: Vec<_> = failures.groups().filter(|(_, message, _)| *message == OTHER).collect();
        assert_eq!(
            others.iter().map(|(kind, ..)| *kind).collect::<Vec<_>>(),
            [FailureKind::Timeout, FailureKind::Http]
        );
    }

    #[test]
    fn the_first_of_a_group_is_its_example() {
        let mut failures = Failures::default();
        for number in [17, 18, 19] {
            let said = format!("404 no product {number}");
            failures.record(Failure::new(FailureKind::Http, said));
        }
        let groups: Vec<_> =
            failures.groups().map(|(_, message, group)| (message, group.count, group.example.as_str())).collect();
        assert_eq!(groups, [("404 no product N", 3, "404 no product 17")]);
    }
}
