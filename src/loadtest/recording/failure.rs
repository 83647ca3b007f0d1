//! Names failures so that equal ones are counted together, and counts them in bounded memory.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::run_result::FailureKind;

/// The most messages that are distinguished for one route; further ones are counted together by kind.
const MOST_GROUPS: usize = 200;

/// The message under which those beyond the limit are counted.
const OTHER: &str = "(other failures)";

/// The failure of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::loadtest) struct Failure {
    pub(in crate::loadtest) kind: FailureKind,
    pub(in crate::loadtest) said: String,
}

impl Failure {
    /// The message under which it is counted. Our own messages, and what a scenario expects, contain no ids.
    fn message(&self) -> String {
        match self.kind {
            // How many bytes had come of an answer that was cut short differs from one to the next.
            FailureKind::Http | FailureKind::Reset => generalised(&self.said),
            FailureKind::Check => {
                let found = self.said.find(" is ").zip(self.said.rfind(", expected")).filter(|(from, to)| from < to);
                let (from, to) = found.unwrap_or((self.said.len(), self.said.len()));
                let (value, expected) = self.said[from..].split_at(to - from);
                format!("{}{}{expected}", &self.said[..from], generalised(value))
            }
            FailureKind::Timeout | FailureKind::Refused | FailureKind::Other => self.said.clone(),
        }
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
        let group = FailureGroup { count: 1, first_seen: now, last_seen: now, example: failure.said };
        self.add((failure.kind, message), group);
    }

    /// Adds the groups of another instance.
    pub(in crate::loadtest) fn merge(&mut self, other: Self) {
        for (key, group) in other.groups {
            self.add(key, group);
        }
    }

    /// The groups, ordered by kind and message.
    pub(in crate::loadtest) fn groups(&self) -> impl Iterator<Item = (FailureKind, &str, &FailureGroup)> {
        self.groups.iter().map(|((kind, message), group)| (*kind, message.as_str(), group))
    }

    fn add(&mut self, key: (FailureKind, String), group: FailureGroup) {
        let known = self.groups.len() < MOST_GROUPS || self.groups.contains_key(&key);
        let key = if known { key } else { (key.0, OTHER.to_owned()) };
        let Some(total) = self.groups.get_mut(&key) else {
            self.groups.insert(key, group);
            return;
        };
        total.count += group.count;
        if group.first_seen < total.first_seen {
            total.example = group.example;
        }
        total.first_seen = total.first_seen.min(group.first_seen);
        total.last_seen = total.last_seen.max(group.last_seen);
    }
}

/// Removes from a message what differs from one request to the next: e-mail addresses, UUIDs, long hexadecimal words
/// and numbers become `EMAIL`, `UUID`, `HEX` and `N`, so that messages like "product 17 has 3 in stock" are one
/// failure. The status at the beginning stays, and so does a code in brackets.
fn generalised(message: &str) -> String {
    let first = message.find([' ', ',']).unwrap_or(message.len());
    let is_status = first == 3 && message.bytes().take(3).all(|byte| byte.is_ascii_digit());
    let (status, rest) = message.split_at(if is_status { first } else { 0 });
    let mut plain = String::with_capacity(message.len());
    plain.push_str(status);
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+');
    let mut left = rest;
    while !left.is_empty() {
        let (word, behind) = left.split_at(left.find(|c| !in_word(c)).unwrap_or(left.len()));
        if plain.ends_with('(') && is_code(word, behind) {
            plain.push_str(word);
        } else {
            write_word(word, &mut plain);
        }
        let (between, next) = behind.split_at(behind.find(in_word).unwrap_or(behind.len()));
        plain.push_str(between);
        left = next;
    }
    plain
}

/// Whether a word after an opening bracket is a code, such as MySQL's (1040): a short number followed by the closing
/// bracket, or by a text in quotes, as Python's drivers write it. A longer number is an id.
fn is_code(word: &str, behind: &str) -> bool {
    let is_short_number = (1..=4).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    is_short_number && [")", ", '", ", \""].iter().any(|next| behind.starts_with(next))
}

