//! Reads an OpenAPI document, 3.0 or 3.1: a task for each operation, with the examples of the document, or else values
//! that its schemas allow. A reference outside of the document is not followed.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Map, Value};
use url::Url;

use super::draft::{Body, Draft, Request, encoded_path, literal, literal_json};
use super::imported::ImportError;
use super::without_secrets::{env, env_in_url, is_secret, json_without_secrets, secret_or};

const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// The longest text that is made for a pattern, and the most characters that are looked through for a plain one.
const MOST_LETTERS: usize = 1_000;

/// How deep a schema is followed: one may contain itself.
const DEEPEST: usize = 12;

/// Reads a document.
pub(super) fn read(document: &Value) -> Result<Draft, ImportError> {
    let version = document.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("3.") {
        return Err(ImportError(format!("OpenAPI {version:?} is not known: give a document of OpenAPI 3.0 or 3.1")));
    }
    let name = document.pointer("/info/title").and_then(Value::as_str).unwrap_or("OpenAPI");
    let mut draft = Draft { source: "an OpenAPI document", name: name.to_owned(), ..Draft::default() };
    server(document, &mut draft);
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        let reader = Reader { document, path };
        // An item that is a reference has operations of its own beside it only by mistake, and they are read all the same.
        let mut shared = Request::default();
        let item = reader.resolved(item, &mut shared).unwrap_or(item);
        draft.left_out.extend(shared.left_out.iter().map(|what| format!("{path}: {what}")));
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                draft.requests.push(reader.operation(method, operation, item.get("parameters")));
            }
        }
    }
    if document.get("webhooks").is_some() {
        draft.left_out.push("the webhooks, which the service sends and nobody else".to_owned());
    }
    if draft.requests.is_empty() {
        return Err(ImportError("the document has no operation under paths: there is nothing to send".to_owned()));
    }
    Ok(draft)
}

/// The first server of the document.
fn server(document: &Value, draft: &mut Draft) {
    let servers = document.get("servers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let Some(first) = servers.first().and_then(|server| server.get("url")).and_then(Value::as_str) else { return };
    let mut url = first.to_owned();
    for (name, variable) in servers[0].get("variables").and_then(Value::as_object).into_iter().flatten() {
        let value = variable.get("default").and_then(Value::as_str).unwrap_or_default();
        url = url.replace(&format!("{{{name}}}"), value);
    }
    if Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
        draft.host = Some(url.trim_end_matches('/').to_owned());
    } else {
        draft.left_out.push(format!("the server {first:?}, which is no whole URL: give it with --host"));
    }
    for other in servers.iter().skip(1).filter_map(|server| server.get("url")).filter_map(Value::as_str) {
        draft.left_out.push(format!("the further server {other}"));
    }
}

struct Reader<'a> {
    document: &'a Value,
    path: &'a str,
}

impl<'a> Reader<'a> {
    /// What a reference leads to, within the document. Notes one that leads elsewhere, or nowhere.
    fn resolved(&self, value: &'a Value, request: &mut Request) -> Option<&'a Value> {
        let mut value = value;
        for _ in 0..DEEPEST {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Some(value) };
            let target = reference.strip_prefix('#').and_then(|pointer| self.document.pointer(&decoded(pointer)));
            let Some(target) = target else {
                request.left_out.push(format!("{reference}, which is not in the document"));
                return None;
            };
            value = target;
        }
        None
    }

    fn operation(&self, method: &str, operation: &'a Value, shared: Option<&'a Value>) -> Request {
        let mut request = Request { method: method.to_uppercase(), ..Request::default() };
        let id = operation.get("operationId").and_then(Value::as_str);
        request.name = id.map_or_else(|| format!("{} {}", request.method, self.path), str::to_owned);
        let mut path = literal(self.path);
        let mut query = Vec::new();
        for parameter in self.parameters(operation, shared, &mut request) {
            self.parameter(parameter, &mut path, &mut query, &mut request);
        }
        self.security(operation, &mut query, &mut request);
        if let Some(body) = operation.get("requestBody").and_then(|body| self.resolved(body, &mut request)) {
            self.body(body, &mut request);
        }
        request.statuses = statuses(operation);
        // A parameter that the document forgets to describe.
        while let Some((before, rest)) = path.split_once('{').filter(|(_, rest)| !rest.starts_with('{')) {
            let Some((name, behind)) = rest.split_once('}') else { break };
            request.left_out.push(format!("the parameter {name}, which is not described: 1 stands for it"));
            path = format!("{before}1{behind}");
        }
        request.route = Some(self.path.split('?').next().unwrap_or_default().to_owned());
        let query = query.join("&");
        let separator = if query.is_empty() { "" } else { "?" };
        request.path = encoded_path(&format!("{}{separator}{query}", path.replace('\u{1}', "{{")));
        request
    }

