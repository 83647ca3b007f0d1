//! What is kept of an answer for the rest of a journey: a value of its JSON body, a header, or what a regular expression
//! finds in its body.

use std::borrow::Cow;

use regex::Regex;
use serde_json::Value;

use super::captured::{Captured, MOST_BYTES};
use super::check::{Place, compile_capture, decoded};
use super::shapes::CaptureShape;
use crate::net::Reply;
use crate::units;

/// A capture: where its value is, and the slot in which it is kept.
#[derive(Clone, Debug)]
pub(in crate::loadtest) struct Capture {
    name: Box<str>,
    slot: usize,
    from: From,
    /// What is kept if it is not there.
    default: Option<Box<str>>,
}

#[derive(Clone, Debug)]
enum From {
    Json(Place),
    /// By its name in lower case.
    Header(Box<str>),
    Body(Regex),
}

impl Capture {
    /// Reads a capture; `name` is what placeholders call it.
    pub(super) fn read(name: &str, slot: usize, shape: &CaptureShape) -> Result<Self, String> {
        let from = match (&shape.json, &shape.header, &shape.body) {
            (Some(text), None, None) => {
                From::Json(Place::read(text).map_err(|what| format!("capture {name}: {what}"))?)
            }
            (None, Some(header), None) if header.parse::<hyper::header::HeaderName>().is_ok() => {
                From::Header(header.to_lowercase().into())
            }
            (None, Some(header), None) => {
                return Err(format!("capture {name}: {header:?} is not a valid name of a header"));
            }
            (None, None, Some(pattern)) => {
                let regex = compile_capture(&format!("capture {name}: body"), pattern)?;
                if regex.captures_len() > 2 {
                    return Err(format!(
                        "capture {name}: the expression has {} groups, and only one value can be kept: write (?:…) for the \
                         groups that are not kept",
                        regex.captures_len() - 1
                    ));
                }
                From::Body(regex)
            }
            _ => {
                return Err(format!(
                    "capture {name}: write one of {{ json = \"/token\" }}, {{ header = \"location\" }} or {{ body = 'id=(\\d+)' }}"
                ));
            }
        };
        Ok(Self { name: name.into(), slot, from, default: shape.default.as_deref().map(Into::into) })
    }

    /// Whether the body must be kept for it.
    pub(super) fn reads_bodies(&self) -> bool {
        !matches!(self.from, From::Header(_))
    }
}

/// Keeps what an answer has. Gives the message of the first capture that is not there.
pub(super) fn capture(all: &[Capture], reply: &Reply<'_>, into: &mut Captured) -> Option<String> {
    // A tree is made once of a body from which several values are captured.
    let several = all.iter().filter(|capture| matches!(capture.from, From::Json(_))).count() > 1;
    let mut json: Option<Result<Value, ()>> = None;
    all.iter().find_map(|capture| {
        let found = match &capture.from {
            From::Header(name) => reply.header(name).next().map(|value| (decoded(value), true)),
            From::Body(regex) => reply.whole_body().and_then(|body| {
                let text = decoded(Cow::Borrowed(body));
                // The group, or all of it where there is none.
                let found = regex.captures(&text).and_then(|found| found.get(1).or(found.get(0)));
                found.map(|found| (Cow::Owned(found.as_str().to_owned()), true))
            }),
            From::Json(place) => {
                let value = if several {
                    let parse = || reply.whole_body().and_then(|body| serde_json::from_slice(body).ok()).ok_or(());
                    json.get_or_insert_with(parse).as_ref().ok().and_then(|body| place.first(body)).cloned()
                } else {
                    reply.whole_body().and_then(|body| place.first_of(body))
                };
                value.map(|value| match value {
                    Value::String(text) => (Cow::Owned(text), true),
                    other => (Cow::Owned(other.to_string()), false),
                })
            }
        };
        let value = found.or_else(|| capture.default.as_deref().map(|default| (Cow::Borrowed(default), true)));
        match value {
            Some((value, _)) if value.len() > MOST_BYTES => Some(format!(
                "capture {}: {} has more than the {} that are kept",
                capture.name,
                capture.place(),
                units::bytes(MOST_BYTES as u64)
            )),
            Some((value, is_text)) => {
                into.set(capture.slot, &value, is_text);
                None
            }
            None => Some(format!("capture {}: {} {}", capture.name, capture.place(), capture.absence(reply))),
        }
    })
}

