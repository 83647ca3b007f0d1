//! One entry of a HAR: a request with its answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use url::Url;

use super::draft::FORM;

/// One entry of a HAR.
pub(super) struct Recorded {
    pub(super) method: String,
    pub(super) url: Url,
    pub(super) headers: Vec<(String, String)>,
    pub(super) mime: String,
    pub(super) body: Option<String>,
    /// The parts of a form with several, without files.
    pub(super) parts: Vec<(String, String)>,
    /// Where its answer leads.
    pub(super) redirect: Option<String>,
    /// The same as a URL, of any status.
    pub(super) location: Option<Url>,
    pub(super) answer_headers: Vec<(String, String)>,
    pub(super) answer: String,
    pub(super) status: i64,
    /// Whether it is a page, and not a part of one.
    pub(super) is_document: bool,
    pub(super) start_ms: Option<f64>,
    pub(super) end_ms: Option<f64>,
}

impl Recorded {
    /// Whether its answer leads to another origin.
    pub(super) fn leaves_origin(&self) -> bool {
        let to = self.redirect.as_ref().and_then(|to| self.url.join(to).ok());
        to.is_some_and(|to| to.origin() != self.url.origin())
    }

    pub(super) fn of(entry: &Value) -> Option<Self> {
        let text = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str);
        let url = Url::parse(text("/request/url")?).ok()?;
        if !matches!(url.scheme(), "http" | "https") || !was_sent(entry) {
            return None;
        }
        let status = entry.pointer("/response/status").and_then(Value::as_i64).unwrap_or(0);
        let answer_headers = headers(entry.pointer("/response/headers"));
        let location = answer_headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.clone());
        let redirect = text("/response/redirectURL").filter(|url| !url.is_empty()).map(str::to_owned).or(location);
        let start_ms = text("/startedDateTime").and_then(milliseconds);
        let took = entry.get("time").and_then(Value::as_f64).unwrap_or(0.0).max(0.0);
        let mime = text("/request/postData/mimeType").unwrap_or_default().to_owned();
        let body = text("/request/postData/text").filter(|text| !text.is_empty()).map(str::to_owned);
        let params = params(entry);
        let of_params = || form_urlencoded::Serializer::new(String::new()).extend_pairs(&params).finish();
        let is_form = mime.starts_with(FORM) && !params.is_empty();
        Some(Self {
            location: redirect.as_ref().and_then(|to| url.join(to).ok()),
            body: body.or_else(|| is_form.then(of_params)),
            parts: if mime.starts_with("multipart/") { params } else { Vec::new() },
            mime,
            method: text("/request/method")?.to_uppercase(),
            url,
            headers: headers(entry.pointer("/request/headers")),
            redirect: redirect.filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308)),
            answer: content(entry),
            answer_headers,
            status,
            is_document: is_document(entry),
            start_ms,
            end_ms: start_ms.map(|start| start + took),
        })
    }
}

/// Whether it is a page. Chromium says so; otherwise the type of the answer tells.
fn is_document(entry: &Value) -> bool {
    entry.get("_resourceType").and_then(Value::as_str).map_or_else(
        || {
            let kind = entry.pointer("/response/content/mimeType").and_then(Value::as_str);
            kind.is_some_and(|kind| kind.trim_start().starts_with("text/html"))
        },
        |kind| kind == "document",
    )
}

/// Whether the service got it: a browser also notes what it had in its cache, and what it gave up.
pub(super) fn was_sent(entry: &Value) -> bool {
    let is_cached = entry.get("_fromCache").is_some_and(|cache| !cache.is_null());
    !is_cached && entry.pointer("/response/status").is_none_or(|status| status != 0)
}

/// The parameters of a form, without files.
fn params(entry: &Value) -> Vec<(String, String)> {
    let params = entry.pointer("/request/postData/params").and_then(Value::as_array).into_iter().flatten();
    let pair = |param: &Value| {
        let value = param.get("value").and_then(Value::as_str).unwrap_or_default();
        let is_file = param.get("fileName").is_some_and(|file| !file.is_null());
        Some((param.get("name")?.as_str()?.to_owned(), value.to_owned())).filter(|_| !is_file)
    };
    params.filter_map(pair).collect()
}

/// The text of an answer, which may be in base64.
fn content(entry: &Value) -> String {
    let text = entry.pointer("/response/content/text").and_then(Value::as_str).unwrap_or_default();
    if entry.pointer("/response/content/encoding").and_then(Value::as_str) != Some("base64") {
        return text.to_owned();
    }
    let decoded = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.unwrap_or_default()
}

fn headers(list: Option<&Value>) -> Vec<(String, String)> {
    let pair = |header: &Value| {
        Some((header.get("name")?.as_str()?.to_lowercase(), header.get("value")?.as_str()?.to_owned()))
    };
    list.and_then(Value::as_array).map(|all| all.iter().filter_map(pair).collect()).unwrap_or_default()
}

fn milliseconds(time: &str) -> Option<f64> {
    let instant = humantime::parse_rfc3339_weak(time).or_else(|_| humantime::parse_rfc3339(time)).ok()?;
    Some(instant.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs_f64() * 1e3)
}
