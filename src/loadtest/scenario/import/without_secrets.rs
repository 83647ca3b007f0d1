//! What was sent, without its secrets: what looks like one by its name, and the variable of the environment that takes its
//! place.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::{Captures, Regex};
use serde_json::Value;

use super::draft::{Body, FORM, Request};
use super::placeholders::{form_text, literal};

/// Words that a secret has in its name.
const WORDS: [&str; 24] = [
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
    "access_key",
    "access-key",
    "accesskey",
    "private_key",
    "private-key",
    "privatekey",
    "assertion",
    "signature",
    "one_time_code",
];

/// Names of secrets that are parts of too many other words.
const WHOLE_NAMES: [&str; 6] = ["otp", "pin", "pass", "psk", "pw", "sig"];

/// Names of a secret or of something else: the value tells.
const DOUBTFUL_NAMES: [&str; 6] = ["auth", "code", "key", "session", "sid", "state"];

/// How the tokens of well-known services and formats begin: JSON Web Token, Google, Stripe, GitHub, GitLab, Slack, Amazon.
const TOKENS: [&str; 12] =
    ["eyJ", "AIza", "ya29.", "sk_live_", "sk_test_", "ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "AKIA"];

/// The fewest bytes of a token, and of a value that looks like none that a person writes.
const SHORTEST_TOKEN: usize = 16;

/// Whether a value with this name is a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let has_word = WORDS.iter().any(|word| name.contains(word)) || WHOLE_NAMES.contains(&innermost(&name));
    has_word && !name.contains("csrf") && !name.contains("xsrf")
}

/// Whether a value is a secret, by its name or by what it is itself.
pub(super) fn looks_secret(name: &str, value: &str) -> bool {
    let is_doubtful = || DOUBTFUL_NAMES.contains(&innermost(&name.to_lowercase()));
    is_secret(name) || is_token(value) || is_doubtful() && is_random(value)
}

/// The last part of a name such as `user[pin]` or `x-pin`.
fn innermost(name: &str) -> &str {
    name.trim_end_matches(']').rsplit(['[', '-', '_', '.']).next().unwrap_or(name)
}

fn is_token(value: &str) -> bool {
    let value = value.rsplit(' ').next().unwrap_or(value);
    let is_plain = || value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.=+/~".contains(&byte));
    value.len() >= SHORTEST_TOKEN && TOKENS.iter().any(|begin| value.starts_with(begin)) && is_plain()
}

/// Whether a value is one that a machine made: long, in one word, with letters and digits.
fn is_random(value: &str) -> bool {
    let has = |is: fn(&u8) -> bool| value.bytes().any(|byte| is(&byte));
    value.len() >= SHORTEST_TOKEN
        && !value.contains(' ')
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && !value.contains("://")
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
    if looks_secret(name, value) { env(name) } else { literal(value) }
}

