//! What was sent, without its secrets: what looks like one by its name, and the variable of the environment that takes its
//! place.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::draft::{Body, Request, literal};

/// Words that a secret has in its name.
const WORDS: [&str; 15] = [
    "passw",
    "passphrase",
    "secret",
    "token",
    "pwd",
    "apikey",
    "api_key",
    "api-key",
    "authorization",
    "credential",
    "jwt",
    "x-auth",
    "sessionid",
    "session_id",
    "session-id",
];

/// Whether a value with this name is a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    WORDS.iter().any(|word| name.contains(word)) && !name.contains("csrf") && !name.contains("xsrf")
}

/// The variable of the environment for a value with this name: `PASSWORD` for `user[password]`.
fn variable(name: &str) -> String {
    let inner = name.rsplit_once('[').map_or(name, |(_, inner)| inner);
    let upper = inner.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    let upper = upper.collect::<String>();
    let trimmed = upper.trim_matches('_');
    if trimmed.starts_with(|c: char| c.is_ascii_alphabetic()) { trimmed.to_owned() } else { format!("VALUE_{trimmed}") }
}

/// The placeholder of that variable.
pub(super) fn env(name: &str) -> String {
    format!("{{{{env.{}}}}}", variable(name))
}

/// The same within a URL, or in a form that is written as text.
pub(super) fn env_in_url(name: &str) -> String {
    format!("{{{{env.{} | url}}}}", variable(name))
}

/// A value, or the placeholder that takes the place of a secret.
pub(super) fn secret_or(name: &str, value: &str) -> String {
    if is_secret(name) { env(name) } else { literal(value) }
}

/// Encoded pairs, as a query or a form has them, with placeholders in place of secrets. A value that is kept stays, whatever
/// its name.
pub(super) fn pairs_without_secrets(pairs: &str, is_kept: impl Fn(&str) -> bool) -> String {
    let written = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if is_secret(name) && !is_kept(value) => format!("{name}={}", env_in_url(name)),
        _ => pair.to_owned(),
    };
    pairs.split('&').map(written).collect::<Vec<_>>().join("&")
}

/// A path with its query, without the secrets of the query.
pub(super) fn path_without_secrets(path: &str, is_kept: impl Fn(&str) -> bool) -> String {
    match path.split_once('?') {
        Some((before, query)) => format!("{before}?{}", pairs_without_secrets(query, is_kept)),
        None => path.to_owned(),
    }
}

/// Authorization, without what is secret in it.
pub(super) fn authorization(value: &str, request: &mut Request) {
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    match scheme.to_lowercase().as_str() {
        "bearer" => request.bearer = Some("{{env.TOKEN}}".to_owned()),
        "basic" => {
            let plain = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            user(plain.as_deref().unwrap_or("user"), request);
        }
        _ => request.headers.push(("authorization".to_owned(), "{{env.AUTHORIZATION}}".to_owned())),
    }
}

/// A user's name, without the password behind it.
pub(super) fn user(text: &str, request: &mut Request) {
    let (user, _) = text.split_once(':').unwrap_or((text, ""));
    request.basic = Some((literal(user), "{{env.PASSWORD}}".to_owned()));
}

/// The fields of a form, with variables of the environment in place of secrets.
pub(super) fn form(text: &str) -> Body {
    let fields = form_urlencoded::parse(text.as_bytes());
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, value) in fields {
        if all.iter().any(|(known, _)| *known == name) {
            // A table has each key once.
            return Body::Text(pairs_without_secrets(&literal(text), |_| false));
        }
        all.push((name.to_string(), secret_or(&name, &value)));
    }
    Body::Form(all)
}

/// JSON with variables of the environment in place of secrets.
pub(super) fn json_without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(all) => all
            .iter()
            .map(|(name, value)| {
                let shown = if is_secret(name) { hidden(name, value) } else { json_without_secrets(value) };
                (name.clone(), shown)
            })
            .collect(),
        Value::Array(all) => all.iter().map(json_without_secrets).collect(),
        other => other.clone(),
    }
}

/// What a secret member has, with the variable in place of each text and number. A placeholder stays.
fn hidden(name: &str, value: &Value) -> Value {
    match value {
        Value::String(text) if has_placeholder(text) => value.clone(),
        Value::String(_) | Value::Number(_) => Value::from(env(name)),
        Value::Array(all) => all.iter().map(|one| hidden(name, one)).collect(),
        other => json_without_secrets(other),
    }
}

/// Whether a text has a placeholder, and not only braces that were written as a literal.
fn has_placeholder(text: &str) -> bool {
    text.replace(&literal("{{"), "").contains("{{")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::scenario::import::draft::literal_json;

    #[test]
    fn secrets_leave_a_body_whatever_they_are() {
        let body = serde_json::json!({
            "password": "a{{b", "pin_token": 1234, "tokens": ["a", "b"], "user": {"jwt": "x", "name": "a{{b"}, "secret": {"hint": "h"}
        });
        let shown = json_without_secrets(&literal_json(&body));
        let expected = serde_json::json!({
            "password": "{{env.PASSWORD}}", "pin_token": "{{env.PIN_TOKEN}}", "tokens": ["{{env.TOKENS}}", "{{env.TOKENS}}"],
            "user": {"jwt": "{{env.JWT}}", "name": "a{{\"{{\"}}b"}, "secret": {"hint": "h"}
        });
        assert_eq!(shown, expected);
        let captured = serde_json::json!({"token": "{{csrf}}"});
        assert_eq!(json_without_secrets(&captured), captured, "what an earlier answer gave stays");
    }

    #[test]
    fn secrets_leave_a_query_and_what_is_kept_stays() {
        let kept = |value: &str| value.starts_with("{{");
        let path = path_without_secrets("/a=1?token=t%26&q=token=x&api_key={{key}}&secret", kept);
        assert_eq!(path, "/a=1?token={{env.TOKEN | url}}&q=token=x&api_key={{key}}&secret");
    }

    #[test]
    fn a_secret_is_known_by_its_name() {
        for (name, expected) in
            [("user[password]", "PASSWORD"), ("X-Api-Key", "X_API_KEY"), ("access_token", "ACCESS_TOKEN")]
        {
            assert!(is_secret(name));
            assert_eq!(variable(name), expected);
        }
        for name in ["csrf_token", "email", "X-CSRF-Token", "id"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
