//! What the body of an error says, in the service's own words: a sentence of its JSON, the title of its page, or the line
//! that it is.
//!
//! Of JSON those keys are known in which frameworks put a sentence, wherever they nest it: FastAPI's `detail[0].msg`,
//! NestJS's `message[0]`, `errors[0].message` (GraphQL, JSON:API), `error.message` (Google, Stripe), `error_description`
//! (OAuth, RFC 6749, section 5.2), `title` (RFC 9457). Of several the one that says most is taken: a sentence before a
//! word such as `not_found`, and that before the name of the status, which says nothing new.

use std::fmt;

use hyper::StatusCode;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::failure::cut;
use crate::net::Reply;
use crate::units::printable;

/// The most bytes of a sentence that are kept as an example.
const LONGEST: usize = 500;

/// The longest word that is taken for a code.
const LONGEST_CODE: usize = 40;

/// The keys of a sentence, the most telling first.
const SENTENCES: [&str; 13] = [
    "error_description",
    "error",
    "errors",
    "detail",
    "details",
    "message",
    "error_message",
    "msg",
    "description",
    "reason",
    "fault",
    "faultstring",
    "title",
];

/// The key of a code.
const CODE: &str = "code";

/// The elements of a page or of XML that have a sentence, the most telling first.
const ELEMENTS: [&str; 5] = ["title", "message", "faultstring", "h1", "pre"];

/// What the body of an error says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sentence {
    /// One line of its message.
    pub(super) text: Option<String>,
    /// Its code, if it is one word.
    pub(super) code: Option<String>,
}

/// What an error says in its body, of which only the beginning may be there.
pub(super) fn sentence(reply: &Reply<'_>) -> Sentence {
    let status = Status::of(reply.status);
    let is_beginning = reply.whole_body().is_none();
    let body = reply.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(reply.body).trim_ascii();
    let (text, code) = match body.first() {
        Some(b'{' | b'[' | b'"') => {
            let Found { text, code } = in_json(body, is_beginning, &status);
            (text.map(|candidate| candidate.text), code)
        }
        Some(b'<') => (in_markup(&text_of(body, is_beginning), &status), None),
        Some(_) if is_plain(reply) => (in_text(&text_of(body, is_beginning), is_beginning), None),
        _ => (None, None),
    };
    let text = text.map(|text| printable(cut(status.taken_from(&text), LONGEST)).into_owned());
    Sentence { text, code }
}

/// A status, whose name is not worth repeating.
struct Status {
    number: String,
    name: &'static str,
}

impl Status {
    fn of(status: u16) -> Self {
        let name = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
        Self { number: status.to_string(), name }
    }

    /// Whether a text is only the name of the status, or of any error.
    fn is_named_by(&self, text: &str) -> bool {
        text.eq_ignore_ascii_case(self.name) || text.eq_ignore_ascii_case("error")
    }

    /// A text without the number of the status before it, which stands before every message.
    fn taken_from<'a>(&self, text: &'a str) -> &'a str {
        let Some(rest) = text.strip_prefix(&self.number) else { return text };
        let rest =
            rest.trim_start_matches(|letter: char| letter.is_whitespace() || matches!(letter, ':' | '-' | '–' | '|'));
        if rest.is_empty() || rest.len() == text.len() - self.number.len() { text } else { rest }
    }
}

/// The first line of a text that is not blank.
fn first_line(text: &str) -> Option<&str> {
    text.lines().map(str::trim).find(|line| !line.is_empty())
}

/// The line that a text is, or begins with. A number or a sign alone says nothing, and a line that goes on beyond the
/// beginning of a text is no sentence.
fn in_text(text: &str, is_beginning: bool) -> Option<String> {
    let line = first_line(text).filter(|line| line.contains(char::is_alphabetic))?;
    let goes_on = is_beginning && text.trim_start().lines().count() == 1;
    (!goes_on).then(|| line.to_owned())
}

/// A body as text: in UTF-8, whose last character may be cut off, or in Latin-1.
fn text_of(body: &[u8], is_beginning: bool) -> String {
    match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        Err(error) if is_beginning && error.error_len().is_none() => {
            String::from_utf8_lossy(&body[..error.valid_up_to()]).into_owned()
        }
        Err(_) => body.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// Whether a body is text by its type, or has no type.
fn is_plain(reply: &Reply<'_>) -> bool {
    let of_type = reply.header("content-type").next();
    let is_text = |value: &[u8]| value.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"text/plain"));
    of_type.is_none_or(|value| is_text(&value)) && !reply.body.contains(&0)
}

