//! The rules for a value of an answer: a header, the body as text, or values of its JSON.

use std::borrow::Cow;
use std::{fmt, io};

use regex::Regex;
use serde_json::Value;

use super::bounds::Bounds;
use super::number::Number;

/// The rules for one value, all of which must hold. Where a path leads to several values, they must hold for one of
/// them, or for `all`.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    pub(super) equals: Option<Scalar>,
    pub(super) contains: Option<String>,
    pub(super) regex: Option<Regex>,
    pub(super) exists: Option<bool>,
    pub(super) kind: Option<Kind>,
    pub(super) bounds: Bounds,
    pub(super) length: Bounds,
    pub(super) all: bool,
}

/// A value that can be written in a scenario.
#[derive(Clone, Debug)]
pub(super) enum Scalar {
    Text(String),
    Number(Number),
    Truth(bool),
}

/// The type of a JSON value. An integer is a number without a fraction: 1.0 is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Array,
    Object,
    Text,
    Number,
    Integer,
    Truth,
    Null,
}

/// A value that was found in an answer.
#[derive(Debug)]
pub(super) enum Found<'a> {
    Text(Cow<'a, str>),
    Json(&'a Value),
}

/// The most characters of a value in a message.
const SHOWN: usize = 60;

impl Kind {
    /// All types, with their names in a scenario.
    pub(super) const ALL: [(&'static str, Self); 7] = [
        ("array", Self::Array),
        ("object", Self::Object),
        ("string", Self::Text),
        ("number", Self::Number),
        ("integer", Self::Integer),
        ("boolean", Self::Truth),
        ("null", Self::Null),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    pub(super) fn has_length(self) -> bool {
        matches!(self, Self::Array | Self::Object | Self::Text)
    }

    /// Whether a value of this type may be a number, or a text that is one.
    pub(super) fn may_be_number(self) -> bool {
        matches!(self, Self::Text | Self::Number | Self::Integer)
    }

    fn is_of(self, value: &Value) -> bool {
        match self {
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Integer => value.as_number().and_then(Number::of_json).is_some_and(Number::is_whole),
            Self::Truth => value.is_boolean(),
            Self::Null => value.is_null(),
        }
    }
}

impl Expected {
    /// Why the values of `subject` are not as expected, as a sentence; None if they are.
    pub(super) fn complaint(&self, subject: &dyn fmt::Display, values: &[Found<'_>]) -> Option<String> {
        let Some(first) = values.first() else {
            return (self.exists != Some(false)).then(|| format!("{subject} is missing"));
        };
        if self.exists == Some(false) {
            return Some(format!("{subject} is {}, expected none", first.short()));
        }
        let mut wrong = values.iter().enumerate().filter_map(|(place, value)| Some((place, value, self.wrong(value)?)));
        let (place, value, Wrong { what, found, expected }) = if self.all {
            wrong.next()?
        } else {
            let all_wrong: Vec<_> = wrong.collect();
            if all_wrong.len() < values.len() {
                return None;
            }
            all_wrong.into_iter().next()?
        };
        let found = found.unwrap_or_else(|| value.short());
        let among = match values.len() {
            1 => String::new(),
            count if self.all => format!(" (node {} of {count})", place + 1),
            count => format!(" (the first of {count} nodes)"),
        };
        Some(format!("{what}{subject} is {found}{among}, expected {expected}"))
    }

    /// The first rule that does not hold for a value.
    pub(super) fn wrong(&self, value: &Found<'_>) -> Option<Wrong> {
        if let (Some(kind), Found::Json(json)) = (self.kind, value)
            && !kind.is_of(json)
        {
            return Some(Wrong::of(format!("type {}", kind.name())));
        }
        if let Some(wanted) = &self.equals
            && !wanted.is(value)
        {
            return Some(Wrong::of(wanted.to_string()));
        }
        if let Some(part) = self.contains.as_ref().filter(|part| !value.text().contains(part.as_str())) {
            return Some(Wrong::of(format!("{part:?} in it")));
        }
        if let Some(regex) = self.regex.as_ref().filter(|regex| !regex.is_match(&value.text())) {
            return Some(Wrong::of(format!("a match of {:?}", regex.as_str())));
        }
        if let Some(expected) = self.bounds.expected(value.number()) {
            return Some(Wrong::of(expected));
        }
        let length = value.length();
        let expected = self.length.expected(length.map(|length| Number::Whole(length as i128)))?;
        Some(match length {
            Some(length) => Wrong { what: "the length of ", found: Some(length.to_string()), expected },
            None => Wrong::of(format!("an array, an object or a text of length {expected}")),
        })
    }
}

/// What is wrong with a value.
#[derive(Debug)]
pub(super) struct Wrong {
    /// The property that is wrong, before the name of the value; empty if it is the value.
    what: &'static str,
    /// What was found in its place; None for the value.
    found: Option<String>,
    expected: String,
}

impl Wrong {
    fn of(expected: String) -> Self {
        Self { what: "", found: None, expected }
    }
}

impl Scalar {
    fn is(&self, value: &Found<'_>) -> bool {
        match (self, value) {
            (Self::Text(wanted), Found::Text(text)) => wanted == text,
            (Self::Text(wanted), Found::Json(json)) => json.as_str() == Some(wanted),
            // The value of a header is text, which may be a number.
            (Self::Number(wanted), Found::Text(text)) => {
                Number::of_text(text).is_some_and(|number| number.order(*wanted).is_eq())
            }
            (Self::Number(wanted), Found::Json(json)) => {
                json.as_number().and_then(Number::of_json).is_some_and(|number| number.order(*wanted).is_eq())
            }
            (Self::Truth(wanted), Found::Text(text)) => *text == wanted.to_string(),
            (Self::Truth(wanted), Found::Json(json)) => json.as_bool() == Some(*wanted),
        }
    }

    /// It as a value of an answer.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(Number::Whole(whole)) => {
                i64::try_from(*whole).map_or_else(|_| Value::from(*whole as f64), Value::from)
            }
            Self::Number(Number::Real(real)) => Value::from(*real),
            Self::Truth(truth) => Value::from(*truth),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "{text:?}"),
            Self::Number(number) => number.fmt(formatter),
            Self::Truth(truth) => truth.fmt(formatter),
        }
    }
}

