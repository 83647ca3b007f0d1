//! Where a value of a JSON body is: a pointer (RFC 6901) to one, or a path (RFC 9535) that may find several.

use std::borrow::Cow;
use std::fmt;

use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::expected::{Expected, Found};

/// A place, as it was written, and compiled.
#[derive(Clone, Debug)]
pub(in crate::loadtest::scenario) struct Place {
    text: String,
    path: Option<JpQuery>,
}

impl Place {
    /// Reads a pointer, which is empty or starts with a slash, or a path, which starts with `$`.
    pub(in crate::loadtest::scenario) fn read(text: &str) -> Result<Self, String> {
        let path = if text.starts_with('$') {
            let parsed = parse_json_path(text);
            Some(parsed.map_err(|_| {
                format!("json.{text:?} is not a JSON path (RFC 9535): write it like json.\"$..id\" or json.\"$.items[0].id\"")
            })?)
        } else if text.is_empty() || text.starts_with('/') {
            None
        } else {
            return Err(format!(
                "{text:?} is not a JSON pointer: write json.\"/{text}\", or a path like json.\"$..{text}\""
            ));
        };
        Ok(Self { text: text.to_owned(), path })
    }

    /// Whether it may find several values.
    pub(super) fn is_path(&self) -> bool {
        self.path.is_some()
    }

    /// The first value that it leads to.
    pub(in crate::loadtest::scenario) fn first<'b>(&self, body: &'b Value) -> Option<&'b Value> {
        match &self.path {
            None => body.pointer(&self.text),
            Some(path) => js_path_process(path, body).ok()?.into_iter().next().map(|node| node.val),
        }
    }

    /// The first value that it leads to in a text; None also if that is not JSON. Of a pointer nothing but that value is
    /// built, which for a short answer takes half as long as a tree of all values.
    pub(in crate::loadtest::scenario) fn first_of(&self, text: &[u8]) -> Option<Value> {
        if self.is_path() {
            return serde_json::from_slice(text).ok().and_then(|body| self.first(&body).cloned());
        }
        let mut reader = serde_json::Deserializer::from_slice(text);
        let found = At(&self.text).deserialize(&mut reader).ok()?;
        reader.end().ok()?;
        found
    }

    /// Why the values that it leads to are not as expected; None if they are.
    pub(super) fn complaint(&self, expected: &Expected, body: &Value) -> Option<String> {
        let Some(path) = &self.path else {
            let found = body.pointer(&self.text).map(Found::Json);
            return expected.complaint(self, found.as_slice());
        };
        let found = js_path_process(path, body).unwrap_or_default();
        let found: Vec<_> = found.into_iter().map(|node| Found::Json(node.val)).collect();
        expected.complaint(self, &found)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "JSON {:?}", self.text)
    }
}

/// Reads the value to which the rest of a pointer leads, and passes over all others. Of members of one name the last one
/// counts, as in a tree of values.
struct At<'p>(&'p str);

impl<'p> At<'p> {
    /// The first step of a pointer that is not at its end, and what leads on from there.
    fn step(&self) -> (Cow<'p, str>, Self) {
        let steps = &self.0[1..];
        let (step, rest) = steps.find('/').map_or((steps, ""), |end| steps.split_at(end));
        let step = if step.contains('~') { step.replace("~1", "/").replace("~0", "~").into() } else { step.into() };
        (step, Self(rest))
    }
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        if self.0.is_empty() { Value::deserialize(reader).map(Some) } else { reader.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = Option<Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (name, rest) = self.step();
        let mut found = None;
        while let Some(is_wanted) = members.next_key_seed(Is(&name))? {
            if is_wanted {
                found = members.next_value_seed(At(rest.0))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let (step, rest) = self.step();
        let is_number = !step.starts_with('+') && (step.len() == 1 || !step.starts_with('0'));
        let wanted = step.parse::<usize>().ok().filter(|_| is_number);
        for _ in 0..wanted.unwrap_or(0) {
            if elements.next_element::<IgnoredAny>()?.is_none() {
                return Ok(None);
            }
        }
        let found = if wanted.is_some() { elements.next_element_seed(rest)?.flatten() } else { None };
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Whether the name of a member is this one.
struct Is<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a member")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_finds_in_a_text_what_it_finds_in_a_tree() {
        let texts = [
            r#"{"a":{"b":[1,{"c":null,"d":"x"},-2.5]},"a/b":true,"m~n":"tilde","":{"":7},"0":"zero","é":[[]]}"#,
            r#"{"a":1,"a":{"b":[0]},"a":{"b":["last"]}}"#,
            r#"[{"a":1},[2,[3]],"text",false]"#,
            r#""alone""#,
            "12",
            "null",
            "[]",
            "",
            "{",
            r#"{"a":{"b":[1]}"#,
            r#"{"a":{"b":[1]}} x"#,
            r#"{"a":{"b":[1],}}"#,
        ];
        let pointers = [
            "",
            "/",
            "//",
            "/a",
            "/a/b",
            "/a/b/0",
            "/a/b/1/c",
            "/a/b/1/d",
            "/a/b/2",
            "/a/b/3",
            "/a/b/-",
            "/a/b/01",
            "/a/b/+1",
            "/a~1b",
            "/m~0n",
            "/0",
            "/1/1/0",
            "/0/a",
            "/2/x",
            "/é/0",
            "/3",
            "/x",
            "/a/x/y",
            "/a/b/00",
            "/99999999999999999999",
        ];
        let mut found = 0;
        for text in texts {
            let tree = serde_json::from_str::<Value>(text).ok();
            for pointer in pointers {
                let place = Place::read(pointer).unwrap();
                let expected = tree.as_ref().and_then(|tree| tree.pointer(pointer)).cloned();
                found += usize::from(expected.is_some());
                assert_eq!(place.first_of(text.as_bytes()), expected, "{pointer} in {text}");
            }
        }
        assert!(found > 25, "only {found} are there at all");
        assert_eq!(Place::read("$..b").unwrap().first_of(br#"{"a":{"b":4}}"#), Some(Value::from(4)));
    }
}