    /// The parameters of an operation; one of its own takes the place of a shared one of the same name.
    fn parameters(&self, operation: &'a Value, shared: Option<&'a Value>, request: &mut Request) -> Vec<&'a Value> {
        let lists = [operation.get("parameters"), shared];
        let mut known = BTreeSet::new();
        let mut all = Vec::new();
        for parameter in lists.into_iter().flatten().filter_map(Value::as_array).flatten() {
            let Some(parameter) = self.resolved(parameter, request) else { continue };
            let key = (parameter.get("in").map(Value::to_string), parameter.get("name").map(Value::to_string));
            if known.insert(key) {
                all.push(parameter);
            }
        }
        all
    }

    fn parameter(&self, parameter: &'a Value, path: &mut String, query: &mut Vec<String>, request: &mut Request) {
        let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
        let is_required = parameter.get("required").and_then(Value::as_bool).unwrap_or(false);
        let example = self.example_of(parameter, request);
        let place = parameter.get("in").and_then(Value::as_str);
        if place != Some("path") && !is_required && example.is_none() {
            return;
        }
        // Whatever state there is: nobody knows the entity tag of a service (RFC 9110, section 13.1.1).
        let is_state = place == Some("header") && name.eq_ignore_ascii_case("if-match");
        let value = match example {
            Some(example) => literal_json(&example),
            None if is_state => Value::from("*"),
            None => self.made_up(parameter, request),
        };
        match place {
            Some("path") => {
                // Marks what is a placeholder already.
                let value = url_encoded(&plain(&value)).replace("{{", "\u{1}");
                *path = path.replace(&format!("{{{name}}}"), &value);
            }
            Some("query") if is_secret(name) => {
                query.push(format!("{}={}", url_encoded(&literal(name)), env_in_url(name)));
            }
            Some("query") => query.extend(pairs(name, &value, parameter)),
            Some("header") => {
                let known = ["accept", "content-type", "authorization"].contains(&name.to_lowercase().as_str());
                let value = if is_secret(name) { env(name) } else { plain(&value) };
                if !known {
                    request.headers.push((name.to_lowercase(), value));
                }
            }
            Some("cookie") => {
                let value = if is_secret(name) { env(name) } else { plain(&value) };
                cookie(&format!("{}={value}", literal(name)), request);
            }
            _ => {}
        }
    }

    /// The example that the document gives: of a parameter or of a kind of body.
    fn example_of(&self, of: &'a Value, request: &mut Request) -> Option<Value> {
        if let Some(example) = of.get("example") {
            return Some(example.clone());
        }
        let named = of.get("examples").and_then(Value::as_object).and_then(|examples| examples.values().next());
        if let Some(example) = named.and_then(|example| self.resolved(example, request)) {
            if example.get("externalValue").is_some() {
                request.left_out.push("an example that is outside of the document".to_owned());
            }
            if let Some(value) = example.get("value") {
                return Some(value.clone());
            }
        }
        let schema = of.get("schema").and_then(|schema| self.resolved(schema, request))?;
        schema_example(schema)
    }

    /// A value that a parameter's schema allows, with placeholders where it may be another one each time.
    fn made_up(&self, parameter: &'a Value, request: &mut Request) -> Value {
        let schema = parameter.get("schema").and_then(|schema| self.resolved(schema, request));
        match schema {
            Some(schema) if type_of(schema) == "integer" && schema.get("multipleOf").is_none() => {
                let (least, most) = bounds(schema);
                let least = least.map_or(1, |least| least.ceil() as i64);
                let most = most.map_or(least.saturating_add(9), |most| most.floor() as i64);
                Value::from(format!("{{{{random({least}, {})}}}}", most.clamp(least, least.saturating_add(99))))
            }
            Some(schema) if schema.get("format").and_then(Value::as_str) == Some("uuid") => Value::from("{{uuid}}"),
            Some(schema) => literal_json(&self.value(schema, request, 0)),
            None => Value::from("1"),
        }
    }

    /// A value that a schema allows.
    fn value(&self, schema: &'a Value, request: &mut Request, depth: usize) -> Value {
        let Some(schema) = self.resolved(schema, request) else { return Value::Null };
        if let Some(example) = schema_example(schema) {
            return example;
        }
        if depth >= DEEPEST {
            return Value::Null;
        }
        if let Some(all) = schema.get("allOf").and_then(Value::as_array) {
            let mut joined = Map::new();
            for part in all.iter().chain(std::iter::once(schema).filter(|own| own.get("properties").is_some())) {
                let value = if std::ptr::eq(part, schema) {
                    self.object(part, request, depth)
                } else {
                    self.value(part, request, depth + 1)
                };
                if let Value::Object(part) = value {
                    joined.extend(part);
                }
            }
            return Value::Object(joined);
        }
        let choice = ["oneOf", "anyOf"].into_iter().find_map(|key| schema.get(key)?.as_array()?.first());
        if let Some(choice) = choice {
            return self.value(choice, request, depth + 1);
        }
        match type_of(schema) {
            "object" => self.object(schema, request, depth),
            "array" => {
                let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(1).min(10) as usize;
                let Some(items) = schema.get("items") else { return Value::Array(Vec::new()) };
                let mut all = vec![self.value(items, request, depth + 1); least];
                if schema.get("uniqueItems").and_then(Value::as_bool) == Some(true) {
                    self.told_apart(items, &mut all, request);
                }
                Value::Array(all)
            }
            "integer" => Value::from(number(schema, 1.0) as i64),
            "number" => Value::from(number(schema, 1.5)),
            "boolean" => Value::from(true),
            "null" => Value::Null,
            _ => Value::from(text(schema, request)),
        }
    }

    /// Makes equal items differ: other values of their list, a number behind a text, or the next numbers.
    fn told_apart(&self, items: &'a Value, all: &mut [Value], request: &mut Request) {
        let listed = self.resolved(items, request).and_then(|items| items.get("enum")).and_then(Value::as_array);
        for (place, item) in all.iter_mut().enumerate().skip(1) {
            let next = match (listed.map(|listed| listed.get(place)), &*item) {
                (Some(listed), _) => listed.cloned(),
                (None, Value::String(text)) => Some(Value::from(format!("{text}{}", place + 1))),
                (None, Value::Number(number)) => number.as_i64().map(|number| Value::from(number + place as i64)),
                _ => None,
            };
            *item = next.unwrap_or(Value::Null);
        }
    }

    /// An object with the required properties, and those that have an example.
    fn object(&self, schema: &'a Value, request: &mut Request, depth: usize) -> Value {
        let required: BTreeSet<_> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema.get("properties").and_then(Value::as_object);
        let mut object = Map::new();
        for (name, property) in properties.into_iter().flatten() {
            let is_read_only = property.get("readOnly").and_then(Value::as_bool).unwrap_or(false);
            let wanted = required.is_empty() || required.contains(name.as_str()) || schema_example(property).is_some();
            if wanted && !is_read_only {
                object.insert(name.clone(), self.value(property, request, depth + 1));
            }
        }
        let least = schema.get("minProperties").and_then(Value::as_u64).unwrap_or(0).min(10) as usize;
        if let Some(further) = schema.get("additionalProperties").filter(|further| further.is_object()) {
            for number in object.len() + 1..=least {
                object.insert(format!("key{number}"), self.value(further, request, depth + 1));
            }
        }
        Value::Object(object)
    }

    fn body(&self, body: &'a Value, request: &mut Request) {
        let Some(content) = body.get("content").and_then(Value::as_object) else { return };
        let of = |wanted: &dyn Fn(&str) -> bool| content.iter().find(|(kind, _)| wanted(kind));
        let is_json = |kind: &str| {
            kind.starts_with("application/json") || kind.split(';').next().is_some_and(|kind| kind.ends_with("+json"))
        };
        if let Some((kind, media)) = of(&is_json) {
            let value = self.media(media, request);
            if !kind.starts_with("application/json") {
                request.headers.push(("content-type".to_owned(), kind.clone()));
            }
            request.body = Body::Json(json_without_secrets(&literal_json(&value)));
        } else if let Some((kind, media)) =
            of(&|kind| kind.starts_with("application/x-www-form-urlencoded") || kind.starts_with("multipart/form-data"))
        {
            let value = self.media(media, request);
            let field = |(name, value): (&String, &Value)| (name.clone(), secret_or(name, &plain(value)));
            let fields = value.as_object().map(|all| all.iter().map(field).collect()).unwrap_or_default();
            request.body = if kind.starts_with("multipart") { Body::Parts(fields) } else { Body::Form(fields) };
        } else if let Some((kind, media)) = content.iter().next() {
            match self.example_of(media, request) {
                Some(Value::String(text)) => {
                    request.headers.push(("content-type".to_owned(), kind.clone()));
                    request.body = Body::Text(literal(&text));
                }
                _ => request.left_out.push(format!("the body of type {kind}: write body or body_file")),
            }
        }
    }

    fn media(&self, media: &'a Value, request: &mut Request) -> Value {
        if let Some(example) = self.example_of(media, request) {
            return example;
        }
        media.get("schema").map_or(Value::Null, |schema| self.value(schema, request, 0))
    }

    /// Authorization by the first way that the operation allows.
    fn security(&self, operation: &'a Value, query: &mut Vec<String>, request: &mut Request) {
        let wanted = operation.get("security").or_else(|| self.document.get("security")).and_then(Value::as_array);
        let names = wanted.and_then(|all| all.first()).and_then(Value::as_object).map(|names| names.keys());
        for name in names.into_iter().flatten() {
            let pointer = format!("/components/securitySchemes/{}", name.replace('~', "~0").replace('/', "~1"));
            let Some(scheme) = self.document.pointer(&pointer).and_then(|scheme| self.resolved(scheme, request)) else {
                continue;
            };
            let word = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or_default().to_lowercase();
            let key = scheme.get("name").and_then(Value::as_str).unwrap_or("key");
            match (word("type").as_str(), word("scheme").as_str(), word("in").as_str()) {
                ("http", "basic", _) => {
                    request.basic = Some(("{{env.USERNAME}}".to_owned(), "{{env.PASSWORD}}".to_owned()));
                }
                ("http" | "oauth2" | "openidconnect", ..) => request.bearer = Some("{{env.TOKEN}}".to_owned()),
                ("apikey", _, "header") => {
                    request.headers.push((key.to_lowercase(), env(key)));
                }
                ("apikey", _, "query") => query.push(format!("{key}={}", env_in_url(key))),
                ("apikey", _, "cookie") => cookie(&format!("{key}={}", env(key)), request),
                _ => request.left_out.push(format!("the authorization {name}, of a kind that has no place here")),
            }
        }
    }
}