impl Found<'_> {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Json(Value::String(text)) => Cow::Borrowed(text),
            Self::Json(json) => Cow::Owned(json.to_string()),
        }
    }

    fn number(&self) -> Option<Number> {
        match self {
            Self::Json(Value::Number(number)) => Number::of_json(number),
            Self::Json(Value::String(text)) => Number::of_text(text),
            Self::Json(_) => None,
            Self::Text(text) => Number::of_text(text),
        }
    }

    /// The number of elements, members or characters.
    fn length(&self) -> Option<usize> {
        match self {
            Self::Json(Value::Array(all)) => Some(all.len()),
            Self::Json(Value::Object(all)) => Some(all.len()),
            Self::Json(Value::String(text)) => Some(text.chars().count()),
            Self::Json(_) => None,
            Self::Text(text) => Some(text.chars().count()),
        }
    }

    /// The value as JSON, shortened for a message.
    pub(super) fn short(&self) -> String {
        let mut written = Beginning(Vec::new());
        // The end of the beginning is an error, which means that there is more.
        let written_whole = match self {
            Self::Text(text) => serde_json::to_writer(&mut written, text),
            Self::Json(json) => serde_json::to_writer(&mut written, json),
        };
        let text = String::from_utf8_lossy(&written.0);
        let is_short = written_whole.is_ok() && text.chars().count() <= SHOWN;
        if is_short { text.into_owned() } else { format!("{}…", text.chars().take(SHOWN).collect::<String>()) }
    }
}

/// The beginning of what is written.
struct Beginning(Vec<u8>);

impl io::Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A character has up to four bytes.
        let here = (4 * SHOWN + 8 - self.0.len()).min(bytes.len());
        self.0.extend_from_slice(&bytes[..here]);
        Ok(here)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
