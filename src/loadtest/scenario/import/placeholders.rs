//! Texts as a scenario has them: what is sent as it is, and placeholders, which are written as their place needs it.

use serde_json::Value;

use crate::loadtest::scenario::encoding::Encoding;

/// Words whose values stand anywhere as they are, and take no encoding.
const GENERATORS: [&str; 5] = ["random", "distinct", "sequence", "uuid", "user"];

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// What is sent as it is.
    Text(&'a str),
    /// A placeholder with its braces.
    Placeholder(&'a str),
}

/// A text as a scenario has it: what would open a placeholder is written as one.
pub(super) fn literal(text: &str) -> String {
    text.replace("{{", "{{\"{{\"}}")
}

/// The parts of a text, in their order.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start..].find("}}") else { break };
        if start > 0 {
            all.push(Piece::Text(&rest[..start]));
        }
        let end = start + length + 2;
        all.push(Piece::Placeholder(&rest[start..end]));
        rest = &rest[end..];
    }
    if !rest.is_empty() {
        all.push(Piece::Text(rest));
    }
    all
}

/// A text whose parts are written anew.
pub(super) fn rewritten(text: &str, plain: impl Fn(&str) -> String, placeholder: impl Fn(&str) -> String) -> String {
    let written = |piece: Piece<'_>| match piece {
        Piece::Text(text) => plain(text),
        Piece::Placeholder(one) => placeholder(one),
    };
    pieces(text).into_iter().map(written).collect()
}

/// A placeholder within a URL, or in a form that is written as text.
pub(super) fn in_url(placeholder: &str) -> String {
    encoded(placeholder, "url")
}

/// Fields as the text of a form (WHATWG URL, application/x-www-form-urlencoded).
pub(super) fn form_text(fields: &[(String, String)]) -> String {
    let plain = |text: &str| Encoding::Form.encoded(text);
    let pair = |(name, value): &(String, String)| {
        format!("{}={}", rewritten(&literal(name), plain, in_url), rewritten(value, plain, in_url))
    };
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// A value as the text of a JSON body. A placeholder that is a whole text is written so that no value can leave its quotes;
/// those of numbers stand without.
pub(super) fn json_text(value: &Value, is_number: &dyn Fn(&str) -> bool) -> String {
    match value {
        Value::String(text) => match pieces(text).as_slice() {
            [Piece::Placeholder(one)] => alone(one, is_number),
            _ => quoted(text),
        },
        Value::Array(all) => {
            let all: Vec<_> = all.iter().map(|one| json_text(one, is_number)).collect();
            format!("[{}]", all.join(","))
        }
        Value::Object(all) => {
            let member =
                |(name, one): (&String, &Value)| format!("{}:{}", quoted(&literal(name)), json_text(one, is_number));
            format!("{{{}}}", all.iter().map(member).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// A text in the quotes of JSON; placeholders stay.
fn quoted(text: &str) -> String {
    format!("\"{}\"", rewritten(text, |plain| Encoding::JsonInside.encoded(plain), str::to_owned))
}

/// One placeholder as a value of JSON.
fn alone(placeholder: &str, is_number: &dyn Fn(&str) -> bool) -> String {
    let (word, encoding) = parts(placeholder);
    let name = word.split('(').next().unwrap_or_default();
    let is_bare = encoding.is_empty() && (is_number(name) || (GENERATORS.contains(&name) && name != "uuid"));
    if is_bare {
        placeholder.to_owned()
    } else if GENERATORS.contains(&name) || word.starts_with('"') {
        format!("\"{placeholder}\"")
    } else {
        encoded(placeholder, "json")
    }
}

/// What a placeholder stands for, and its encoding.
fn parts(placeholder: &str) -> (&str, &str) {
    let inside = placeholder.trim_start_matches("{{").trim_end_matches("}}");
    let (word, encoding) = inside.split_once('|').unwrap_or((inside, ""));
    (word.trim(), encoding.trim())
}

fn encoded(placeholder: &str, encoding: &str) -> String {
    let (word, _) = parts(placeholder);
    let takes_none = GENERATORS.contains(&word.split('(').next().unwrap_or_default());
    if takes_none { placeholder.to_owned() } else { format!("{{{{{word} | {encoding}}}}}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_written_as_its_place_needs_it() {
        let is_number = |name: &str| name == "id";
        for (text, expected) in [
            ("{{id}}", "{{id}}"),
            ("{{id | text}}", "{{id | json}}"),
            ("{{token}}", "{{token | json}}"),
            ("{{env.KEY}}", "{{env.KEY | json}}"),
            ("{{uuid}}", "\"{{uuid}}\""),
            ("{{random(0, 9)}}", "{{random(0, 9)}}"),
            ("{{random(0, 9) | text}}", "\"{{random(0, 9) | text}}\""),
            ("a \"{{token}}\"", "\"a \\\"{{token}}\\\"\""),
            ("", "\"\""),
        ] {
            assert_eq!(json_text(&Value::from(text), &is_number), expected);
        }
        let braces = serde_json::json!({"{{k": literal("{{x}} \""), "n": null});
        assert_eq!(json_text(&braces, &is_number), r#"{"n":null,"{{"{{"}}k":"{{"{{"}}x}} \""}"#);
        let fields = [("a b".to_owned(), "{{token}} &".to_owned()), ("n".to_owned(), "{{uuid}}".to_owned())];
        assert_eq!(form_text(&fields), "a+b={{token | url}}+%26&n={{uuid}}");
    }
}