/// The example, the default or the first allowed value that a schema gives itself.
fn schema_example(schema: &Value) -> Option<Value> {
    let first = |key: &str| schema.get(key).and_then(Value::as_array).and_then(|all| all.first());
    let given = schema.get("example").or_else(|| first("examples")).or_else(|| schema.get("const"));
    given.or_else(|| schema.get("default")).or_else(|| first("enum")).filter(|value| !value.is_null()).cloned()
}

/// The type of a schema: in OpenAPI 3.1 it may be one of several.
fn type_of(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("null"),
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

/// The least and the greatest value that a schema allows. In OpenAPI 3.0 a bound is excluded by a truth value beside it, in
/// 3.1 by a bound of its own.
fn bounds(schema: &Value) -> (Option<f64>, Option<f64>) {
    let step = schema.get("multipleOf").and_then(Value::as_f64);
    let step = step.unwrap_or(if type_of(schema) == "integer" { 1.0 } else { 0.1 });
    let bound = |plain: &str, excluded: &str, step: f64| match schema.get(excluded) {
        Some(Value::Number(bound)) => bound.as_f64().map(|bound| bound + step),
        Some(Value::Bool(true)) => schema.get(plain).and_then(Value::as_f64).map(|bound| bound + step),
        _ => schema.get(plain).and_then(Value::as_f64),
    };
    (bound("minimum", "exclusiveMinimum", step), bound("maximum", "exclusiveMaximum", -step))
}

/// A number that a schema allows: this one, if it may be.
fn number(schema: &Value, usual: f64) -> f64 {
    let (least, most) = bounds(schema);
    let value = usual.min(most.unwrap_or(f64::INFINITY)).max(least.unwrap_or(f64::NEG_INFINITY));
    match schema.get("multipleOf").and_then(Value::as_f64).filter(|step| *step > 0.0) {
        // Rounded, since 0.01 times a number is not exactly that number of hundredths.
        Some(step) => ((value / step - 1e-9).ceil() * step * 1e9).round() / 1e9,
        None => value,
    }
}

/// A text that a schema allows.
fn text(schema: &Value, request: &mut Request) -> String {
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        if let Some(text) = of_pattern(pattern) {
            return text;
        }
        request.left_out.push(format!("a text of the pattern {pattern}: \"text\" stands for it"));
    }
    let known = match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => "2026-01-01T00:00:00Z",
        Some("date") => "2026-01-01",
        Some("email") => "mia@example.com",
        Some("uri" | "url") => "https://example.com/",
        Some("uuid") => "123e4567-e89b-42d3-a456-426614174000",
        Some("ipv4") => "192.0.2.1",
        _ => "text",
    };
    let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0).min(1_000) as usize;
    let most = schema.get("maxLength").and_then(Value::as_u64).map_or(usize::MAX, |most| most as usize);
    let mut text = known.to_owned();
    while text.len() < least {
        text.push('x');
    }
    text.chars().take(most).collect()
}

