//! The words of the answers, and the messages of a store that collapses.
//!
//! A word has one meaning in all commands and documents; `docs/glossary.md` has the same table.

use crate::lab::Measurement;
use crate::table::{Align, Table};
use crate::text;
use crate::units::Language;

/// A word and its meaning, in English.
const WORDS: &[(&str, &str)] = &[
    (
        text!("asleep"),
        text!(
            "A database connection that is open and runs no statement. In metrics: lingering if nobody can use it any more, idle if it waits in a pool."
        ),
    ),
    (text!("running"), text!("A database connection that runs a statement at that moment.")),
    (
        text!("failed"),
        text!(
            "A request whose status is 400 or more, that was not answered in full, or whose answer is not what the scenario expects."
        ),
    ),
    (
        text!("refused"),
        text!(
            "A connection that was not accepted: by the database, which has too many (1040), or by a port on which nobody listens."
        ),
    ),
    (
        text!("rejected"),
        text!(
            "A request that was answered 4xx, because what it asks cannot be done: an unknown product, too little stock."
        ),
    ),
    (
        text!("shed"),
        text!(
            "A request that was answered 503 overloaded at once, on purpose, because it could not have been served in time."
        ),
    ),
    (
        text!("knee"),
        text!(
            "The load from which response times rise faster than the rate of answers: beyond it, more users only wait longer."
        ),
    ),
];

/// A message, as a service under load says it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    /// What the message contains.
    contains: &'static [&'static str],
    /// How the message reads.
    reads: &'static str,
    /// The code that this store gives with it, or the kind under which the load test counts it.
    pub(super) code: &'static str,
    /// What it means, in English.
    pub(super) meaning: &'static str,
}

/// The messages, the most specific first.
const MESSAGES: &[Message] = &[
    Message {
        contains: &["1040", "Too many connections"],
        reads: "1040 Too many connections",
        code: "database_unavailable",
        meaning: text!(
            "All connections of the database are taken. It does not say by whom: look whether they are asleep or running."
        ),
    },
    Message {
        contains: &["QueuePool", "no database connection was free", "free connection"],
        reads: "QueuePool limit … reached, connection timed out",
        code: "overloaded",
        meaning: text!(
            "The pool of the service has no free connection: it is too small, or a request does not give its own back."
        ),
    },
    Message {
        contains: &["1205", "1213", "Lock wait timeout", "Deadlock"],
        reads: "1205 Lock wait timeout exceeded, 1213 Deadlock found",
        code: "overloaded",
        meaning: text!(
            "Another transaction holds the same rows: many orders of one product, or one that was never ended."
        ),
    },
    Message {
        contains: &["timed out", "no answer within", "Timeout", "504"],
        reads: "no answer within 60 s; Read timed out",
        code: "timeout",
        meaning: text!(
            "The service accepted the request and did not answer in time: it waits for something that it does not get."
        ),
    },
    Message {
        contains: &["refused", "reset", "closed", "Remote end"],
        reads: "connection refused, reset or closed without an answer",
        code: "refused, reset",
        meaning: text!(
            "No process listens, or it ended or gave up while it answered: look at its log and whether it restarted."
        ),
    },
    Message {
        contains: &["500"],
        reads: "500 Internal Server Error",
        code: "http",
        meaning: text!(
            "The service had an error that it did not expect, often one of those above that nobody handled: its log has the reason."
        ),
    },
];

/// What is known of a message.
pub(super) fn message(text: &str) -> Option<&'static Message> {
    MESSAGES.iter().find(|message| message.contains.iter().any(|part| says(text, part)))
}

/// Whether a text has a part as a word of its own. A number is a code only where a code stands, at the beginning or in
/// parentheses: others are those of products and ports.
fn says(text: &str, part: &str) -> bool {
    if part.bytes().all(|byte| byte.is_ascii_digit()) {
        let code = |text: &str| !text.starts_with(|next: char| next.is_ascii_alphanumeric());
        return text.strip_prefix(part).is_some_and(code)
            || text.contains(&format!("({part}"))
            || text.contains(&format!("{part})"));
    }
    text.contains(part)
}

/// The table of words.
pub(super) fn words(language: Language) -> Table {
    let columns = language.names([(text!("Word"), Align::Left), (text!("What it means"), Align::Left)]);
    let mut table = Table::new("", &columns);
    for (word, meaning) in WORDS {
        table.row([language.text(word), language.text(meaning)]);
    }
    table
}

/// The table of messages, with how many failures of these measurements each of them had.
pub(super) fn messages_seen(measured: &[&Measurement], language: Language) -> Table {
    let columns = language.names([
        (text!("Message of the original"), Align::Left),
        (text!("Code"), Align::Left),
        (text!("Seen here"), Align::Right),
        (text!("What it means"), Align::Left),
    ]);
    let mut table = Table::new(
        language.text(text!("The six messages of the original report, and all failures of this lab")),
        &columns,
    );
    for known in MESSAGES {
        let groups = measured.iter().flat_map(|shown| &shown.load.failure_groups);
        let same = |text: &str| message(text).is_some_and(|found| found.reads == known.reads);
        let seen: u64 = groups.filter(|group| same(&group.message)).map(|group| group.count).sum();
        let seen = language.count(seen);
        table.row([known.reads, known.code, &seen, language.text(known.meaning)]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_code_only_where_a_code_stands() {
        let known = |text: &str| message(text).map(|message| message.reads.split(' ').next().unwrap());
        for (text, reads) in [
            ("503 the database refused a connection: Too many connections (1040)", Some("1040")),
            ("(1205, 'Lock wait timeout')", Some("1205")),
            ("500 Internal Server Error", Some("500")),
            ("404 product 1040 is unknown", None),
            ("502 http://127.0.0.1:5000 is away", None),
            ("422 order 1205 has 500 lines", None),
        ] {
            assert_eq!(known(text), reads, "{text}");
        }
    }

    /// The table of messages.
    fn messages(language: Language) -> Table {
        let columns = language.names([
            (text!("Message"), Align::Left),
            (text!("Code"), Align::Left),
            (text!("What it means"), Align::Left),
        ]);
        let mut table = Table::new("", &columns);
        for message in MESSAGES {
            table.row([message.reads, message.code, language.text(message.meaning)]);
        }
        table
    }

    #[test]
    fn a_message_is_known_with_its_code_however_a_service_puts_it() {
        let code = |text| message(text).map(|message| message.code);
        let ours = "503 the database refused a connection: Too many connections (1040)";
        assert_eq!([code(ours), code("500 (1040, 'Too many connections')")], [Some("database_unavailable"); 2]);
        assert_eq!(code("no answer within 60 s"), Some("timeout"));
        assert_eq!(
            [code("connection refused"), code("500 Internal Server Error")],
            [Some("refused, reset"), Some("http")]
        );
        assert_eq!(code("422 the product is unknown"), None);
    }

    #[test]
    fn the_document_has_the_same_glossary() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/glossary.md");
        let document = std::fs::read_to_string(path).unwrap();
        for language in Language::ALL {
            for table in [words(language), messages(language)] {
                assert!(document.contains(&table.to_markdown()), "docs/glossary.md misses\n{}", table.to_markdown());
            }
        }
    }
}
