//! Reads a HAR, as browsers save it: the requests to the first document's origin become the steps of a journey. What an
//! answer gave and a later request sent becomes a capture, and what looks like a secret a variable of the environment.

use serde_json::Value;
use std::collections::BTreeMap;
use url::{Position, Url};

use super::correlate::{Answer, free_name, is_plausible, may_be_captured};
use super::draft::{Body, Capture, Draft, FORM, Request, encoded_path, is_json_type, literal_json};
use super::imported::ImportError;
use super::placeholders::literal;
use super::recorded::{Recorded, was_sent};
use super::without_secrets::{
    authorization, env_in_url, form, json_without_secrets, looks_secret, secret_or, text_without_secrets,
};

/// Headers that a browser sends of itself, or that are not of one request.
const OF_BROWSERS: [&str; 24] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-length",
    "cookie",
    "dnt",
    "host",
    "if-modified-since",
    "if-none-match",
    "keep-alive",
    "origin",
    "pragma",
    "priority",
    "purpose",
    "range",
    "referer",
    "te",
    "transfer-encoding",
    "upgrade-insecure-requests",
    "user-agent",
    "x-client-data",
    "x-devtools-emulate-network-conditions-client-id",
];

/// Pauses between requests that are shorter are the browser's, not the person's.
const SHORTEST_PAUSE_MS: f64 = 300.0;

/// The longest pause that is taken over: somebody left the desk.
const LONGEST_PAUSE_MS: f64 = 30_000.0;

/// Reads a HAR.
pub(super) fn read(document: &Value) -> Result<Draft, ImportError> {
    let entries = document.pointer("/log/entries").and_then(Value::as_array).cloned().unwrap_or_default();
    let recorded: Vec<_> = entries.iter().filter_map(Recorded::of).collect();
    let Some(first) = first_document(&recorded) else {
        return Err(ImportError("the HAR has no request: record it again with the network log open".to_owned()));
    };
    let origin = first.url.origin();
    let host = origin.ascii_serialization();
    let mut reader = Reader {
        draft: Draft {
            source: "a HAR",
            name: first.url.host_str().unwrap_or("har").to_owned(),
            host: Some(host),
            is_journey: true,
            // A browser has both, and a HAR may be saved without its cookies.
            cookies: true,
            redirects: 10,
            ..Draft::default()
        },
        answers: Vec::new(),
        followed: Vec::new(),
        headers_left_out: 0,
    };
    unsent(&entries, &mut reader.draft);
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    let mut followed: Option<Url> = None;
    let mut last_end: Option<f64> = None;
    for entry in &recorded {
        if entry.url.origin() != origin {
            *others.entry(entry.url.origin().ascii_serialization()).or_default() += 1;
            continue;
        }
        if entry.method == "OPTIONS" || entry.method == "CONNECT" || entry.url.path() == "/favicon.ico" {
            let what = format!("{} {}, which a browser sends of itself", entry.method, entry.url.path());
            reader.draft.left_out.push(what);
            continue;
        }
        // The answer of a redirect is that of the request which it leads to.
        let is_followed = followed.take().is_some_and(|url| same(&url, &entry.url));
        followed = entry.redirect.as_ref().and_then(|to| entry.url.join(to).ok());
        if is_followed {
            // Nobody sees the answer that redirected.
            reader.followed.extend(reader.answers.pop().and_then(|(_, answer)| answer.location));
            reader.answer(entry);
        } else {
            reader.pause(entry, last_end);
            reader.request(entry);
        }
        last_end = entry.end_ms;
    }
    for (host, count) in others {
        reader.draft.left_out.push(format!("{count} requests to {host}: name it under [hosts] to send them"));
    }
    let is_credential = |(name, _): &(String, String)| name == "cookie" || name == "authorization";
    if !recorded.iter().any(|entry| entry.headers.iter().any(is_credential)) {
        let what = "cookies and authorization, which the HAR was saved without: each user has a jar of cookies; write bearer or basic \
                    where the service wants it";
        reader.draft.left_out.push(what.to_owned());
    }
    if reader.headers_left_out > 0 {
        let count = reader.headers_left_out;
        reader
            .draft
            .left_out
            .push(format!("{count} headers that browsers send of themselves, such as accept and sec-fetch-mode"));
    }
    Ok(reader.draft)
}