/// Encoded pairs, as a query or a form has them, with placeholders in place of secrets. A value that is kept stays, whatever
/// its name.
pub(super) fn pairs_without_secrets(pairs: &str, is_kept: impl Fn(&str) -> bool) -> String {
    let written = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if looks_secret(name, value) && !is_kept(value) => format!("{name}={}", env_in_url(name)),
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

/// A URL as a comment shows it, without its query, and without a name and a password.
pub(super) fn url_without_secrets(url: &str) -> String {
    let (start, end) = authority(url);
    let host = url[start..end].rfind('@').map_or(start, |at| start + at + 1);
    let shown = url[host..].split('?').next().unwrap_or_default();
    format!("{}{shown}", &url[..start])
}

/// Where the name of the host of a URL begins, and where the path behind it does.
pub(super) fn authority(url: &str) -> (usize, usize) {
    let start = url.find("://").map_or(0, |at| at + 3);
    (start, url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at))
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

/// The fields of a form, with variables of the environment in place of secrets, and what `found` gives in place of others. A
/// text that is no form is sent as it is, with the type of one.
pub(super) fn form(text: &str, request: &mut Request, mut found: impl FnMut(&str, &str) -> Option<String>) -> Body {
    if text.split('&').any(|pair| !pair.is_empty() && !pair.contains('=')) {
        form_type(request);
        return Body::Text(text_without_secrets(&pairs_without_secrets(&literal(text), has_placeholder)));
    }
    let field = |(name, value): (Cow<'_, str>, Cow<'_, str>)| {
        let sent = found(&name, &value).unwrap_or_else(|| secret_or(&name, &value));
        (name.into_owned(), sent)
    };
    form_of(form_urlencoded::parse(text.as_bytes()).map(field).collect(), request)
}

/// A form of these fields. A table has each key once, so that one whose names come again is a text.
pub(super) fn form_of(fields: Vec<(String, String)>, request: &mut Request) -> Body {
    let names: BTreeSet<&String> = fields.iter().map(|(name, _)| name).collect();
    if names.len() == fields.len() {
        return Body::Form(fields);
    }
    form_type(request);
    Body::Text(form_text(&fields))
}

/// Says that the body is a form, unless the request says something else.
fn form_type(request: &mut Request) {
    if !request.headers.iter().any(|(name, _)| name == "content-type") {
        request.headers.push(("content-type".to_owned(), FORM.to_owned()));
    }
}

/// A text as a scenario has it, with variables of the environment in place of the secrets that are seen in it: members of
/// JSON, pairs such as `name=value`, and elements of XML.
pub(super) fn text_without_secrets(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, written) in [
        (&MEMBER, (|found, env| format!("{}{}", &found["before"], json(env))) as Written),
        (&INNER_MEMBER, |found, env| format!("{}\\\"{env}\\\"", &found["before"])),
        (&PAIR, |found, env| {
            let quote = found["value"].chars().next().filter(|c| matches!(c, '"' | '\''));
            let quote = quote.map_or(String::new(), String::from);
            format!("{}{quote}{env}{quote}", &found["before"])
        }),
        (&ELEMENT, |found, env| format!("{}{env}</", &found["before"])),
    ] {
        let Some(pattern) = pattern.as_ref() else { continue };
        let shown = pattern.replace_all(&text, |found: &Captures<'_>| {
            let value = found["value"].trim_matches(['"', '\'', '\\']);
            let is_hidden =
                looks_secret(&found["name"], value) && !found["value"].is_empty() && !has_placeholder(&found["value"]);
            if is_hidden { written(found, &env(&found["name"])) } else { found[0].to_owned() }
        });
        text = shown.into_owned();
    }
    text
}

/// How a part of a text is written, with this placeholder.
type Written = fn(&Captures<'_>, &str) -> String;

fn json(placeholder: &str) -> String {
    placeholder.replace("}}", " | json}}")
}

/// A member of JSON whose value is a text or a number. A placeholder is one unit, whatever is in it.
static MEMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?s)(?<before>"(?<name>[^"\\{}]{1,80})"\s*:\s*)(?<value>"(?:\{\{.*?\}\}|[^"\\]|\\.)*"|-?\d[\d.eE+-]*)"#,
    )
    .ok()
});
/// A member of JSON that is a text within JSON.
static INNER_MEMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?s)(?<before>\\"(?<name>[^"\\{}]{1,80})\\"\s*:\s*)(?<value>\\"(?:\{\{.*?\}\}|[^"\\])*\\")"#).ok()
});
static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?s)(?<before>(?<name>[\w.\-\[\]%]{1,80})\s*=\s*)(?<value>"(?:\{\{.*?\}\}|[^"])*"|'(?:\{\{.*?\}\}|[^'])*'|(?:\{\{.*?\}\}|[^&\s;<>"',])+)"#,
    )
    .ok()
});
static ELEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?s)(?<before><(?:[\w.-]+:)?(?<name>[\w.-]{1,80})(?:\s[^<>]*)?>)(?<value>\s*<!\[CDATA\[.*?\]\]>\s*|[^<]*)</",
    )
    .ok()
});

