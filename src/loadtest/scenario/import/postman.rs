//! Reads a Postman collection 2.1: its requests, in their order, become the steps of a journey, as its runner sends them.
//! Of its scripts only what reads a value of an answer into a variable, and what expects a status, is understood.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;
use url::Url;

use super::correlate::free_name;
use super::draft::{Body, Capture, Draft, Request, encoded_path};
use super::imported::ImportError;
use super::without_secrets::{env, is_secret, json_without_secrets, path_without_secrets, secret_or};

/// How deep folders may be.
const DEEPEST: usize = 20;

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

struct Reader {
    draft: Draft,
    variables: Vec<(String, Value)>,
    /// What the scripts of the requests so far have read, by its name in the collection.
    captured: Vec<(String, String)>,
    auth: Option<Value>,
}

/// What a script says that is understood.
static SETS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:variables|collectionVariables|environment|globals)\s*\.\s*set\s*\(\s*["']([^"']+)["']\s*,\s*(?:[A-Za-z_]\w*|pm\.response\.json\(\)|JSON\.parse\(responseBody\))((?:\??\.[A-Za-z_]\w*|\[\d+\]|\[["'][^"']+["']\])+)\s*\)"#,
    )
    .ok()
});
static STATUS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"to\.have\.status\(\s*(\d{3})\s*\)|response\.code\)\.to\.(?:eql|equal)\(\s*(\d{3})").ok()
});
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
        let raw = url.as_str().or_else(|| url.get("raw").and_then(Value::as_str)).unwrap_or_default().to_owned();
        let Some(path) = self.path(&raw, url) else {
            self.draft.left_out.push(format!("{}: {raw}, which is another host: name it under [hosts]", request.name));
            return;
        };
        request.path = encoded_path(&self.text(&path, &mut request));
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
        let value_of = |name: &str| self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        let mut whole = raw.to_owned();
        if let Some(rest) = raw.strip_prefix("{{")
            && let Some((name, behind)) = rest.split_once("}}")
        {
            let value = value_of(name.trim()).and_then(Value::as_str).unwrap_or_default();
            // A variable before the path holds the address, also where nobody knows it.
            whole = if value.contains("://") {
                format!("{}{behind}", value.trim_end_matches('/'))
            } else {
                format!("http://host.invalid{behind}")
            };
        } else if !raw.contains("://") {
            whole = format!("http://{raw}");
        }
        let (scheme, rest) = whole.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let origin = format!("{scheme}://{authority}");
        if authority != "host.invalid" {
            let known = Url::parse(&origin).map_or(origin.clone(), |url| url.origin().ascii_serialization());
            if self.draft.host.get_or_insert_with(|| known.clone()) != &known {
                return None;
            }
        }
        let mut path = path.split('#').next().unwrap_or_default().to_owned();
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        for variable in url.get("variable").and_then(Value::as_array).into_iter().flatten() {
            let name = variable.get("key").and_then(Value::as_str).unwrap_or_default();
            let value = variable.get("value").and_then(Value::as_str).filter(|value| !value.is_empty()).unwrap_or("1");
            let parts = path.split('/').map(|part| if part.strip_prefix(':') == Some(name) { value } else { part });
            path = parts.collect::<Vec<_>>().join("/");
        }
        Some(path_without_secrets(&path, |value| value.contains("{{")))
    }

    /// A text with the placeholders of a scenario in place of those of a collection.
    fn text(&mut self, text: &str, request: &mut Request) -> String {
        let Some(pattern) = PLACEHOLDER.as_ref() else { return text.to_owned() };
        let mut written = String::new();
        let mut at = 0;
        for found in pattern.captures_iter(text) {
            let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else { continue };
            written.push_str(&text[at..whole.start()]);
            written.push_str(&self.placeholder(name.as_str(), request));
            at = whole.end();
        }
        written + &text[at..]
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
            Some(value) if !is_secret(name) => {
                let free = free_name(name, |_| false);
                let value = match value {
                    Value::String(text) if text.contains("{{") => Value::from(""),
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
        match kind {
            "noauth" => {}
            "bearer" => request.bearer = Some(self.secret("token", &value("token").unwrap_or_default(), request)),
            "basic" => {
                let user = self.text(&value("username").unwrap_or_default(), request);
                let password = self.secret("password", &value("password").unwrap_or_default(), request);
                request.basic = Some((user, password));
            }
            "apikey" if value("in").as_deref() != Some("query") => {
                let key = value("key").unwrap_or_else(|| "x-api-key".to_owned());
                let secret = self.secret(&key, &value("value").unwrap_or_default(), request);
                request.headers.push((key.to_lowercase(), secret));
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
                let text = self.text(&raw, request);
                let is_json = body.pointer("/options/raw/language").is_some_and(|language| language == "json");
                request.body = match serde_json::from_str::<Value>(&text) {
                    Ok(json) if json.is_object() || json.is_array() => Body::Json(json_without_secrets(&json)),
                    _ if text.is_empty() => Body::None,
                    _ => Body::Text(text),
                };
                let has_type = request.headers.iter().any(|(name, _)| name == "content-type");
                if matches!(request.body, Body::Text(_)) && !is_json && !has_type {
                    request.headers.push(("content-type".to_owned(), "text/plain".to_owned()));
                }
            }
            Some("graphql") => {
                let graphql = body.get("graphql").cloned().unwrap_or_default();
                let query = self.text(&word(&graphql, "query"), request);
                let variables = self.text(&word(&graphql, "variables"), request);
                let mut json = serde_json::Map::from_iter([("query".to_owned(), Value::from(query))]);
                if let Ok(variables) = serde_json::from_str::<Value>(&variables) {
                    json.insert("variables".to_owned(), variables);
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
                    } else if all.iter().any(|(known, _)| *known == name) {
                        request.left_out.push(format!("a second field {name}"));
                    } else {
                        let value = word(&field, "value");
                        let value =
                            if value.contains("{{") { self.text(&value, request) } else { secret_or(&name, &value) };
                        all.push((name, value));
                    }
                }
                request.body = if mode == "formdata" { Body::Parts(all) } else { Body::Form(all) };
            }
            Some("file") => request.left_out.push("the body in a file, which is not read: write body_file".to_owned()),
            _ => {}
        }
        if matches!(request.body, Body::Json(_) | Body::Form(_) | Body::Parts(_)) {
            request.headers.retain(|(name, _)| name != "content-type");
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
            let number = status.get(1).or(status.get(2)).and_then(|number| number.as_str().parse::<u16>().ok());
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
        let wanted =
            code.matches("pm.test(").count() + code.matches(".set(").count() + code.matches("setNextRequest").count();
        if wanted > understood {
            request.left_out.push(format!("{} things of the test script", wanted - understood));
        }
    }
}

/// `.data[0]["a b"]` as a JSON pointer.
fn pointer(path: &str) -> String {
    let mut pointer = String::new();
    for part in
        path.split(['.', '[']).map(|part| part.trim_matches(['?', ']', '"', '\''])).filter(|part| !part.is_empty())
    {
        pointer.push('/');
        pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::super::import;
    use serde_json::json;

    #[test]
    fn a_variable_that_a_later_answer_sets_keeps_its_first_value_before() {
        let set = |name: &str| json!([{"listen": "test", "script": {"exec": [format!("pm.collectionVariables.set('{name}', pm.response.json().next);")]}}]);
        let request = json!({"method": "GET", "url": "http://h/x?c={{cursor}}"});
        let collection = json!({
            "info": {"name": "pages", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
            "variable": [{"key": "cursor", "value": "0"}],
            "item": [
                {"name": "one", "event": set("cursor"), "request": request},
                {"name": "two", "event": set("cursor"), "request": request},
                {"name": "three", "request": request}
            ]
        });
        let text = import(&collection.to_string()).unwrap().text;
        assert!(text.contains("[variables]\ncursor = \"0\"") || text.contains("[variables]\ncursor = 0"), "{text}");
        let paths =
            ["path = \"/x?c={{cursor}}\"", "path = \"/x?c={{cursor_2}}\""].map(|path| text.matches(path).count());
        assert_eq!(paths, [1, 2], "{text}");
        assert_eq!(text.matches("cursor_2 = { json = ").count(), 2, "{text}");
    }

    #[test]
    fn a_collection_becomes_a_journey_with_its_variables() {
        let script = "pm.test('ok', () => pm.response.to.have.status(201));\nlet body = pm.response.json();\npm.collectionVariables.set(\"orderId\", body.data[0].order_id);";
        let collection = json!({
            "info": {"name": "Shop: all", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
            "variable": [{"key": "baseUrl", "value": "http://localhost:5000/"}, {"key": "page size", "value": 5}, {"key": "apiToken", "value": "abc"}],
            "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{apiToken}}"}]},
            "item": [
                {"name": "Orders", "item": [
                    {"name": "Place", "event": [{"listen": "test", "script": {"exec": script.lines().collect::<Vec<_>>()}}, {"listen": "prerequest", "script": {"exec": ["x()"]}}],
                     "request": {"method": "POST", "url": {"raw": "{{baseUrl}}/orders?size={{page size}}"}, "header": [{"key": "Content-Type", "value": "application/json"}, {"key": "X-Run", "value": "{{$guid}}"}],
                                 "body": {"mode": "raw", "raw": "{\"note\": \"{{customer}}\", \"password\": \"p\"}"}}},
                    {"name": "Read", "request": {"method": "GET", "url": {"raw": "{{baseUrl}}/orders/:id/{{orderId}}", "variable": [{"key": "id", "value": "7"}]}, "auth": {"type": "noauth"}}}
                ]},
                {"name": "Other", "request": {"method": "GET", "url": "https://other.example/"}},
                {"name": "Query", "request": {"method": "POST", "url": "{{baseUrl}}/graphql", "body": {"mode": "graphql", "graphql": {"query": "{ a { b } }", "variables": "{\"n\": 1}"}}}}
            ]
        });
        let imported = import(&collection.to_string()).unwrap();
        insta::assert_snapshot!(imported.text, @r#"
        # Made of a Postman collection. Read it before it is run:
        #
        #     storemgr loadtest --scenario FILE --host http://localhost:5000 --users 10

        # left out: Other: https://other.example/, which is another host: name it under [hosts]

        name = "Shop: all"
        think_time = "0s"

        [client]
        cookies = true
        redirects = 10

        [variables]
        page_size = 5

        [[journey]]
        name = "Shop  all"

        # left out: the prerequest script
        [[journey.step]]
        name = "Place"
        method = "POST"
        path = "/orders?size={{page_size}}"
        headers = { x-run = "{{uuid}}" }
        bearer = "{{env.APITOKEN}}"
        json = { note = "{{env.CUSTOMER}}", password = "{{env.PASSWORD}}" }
        capture = { orderid = { json = "/data/0/order_id" } }
        check = { status = 201 }

        [[journey.step]]
        name = "Read"
        path = "/orders/7/{{orderid}}"

        [[journey.step]]
        name = "Query"
        method = "POST"
        path = "/graphql"
        bearer = "{{env.APITOKEN}}"
        json = { query = "{ a { b } }", variables = { n = 1 } }
        "#);
        assert_eq!(imported.variables, ["APITOKEN", "CUSTOMER", "PASSWORD"]);
        assert_eq!((imported.left_out, imported.host.as_deref()), (2, Some("http://localhost:5000")));
    }
}