fn write_word(word: &str, plain: &mut String) {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
    if word.find('@').is_some_and(|at| at > 0 && word[at..].contains('.')) {
        plain.push_str("EMAIL");
    } else if word.len() == 36 && word.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && is_hex(&word.replace('-', "")) {
        plain.push_str("UUID");
    } else if word.len() >= 16 && has_digit && is_hex(word) && word.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        plain.push_str("HEX");
    } else if has_digit {
        write_without_numbers(word, plain);
    } else {
        plain.push_str(word);
    }
}

/// Writes a word with its numbers as `N`. Up to two digits after a letter, such as that of `utf8`, are part of a name.
fn write_without_numbers(word: &str, plain: &mut String) {
    let (mut left, mut numbered) = (word, false);
    while let Some(start) = left.find(|c: char| c.is_ascii_digit()) {
        plain.push_str(&left[..start]);
        let length = left[start..].find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(left.len() - start);
        // A full stop after a number ends the sentence.
        let digits = left[start..start + length].trim_end_matches('.');
        let named = plain.chars().next_back().is_some_and(char::is_alphabetic) && digits.len() < 3 && !numbered;
        numbered |= !named;
        plain.push_str(if named { digits } else { "N" });
        left = &left[start + digits.len()..];
    }
    plain.push_str(left);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_differ_between_requests_are_left_out_of_a_group() {
        for (message, group) in [
            ("503 Too many connections (1040)", "503 Too many connections (1040)"),
            ("500 (1040, 'Too many connections')", "500 (1040, 'Too many connections')"),
            ("404 no such product (123456)", "404 no such product (N)"),
            ("404 no such product (12, of 40)", "404 no such product (N, of N)"),
            ("409 product 17 has 3 in stock and 4.5 were ordered", "409 product N has N in stock and N were ordered"),
            ("409 SKU-00017 is sold out since 2026-11-24T12:00:00Z.", "409 SKU-N is sold out since N-N-NTN:N:NZ."),
            ("404 no order 12.", "404 no order N."),
            ("409 the e-mail mia+7@example.com is taken", "409 the e-mail EMAIL is taken"),
            ("request 6fa459ea-ee8a-4ca4-894e-db77e160355e failed", "request UUID failed"),
            ("trace 4bf92f3577b34da6a3ce929d0e0e4736 of user1234", "trace HEX of userN"),
            ("the text is not utf8 nor latin1", "the text is not utf8 nor latin1"),
            (
                "200, but the body was cut short after 17 of 100 bytes",
                "200, but the body was cut short after N of N bytes",
            ),
        ] {
            assert_eq!(generalised(message), group);
        }
        for (said, group) in [
            ("status 200, expected 201", "status 200, expected 201"),
            ("JSON \"/items/0/id\" is 17, expected at least 20", "JSON \"/items/0/id\" is N, expected at least 20"),
            ("the body is not JSON", "the body is not JSON"),
        ] {
            let failure = Failure { kind: FailureKind::Check, said: said.to_owned() };
            assert_eq!(failure.message(), group);
        }
    }

    #[test]
    fn a_hundred_thousand_kinds_of_failures_stay_few_and_none_is_lost() {
        let mut failures = Failures::default();
        for number in 0_u32..100_000 {
            let letters: String = number.to_string().bytes().map(|digit| char::from(digit + 49)).collect();
            let said = format!("no {letters}");
            failures.record(Failure { kind: FailureKind::Http, said });
        }
        assert_eq!(failures.groups().count(), MOST_GROUPS + 1);
        assert_eq!(failures.groups().map(|(_, _, group)| group.count).sum::<u64>(), 100_000);
        failures.record(Failure { kind: FailureKind::Timeout, said: "no answer".to_owned() });
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
            failures.record(Failure { kind: FailureKind::Http, said });
        }
        let groups: Vec<_> =
            failures.groups().map(|(_, message, group)| (message, group.count, group.example.as_str())).collect();
        assert_eq!(groups, [("404 no product N", 3, "404 no product 17")]);
    }
}
