//! Writes a draft as the text of a scenario file.

use std::collections::BTreeSet;

use serde_json::Value;

use super::draft::{Body, Draft, Request};
use super::imported::Imported;
use super::placeholders::json_text;
use super::tidied::tidied;
use crate::loadtest::scenario::journey_file::LONGEST_NAME;
use crate::units::printable;

/// The most tasks or steps of a scenario.
const MOST_REQUESTS: usize = 200;

/// Writes a draft. What could not be carried over is a comment.
pub(super) fn write(draft: &Draft) -> Imported {
    let mut text = String::new();
    let host = draft.host.as_deref().unwrap_or("URL");
    line(&mut text, &format!("# Made of {}. Read it before it is run:", draft.source));
    line(&mut text, "#");
    line(&mut text, &format!("#     storemgr loadtest --scenario FILE --host {} --users 10", printable(host)));
    line(&mut text, "");
    let too_many = draft.requests.len().saturating_sub(MOST_REQUESTS);
    let mut left_out = draft.left_out.clone();
    if too_many > 0 {
        left_out.push(format!("{too_many} more requests: a scenario has at most {MOST_REQUESTS}"));
    }
    for what in &left_out {
        comment(&mut text, what);
    }
    if !left_out.is_empty() {
        line(&mut text, "");
    }
    line(&mut text, &format!("name = {}", quoted(&draft.name)));
    if draft.is_journey {
        line(&mut text, "think_time = \"0s\"");
    }
    if draft.cookies || draft.compression || draft.redirects > 0 {
        line(&mut text, "\n[client]");
        if draft.cookies {
            line(&mut text, "cookies = true");
        }
        if draft.compression {
            line(&mut text, "compression = true");
        }
        if draft.redirects > 0 {
            line(&mut text, &format!("redirects = {}", draft.redirects));
        }
    }
    if !draft.variables.is_empty() {
        line(&mut text, "\n[variables]");
        for (name, value) in &draft.variables {
            line(&mut text, &format!("{} = {}", key(name), plain(value)));
        }
    }
    let (table, requests) =
        if draft.is_journey { ("journey.step", &draft.requests) } else { ("task", &draft.requests) };
    if draft.is_journey {
        line(&mut text, &format!("\n[[journey]]\nname = {}", quoted(&journey_name(&draft.name))));
    }
    let is_number = |name: &str| {
        let mut captures = draft.requests.iter().flat_map(|request| &request.captures);
        captures.any(|capture| capture.is_number && capture.name == name)
            || draft.variables.get(name).is_some_and(Value::is_number)
    };
    let mut count = left_out.len();
    for request in requests.iter().take(MOST_REQUESTS) {
        line(&mut text, "");
        let request = tidied(request);
        count += request.left_out.len();
        write_request(&mut text, table, &request, &is_number);
    }
    Imported { variables: environment(&text), left_out: count, host: draft.host.clone(), text }
}

/// The name of a journey, as its reader wants it.
fn journey_name(name: &str) -> String {
    let shown = printable(name).replace([':', '\n'], " ");
    let shown = shown.trim();
    let cut = shown[..shown.floor_char_boundary(LONGEST_NAME)].trim_end();
    if cut.is_empty() { "imported".to_owned() } else { cut.to_owned() }
}

fn write_request(text: &mut String, table: &str, request: &Request, is_number: &dyn Fn(&str) -> bool) {
    for what in &request.left_out {
        comment(text, what);
    }
    line(text, &format!("[[{table}]]"));
    line(text, &format!("name = {}", quoted(&request.name)));
    if request.method != "GET" || request.body != Body::None {
        line(text, &format!("method = {}", quoted(&request.method)));
    }
    line(text, &format!("path = {}", quoted(&request.path)));
    if let Some(route) = &request.route {
        line(text, &format!("route = {}", quoted(route)));
    }
    if !request.headers.is_empty() {
        let headers = request.headers.iter().map(|(name, value)| format!("{} = {}", key(name), quoted(value)));
        line(text, &format!("headers = {{ {} }}", headers.collect::<Vec<_>>().join(", ")));
    }
    if let Some(bearer) = &request.bearer {
        line(text, &format!("bearer = {}", quoted(bearer)));
    }
    if let Some((user, password)) = &request.basic {
        line(text, &format!("basic = {{ user = {}, password = {} }}", quoted(user), quoted(password)));
    }
    write_body(text, &request.body, is_number);
    if !request.captures.is_empty() {
        let captures = request
            .captures
            .iter()
            .map(|capture| format!("{} = {{ {} = {} }}", key(&capture.name), capture.kind, quoted(&capture.place)));
        line(text, &format!("capture = {{ {} }}", captures.collect::<Vec<_>>().join(", ")));
    }
    match request.statuses.as_slice() {
        [] => {}
        [one] => line(text, &format!("check = {{ status = {} }}", plain(one))),
        several => {
            let all = several.iter().map(plain).collect::<Vec<_>>().join(", ");
            line(text, &format!("check = {{ status = [{all}] }}"));
        }
    }
    if let Some(pause) = request.pause_ms {
        line(text, &format!("think_time = \"{pause}ms\""));
    }
}