/// JSON with variables of the environment in place of secrets.
pub(super) fn json_without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(all) => all
            .iter()
            .map(|(name, value)| {
                let text = value.as_str().unwrap_or_default();
                let shown = if looks_secret(name, text) { hidden(name, value) } else { json_without_secrets(value) };
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
pub(super) fn has_placeholder(text: &str) -> bool {
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
    fn secrets_leave_a_text() {
        for (text, expected) in [
            (r#"{"password":"hun\"ter{{"{{"}}2","n":{{n}}}"#, r#"{"password":{{env.PASSWORD | json}},"n":{{n}}}"#),
            (r#"{"pin_token": 1234, "a": "b"}"#, r#"{"pin_token": {{env.PIN_TOKEN | json}}, "a": "b"}"#),
            (r#"{"token":"{{token}}","name":"x"}"#, r#"{"token":"{{token}}","name":"x"}"#),
            (r#"{"inner":"{\"password\":\"x\"}"}"#, r#"{"inner":"{\"password\":\"{{env.PASSWORD}}\"}"}"#),
            ("a=1&password=x{{\"{{\"}}y&b", "a=1&password={{env.PASSWORD}}&b"),
            (
                "<u><Password x='1'>y</Password><n>1</n></u>",
                "<u><Password x='1'>{{env.PASSWORD}}</Password><n>1</n></u>",
            ),
            ("<s:secret><![CDATA[a<b]]></s:secret>", "<s:secret>{{env.SECRET}}</s:secret>"),
            ("<login user='a' password='b c'/>", "<login user='a' password='{{env.PASSWORD}}'/>"),
            ("nothing = here, <p>", "nothing = here, <p>"),
        ] {
            assert_eq!(text_without_secrets(text), expected, "{text}");
        }
    }

    #[test]
    fn a_form_whose_names_come_again_is_a_text_of_its_type() {
        let none = |_: &str, _: &str| None;
        let form_type = ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
        for (text, expected, has_type) in [
            (
                "a=1&b=x+y",
                Body::Form(vec![("a".to_owned(), "1".to_owned()), ("b".to_owned(), "x y".to_owned())]),
                false,
            ),
            ("a=1&a=x+y&token=t", Body::Text("a=1&a=x+y&token={{env.TOKEN | url}}".to_owned()), true),
            ("hello", Body::Text("hello".to_owned()), true),
            ("a&password=b", Body::Text("a&password={{env.PASSWORD | url}}".to_owned()), true),
        ] {
            let mut request = Request::default();
            assert_eq!(form(text, &mut request, none), expected);
            assert_eq!(request.headers.contains(&form_type), has_type, "{text}");
        }
    }

    #[test]
    fn secrets_leave_a_query_and_what_is_kept_stays() {
        let kept = |value: &str| value.starts_with("{{");
        let path = path_without_secrets("/a=1?token=t%26&q=token=x&api_key={{key}}&secret", kept);
        assert_eq!(path, "/a=1?token={{env.TOKEN | url}}&q=token=x&api_key={{key}}&secret");
    }

    #[test]
    fn secrets_leave_a_url_that_is_shown() {
        for (url, expected) in
            [("http://u:p@h/a?token=t&b=c@d", "http://h/a"), ("h/a@b", "h/a@b"), ("{{base}}/a?api_key=s", "{{base}}/a")]
        {
            assert_eq!(url_without_secrets(url), expected);
        }
    }

    #[test]
    fn a_secret_is_known_by_its_name() {
        for (name, expected) in
            [("user[password]", "PASSWORD"), ("X-Api-Key", "X_API_KEY"), ("access_token", "ACCESS_TOKEN")]
        {
            assert!(is_secret(name));
            assert_eq!(variable(name), expected);
        }
        for name in ["csrf_token", "email", "X-CSRF-Token", "id", "spinner", "compass", "keyboard"] {
            assert!(!is_secret(name), "{name}");
        }
        for name in ["pin", "user[otp]", "client_assertion", "aws_access_key_id", "X-Signature", "privateKey"] {
            assert!(is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_secret_is_known_by_what_it_is() {
        for (name, value, expected) in [
            ("X-User", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", true),
            ("x-forwarded-authority", "Bearer ghp_0123456789abcdefghij", true),
            ("key", "AIzaSyA-1234567890abcdefg", true),
            ("code", "4/0AX4XfWh1234567890abc", true),
            ("code", "SUMMER2026", false),
            ("key", "colour of the product", false),
            ("state", "paid", false),
            ("name", "eyJ", false),
            ("description", "a long text with 12345 in it", false),
        ] {
            assert_eq!(looks_secret(name, value), expected, "{name} {value}");
        }
        let query = pairs_without_secrets("key=AIzaSyA-1234567890abcdefg&q=a", |_| false);
        assert_eq!(query, "key={{env.KEY | url}}&q=a");
        let json = json_without_secrets(&serde_json::json!({"pin": 1234, "user": "ghp_0123456789abcdefghij"}));
        assert_eq!(json, serde_json::json!({"pin": "{{env.PIN}}", "user": "{{env.USER}}"}));
    }
}