/// The sentence of an element of a page or of XML.
fn in_markup(text: &str, status: &Status) -> Option<String> {
    // ASCII letters alone change, so that places stay the same.
    let lower = text.to_ascii_lowercase();
    ELEMENTS.into_iter().find_map(|element| {
        let inside = inside(&lower, element)?;
        let inside = without_entities(text[inside..].split('<').next().unwrap_or_default());
        let said = first_line(&inside).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))?;
        let said = status.taken_from(&said);
        (!status.is_named_by(said)).then(|| said.to_owned())
    })
}

/// Where the first element of this name begins, behind its tag.
fn inside(lower: &str, element: &str) -> Option<usize> {
    let open = format!("<{element}");
    // Another element's name may begin with this one's.
    let is_one =
        |behind: &usize| lower[*behind..].starts_with(|letter: char| letter == '>' || letter.is_ascii_whitespace());
    let behind = lower.match_indices(&open).map(|(at, _)| at + open.len()).find(is_one)?;
    Some(behind + lower[behind..].find('>')? + 1)
}

/// The characters that pages must write as entities.
fn without_entities(text: &str) -> String {
    let plain = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ];
    plain.into_iter().fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter))
}

/// What JSON says, of which only the beginning may be there.
fn in_json(body: &[u8], is_beginning: bool, status: &Status) -> Found {
    let read = |body: &[u8]| {
        let mut found = Found::default();
        // A body that is cut off is an error at its end, and what was found before that counts.
        drop(
            Said { found: &mut found, status, by_field: false }
                .deserialize(&mut serde_json::Deserializer::from_slice(body)),
        );
        found
    };
    let found = read(body);
    if found.text.is_some() || !is_beginning {
        return found;
    }
    // It may be cut off within its message: it is closed after the last character that is whole. The longest character is
    // an escaped pair of surrogates, of twelve bytes.
    let closed = |less: usize| Some(read(&[body.get(..body.len().checked_sub(less)?)?, b"\""].concat()));
    (0..=12).filter_map(closed).find(|closed| closed.text.is_some()).unwrap_or(found)
}

/// Whether a text is one plain word: a sentence, an id or a number is no code.
fn is_code(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    (1..=LONGEST_CODE).contains(&text.len())
        && text.chars().all(is_plain)
        && text.starts_with(|letter: char| letter.is_ascii_alphabetic())
}

/// What was found in a value.
#[derive(Debug, Default)]
struct Found {
    text: Option<Candidate>,
    code: Option<String>,
}

/// A text that may be the sentence.
#[derive(Debug)]
struct Candidate {
    text: String,
    tells: Tells,
    /// The place of its key among [`SENTENCES`].
    rank: usize,
}

/// How much a text tells, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tells {
    Sentence,
    Word,
    /// The name of the status.
    Nothing,
}

/// Reads a value and keeps what it says, also if it is cut off in it.
struct Said<'a> {
    found: &'a mut Found,
    status: &'a Status,
    /// Whether the keys of an object are the names of fields, each with what is wrong with it.
    by_field: bool,
}