/// Writes a body. `is_number` says whether what a placeholder names is a number.
fn write_body(text: &mut String, body: &Body, is_number: &dyn Fn(&str) -> bool) {
    let fields = |fields: &[(String, String)]| {
        let fields = fields.iter().map(|(name, value)| format!("{} = {}", key(name), quoted(value)));
        fields.collect::<Vec<_>>().join(", ")
    };
    match body {
        Body::None => {}
        Body::Text(body) => line(text, &format!("body = {}", quoted(body))),
        Body::Form(all) => line(text, &format!("form = {{ {} }}", fields(all))),
        Body::Parts(all) => line(text, &format!("multipart = {{ {} }}", fields(all))),
        Body::Json(value) => match inline(value) {
            Some(inline) if matches!(value, Value::Object(_) | Value::Array(_)) => {
                line(text, &format!("json = {inline}"));
            }
            // TOML has no null.
            _ => line(text, &format!("body = {}", quoted(&json_text(value, is_number)))),
        },
    }
}

/// A value of JSON as TOML has it in one line; None if it contains a null or a number that TOML does not have.
fn inline(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) if number.is_u64() && !number.is_i64() => None,
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(quoted(text)),
        Value::Array(all) => {
            let all: Option<Vec<_>> = all.iter().map(inline).collect();
            Some(format!("[{}]", all?.join(", ")))
        }
        Value::Object(all) => {
            let all: Option<Vec<_>> =
                all.iter().map(|(name, value)| Some(format!("{} = {}", key(name), inline(value)?))).collect();
            let all = all?;
            Some(if all.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", all.join(", ")) })
        }
    }
}

/// A number or a text.
fn plain(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        other => quoted(&other.to_string()),
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn comment(text: &mut String, what: &str) {
    line(text, &format!("# left out: {}", printable(what).replace('\n', " ")));
}

/// A text in quotes, on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_control() => quoted.extend(["\\u", format!("{:04X}", u32::from(control)).as_str()]),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A key: bare where TOML allows it.
fn key(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_bare { name.to_owned() } else { quoted(name) }
}

/// The variables of the environment in a text.
fn environment(text: &str) -> Vec<String> {
    let named = text.split("{{env.").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
        Some(rest[..end].to_owned())
    });
    named.collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journey_has_a_name_that_its_reader_takes() {
        for (given, expected) in [
            ("Shop: all", "Shop  all".to_owned()),
            (" : ", "imported".to_owned()),
            ("a\u{1}\nb", "a\u{fffd} b".to_owned()),
            (&"é".repeat(40), "é".repeat(30)),
            (&format!("{} b", "a".repeat(59)), "a".repeat(59)),
        ] {
            assert_eq!(journey_name(given), expected);
        }
    }

    #[test]
    fn a_text_is_read_back_as_it_was() {
        for text in ["a \"b\" \\ \n\t\u{1}é", "{{\"{{\"}}", "C:\\new"] {
            let table: toml::Table = toml::from_str(&format!("{} = {}", key("x y"), quoted(text))).unwrap();
            assert_eq!(table["x y"].as_str(), Some(text));
        }
        let value: Value = serde_json::json!({"a b": [1, 2.5, true, {"c": "d"}], "e": {}});
        let table: toml::Table = toml::from_str(&format!("v = {}", inline(&value).unwrap())).unwrap();
        assert_eq!(serde_json::to_value(&table["v"]).unwrap(), value);
        assert_eq!(inline(&serde_json::json!([null])), None);
        assert_eq!(environment("{{env.B}} {{env.A_1 | url}} {{env.B}}"), ["A_1", "B"]);
    }
}