/// The first page that was seen: one that leads to another origin, as `http://` does to `https://`, is not. Without a page,
/// the first request that leads to no other origin.
fn first_document(recorded: &[Recorded]) -> Option<&Recorded> {
    let stays = || recorded.iter().filter(|entry| !entry.leaves_origin());
    stays().find(|entry| entry.is_document).or_else(|| stays().next()).or(recorded.first())
}

/// Notes what is in the HAR and no request to a service.
fn unsent(entries: &[Value], draft: &mut Draft) {
    let is_socket =
        |entry: &&Value| entry.pointer("/request/url").and_then(Value::as_str).is_some_and(|url| url.starts_with("ws"));
    let sockets = entries.iter().filter(is_socket).count();
    let kept = entries.iter().filter(|entry| !is_socket(entry) && !was_sent(entry)).count();
    if sockets > 0 {
        draft.left_out.push(format!("{sockets} web sockets"));
    }
    if kept > 0 {
        draft.left_out.push(format!("{kept} requests that the browser answered from its cache, or gave up"));
    }
}

/// Whether two URLs are the same, whatever their fragments are.
fn same(one: &Url, other: &Url) -> bool {
    one[..Position::AfterQuery] == other[..Position::AfterQuery]
}

struct Reader {
    draft: Draft,
    /// The answers so far, each with the place of the step that got it.
    answers: Vec<(usize, Answer)>,
    /// Where redirects led that are followed without a step of their own.
    followed: Vec<Url>,
    headers_left_out: usize,
}

impl Reader {
    /// Keeps the answer to the last step.
    fn answer(&mut self, entry: &Recorded) {
        let Some(step) = self.draft.requests.len().checked_sub(1) else { return };
        let mut answer = Answer::new(entry.answer_headers.clone(), entry.answer.clone());
        entry.url.path().clone_into(&mut answer.path);
        answer.location.clone_from(&entry.location);
        self.answers.push((step, answer));
        self.expect(step, entry);
    }

    /// A refusal that was recorded is what the step expects, and so is a redirect to another origin, which is not followed.
    fn expect(&mut self, step: usize, entry: &Recorded) {
        let request = &mut self.draft.requests[step];
        request.statuses.clear();
        if entry.leaves_origin() {
            let to = entry.location.as_ref().map(|to| to.origin().ascii_serialization()).unwrap_or_default();
            request.left_out.push(format!("the redirect to {to}, which is another origin and is not followed"));
        }
        if entry.status >= 400 || entry.leaves_origin() {
            request.statuses = vec![Value::from(entry.status)];
        }
    }

    /// The pause before a request is that after the one before.
    fn pause(&mut self, entry: &Recorded, last_end: Option<f64>) {
        let pause = entry.start_ms.zip(last_end).map(|(start, end)| start - end);
        if let (Some(pause), Some(last)) =
            (pause.filter(|pause| *pause >= SHORTEST_PAUSE_MS), self.draft.requests.last_mut())
        {
            last.pause_ms = Some(pause.min(LONGEST_PAUSE_MS).round() as u64);
        }
    }

    fn request(&mut self, entry: &Recorded) {
        let mut request = Request { method: entry.method.clone(), ..Request::default() };
        request.name = format!("{} {}", entry.method, entry.url.path());
        for (name, value) in &entry.headers {
            self.header(name, value, &mut request);
        }
        (request.path, request.route) = self.path(&entry.url, &mut request.left_out);
        request.body = self.body(entry, &mut request);
        self.draft.requests.push(request);
        self.answer(entry);
    }

    fn header(&mut self, name: &str, value: &str, request: &mut Request) {
        if OF_BROWSERS.contains(&name) || name.starts_with(':') || name.starts_with("sec-") {
            self.headers_left_out +=
                usize::from(!name.starts_with(':') && !["cookie", "host", "content-length"].contains(&name));
            return;
        }
        if name == "content-type" {
            return;
        }
        if name == "authorization" {
            match value.split_once(' ').and_then(|(scheme, token)| Some((scheme, self.captured(token)?))) {
                Some((scheme, name)) if scheme.eq_ignore_ascii_case("bearer") => request.bearer = Some(name),
                Some((scheme, name)) => request.headers.push(("authorization".to_owned(), format!("{scheme} {name}"))),
                None => authorization(value, request),
            }
            return;
        }
        let sent = self.captured_as(name, value).filter(|_| name != "x-requested-with");
        if let (None, Some(cookie)) = (&sent, self.cookie_with(value)) {
            request.left_out.push(format!(
                "the header {name} has the value of the cookie {cookie}, which cannot be captured: the recorded one is sent"
            ));
        }
        request.headers.push((name.to_owned(), sent.unwrap_or_else(|| secret_or(name, value))));
    }