/// The shortest text that a pattern allows; None if the pattern is not understood, or the text does not fit it.
fn of_pattern(pattern: &str) -> Option<String> {
    let mut text = String::new();
    shortest(&regex_syntax::parse(pattern).ok()?, &mut text)?;
    regex::Regex::new(pattern).ok()?.is_match(&text).then_some(text)
}

fn shortest(pattern: &Hir, text: &mut String) -> Option<()> {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            // A letter or a digit, if there is one.
            let all = || class.iter().flat_map(|range| range.start()..=range.end()).take(MOST_LETTERS);
            text.push(all().find(char::is_ascii_alphanumeric).or_else(|| all().next())?);
        }
        HirKind::Class(Class::Bytes(_)) => return None,
        HirKind::Repetition(repeated) => {
            for _ in 0..repeated.min {
                shortest(&repeated.sub, text)?;
                if text.len() > MOST_LETTERS {
                    return None;
                }
            }
        }
        HirKind::Capture(group) => shortest(&group.sub, text)?,
        HirKind::Concat(all) => all.iter().try_for_each(|part| shortest(part, text))?,
        HirKind::Alternation(all) => shortest(all.first()?, text)?,
    }
    Some(())
}

/// A parameter of the query, encoded, as its style has it: each item of a list by itself unless `explode` is false.
fn pairs(name: &str, value: &Value, parameter: &Value) -> Vec<String> {
    let style = parameter.get("style").and_then(Value::as_str).unwrap_or("form");
    let explode = parameter.get("explode").and_then(Value::as_bool).unwrap_or(style == "form");
    let encoded = |value: &Value| url_encoded(&plain(value));
    let pair = |name: &str, value: &str| format!("{}={value}", url_encoded(&literal(name)));
    let between = match style {
        "spaceDelimited" => "%20",
        "pipeDelimited" => "|",
        _ => ",",
    };
    match value {
        Value::Array(all) if explode => all.iter().map(|one| pair(name, &encoded(one))).collect(),
        Value::Array(all) => vec![pair(name, &all.iter().map(encoded).collect::<Vec<_>>().join(between))],
        Value::Object(all) if style == "deepObject" => {
            all.iter().map(|(key, one)| pair(&format!("{name}[{key}]"), &encoded(one))).collect()
        }
        Value::Object(all) if explode => all.iter().map(|(key, one)| pair(key, &encoded(one))).collect(),
        Value::Object(all) => {
            let parts = all.iter().map(|(key, one)| format!("{},{}", url_encoded(&literal(key)), encoded(one)));
            vec![pair(name, &parts.collect::<Vec<_>>().join(","))]
        }
        other => vec![pair(name, &encoded(other))],
    }
}