impl Said<'_> {
    fn text(&mut self, text: &str) {
        let Some(text) = first_line(text) else { return };
        let tells = match text {
            name if self.status.is_named_by(name) => Tells::Nothing,
            word if is_code(word) => Tells::Word,
            _ => Tells::Sentence,
        };
        self.offer(Candidate { text: text.to_owned(), tells, rank: 0 });
    }

    /// Takes a text if it tells more than what was found before.
    fn offer(&mut self, next: Candidate) {
        let tells_more = |found: &Candidate| (next.tells, next.rank) < (found.tells, found.rank);
        if self.found.text.as_ref().is_none_or(tells_more) {
            let before = self.found.text.replace(next);
            self.call_code(before);
        } else {
            self.call_code(Some(next));
        }
    }

    /// The word beside a sentence is its code.
    fn call_code(&mut self, other: Option<Candidate>) {
        let is_sentence = self.found.text.as_ref().is_some_and(|text| text.tells == Tells::Sentence);
        let word = other.filter(|other| is_sentence && other.tells == Tells::Word && other.rank <= 1);
        if let (None, Some(word)) = (&self.found.code, word) {
            self.found.code = Some(word.text);
        }
    }

    /// Reads the value of a key.
    fn value<'de, M: MapAccess<'de>>(&mut self, key: &str, map: &mut M) -> Result<(), M::Error> {
        let rank = SENTENCES.iter().position(|known| known.eq_ignore_ascii_case(key));
        let rank = rank.or(self.by_field.then_some(SENTENCES.len()));
        let is_code_key = key.eq_ignore_ascii_case(CODE);
        if rank.is_none() && !is_code_key {
            return map.next_value::<IgnoredAny>().map(drop);
        }
        let mut found = Found::default();
        let by_field = key.eq_ignore_ascii_case("errors");
        let read = map.next_value_seed(Said { found: &mut found, status: self.status, by_field });
        let Found { text, code } = found;
        match (rank, text) {
            (_, Some(word)) if is_code_key && is_code(&word.text) => self.found.code = Some(word.text),
            (Some(rank), Some(text)) => {
                if let (None, Some(code)) = (&self.found.code, code) {
                    self.found.code = Some(code);
                }
                self.offer(Candidate { rank, ..text });
            }
            _ => {}
        }
        read
    }
}

