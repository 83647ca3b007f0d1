//! Finds in the message of a service what may differ from one request to the next: e-mail addresses, UUIDs, long
//! hexadecimal words and numbers.

use std::ops::Range;

/// A message as the name of a group: what may differ is `EMAIL`, `UUID`, `HEX` or `N` in it, so that messages like
/// "product 17 has 3 in stock" have one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Generalised<'a> {
    pub(super) name: String,
    /// Where such a part begins and ends in the name, and what the message says there.
    pub(super) parts: Vec<(usize, usize, &'a str)>,
}

/// The name of a message. Only what is in the range comes from the service. A code in brackets stays.
pub(super) fn generalised(message: &str, from_service: Range<usize>) -> Generalised<'_> {
    let (before, behind) = (&message[..from_service.start], &message[from_service.end..]);
    let mut name = Generalised { name: before.to_owned(), parts: Vec::new() };
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+');
    let mut left = &message[from_service];
    while !left.is_empty() {
        let (word, behind) = left.split_at(left.find(|c| !in_word(c)).unwrap_or(left.len()));
        if name.name.ends_with('(') && is_code(word, behind) {
            name.name.push_str(word);
        } else {
            name.word(word);
        }
        let (between, next) = behind.split_at(behind.find(in_word).unwrap_or(behind.len()));
        name.name.push_str(between);
        left = next;
    }
    name.name.push_str(behind);
    name
}

/// Whether a word after an opening bracket is a code, such as MySQL's (1040): a short number followed by the closing
/// bracket, or by a text in quotes, as Python's drivers write it. A longer number is an id.
fn is_code(word: &str, behind: &str) -> bool {
    let is_short_number = (1..=4).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    is_short_number && [")", ", '", ", \""].iter().any(|next| behind.starts_with(next))
}

impl<'a> Generalised<'a> {
    fn word(&mut self, word: &'a str) {
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
        let is_uuid = || word.len() == 36 && word.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
        if word.find('@').is_some_and(|at| at > 0 && word[at..].contains('.')) {
            self.part("EMAIL", word);
        } else if is_uuid() && is_hex(&word.replace('-', "")) {
            self.part("UUID", word);
        } else if word.len() >= 16 && has_digit && is_hex(word) && word.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            self.part("HEX", word);
        } else if has_digit {
            self.numbers(word);
        } else {
            self.name.push_str(word);
        }
    }

    fn part(&mut self, stands_for: &str, said: &'a str) {
        let start = self.name.len();
        self.name.push_str(stands_for);
        self.parts.push((start, self.name.len(), said));
    }

    /// Writes a word with its numbers as `N`. Up to two digits after a letter, such as that of `utf8`, are part of a name.
    fn numbers(&mut self, word: &'a str) {
        let (mut left, mut numbered) = (word, false);
        while let Some(start) = left.find(|c: char| c.is_ascii_digit()) {
            self.name.push_str(&left[..start]);
            let length = left[start..].find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(left.len() - start);
            // A full stop after a number ends the sentence.
            let digits = left[start..start + length].trim_end_matches('.');
            let named = self.name.chars().next_back().is_some_and(char::is_alphabetic) && digits.len() < 3 && !numbered;
            numbered |= !named;
            if named {
                self.name.push_str(digits);
            } else {
                self.part("N", digits);
            }
            left = &left[start + digits.len()..];
        }
        self.name.push_str(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_differ_between_requests_is_not_in_a_name() {
        for (message, name) in [
            ("503 Too many connections (1040)", "503 Too many connections (1040)"),
            ("500 (1040, 'Too many connections')", "500 (1040, 'Too many connections')"),
            ("500 1040 (HY000): Too many connections", "500 N (HYN): Too many connections"),
            ("404 no such product (123456)", "404 no such product (N)"),
            ("404 no such product (12, of 40)", "404 no such product (N, of N)"),
            ("409 product 17 has 3 in stock and 4.5 were ordered", "409 product N has N in stock and N were ordered"),
            ("409 SKU-00017 is sold out since 2026-11-24T12:00:00Z.", "409 SKU-N is sold out since N-N-NTN:N:NZ."),
            ("404 no order 12.", "404 no order N."),
            ("409 the e-mail mia+7@example.com is taken", "409 the e-mail EMAIL is taken"),
            ("--- request 6fa459ea-ee8a-4ca4-894e-db77e160355e failed", "--- request UUID failed"),
            ("--- trace 4bf92f3577b34da6a3ce929d0e0e4736 of user1234", "--- trace HEX of userN"),
            ("--- the text is not utf8 nor latin1", "--- the text is not utf8 nor latin1"),
        ] {
            let found = generalised(message, 3..message.len());
            assert_eq!(found.name, name);
            // Put back, the parts make the message again.
            let mut again = found.name.clone();
            for (start, end, said) in found.parts.iter().rev() {
                again.replace_range(*start..*end, said);
            }
            assert_eq!(again, message);
        }
        assert_eq!(generalised("all 12 of 12", 0..0).name, "all 12 of 12", "our own words");
    }
}
