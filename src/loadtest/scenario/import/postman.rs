//! Reads a Postman collection 2.1: its requests, in their order, become the steps of a journey, as its runner sends them.
//! Of its scripts only what reads a value of an answer into a variable, and what expects a status, is understood.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;
use url::Url;

use super::correlate::free_name;
use super::draft::{Body, Capture, Draft, Request, encoded_path, is_json_type, pointer_step};
use super::imported::ImportError;
use super::placeholders::{Piece, in_url, json_text, literal, pieces, rewritten};
use super::without_secrets::{
    authority, env, form_of, is_secret, json_without_secrets, path_without_secrets, secret_or, text_without_secrets,
    url_without_secrets,
};
use crate::loadtest::scenario::fits::path_text;

/// How deep folders may be.
const DEEPEST: usize = 20;

/// How deep variables may stand in the values of variables.
const DEEPEST_VARIABLES: usize = 5;

/// Reads a collection.
pub(super) fn read(document: &Value) -> Result<Draft, ImportError> {
    let name = document.pointer("/info/name").and_then(Value::as_str).unwrap_or("Postman");
    let schema = document.pointer("/info/schema").and_then(Value::as_str).unwrap_or_default();
    if schema.contains("/v1") || schema.contains("/v2.0") {
        let what = "the collection is older than 2.1: export it again as Collection v2.1";
        return Err(ImportError(what.to_owned()));
    }
    let mut reader = Reader {
        draft: Draft {
            source: "a Postman collection",
            name: name.to_owned(),
            is_journey: true,
            cookies: true,
            redirects: 10,
            ..Draft::default()
        },
        variables: variables(document),
        captured: Vec::new(),
        depth: 0,
        auth: document.get("auth").cloned(),
    };
    reader.note_scripts(document, None);
    reader.items(document, 0, reader.auth.clone().as_ref());
    if reader.draft.requests.is_empty() {
        return Err(ImportError("the collection has no request: there is nothing to send".to_owned()));
    }
    Ok(reader.draft)
}

/// The variables of the collection, without those that hold the address of the service.
fn variables(document: &Value) -> Vec<(String, Value)> {
    let pair = |variable: &Value| {
        let name = variable.get("key").or_else(|| variable.get("id"))?.as_str()?;
        Some((name.to_owned(), variable.get("value").cloned().unwrap_or(Value::from(""))))
    };
    document.get("variable").and_then(Value::as_array).into_iter().flatten().filter_map(pair).collect()
}

/// A URL as a text; what has none is made of its parts, without those that are switched off.
fn raw(url: &Value) -> String {
    let given = url.as_str().or_else(|| url.get("raw").and_then(Value::as_str)).unwrap_or_default();
    if !given.is_empty() {
        return given.to_owned();
    }
    let word = |of: &Value, key: &str| of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let joined = |key: &str, between: &str| match url.get(key) {
        Some(Value::Array(all)) => {
            let part = |part: &Value| part.as_str().map_or_else(|| word(part, "value"), str::to_owned);
            all.iter().map(part).collect::<Vec<_>>().join(between)
        }
        _ => word(url, key),
    };
    let protocol = Some(word(url, "protocol")).filter(|word| !word.is_empty()).unwrap_or_else(|| "http".to_owned());
    let (host, port) = (joined("host", "."), word(url, "port"));
    if host.is_empty() {
        return String::new();
    }
    // A variable may hold the protocol, too.
    let mut raw = if host.starts_with("{{") { host } else { format!("{protocol}://{host}") };
    if !port.is_empty() {
        raw = format!("{raw}:{port}");
    }
    raw = format!("{raw}/{}", joined("path", "/").trim_start_matches('/'));
    let enabled = |pair: &&Value| pair.get("disabled").and_then(Value::as_bool) != Some(true);
    let pairs = url.get("query").and_then(Value::as_array).into_iter().flatten().filter(enabled);
    for (place, pair) in pairs.enumerate() {
        raw.push(if place == 0 { '?' } else { '&' });
        raw = format!("{raw}{}={}", word(pair, "key"), word(pair, "value"));
    }
    raw
}