impl<'de> DeserializeSeed<'de> for Said<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Said<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<String>()? {
            self.value(&key, &mut map)?;
        }
        Ok(())
    }

    /// The first of several that says something.
    fn visit_seq<S: SeqAccess<'de>>(self, mut all: S) -> Result<(), S::Error> {
        let Self { found, status, .. } = self;
        while found.text.is_none() {
            let one = Said { found: &mut *found, status, by_field: false };
            if all.next_element_seed(one)?.is_none() {
                return Ok(());
            }
        }
        while all.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        self.text(text);
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_as(content_type: &str, status: u16, body: &str) -> Option<String> {
        let head = format!("HTTP/1.1 {status} x\r\ncontent-type: {content_type}\r\n\r\n");
        sentence(&Reply::of(status, head.as_bytes(), body.as_bytes())).text
    }

    fn json(body: &str) -> Sentence {
        sentence(&Reply::of(400, b"HTTP/1.1 400 x\r\ncontent-type: application/json\r\n\r\n", body.as_bytes()))
    }

    #[test]
    fn frameworks_put_their_sentence_in_different_places() {
        for (body, text) in [
            (r#"{"error":{"message":"no room"}}"#, "no room"),
            (r#"{"error":{"code":400,"message":"no room","status":"INVALID_ARGUMENT"}}"#, "no room"),
            (r#"{"errors":[{"message":"no room"},{"message":"no light"}]}"#, "no room"),
            (r#"{"errors":[{"status":"422","title":"Invalid","detail":"no room"}]}"#, "no room"),
            (r#"{"errors":["no room"]}"#, "no room"),
            (r#"{"title":"Two things are wrong.","errors":{"Name":["no room"]}}"#, "no room"),
            (r#"{"detail":[{"loc":["body","user_id"],"msg":"Field required","type":"missing"}]}"#, "Field required"),
            (r#"{"type":"about:blank","title":"No room","status":400}"#, "No room"),
            (r#"{"title":"No room","detail":"the last one is taken"}"#, "the last one is taken"),
            (
                r#"{"statusCode":400,"message":["email must be an email","no room"],"error":"Bad Request"}"#,
                "email must be an email",
            ),
            (r#"{"error":"invalid_grant","error_description":"the code is spent"}"#, "the code is spent"),
            (r#"{"error":"Bad Request","path":"/x"}"#, "Bad Request"),
            (r#"{"error":"1040"}"#, "1040"),
            (r#"{"Message":"no room"}"#, "no room"),
            (
                r#"{"error":{"root_cause":[{"reason":"another one"}],"type":"x","reason":"no such index"}}"#,
                "no such index",
            ),
            (r#"[{"message":"no room"}]"#, "no room"),
            (r#""no room""#, "no room"),
            ("{\"message\":\"\\n  no room\\nat line 7\"}", "no room"),
            ("\u{feff}{\"message\":\"no room\"}", "no room"),
        ] {
            assert_eq!(json(body).text.as_deref(), Some(text), "{body}");
        }
        for body in
            ["{}", "[]", r#"{"error":{"code":7}}"#, r#"{"message":null}"#, r#"{"message":17}"#, r#"{"ok":"no"}"#]
        {
            assert_eq!(json(body).text, None, "{body}");
        }
    }

    #[test]
    fn the_word_beside_a_sentence_is_its_code() {
        for (body, code) in [
            (r#"{"error":"invalid_grant","error_description":"the code is spent"}"#, Some("invalid_grant")),
            (r#"{"message":"no such order","error":"not_found"}"#, Some("not_found")),
            (r#"{"error":{"message":"no room","code":"room_taken"}}"#, Some("room_taken")),
            (r#"{"error":{"message":"no room","code":"inner"},"code":"outer"}"#, Some("outer")),
            (r#"{"error":"not_found"}"#, None),
            (r#"{"message":["no room"],"error":"Bad Request"}"#, None),
        ] {
            assert_eq!(json(body).code.as_deref(), code, "{body}");
        }
    }

    #[test]
    fn a_sentence_is_read_from_the_beginning_of_a_nested_body() {
        for whole in [r#"{"errors":[{"path":["a"],"message":"no room é"#, r#"{"detail":[{"msg":"no room \ud83d\ude00"#]
        {
            for cut in whole.find("no room").unwrap() + 7..whole.len() {
                let beginning = Reply { body_bytes: 9_999, ..Reply::of(500, b"", &whole.as_bytes()[..cut]) };
                let said = sentence(&beginning).text.unwrap_or_default();
                assert!(said.starts_with("no room"), "{whole} {cut}: {said}");
            }
        }
    }

    #[test]
    fn a_page_says_what_its_title_says() {
        for (body, text) in [
            ("<html><head><title>502 Bad Gateway</title></head>", None),
            ("<HTML><TITLE>The shop is closed</TITLE>", Some("The shop is closed")),
            ("<!doctype html><title lang=en>\n  no room &amp; no\n light</title>", Some("no room & no")),
            ("<title>502: the shop\tis closed</title>", Some("the shop is closed")),
            ("<html><titlebar>x</titlebar><title>no room", Some("no room")),
            ("<title>Error</title><body><pre>TypeError: no room<br> at x</pre>", Some("TypeError: no room")),
            (
                "<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>",
                Some("no such key"),
            ),
            ("<html>oops</html>", None),
        ] {
            assert_eq!(said_as("text/html", 502, body).as_deref(), text, "{body}");
        }
    }

    #[test]
    fn a_plain_text_is_its_first_line() {
        assert_eq!(said_as("text/plain; charset=utf-8", 500, "\nno room\nat x\n").as_deref(), Some("no room"));
        assert_eq!(said_as("Text/Plain", 503, "503 no room").as_deref(), Some("no room"));
        assert_eq!(said_as("text/plain", 500, "5001 rooms").as_deref(), Some("5001 rooms"));
        assert_eq!(said_as("text/plain", 500, "pas de caf\u{e9}").as_deref(), Some("pas de café"));
        let untyped = |body: &[u8]| sentence(&Reply::of(500, b"HTTP/1.1 500 x\r\n\r\n", body)).text;
        assert_eq!(untyped(b"no room").as_deref(), Some("no room"));
        assert_eq!(untyped(b"un caf\xe9").as_deref(), Some("un café"));
        let cut = |body| sentence(&Reply { body_bytes: 9_999, ..Reply::of(500, b"", body) }).text;
        assert_eq!(cut(b"no room\nun caf\xc3").as_deref(), Some("no room"));
        assert_eq!(cut(b"xxxxxxxxxxxxxxxx"), None, "a line that goes on");
        for none in [&b"\0\x01\x02binary"[..], b"", b"17", b"---"] {
            assert_eq!(untyped(none), None, "{none:?}");
        }
        assert_eq!(said_as("image/png", 500, "PNG and more"), None);
        assert!(said_as("text/plain", 500, &"é".repeat(1_000)).unwrap().len() <= LONGEST);
        assert_eq!(said_as("text/plain", 500, "\u{1b}[31mred").as_deref(), Some("\u{fffd}[31mred"));
    }
}
