//! Finds where a value that a request sent came from: an earlier answer that had it, and how it is taken out of that
//! answer again.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;
use url::Url;

use super::draft::{Capture, pointer_step};

/// The shortest text that is looked for: a shorter one is in every page.
const SHORTEST: usize = 8;

/// The fewest digits of a number that is looked for whatever it is called.
const MANY_DIGITS: usize = 6;

/// The longest name that is taken for an id although nothing stands before its end: `productid`, and not `areaswithgrid`.
const LONGEST_IN_ONE_WORD: usize = 9;

/// The most bytes before a value by which it is found again.
const CONTEXT: usize = 80;

/// The largest body that is looked through.
const MOST_BYTES: usize = 2 << 20;

/// An answer, as it was recorded.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    /// The names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) json: Option<Value>,
    /// The path of its request.
    pub(super) path: String,
    /// Where it leads, or where what was made is.
    pub(super) location: Option<Url>,
}

impl Answer {
    pub(super) fn new(headers: Vec<(String, String)>, body: String) -> Self {
        let body = if body.len() > MOST_BYTES { String::new() } else { body };
        let json = serde_json::from_str(&body).ok().filter(|json: &Value| json.is_object() || json.is_array());
        Self { headers, body, json, ..Self::default() }
    }

    /// How a value is taken out of this answer: its kind and place, and the word that names it. None if it does not have
    /// the value.
    pub(super) fn source(&self, value: &str) -> Option<Capture> {
        self.header(value).or_else(|| self.json_leaf(value)).or_else(|| self.text(value))
    }

    fn header(&self, value: &str) -> Option<Capture> {
        let is_telling =
            |name: &str| name == "location" || name == "etag" || (name.starts_with("x-") && value.len() >= SHORTEST);
        let (name, _) = self.headers.iter().find(|(name, found)| found == value && is_telling(name))?;
        Some(Capture {
            name: name.trim_start_matches("x-").to_owned(),
            kind: "header",
            place: name.clone(),
            is_number: false,
        })
    }

    /// A leaf of a JSON body. A short value must be called an id.
    fn json_leaf(&self, value: &str) -> Option<Capture> {
        let (pointer, name, is_number) = leaf(self.json.as_ref()?, value, String::new(), "")?;
        Some(Capture { name, kind: "json", place: pointer, is_number })
    }

    /// A value within a page: by what stands before it, up to what ends it.
    fn text(&self, value: &str) -> Option<Capture> {
        if value.len() < SHORTEST || self.json.is_some() {
            return None;
        }
        let at = self.body.find(value)?;
        let end = self.body[at + value.len()..].chars().next()?;
        if end.is_alphanumeric() || value.contains(end) {
            return None;
        }
        let line = self.body[..at].rfind('\n').map_or(0, |line| line + 1);
        let before = &self.body[line..at];
        if !is_a_value(before, value) {
            return None;
        }
        let tag = before.rfind('<').map_or(before, |tag| &before[tag..]);
        let start = tag.char_indices().rev().nth(CONTEXT - 1).map_or(0, |(start, _)| start);
        let context = &tag[start..];
        let pattern = format!("{}([^{}]+)", regex::escape(context), regex::escape(&end.to_string()));
        let found = Regex::new(&pattern).ok()?.captures(&self.body)?;
        (found.get(1)?.as_str() == value).then(|| Capture {
            name: named(context),
            kind: "body",
            place: pattern,
            is_number: false,
        })
    }
}

/// The fewest characters of a text that is taken for one that a program made, wherever it stands.
const GENERATED: usize = 12;

