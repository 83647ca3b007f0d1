//! Reads an OpenAPI document, 3.0 or 3.1: a task for each operation, with the examples of the document, or else values
//! that its schemas allow. A reference outside of the document is not followed.

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

use super::draft::{Body, Draft, FORM, Request, encoded_path, is_json_type, literal_json, pointer_step};
use super::imported::ImportError;
use super::placeholders::{in_url, json_text, literal, rewritten};
use super::schema::{Schemas, bounds, schema_example, type_of};
use super::without_secrets::{
    env, env_in_url, form_of, is_secret, json_without_secrets, secret_or, text_without_secrets,
};

const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

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
        let reader = Reader { document, schemas: Schemas::of(document), path };
        // An item that is a reference has operations of its own beside it only by mistake, and they are read all the same.
        let mut shared = Request::default();
        let item = reader.schemas.resolved(item, &mut shared).unwrap_or(item);
        draft.left_out.extend(shared.left_out.iter().map(|what| format!("{path}: {what}")));
        if item.get("servers").is_some() {
            draft.left_out.push(format!("{path}: a server of its own, which can stand under [hosts]"));
        }
        if item.get("trace").is_some() {
            draft.left_out.push(format!("TRACE {path}: the method sends the request back, and servers refuse it"));
        }
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
    schemas: Schemas<'a>,
    path: &'a str,
}

