//! A scenario that is being made: what all formats are read into.

use std::collections::BTreeMap;

use serde_json::Value;

use super::placeholders::{literal, rewritten};

/// The type of a form in a body.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// A name as a step of a JSON pointer (RFC 6901, section 3).
pub(super) fn pointer_step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A scenario. Texts are those of a scenario file: a placeholder in them is one, and other braces were made safe.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    /// What it was made of, such as `a HAR`.
    pub(super) source: &'static str,
    pub(super) name: String,
    /// The service, if the document says so.
    pub(super) host: Option<String>,
    /// Whether the requests belong together as the steps of one journey.
    pub(super) is_journey: bool,
    pub(super) cookies: bool,
    /// Whether compressed answers are asked for.
    pub(super) compression: bool,
    pub(super) redirects: u32,
    /// Numbers and texts by name.
    pub(super) variables: BTreeMap<String, Value>,
    /// What could not be carried over, and belongs to no request.
    pub(super) left_out: Vec<String>,
    pub(super) requests: Vec<Request>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) name: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) route: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) bearer: Option<String>,
    pub(super) basic: Option<(String, String)>,
    pub(super) body: Body,
    /// Good statuses: numbers, or texts such as `2xx`.
    pub(super) statuses: Vec<Value>,
    pub(super) captures: Vec<Capture>,
    /// The pause after its answer, in milliseconds.
    pub(super) pause_ms: Option<u64>,
    /// What could not be carried over.
    pub(super) left_out: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Body {
    #[default]
    None,
    Text(String),
    Json(Value),
    Form(Vec<(String, String)>),
    Parts(Vec<(String, String)>),
}

/// A value that is kept: its name, the kind of the place and the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Capture {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) place: String,
    /// Whether the value is a number of JSON.
    pub(super) is_number: bool,
}

/// Whether a content type is that of JSON, which the load test says of itself. Types made of it are others.
pub(super) fn is_json_type(kind: &str) -> bool {
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// A value whose texts were made safe.
pub(super) fn literal_json(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(literal(text)),
        Value::Array(all) => all.iter().map(literal_json).collect(),
        Value::Object(all) => all.iter().map(|(key, value)| (key.clone(), literal_json(value))).collect(),
        other => other.clone(),
    }
}

/// A path as it may be sent: whatever is no character of a URL is percent-encoded, outside of placeholders.
pub(super) fn encoded_path(path: &str) -> String {
    rewritten(path, encoded_part, str::to_owned)
}

fn encoded_part(text: &str) -> String {
    let is_plain = |byte: u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
    };
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