struct Reader {
    draft: Draft,
    variables: Vec<(String, Value)>,
    /// What the scripts of the requests so far have read, by its name in the collection.
    captured: Vec<(String, String)>,
    /// How many variables are being read whose values have variables.
    depth: usize,
    auth: Option<Value>,
}

/// What a script says that is understood.
static SETS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:(?:variables|collectionVariables|environment|globals)\s*\.\s*set|postman\s*\.\s*set(?:Environment|Global)Variable)\s*\(\s*["']([^"']+)["']\s*,\s*(?:[A-Za-z_]\w*|pm\.response\.json\(\)|JSON\.parse\(responseBody\))((?:\??\.[A-Za-z_]\w*|\[\d+\]|\[["'][^"']+["']\])+)\s*\)"#,
    )
    .ok()
});
static STATUS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"to\.have\.status\(\s*(\d{3})\s*\)|response\.code\)\.to\.(?:eql|equal)\(\s*(\d{3})|responseCode\.code\s*={2,3}\s*(\d{3})").ok()
});
static QUOTED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#""(?<text>\{\{[^{}"]+\}\})""#).ok());
static PLACEHOLDER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{\{\s*([^{}]+?)\s*\}\}").ok());

impl Reader {
    fn items(&mut self, folder: &Value, depth: usize, auth: Option<&Value>) {
        if depth > DEEPEST {
            self.draft.left_out.push(format!("folders that are more than {DEEPEST} deep"));
            return;
        }
        for item in folder.get("item").and_then(Value::as_array).into_iter().flatten() {
            let auth = item.get("auth").or(auth);
            if item.get("item").is_some() {
                self.note_scripts(item, None);
                self.items(item, depth + 1, auth);
            } else if let Some(request) = item.get("request") {
                self.request(item, request, auth);
            }
        }
    }

    fn request(&mut self, item: &Value, given: &Value, auth: Option<&Value>) {
        let mut request = Request::default();
        let text = |of: &Value, key: &str| of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        request.method = given.get("method").and_then(Value::as_str).unwrap_or("GET").to_uppercase();
        request.name = text(item, "name");
        let url = given.get("url").unwrap_or(given);
        let raw = raw(url);
        if raw.is_empty() {
            self.draft.left_out.push(format!("{}, which has no URL", request.name));
            return;
        }
        let Some(path) = self.path(&raw, url) else {
            let shown = url_without_secrets(&raw);
            self.draft
                .left_out
                .push(format!("{}: {shown}, which is another host: name it under [hosts]", request.name));
            return;
        };
        let path = self.text(&path, &mut request);
        let is_unfit = |one: &str| {
            let value = self.draft.variables.get(one.trim_matches(['{', '}'])).and_then(Value::as_str);
            value.is_some_and(|value| path_text(value).is_err())
        };
        let path = rewritten(&path, str::to_owned, |one| if is_unfit(one) { in_url(one) } else { one.to_owned() });
        request.path = encoded_path(&path_without_secrets(&path, |value| value.contains("{{")));
        for header in given.get("header").and_then(Value::as_array).into_iter().flatten() {
            if header.get("disabled").and_then(Value::as_bool) == Some(true) {
                continue;
            }
            let (name, value) = (text(header, "key").to_lowercase(), text(header, "value"));
            self.header(name, &value, &mut request);
        }
        if let Some(auth) = given.get("auth").filter(|auth| !auth.is_null()).or(auth) {
            self.authorization(auth, &mut request);
        }
        if let Some(body) = given.get("body") {
            self.body(body, &mut request);
        }
        self.note_scripts(item, Some(&mut request));
        self.draft.requests.push(request);
    }