    /// The cookie that an earlier answer gave this value.
    fn cookie_with(&self, value: &str) -> Option<String> {
        let set = self.answers.iter().flat_map(|(_, answer)| &answer.headers).filter(|(name, _)| name == "set-cookie");
        let pairs = set.filter_map(|(_, cookie)| cookie.split(';').next()?.split_once('='));
        let mut pairs = pairs.filter(|(_, set)| !set.is_empty() && set.trim_matches('"') == value);
        pairs.next().map(|(name, _)| name.to_owned())
    }

    /// The path of a URL with what was captured, and the route if something was.
    fn path(&mut self, url: &Url, left_out: &mut Vec<String>) -> (String, Option<String>) {
        let whole = &url[Position::BeforePath..Position::AfterQuery];
        let location = |location: &Url| same(location, url).then(String::new);
        if whole.len() > 1
            && let Some((found, _)) = self.location(location)
        {
            return (found, Some(generalised(url.path())));
        }
        let (mut has_captured, mut path, mut before) = (false, String::new(), "");
        for part in url.path().split('/').skip(1) {
            path.push('/');
            let found = self.captured_part(before, part);
            has_captured |= found.is_some();
            path.push_str(&found.unwrap_or_else(|| literal(part)));
            before = part;
        }
        if !has_captured {
            if let Some((found, behind)) = self.location(|location| behind(location, url)) {
                path = found + &literal(&behind);
                has_captured = true;
            } else if self.followed.iter().any(|to| same(to, url) || behind(to, url).is_some()) {
                left_out.push(
                    "where the redirect before led, which cannot be captured: the recorded path is sent".to_owned(),
                );
            }
        }
        let pairs: Vec<_> = url.query().map(|query| query.split('&').collect()).unwrap_or_default();
        for (place, pair) in pairs.into_iter().enumerate() {
            path.push(if place == 0 { '?' } else { '&' });
            let (name, value) = pair.split_once('=').map_or((pair, None), |(name, value)| (name, Some(value)));
            path.push_str(&literal(name));
            let Some(value) = value else { continue };
            path.push('=');
            let plain =
                form_urlencoded::parse(format!("v={value}").as_bytes()).next().map(|(_, value)| value.into_owned());
            let found = plain
                .as_deref()
                .and_then(|plain| self.captured_as(name, plain))
                .map(|name| name.replace("}}", " | url}}"));
            let secret = || looks_secret(name, plain.as_deref().unwrap_or(value)).then(|| env_in_url(name));
            path.push_str(&found.or_else(secret).unwrap_or_else(|| literal(value)));
        }
        (encoded_path(&path), has_captured.then(|| generalised(url.path())))
    }

    fn body(&mut self, entry: &Recorded, request: &mut Request) -> Body {
        let Some(text) = &entry.body else {
            if !entry.mime.is_empty() && matches!(entry.method.as_str(), "POST" | "PUT" | "PATCH") {
                if !entry.parts.is_empty() {
                    request.left_out.push("the files of the body of several parts".to_owned());
                    let part = |(name, value): &(String, String)| (name.clone(), secret_or(name, value));
                    return Body::Parts(entry.parts.iter().map(part).collect());
                }
                request.left_out.push("the body, which the HAR does not have as text".to_owned());
            }
            return Body::None;
        };
        if entry.mime.starts_with(FORM) {
            return form(text, request, |name, value| self.captured_as(name, value));
        }
        if entry.mime.starts_with("multipart/") {
            request.left_out.push("the body of several parts: write it as multipart".to_owned());
            return Body::None;
        }
        match serde_json::from_str::<Value>(text) {
            Ok(json) if json.is_object() || json.is_array() => {
                let json = self.captured_json("", &json);
                if !entry.mime.is_empty() && !is_json_type(&entry.mime) {
                    request.headers.push(("content-type".to_owned(), literal(&entry.mime)));
                }
                Body::Json(json_without_secrets(&json))
            }
            _ => {
                if !entry.mime.is_empty() {
                    request.headers.push(("content-type".to_owned(), literal(&entry.mime)));
                }
                Body::Text(text_without_secrets(&literal(text)))
            }
        }
    }