impl Capture {
    fn place(&self) -> String {
        match &self.from {
            From::Json(place) => place.to_string(),
            From::Header(name) => format!("header {name}"),
            From::Body(regex) => format!("'{regex}' in the body"),
        }
    }

    fn absence(&self, reply: &Reply<'_>) -> &'static str {
        if self.reads_bodies() && reply.whole_body().is_none() {
            return "cannot be read: the body is too large";
        }
        let is_json = || reply.whole_body().is_some_and(|body| serde_json::from_slice::<Value>(body).is_ok());
        if matches!(self.from, From::Json(_)) && !is_json() {
            return "is not there: the body is not JSON";
        }
        "is not there"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(shape: &CaptureShape, head: &str, body: &str) -> (Option<String>, Option<(String, bool)>) {
        let capture = Capture::read("x", 1, shape).unwrap();
        let mut captured = Captured::default();
        let said = super::capture(&[capture], &Reply::of(200, head.as_bytes(), body.as_bytes()), &mut captured);
        (said, captured.get(1).map(|value| (value.to_owned(), captured.is_text(1))))
    }

    fn shape(kind: &str, text: &str) -> CaptureShape {
        let of = |name: &str| (name == kind).then(|| text.to_owned());
        CaptureShape { json: of("json"), header: of("header"), body: of("body"), default: None }
    }

    #[test]
    fn a_value_is_kept_with_its_type() {
        let body = r#"{"token":"a\"b","id":7,"list":[{"n":null}],"on":true}"#;
        for (kind, text, expected) in [
            ("json", "/token", ("a\"b", true)),
            ("json", "/id", ("7", false)),
            ("json", "$..n", ("null", false)),
            ("json", "/list", (r#"[{"n":null}]"#, false)),
            ("header", "LOCATION", ("/orders/1", true)),
            ("body", r#""id":(\d+)"#, ("7", true)),
            ("body", r#""id":\d"#, ("\"id\":7", true)),
        ] {
            let (said, value) = kept(&shape(kind, text), "HTTP/1.1 200 OK\r\nLocation: /orders/1\r\n\r\n", body);
            assert_eq!((said, value), (None, Some((expected.0.to_owned(), expected.1))), "{kind} {text}");
        }
    }

    #[test]
    fn what_is_not_there_is_named() {
        for (kind, text, body, expected) in [
            ("json", "/token", "{}", "capture x: JSON \"/token\" is not there"),
            ("json", "/token", "<p>", "capture x: JSON \"/token\" is not there: the body is not JSON"),
            ("header", "location", "", "capture x: header location is not there"),
            ("body", "a(b)", "ac", "capture x: 'a(b)' in the body is not there"),
        ] {
            assert_eq!(kept(&shape(kind, text), "HTTP/1.1 200 OK\r\n\r\n", body).0.as_deref(), Some(expected));
        }
        // Of this body a part was kept.
        let pattern = CaptureShape { default: Some("none".to_owned()), ..shape("body", "a(b)") };
        let capture = |shape: &CaptureShape| {
            let (mut captured, capture) = (Captured::default(), Capture::read("x", 1, shape).unwrap());
            let reply = Reply { body_bytes: 9_000_000, ..Reply::of(200, b"", b"ab") };
            let said = super::capture(&[capture], &reply, &mut captured);
            (said, captured.get(1).map(str::to_owned))
        };
        assert_eq!(capture(&pattern), (None, Some("none".to_owned())));
        let (said, left) = capture(&CaptureShape { default: None, ..pattern });
        assert_eq!(said.as_deref(), Some("capture x: 'a(b)' in the body cannot be read: the body is too large"));
        assert_eq!(left, None);
        let optional = CaptureShape { default: Some("none".to_owned()), ..shape("json", "/token") };
        assert_eq!(kept(&optional, "", "{}").1, Some(("none".to_owned(), true)));
        let large = format!("{{\"token\":\"{}\"}}", "x".repeat(MOST_BYTES + 1));
        assert!(kept(&shape("json", "/token"), "", &large).0.unwrap().contains("has more than the 16"), "too large");
    }
}