    /// The path of a URL. The first host is that of the service; None for another one.
    fn path(&mut self, raw: &str, url: &Value) -> Option<String> {
        let (head, rest) = raw.split_at(authority(raw).1);
        let head = self.address(head);
        let head = if rest.starts_with('/') { head.trim_end_matches('/') } else { &head };
        let scheme = if head.contains("://") { "" } else { "http://" };
        let whole = format!("{scheme}{head}{rest}");
        let (origin, path) = whole.split_at(authority(&whole).1);
        if origin.contains("{{") {
            let what = format!("the host {head}, which the collection does not give: give it with --host");
            if !self.draft.left_out.contains(&what) {
                self.draft.left_out.push(what);
            }
        } else {
            let known = Url::parse(origin).map_or(origin.to_owned(), |url| url.origin().ascii_serialization());
            if self.draft.host.get_or_insert_with(|| known.clone()) != &known {
                return None;
            }
        }
        let path = path.split('#').next().unwrap_or_default();
        let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
        let mut path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        for variable in url.get("variable").and_then(Value::as_array).into_iter().flatten() {
            let name = variable.get("key").and_then(Value::as_str).unwrap_or_default();
            let value = variable.get("value").and_then(Value::as_str).filter(|value| !value.is_empty()).unwrap_or("1");
            let parts = path.split('/').map(|part| if part.strip_prefix(':') == Some(name) { value } else { part });
            path = parts.collect::<Vec<_>>().join("/");
        }
        Some(path + query)
    }

    /// The address before a path, with what the collection gives for its variables.
    fn address(&self, head: &str) -> String {
        let mut head = head.to_owned();
        for _ in 0..DEEPEST_VARIABLES {
            for (name, value) in &self.variables {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                head = head.replace(&format!("{{{{{name}}}}}"), &value);
            }
        }
        head
    }

    /// A text with the placeholders of a scenario in place of those of a collection.
    fn text(&mut self, text: &str, request: &mut Request) -> String {
        let Some(pattern) = PLACEHOLDER.as_ref() else { return text.to_owned() };
        let mut written = String::new();
        let mut at = 0;
        for found in pattern.captures_iter(text) {
            let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else { continue };
            written.push_str(&literal(&text[at..whole.start()]));
            written.push_str(&self.placeholder(name.as_str(), request));
            at = whole.end();
        }
        written + &literal(&text[at..])
    }

    fn placeholder(&mut self, name: &str, request: &mut Request) -> String {
        if let Some((_, captured)) = self.captured.iter().rev().find(|(known, _)| known == name) {
            return format!("{{{{{captured}}}}}");
        }
        match name {
            "$guid" | "$randomUUID" => return "{{uuid}}".to_owned(),
            "$randomInt" => return "{{random(0, 1000)}}".to_owned(),
            "$timestamp" => return "{{sequence(1700000000)}}".to_owned(),
            _ => {}
        }
        if name.starts_with('$') {
            request.left_out.push(format!("{{{{{name}}}}}, for which a number is drawn"));
            return "{{random(0, 1000)}}".to_owned();
        }
        let value = self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        match value {
            Some(Value::String(text)) if text.contains("{{") && !is_secret(name) => {
                if self.depth >= DEEPEST_VARIABLES {
                    return String::new();
                }
                self.depth += 1;
                let written = self.text(&text, request);
                self.depth -= 1;
                written
            }
            Some(value) if !is_secret(name) => {
                let free = free_name(name, |_| false);
                let value = match value {
                    Value::Number(_) | Value::String(_) => value,
                    other => Value::from(other.to_string()),
                };
                self.draft.variables.insert(free.clone(), value);
                format!("{{{{{free}}}}}")
            }
            _ => env(name),
        }
    }