impl<'a> Reader<'a> {
    fn operation(&self, method: &str, operation: &'a Value, shared: Option<&'a Value>) -> Request {
        let mut request = Request { method: method.to_uppercase(), ..Request::default() };
        let id = operation.get("operationId").and_then(Value::as_str);
        request.name = id.map_or_else(|| format!("{} {}", request.method, self.path), str::to_owned);
        if operation.get("servers").is_some() {
            request.left_out.push("a server of its own, which can stand under [hosts]".to_owned());
        }
        let mut path = literal(self.path);
        let mut query = Vec::new();
        for parameter in self.parameters(operation, shared, &mut request) {
            self.parameter(parameter, &mut path, &mut query, &mut request);
        }
        self.security(operation, &mut query, &mut request);
        if let Some(body) = operation.get("requestBody").and_then(|body| self.schemas.resolved(body, &mut request)) {
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
        let separator = match (query.is_empty(), path.contains('?')) {
            (true, _) => "",
            (false, true) => "&",
            (false, false) => "?",
        };
        request.path = encoded_path(&format!("{}{separator}{query}", path.replace('\u{1}', "{{")));
        request
    }

    /// The parameters of an operation; one of its own takes the place of a shared one of the same name.
    fn parameters(&self, operation: &'a Value, shared: Option<&'a Value>, request: &mut Request) -> Vec<&'a Value> {
        let lists = [operation.get("parameters"), shared];
        let mut known = BTreeSet::new();
        let mut all = Vec::new();
        for parameter in lists.into_iter().flatten().filter_map(Value::as_array).flatten() {
            let Some(parameter) = self.schemas.resolved(parameter, request) else { continue };
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
        if let Some(example) = named.and_then(|example| self.schemas.resolved(example, request)) {
            if example.get("externalValue").is_some() {
                request.left_out.push("an example that is outside of the document".to_owned());
            }
            if let Some(value) = example.get("value") {
                return Some(value.clone());
            }
        }
        let schema = of.get("schema").and_then(|schema| self.schemas.resolved(schema, request))?;
        schema_example(schema)
    }

    /// A value that a parameter's schema allows, with placeholders where it may be another one each time.
    fn made_up(&self, parameter: &'a Value, request: &mut Request) -> Value {
        let content = parameter.get("content").and_then(Value::as_object).and_then(|content| content.values().next());
        if let Some(media) = content {
            return Value::from(literal(&self.media(media, request).to_string()));
        }
        let schema = parameter.get("schema").and_then(|schema| self.schemas.resolved(schema, request));
        match schema {
            Some(schema) if type_of(schema) == "integer" && schema.get("multipleOf").is_none() => {
                let (least, most) = bounds(schema);
                let least = least.map_or(1, |least| least.ceil() as i64);
                let most = most.map_or(least.saturating_add(9), |most| most.floor() as i64);
                Value::from(format!("{{{{random({least}, {})}}}}", most.clamp(least, least.saturating_add(99))))
            }
            Some(schema) if schema.get("format").and_then(Value::as_str) == Some("uuid") => Value::from("{{uuid}}"),
            Some(schema) => literal_json(&self.schemas.value(schema, request)),
            None => Value::from("1"),
        }
    }

    fn body(&self, body: &'a Value, request: &mut Request) {
        let Some(content) = body.get("content").and_then(Value::as_object) else { return };
        let of = |wanted: &dyn Fn(&str) -> bool| content.iter().find(|(kind, _)| wanted(kind));
        let is_json = |kind: &str| {
            let kind = kind.split(';').next().unwrap_or_default();
            is_json_type(kind) || kind.ends_with("+json") || matches!(kind, "*/*" | "application/*")
        };
        if let Some((kind, media)) = of(&is_json) {
            let value = self.json(media, request);
            if !is_json_type(kind) && !kind.contains('*') {
                request.headers.push(("content-type".to_owned(), kind.clone()));
            }
            request.body = Body::Json(json_without_secrets(&literal_json(&value)));
        } else if let Some((kind, media)) =
            of(&|kind| kind.starts_with(FORM) || kind.starts_with("multipart/form-data"))
        {
            let fields = self.fields(media, request);
            request.body = if kind.starts_with("multipart") { Body::Parts(fields) } else { form_of(fields, request) };
        } else if let Some((kind, media)) = content.iter().next() {
            match self.example_of(media, request) {
                Some(Value::String(text)) => {
                    request.headers.push(("content-type".to_owned(), kind.clone()));
                    request.body = Body::Text(text_without_secrets(&literal(&text)));
                }
                _ => request.left_out.push(format!("the body of type {kind}: write body or body_file")),
            }
        }
    }

    /// A body of JSON, whose example may be written as a text.
    fn json(&self, media: &'a Value, request: &mut Request) -> Value {
        let value = self.media(media, request);
        let schema = media.get("schema").and_then(|schema| self.schemas.resolved(schema, request));
        let is_text = schema.is_some_and(|schema| schema.get("type").is_some() && type_of(schema) == "string");
        let read = value.as_str().filter(|_| !is_text).and_then(|text| serde_json::from_str(text).ok());
        read.unwrap_or(value)
    }

    /// The fields of a form, without files. A list is a field for each of its items.
    fn fields(&self, media: &'a Value, request: &mut Request) -> Vec<(String, String)> {
        let value = self.media(media, request);
        let schema = media.get("schema").and_then(|schema| self.schemas.resolved(schema, request));
        let mut all = Vec::new();
        for (name, value) in value.as_object().into_iter().flatten() {
            let property = schema.and_then(|schema| schema.get("properties")?.get(name));
            let property = property.and_then(|property| self.schemas.resolved(property, request));
            let items = property.and_then(|property| self.schemas.resolved(property.get("items")?, request));
            let is_file = |schema: &Value| {
                schema.get("format").is_some_and(|format| format == "binary")
                    || schema.get("contentMediaType").is_some()
            };
            if property.is_some_and(is_file) || items.is_some_and(is_file) {
                request.left_out.push(format!("the part {name}, which is a file: write it with file = \"…\""));
                continue;
            }
            let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            all.extend(values.iter().map(|value| (name.clone(), secret_or(name, &text(value)))));
        }
        all
    }

    fn media(&self, media: &'a Value, request: &mut Request) -> Value {
        if let Some(example) = self.example_of(media, request) {
            return example;
        }
        media.get("schema").map_or(Value::Null, |schema| self.schemas.value(schema, request))
    }

    /// Authorization by the first way that the operation allows.
    fn security(&self, operation: &'a Value, query: &mut Vec<String>, request: &mut Request) {
        let wanted = operation.get("security").or_else(|| self.document.get("security")).and_then(Value::as_array);
        let names = wanted.and_then(|all| all.first()).and_then(Value::as_object).map(|names| names.keys());
        for name in names.into_iter().flatten() {
            let pointer = format!("/components/securitySchemes/{}", pointer_step(name));
            let Some(scheme) =
                self.document.pointer(&pointer).and_then(|scheme| self.schemas.resolved(scheme, request))
            else {
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
                ("apikey", _, "query") => query.push(format!("{}={}", url_encoded(&literal(key)), env_in_url(key))),
                ("apikey", _, "cookie") => cookie(&format!("{}={}", literal(key), env(key)), request),
                _ => request.left_out.push(format!("the authorization {name}, of a kind that has no place here")),
            }
        }
    }
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
        Some((_, cookies)) => cookies.extend(["; ", pair]),
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
        other => json_text(other, &|_| false),
    }
}

/// A text for a URL; placeholders stay.
fn url_encoded(text: &str) -> String {
    let encoded = |text: &str| {
        form_urlencoded::byte_serialize(text.as_bytes()).map(|part| if part == "+" { "%20" } else { part }).collect()
    };
    rewritten(text, encoded, in_url)
}