/// Adds a cookie to those that a request sends.
fn cookie(pair: &str, request: &mut Request) {
    match request.headers.iter_mut().find(|(name, _)| name == "cookie") {
        Some((_, cookies)) => cookies.push_str(&format!("; {pair}")),
        None => request.headers.push(("cookie".to_owned(), pair.to_owned())),
    }
}

/// The statuses of good answers, if the operation describes any.
fn statuses(operation: &Value) -> Vec<Value> {
    let described = operation.get("responses").and_then(Value::as_object);
    let good = described.into_iter().flatten().filter_map(|(status, _)| match status.as_str() {
        class if class.eq_ignore_ascii_case("2xx") => Some(Value::from("2xx")),
        number => number.parse::<u16>().ok().filter(|number| (200..300).contains(number)).map(Value::from),
    });
    good.collect()
}

/// A value as it stands in a path, a query or a header.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// A text for a URL; placeholders stay.
fn url_encoded(text: &str) -> String {
    if text.contains("{{") {
        return text.to_owned();
    }
    form_urlencoded::byte_serialize(text.as_bytes()).map(|part| if part == "+" { "%20" } else { part }).collect()
}

/// A pointer within a URL (RFC 6901, section 6).
fn decoded(pointer: &str) -> String {
    let escaped = pointer.replace('+', "%2B");
    form_urlencoded::parse(format!("p={escaped}").as_bytes())
        .next()
        .map_or_else(String::new, |(_, text)| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::import;
    use serde_json::json;

    #[test]
    fn a_path_that_is_described_elsewhere_is_told() {
        let document = json!({"openapi": "3.0.3", "paths": {
            "/here": {"get": {"responses": {"200": {}}}}, "/there": {"$ref": "there.yaml#/item"}
        }});
        let imported = import(&document.to_string()).unwrap();
        assert_eq!(imported.left_out, 1, "{}", imported.text);
        assert!(imported.text.contains("/there: there.yaml#/item, which is not in the document"), "{}", imported.text);
    }

    #[test]
    fn an_operation_becomes_a_task_with_the_examples_of_the_document() {
        let document = json!({
            "openapi": "3.1.0", "info": {"title": "Pets"}, "servers": [{"url": "https://{region}.pets.example/v1", "variables": {"region": {"default": "eu"}}}],
            "security": [{"key": []}],
            "paths": {
                "/pets/{id}": {
                    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 5, "maximum": 7}}],
                    "get": {"operationId": "getPet", "parameters": [{"$ref": "#/components/parameters/Full"}, {"$ref": "other.yaml#/x"}], "responses": {"200": {}, "404": {}}},
                    "delete": {"security": [], "responses": {"2XX": {}}}
                },
                "/pets": {"post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}, "responses": {"201": {}}}}
            },
            "components": {
                "parameters": {"Full": {"name": "full text", "in": "query", "example": "yes & no"}},
                "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}},
                "schemas": {"Pet": {"allOf": [{"required": ["name"], "properties": {"name": {"type": ["null", "string"], "minLength": 6}, "age": {"type": "integer"}}}, {"properties": {"parent": {"$ref": "#/components/schemas/Pet"}, "kind": {"enum": ["cat", "dog"]}}, "required": ["kind"]}]}}
            }
        });
        let imported = import(&document.to_string()).unwrap();
        insta::assert_snapshot!(imported.text, @r#"
        # Made of an OpenAPI document. Read it before it is run:
        #
        #     storemgr loadtest --scenario FILE --host https://eu.pets.example/v1 --users 10

        name = "Pets"

        [[task]]
        name = "POST /pets"
        method = "POST"
        path = "/pets"
        route = "/pets"
        headers = { x-api-key = "{{env.X_API_KEY}}" }
        json = { kind = "cat", name = "textxx" }
        check = { status = 201 }

        # left out: other.yaml#/x, which is not in the document
        [[task]]
        name = "getPet"
        path = "/pets/{{random(5, 7)}}?full%20text=yes%20%26%20no"
        route = "/pets/{id}"
        headers = { x-api-key = "{{env.X_API_KEY}}" }
        check = { status = 200 }

        [[task]]
        name = "DELETE /pets/{id}"
        method = "DELETE"
        path = "/pets/{{random(5, 7)}}"
        route = "/pets/{id}"
        check = { status = "2xx" }
        "#);
        assert_eq!((imported.left_out, imported.host.as_deref()), (1, Some("https://eu.pets.example/v1")));
        assert_eq!(import(&yaml_serde::to_string(&document).unwrap()).unwrap(), imported, "YAML says the same");
    }

    /// Ten resources with five operations each, with references, compositions and every place of a parameter.
    fn of_fifty_operations() -> serde_json::Value {
        let mut paths = serde_json::Map::new();
        for name in ["books", "authors", "loans", "shelves", "members", "fines", "events", "rooms", "orders", "tags"] {
            let body = json!({"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}});
            let id = json!([{"name": "item-id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}]);
            let paged = json!([
                {"$ref": "#/components/parameters/Limit"},
                {"name": "filter[state]", "in": "query", "required": true, "schema": {"enum": ["on loan", "here"]}},
                {"name": "X-Request-Id", "in": "header", "required": true, "schema": {"type": "string", "format": "uuid"}}
            ]);
            paths.insert(format!("/{name}"), json!({
                "get": {"operationId": format!("list {name}"), "parameters": paged, "responses": {"200": {}}},
                "post": {"operationId": format!("add {name}"), "requestBody": body, "responses": {"201": {}, "422": {}}}
            }));
            paths.insert(format!("/{name}/{{item-id}}"), json!({
                "parameters": id,
                "get": {"responses": {"200": {}}}, "put": {"requestBody": body, "responses": {"200": {}, "204": {}}},
                "delete": {"responses": {"204": {}}}
            }));
        }
        json!({
            "openapi": "3.0.3", "info": {"title": "Library"}, "servers": [{"url": "/api"}], "paths": paths,
            "components": {
                "parameters": {"Limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 20}}},
                "schemas": {
                    "Item": {"allOf": [{"$ref": "#/components/schemas/Named"}, {"type": "object", "properties": {
                        "parts": {"type": "array", "minItems": 2, "items": {"oneOf": [{"$ref": "#/components/schemas/Item"}, {"type": "string"}]}},
                        "price": {"type": "number", "minimum": 0.5}, "id": {"type": "integer", "readOnly": true}
                    }, "required": ["price"]}]},
                    "Named": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "example": "a {{b}} \"c\""}}}
                }
            }
        })
    }

    #[test]
    fn a_document_of_fifty_operations_becomes_a_scenario_that_is_read() {
        let imported = import(&of_fifty_operations().to_string()).unwrap();
        let folder = std::path::Path::new(".");
        let scenario = crate::loadtest::scenario::Scenario::parse(&imported.text, "x.toml", folder, &[]).unwrap();
        assert_eq!((scenario.tasks().len(), scenario.groups().len()), (50, 50), "{}", imported.text);
        assert!(imported.text.contains("/books?limit=20&filter%5Bstate%5D=on%20loan"), "{}", imported.text);
        assert!(imported.text.contains("the server \"/api\", which is no whole URL"), "{}", imported.text);
    }

    #[test]
    fn a_document_without_an_operation_is_refused() {
        for (document, said) in [
            (json!({"openapi": "3.0.0"}), "has no operation"),
            (json!({"openapi": "4.0"}), "give a document of OpenAPI 3.0 or 3.1"),
        ] {
            assert!(import(&document.to_string()).unwrap_err().to_string().contains(said));
        }
    }
}