    fn header(&mut self, name: String, value: &str, request: &mut Request) {
        match name.as_str() {
            "" | "host" | "content-length" | "connection" | "transfer-encoding" | "accept-encoding"
            | "postman-token" | "user-agent" => {}
            "cookie" => request.left_out.push("the header cookie: each user has a jar".to_owned()),
            "authorization" => match value.split_once(' ') {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                    request.bearer = Some(self.secret("token", token, request));
                }
                _ => request.headers.push((name, "{{env.AUTHORIZATION}}".to_owned())),
            },
            _ => {
                let value =
                    if is_secret(&name) { self.secret(&name, value, request) } else { self.text(value, request) };
                request.headers.push((name, value));
            }
        }
    }

    /// A secret: a variable that was captured or that the environment has; never what is written there.
    fn secret(&mut self, name: &str, value: &str, request: &mut Request) -> String {
        if value.trim().starts_with("{{") { self.text(value.trim(), request) } else { env(name) }
    }

    fn authorization(&mut self, auth: &Value, request: &mut Request) {
        let kind = auth.get("type").and_then(Value::as_str).unwrap_or("noauth");
        let value = |key: &str| {
            let of = auth.get(kind)?;
            let listed =
                of.as_array().and_then(|all| all.iter().find(|pair| pair.get("key").is_some_and(|known| known == key)));
            let found = listed.and_then(|pair| pair.get("value")).or_else(|| of.get(key))?;
            found.as_str().map(str::to_owned)
        };
        let key = value("key").unwrap_or_else(|| "x-api-key".to_owned());
        let sent_as = match kind {
            "bearer" | "basic" => "authorization".to_owned(),
            "apikey" => key.to_lowercase(),
            _ => String::new(),
        };
        let before = request.headers.len();
        request.headers.retain(|(name, _)| *name != sent_as);
        let is_twice = sent_as == "authorization" && request.bearer.take().is_some();
        if is_twice || request.headers.len() < before {
            request.left_out.push(format!("the header {sent_as} beside the authorization of the request"));
        }
        match kind {
            "noauth" => {}
            "bearer" => request.bearer = Some(self.secret("token", &value("token").unwrap_or_default(), request)),
            "basic" => {
                let user = self.text(&value("username").unwrap_or_default(), request);
                let password = self.secret("password", &value("password").unwrap_or_default(), request);
                request.basic = Some((user, password));
            }
            "apikey" => {
                let secret = self.secret(&key, &value("value").unwrap_or_default(), request);
                if value("in").as_deref() == Some("query") {
                    let key: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
                    let separator = if request.path.contains('?') { '&' } else { '?' };
                    request.path =
                        format!("{}{separator}{key}={}", request.path, rewritten(&secret, str::to_owned, in_url));
                } else {
                    request.headers.push((sent_as, secret));
                }
            }
            other => request.left_out.push(format!("authorization of the kind {other}")),
        }
    }

    fn body(&mut self, body: &Value, request: &mut Request) {
        let fields = |key: &str| body.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let word = |of: &Value, key: &str| of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        match body.get("mode").and_then(Value::as_str) {
            Some("raw") => {
                let raw = word(body, "raw");
                let is_json = body.pointer("/options/raw/language").is_some_and(|language| language == "json");
                request.body = match serde_json::from_str::<Value>(&raw) {
                    Ok(json) if json.is_object() || json.is_array() => {
                        Body::Json(json_without_secrets(&self.json(&json, request)))
                    }
                    _ if raw.is_empty() => Body::None,
                    _ => Body::Text(quotes_closed(&text_without_secrets(&self.text(&raw, request)))),
                };
                let has_type = request.headers.iter().any(|(name, _)| name == "content-type");
                if matches!(request.body, Body::Text(_)) && !is_json && !has_type {
                    request.headers.push(("content-type".to_owned(), "text/plain".to_owned()));
                }
            }
            Some("graphql") => {
                let graphql = body.get("graphql").cloned().unwrap_or_default();
                let query = self.text(&word(&graphql, "query"), request);
                let variables = word(&graphql, "variables");
                let mut json = serde_json::Map::from_iter([("query".to_owned(), Value::from(query))]);
                match serde_json::from_str::<Value>(&variables) {
                    Ok(variables) => {
                        let variables = json_without_secrets(&self.json(&variables, request));
                        json.insert("variables".to_owned(), variables);
                    }
                    Err(_) if variables.trim().is_empty() => {}
                    Err(_) => request.left_out.push("the variables of the query, which are not JSON".to_owned()),
                }
                request.body = Body::Json(Value::Object(json));
            }
            Some(mode @ ("urlencoded" | "formdata")) => {
                let mut all: Vec<(String, String)> = Vec::new();
                for field in fields(mode) {
                    let name = word(&field, "key");
                    if field.get("disabled").and_then(Value::as_bool) == Some(true) {
                    } else if field.get("type").is_some_and(|kind| kind == "file") {
                        request.left_out.push(format!("the part {name} with a file, which is not read"));
                    } else {
                        let value = word(&field, "value");
                        let value =
                            if value.contains("{{") { self.text(&value, request) } else { secret_or(&name, &value) };
                        all.push((name, value));
                    }
                }
                request.body = if mode == "formdata" { Body::Parts(all) } else { form_of(all, request) };
            }
            Some("file") => request.left_out.push("the body in a file, which is not read: write body_file".to_owned()),
            _ => {}
        }
        // What the load test says of itself.
        match request.body {
            Body::Form(_) | Body::Parts(_) => request.headers.retain(|(name, _)| name != "content-type"),
            Body::Json(_) => request.headers.retain(|(name, kind)| name != "content-type" || !is_json_type(kind)),
            Body::Text(_) | Body::None => {}
        }
    }

    /// JSON with the placeholders of a scenario. A text stays a text.
    fn json(&mut self, value: &Value, request: &mut Request) -> Value {
        match value {
            Value::String(text) => {
                let written = self.text(text, request);
                let is_value = match pieces(&written)[..] {
                    [Piece::Placeholder(one)] => {
                        !["{{env.", "{{uuid", "{{\""].iter().any(|other| one.starts_with(other))
                    }
                    _ => false,
                };
                Value::from(if is_value { written.replace("}}", " | text}}") } else { written })
            }
            Value::Array(all) => all.iter().map(|one| self.json(one, request)).collect(),
            Value::Object(all) => all.iter().map(|(name, one)| (name.clone(), self.json(one, request))).collect(),
            other => other.clone(),
        }
    }

    /// Takes over what is understood of the scripts of a request; of a folder's nothing is.
    fn note_scripts(&mut self, of: &Value, mut request: Option<&mut Request>) {
        for event in of.get("event").and_then(Value::as_array).into_iter().flatten() {
            let code = match event.pointer("/script/exec") {
                Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"),
                Some(Value::String(code)) => code.clone(),
                _ => continue,
            };
            if code.trim().is_empty() {
                continue;
            }
            let listen = event.get("listen").and_then(Value::as_str).unwrap_or_default();
            match request.as_deref_mut() {
                Some(request) if listen == "test" => self.script(&code, request),
                Some(request) => request.left_out.push(format!("the {listen} script")),
                None => self.draft.left_out.push(format!("a {listen} script of a folder or of the collection")),
            }
        }
    }

    fn script(&mut self, code: &str, request: &mut Request) {
        if let Some(status) = STATUS.as_ref().and_then(|pattern| pattern.captures(code)) {
            let number = status.iter().skip(1).flatten().next().and_then(|number| number.as_str().parse::<u16>().ok());
            request.statuses.extend(number.map(Value::from));
        }
        let mut understood = usize::from(!request.statuses.is_empty());
        for found in SETS.iter().flat_map(|pattern| pattern.captures_iter(code)) {
            let (Some(name), Some(path)) = (found.get(1), found.get(2)) else { continue };
            let pointer = pointer(path.as_str());
            // What was sent before keeps the value that the collection gives.
            let before = self.captured.iter().find(|(known, _)| known == name.as_str()).map(|(_, free)| free.clone());
            let variables = &self.draft.variables;
            let free = before.unwrap_or_else(|| free_name(name.as_str(), |taken| variables.contains_key(taken)));
            request.captures.push(Capture { name: free.clone(), kind: "json", place: pointer, is_number: false });
            self.captured.push((name.as_str().to_owned(), free));
            understood += 1;
        }
        let words = [
            "pm.test(",
            ".set(",
            "setNextRequest",
            "setEnvironmentVariable(",
            "setGlobalVariable(",
            "tests[\"",
            "tests['",
        ];
        let wanted: usize = words.into_iter().map(|word| code.matches(word).count()).sum();
        if wanted > understood {
            request.left_out.push(format!("{} things of the test script", wanted - understood));
        }
    }
}

/// A text that may be JSON: a placeholder alone in its quotes gets those that its value cannot leave.
fn quotes_closed(text: &str) -> String {
    let Some(pattern) = QUOTED.as_ref().filter(|_| text.trim_start().starts_with(['{', '['])) else {
        return text.to_owned();
    };
    let written = |found: &regex::Captures<'_>| json_text(&Value::from(&found["text"]), &|_| false);
    pattern.replace_all(text, written).into_owned()
}

/// `.data[0]["a b"]` as a JSON pointer.
fn pointer(path: &str) -> String {
    let mut pointer = String::new();
    for part in
        path.split(['.', '[']).map(|part| part.trim_matches(['?', ']', '"', '\''])).filter(|part| !part.is_empty())
    {
        pointer.push('/');
        pointer.push_str(&pointer_step(part));
    }
    pointer
}