    /// JSON with what was captured: a text stays a text, and a number is taken from a number.
    fn captured_json(&mut self, name: &str, value: &Value) -> Value {
        match value {
            Value::String(text) => match self.found_as(name, text, |_| true) {
                Some((found, true)) => Value::from(format!("{{{{{found} | text}}}}")),
                Some((found, false)) => Value::from(format!("{{{{{found}}}}}")),
                None => literal_json(value),
            },
            Value::Number(number) => match self.found_as(name, &number.to_string(), |source| source.is_number) {
                Some((found, _)) => Value::from(format!("{{{{{found}}}}}")),
                None => value.clone(),
            },
            Value::Object(all) => {
                all.iter().map(|(name, value)| (name.clone(), self.captured_json(name, value))).collect()
            }
            Value::Array(all) => all.iter().map(|value| self.captured_json(name, value)).collect(),
            other => other.clone(),
        }
    }

    /// The placeholder of a value that an earlier answer gave. None if none did.
    fn captured(&mut self, value: &str) -> Option<String> {
        self.found(value, |_, _| true).map(|(name, _)| format!("{{{{{name}}}}}"))
    }

    /// The same of a value that was sent under a name.
    fn captured_as(&mut self, name: &str, value: &str) -> Option<String> {
        self.found_as(name, value, |_| true).map(|(name, _)| format!("{{{{{name}}}}}"))
    }

    /// The same of a part of a path, which stands behind another part.
    fn captured_part(&mut self, before: &str, part: &str) -> Option<String> {
        let found = self.found(part, |answer, source| is_plausible(before, part, answer, source));
        found.map(|(name, _)| format!("{{{{{name}}}}}"))
    }

    fn found_as(&mut self, name: &str, value: &str, may_be: impl Fn(&Capture) -> bool) -> Option<(String, bool)> {
        if may_be_captured(name, value) { self.found(value, |_, source| may_be(source)) } else { None }
    }

    /// The placeholder of an earlier location of an answer, and what stands behind it.
    fn location(&mut self, behind: impl Fn(&Url) -> Option<String>) -> Option<(String, String)> {
        let found =
            self.answers.iter().rev().find_map(|(step, answer)| Some((*step, behind(answer.location.as_ref()?)?)));
        let (step, behind) = found?;
        let place = "location".to_owned();
        let (name, _) = self.capture(step, Capture { name: place.clone(), kind: "header", place, is_number: false });
        Some((format!("{{{{{name}}}}}"), behind))
    }

    /// The name of what an earlier answer gave, and whether it is a number.
    fn found(&mut self, value: &str, may_be: impl Fn(&Answer, &Capture) -> bool) -> Option<(String, bool)> {
        if value.is_empty() {
            return None;
        }
        // The last answer that gave it: a token may be renewed.
        let found = self.answers.iter().rev().find_map(|(step, answer)| {
            let source = answer.source(value).filter(|source| may_be(answer, source))?;
            Some((*step, source))
        });
        let (step, source) = found?;
        Some(self.capture(step, source))
    }

    /// Captures something of the answer to a step, unless it is already. Gives its name, and whether it is a number.
    fn capture(&mut self, step: usize, source: Capture) -> (String, bool) {
        let known = self.draft.requests[step].captures.iter();
        if let Some(known) = known.clone().find(|known| (known.kind, &known.place) == (source.kind, &source.place)) {
            return (known.name.clone(), known.is_number);
        }
        let is_taken = |name: &str| {
            self.draft.requests.iter().flat_map(|request| &request.captures).any(|known| known.name == name)
        };
        let name = free_name(&source.name, is_taken);
        let found = (name.clone(), source.is_number);
        self.draft.requests[step].captures.push(Capture { name, ..source });
        found
    }
}

/// What the path of a URL has behind that of a location which ends in an id.
fn behind(location: &Url, url: &Url) -> Option<String> {
    let is_id = location.path().rsplit('/').next().is_some_and(|part| part.bytes().any(|byte| byte.is_ascii_digit()));
    if !is_id || location.query().is_some() || location.origin() != url.origin() {
        return None;
    }
    let rest = url.path().strip_prefix(location.path())?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
}

/// A path as a route: whatever has a digit in it stands for others of its kind.
fn generalised(path: &str) -> String {
    let part =
        |part: &str| if part.bytes().any(|byte| byte.is_ascii_digit()) { "{id}".to_owned() } else { literal(part) };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