/// What gives a field or a page a value.
static ATTRIBUTE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)\b(?:value|content)\s*=\s*["']?$"#).ok());
/// What gives a name a text in a script.
static ASSIGNMENT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"[\w$-]["']?\s*[:=]\s*["'`]$"#).ok());

/// Whether what stands before a text says that it is a value, and no word of the page such as the name of a class.
fn is_a_value(before: &str, value: &str) -> bool {
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    let is_generated = has_digit && value.len() >= GENERATED && value.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_match = |pattern: &Option<Regex>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(before));
    let is_in_tag = before.rfind('<').is_some_and(|tag| !before[tag..].contains('>'));
    is_generated || is_match(&ATTRIBUTE) || (!is_in_tag && has_digit && is_match(&ASSIGNMENT))
}

/// Whether a part of a path may be what an answer gave: it looks like an id, or the answer is about what the part before it
/// names. `/items/1` has nothing to do with the id 1 of `/me`.
pub(super) fn is_plausible(before: &str, part: &str, answer: &Answer, source: &Capture) -> bool {
    let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
    let has_digit = part.bytes().any(|byte| byte.is_ascii_digit());
    if has_digit && part.len() >= if is_number { MANY_DIGITS } else { SHORTEST } {
        return true;
    }
    let has_no_digit = |part: &&str| !part.is_empty() && !part.bytes().any(|byte| byte.is_ascii_digit());
    let resource = answer.path.split('/').rfind(has_no_digit).unwrap_or_default();
    let wanted = singular(before);
    wanted.len() > 1 && (singular(resource) == wanted || source.name.to_lowercase().contains(&wanted))
}

/// `category` of `Categories`, `order` of `orders`.
fn singular(word: &str) -> String {
    let lower = word.to_lowercase();
    match lower.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => lower.strip_suffix('s').unwrap_or(&lower).to_owned(),
    }
}

/// Whether a value that was sent under this name may be one of an answer: a short one must be called an id, since a page
/// or a quantity of 1 has nothing to do with product 1.
pub(super) fn may_be_captured(name: &str, value: &str) -> bool {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    value.len() >= if is_number { MANY_DIGITS } else { SHORTEST } || is_id(name)
}

/// Whether this is what an id is called: `id`, `order_id`, `orderId`, `items[0][id]`, `product_ids`.
fn is_id(name: &str) -> bool {
    let lower = name.trim_end_matches(']').to_lowercase();
    let one = lower.strip_suffix('s').unwrap_or(&lower);
    let is_word = |before: &str| !before.ends_with(char::is_alphanumeric) || name.contains("Id") || name.contains("ID");
    lower == "key" || one.strip_suffix("id").is_some_and(|before| is_word(before) || one.len() <= LONGEST_IN_ONE_WORD)
}

/// The place of a leaf, what it is called, and whether it is a number.
fn leaf(json: &Value, value: &str, pointer: String, name: &str) -> Option<(String, String, bool)> {
    match json {
        Value::Object(all) => {
            all.iter().find_map(|(key, inner)| leaf(inner, value, format!("{pointer}/{}", pointer_step(key)), key))
        }
        Value::Array(all) => {
            all.iter().enumerate().find_map(|(place, inner)| leaf(inner, value, format!("{pointer}/{place}"), name))
        }
        Value::String(text) if text == value && (value.len() >= SHORTEST || is_id(name)) => {
            Some((pointer, name.to_owned(), false))
        }
        Value::Number(number) if number.to_string() == value && is_id(name) => Some((pointer, name.to_owned(), true)),
        _ => None,
    }
}

/// A word for a value, from what stands before it: `csrf` of `name="csrf" value="`.
fn named(context: &str) -> String {
    let after = |key: &str| {
        let rest = context.split_once(key)?.1;
        let end = rest.find(['"', '\''])?;
        Some(rest[..end].to_owned())
    };
    let name = after("name=\"").or_else(|| after("name='")).or_else(|| after("id=\""));
    name.unwrap_or_else(
        || if context.to_lowercase().contains("bearer") { "token".to_owned() } else { "value".to_owned() },
    )
}

/// A name that a placeholder may have, and that is not taken.
pub(super) fn free_name(wanted: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '_' };
    let word = wanted.chars().map(plain).collect::<String>();
    let word = word.trim_matches('_');
    let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic());
    let mut name = if is_word { word.to_owned() } else { format!("value_{word}").trim_end_matches('_').to_owned() };
    if ["random", "distinct", "sequence", "choice", "uuid", "user"].contains(&name.as_str()) {
        name.push_str("_value");
    }
    let mut free = name.clone();
    let mut number = 2;
    while is_taken(&free) {
        free = format!("{name}_{number}");
        number += 1;
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(headers: &[(&str, &str)], body: &str, value: &str) -> Option<(String, &'static str, String)> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let found = Answer::new(headers, body.to_owned()).source(value)?;
        Some((found.name, found.kind, found.place))
    }

    #[test]
    fn a_value_is_found_where_it_came_from() {
        let page = r#"<form><input name="csrf" value="abcDEF123456"><b>x</b></form>"#;
        let (name, kind, place) = source(&[], page, "abcDEF123456").unwrap();
        assert_eq!((name.as_str(), kind), ("csrf", "body"));
        assert_eq!(&Regex::new(&place).unwrap().captures(page).unwrap()[1], "abcDEF123456");
        let json = r#"{"data":{"items":[{"id":17,"n":17}],"access/token":"abcdefgh"}}"#;
        assert_eq!(source(&[], json, "17").unwrap().2, "/data/items/0/id");
        assert_eq!(source(&[], json, "abcdefgh").unwrap().2, "/data/access~1token");
        assert_eq!(source(&[("location", "/orders/1")], "", "/orders/1").unwrap().1, "header");
        for (body, value) in [(json, "18"), ("<p>17</p>", "17"), ("{\"n\":17}", "17"), ("", "abcdefgh")] {
            assert_eq!(source(&[], body, value), None, "{body} {value}");
        }
    }

    #[test]
    fn a_word_of_a_page_is_no_value() {
        for (page, value, is_value) in [
            ("<div class=\"products\">", "products", false),
            ("<option value=\"products\">", "products", true),
            ("<a href=\"/products/abcdefgh\">", "abcdefgh", false),
            ("<a href=\"/products/abcdefgh1234\">", "abcdefgh1234", true),
            ("return new window.XMLHttpRequest;", "XMLHttpRequest", false),
            ("h={\"X-Requested-With\":\"XMLHttpRequest\"}", "XMLHttpRequest", false),
            ("<script>var csrf = 'abcd1234';</script>", "abcd1234", true),
            ("{nonce: \"abcd1234\"} ", "abcd1234", true),
        ] {
            assert_eq!(source(&[], page, value).is_some(), is_value, "{page}");
        }
    }

    #[test]
    fn a_part_of_a_path_is_that_of_its_resource() {
        for (path, name, before, part, expected) in [
            ("/me", "id", "items", "1", false),
            ("/api/items", "id", "items", "1", true),
            ("/api/items?page=2", "id", "item", "1", true),
            ("/cart", "item_id", "items", "1", true),
            ("/me", "id", "items", "1234567", true),
            ("/categories/3", "id", "category", "a1", true),
            ("/cart", "id", "api", "products", false),
        ] {
            let answer = Answer { path: path.split('?').next().unwrap().to_owned(), ..Answer::default() };
            let source = Capture { name: name.to_owned(), kind: "json", place: "/id".to_owned(), is_number: true };
            assert_eq!(is_plausible(before, part, &answer, &source), expected, "{path} {before} {part}");
        }
    }

    #[test]
    fn a_short_value_must_be_called_an_id() {
        for name in
            ["id", "order_id", "orderId", "x-user-id", "productid", "items[0][id]", "product_ids", "customerUserId"]
        {
            assert!(may_be_captured(name, "1"), "{name}");
        }
        for name in ["page", "quantity", "limit", "q", "areaswithgrid"] {
            assert!(!may_be_captured(name, "1"), "{name}");
        }
        assert!(may_be_captured("q", "abcdefgh") && may_be_captured("q", "123456"));
        assert!(!may_be_captured("q", "abcdefg") && !may_be_captured("q", "12345"));
    }

    #[test]
    fn a_name_is_free_and_may_be_written() {
        assert_eq!(free_name("X-CSRF Token", |_| false), "x_csrf_token");
        assert_eq!(free_name("user", |name| name == "user_value"), "user_value_2");
        assert_eq!(free_name("7", |_| false), "value_7");
    }
}
