//! Makes values that the schemas of an OpenAPI document allow.

use std::cell::Cell;
use std::collections::BTreeSet;

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Map, Value};

use super::draft::Request;

/// The longest text that is made for a pattern, and the most characters that are looked through for a plain one.
const MOST_LETTERS: usize = 1_000;

/// How deep a schema is followed: one may contain itself.
const DEEPEST: usize = 12;

/// The most values of one body: a schema that refers to itself in several places doubles with each step.
const MOST_VALUES: usize = 2_000;

/// The schemas of a document.
pub(super) struct Schemas<'a> {
    document: &'a Value,
    /// How many values were made so far.
    made: Cell<usize>,
}

/// The schemas in which another one stands, from the inner to the outer ones.
#[derive(Clone, Copy, Default)]
struct Within<'w> {
    schema: Option<&'w Value>,
    outer: Option<&'w Within<'w>>,
    depth: usize,
}

impl Within<'_> {
    fn has(&self, schema: &Value) -> bool {
        self.schema.is_some_and(|own| std::ptr::eq(own, schema)) || self.outer.is_some_and(|outer| outer.has(schema))
    }
}

impl<'a> Schemas<'a> {
    pub(super) fn of(document: &'a Value) -> Self {
        Self { document, made: Cell::new(0) }
    }

    /// What a reference leads to, within the document. Notes one that leads elsewhere, or nowhere.
    pub(super) fn resolved(&self, value: &'a Value, request: &mut Request) -> Option<&'a Value> {
        let mut value = value;
        for _ in 0..DEEPEST {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Some(value) };
            let target = reference.strip_prefix('#').and_then(|pointer| self.document.pointer(&decoded(pointer)));
            let Some(target) = target else {
                let what = format!("{reference}, which is not in the document");
                if !request.left_out.contains(&what) {
                    request.left_out.push(what);
                }
                return None;
            };
            value = target;
        }
        None
    }

    /// A value that a schema allows.
    pub(super) fn value(&self, schema: &'a Value, request: &mut Request) -> Value {
        self.made.set(0);
        let value = self.make(schema, &Within::default(), &[], request).unwrap_or(Value::Null);
        if self.made.get() > MOST_VALUES {
            request.left_out.push(format!("what a schema has beyond {MOST_VALUES} values"));
        }
        value
    }

    /// A value that a schema allows, with these properties beside its required ones. None if it cannot be made: a schema within
    /// itself, or one that is nowhere.
    fn make(&self, given: &'a Value, within: &Within<'_>, also: &[&str], request: &mut Request) -> Option<Value> {
        if self.made.get() > MOST_VALUES {
            return None;
        }
        let schema = self.resolved(given, request)?;
        if let Some(example) = schema_example(schema) {
            return Some(example);
        }
        self.made.set(self.made.get() + 1);
        if within.depth >= DEEPEST || within.has(schema) {
            return None;
        }
        let inner = Within { schema: Some(schema), outer: Some(within), depth: within.depth + 1 };
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.all_of(given, schema, parts, &inner, also, request);
        }
        let choices = ["oneOf", "anyOf"].into_iter().find_map(|key| schema.get(key)?.as_array());
        if let Some(choices) = choices.filter(|choices| !choices.is_empty()) {
            return self.one_of(schema, choices, &inner, also, request);
        }
        Some(match type_of(schema) {
            "object" => Value::Object(self.object(schema, &inner, also, request)),
            "array" => self.array(schema, &inner, request),
            "integer" => Value::from(number(schema, 1.0) as i64),
            "number" => Value::from(number(schema, 1.5)),
            "boolean" => Value::from(true),
            "null" => Value::Null,
            _ => Value::from(text(schema, request)),
        })
    }

    /// All parts together. What one part requires, another one may describe.
    fn all_of(
        &self,
        given: &'a Value,
        schema: &'a Value,
        parts: &'a [Value],
        within: &Within<'_>,
        also: &[&str],
        request: &mut Request,
    ) -> Option<Value> {
        let resolved: Vec<&Value> = parts.iter().filter_map(|part| self.resolved(part, request)).collect();
        let own = resolved.iter().copied().chain([schema]).flat_map(required);
        let also: Vec<&str> = own.chain(also.iter().copied()).collect();
        let mut values: Vec<Value> = parts.iter().filter_map(|part| self.make(part, within, &also, request)).collect();
        if schema.get("properties").is_some() {
            values.push(Value::Object(self.object(schema, within, &also, request)));
        }
        if !values.iter().any(Value::is_object) {
            return values.into_iter().next();
        }
        let mut joined = Map::new();
        for value in values {
            if let Value::Object(part) = value {
                joined.extend(part);
            }
        }
        for part in resolved {
            discriminate(part, given, &mut joined);
        }
        Some(Value::Object(joined))
    }

    /// The first choice that can be made, with what stands beside the choices.
    fn one_of(
        &self,
        schema: &'a Value,
        choices: &'a [Value],
        within: &Within<'_>,
        also: &[&str],
        request: &mut Request,
    ) -> Option<Value> {
        let is_described = schema.get("properties").is_some();
        for choice in choices {
            let Some(resolved) = self.resolved(choice, request) else { continue };
            let mut joined = Map::new();
            if is_described {
                let also: Vec<&str> = required(resolved).chain(also.iter().copied()).collect();
                joined = self.object(schema, within, &also, request);
            }
            // A choice may only say what is required.
            let has_kind = ["type", "properties", "allOf", "oneOf", "anyOf", "items", "enum", "const"];
            if is_described && !has_kind.iter().any(|key| resolved.get(*key).is_some()) {
                return Some(Value::Object(joined));
            }
            match self.make(choice, within, also, request) {
                Some(Value::Object(made)) => {
                    joined.extend(made);
                    discriminate(schema, choice, &mut joined);
                    return Some(Value::Object(joined));
                }
                Some(other) if !is_described => return Some(other),
                _ if is_described => return Some(Value::Object(joined)),
                _ => {}
            }
        }
        None
    }

    fn array(&self, schema: &'a Value, within: &Within<'_>, request: &mut Request) -> Value {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(1).min(10) as usize;
        let Some(items) = schema.get("items") else { return Value::Array(Vec::new()) };
        let Some(item) = self.make(items, within, &[], request) else { return Value::Array(Vec::new()) };
        let mut all = vec![item; least];
        if schema.get("uniqueItems").and_then(Value::as_bool) == Some(true) {
            self.told_apart(items, &mut all, request);
        }
        Value::Array(all)
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

    /// An object with the required properties, those that are wanted, too, and those that have an example.
    fn object(
        &self,
        schema: &'a Value,
        within: &Within<'_>,
        also: &[&str],
        request: &mut Request,
    ) -> Map<String, Value> {
        let required: BTreeSet<_> = required(schema).collect();
        let properties = schema.get("properties").and_then(Value::as_object);
        let mut object = Map::new();
        for (name, property) in properties.into_iter().flatten() {
            let is_read_only = property.get("readOnly").and_then(Value::as_bool).unwrap_or(false);
            let is_required = required.contains(name.as_str()) || also.contains(&name.as_str());
            let is_wanted = required.is_empty() || is_required || schema_example(property).is_some();
            if is_wanted && !is_read_only {
                let made = self.make(property, within, &[], request);
                object.extend(made.map(|value| (name.clone(), value)));
            }
        }
        let kinds = schema.pointer("/discriminator/mapping").and_then(Value::as_object);
        let named = schema.pointer("/discriminator/propertyName").and_then(Value::as_str);
        if let (Some(name), Some(kind)) = (named, kinds.and_then(|kinds| kinds.keys().next()))
            && object.get(name).is_some_and(|made| made == "text")
        {
            object.insert(name.to_owned(), Value::from(kind.clone()));
        }
        let least = schema.get("minProperties").and_then(Value::as_u64).unwrap_or(0).min(10) as usize;
        if let Some(further) = schema.get("additionalProperties").filter(|further| further.is_object()) {
            for number in object.len() + 1..=least {
                let made = self.make(further, within, &[], request);
                object.extend(made.map(|value| (format!("key{number}"), value)));
            }
        }
        object
    }
}

/// Says which of several schemas an object is of, if the schema wants that said.
fn discriminate(schema: &Value, chosen: &Value, object: &mut Map<String, Value>) {
    let name = schema.pointer("/discriminator/propertyName").and_then(Value::as_str);
    let reference = chosen.get("$ref").and_then(Value::as_str);
    let (Some(name), Some(reference)) = (name, reference) else { return };
    let short = reference.rsplit('/').next().unwrap_or(reference);
    let mapping = schema.pointer("/discriminator/mapping").and_then(Value::as_object);
    let is_chosen = |(_, to): &(&String, &Value)| to.as_str().is_some_and(|to| to == reference || to == short);
    let key = mapping.into_iter().flatten().find(is_chosen).map_or(short, |(key, _)| key.as_str());
    object.insert(name.to_owned(), Value::from(key));
}

/// The names of the properties that a schema requires.
fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The example, the default or the first allowed value that a schema gives itself.
pub(super) fn schema_example(schema: &Value) -> Option<Value> {
    let first = |key: &str| schema.get(key).and_then(Value::as_array).and_then(|all| all.first());
    let given = schema.get("example").or_else(|| first("examples")).or_else(|| schema.get("const"));
    given.or_else(|| schema.get("default")).or_else(|| first("enum")).filter(|value| !value.is_null()).cloned()
}

/// The type of a schema: in OpenAPI 3.1 it may be one of several.
pub(super) fn type_of(schema: &Value) -> &str {
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
pub(super) fn bounds(schema: &Value) -> (Option<f64>, Option<f64>) {
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

/// A pointer within a URL (RFC 6901, section 6).
fn decoded(pointer: &str) -> String {
    let escaped = pointer.replace('+', "%2B");
    form_urlencoded::parse(format!("p={escaped}").as_bytes())
        .next()
        .map_or_else(String::new, |(_, text)| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_made_of_what_a_schema_says() {
        let document = json!({"components": {"schemas": {
            "Color": {"type": "string", "enum": ["red", "blue"]},
            "Named": {"type": "object", "properties": {"name": {"type": "string"}, "note": {"type": "string"}}, "required": ["name"]},
            "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "object", "properties": {"age": {"type": "integer"}}}]},
            "Pet": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}},
                    "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat", "dog": "Dog"}}},
            "Dog": {"type": "object", "properties": {"kind": {"type": "string"}}}
        }}});
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        for (schema, expected) in [
            (json!({"allOf": [to("Color")], "description": "x"}), json!("red")),
            (json!({"allOf": [to("Named")], "required": ["note"]}), json!({"name": "text", "note": "text"})),
            (json!({"allOf": [to("Named"), {"required": ["note"]}]}), json!({"name": "text", "note": "text"})),
            (
                json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "integer"}},
                       "required": ["c"], "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}),
                json!({"a": "text", "c": 1}),
            ),
            (
                json!({"properties": {"a": {"type": "string"}}, "oneOf": [{"properties": {"b": {"type": "integer"}}}]}),
                json!({"a": "text", "b": 1}),
            ),
            (json!({"oneOf": [to("Nowhere"), {"type": "integer"}]}), json!(1)),
            (to("Pet"), json!({"kind": "cat"})),
            (to("Cat"), json!({"kind": "cat", "age": 1})),
            (
                json!({"oneOf": [to("Dog")], "discriminator": {"propertyName": "kind", "mapping": {"d": "#/components/schemas/Dog"}}}),
                json!({"kind": "d"}),
            ),
            (json!({"oneOf": [to("Dog")], "discriminator": {"propertyName": "kind"}}), json!({"kind": "Dog"})),
        ] {
            let mut document = document.clone();
            document["tried"] = schema;
            let made = Schemas::of(&document).value(&document["tried"], &mut Request::default());
            assert_eq!(made, expected, "{}", document["tried"]);
        }
    }

    #[test]
    fn a_schema_that_contains_itself_comes_to_an_end() {
        let to = json!({"$ref": "#/Tree"});
        let properties: Map<String, Value> = (0..8).map(|number| (format!("p{number}"), to.clone())).collect();
        let mut wide: Map<String, Value> = Map::new();
        for level in 0..12 {
            let next = json!({"$ref": format!("#/L{}", level + 1)});
            wide.insert(
                format!("L{level}"),
                json!({"properties": {"a": next, "b": next, "c": next, "d": {"type": "string"}}}),
            );
        }
        wide.insert("Tree".to_owned(), json!({"properties": properties, "required": ["p0"]}));
        wide.insert(
            "List".to_owned(),
            json!({"properties": {"n": {"type": "integer"}, "more": {"type": "array", "items": {"$ref": "#/List"}}}}),
        );
        let document = Value::Object(wide);
        let schemas = Schemas::of(&document);
        let mut request = Request::default();
        assert_eq!(schemas.value(&document["Tree"], &mut request), json!({}));
        assert_eq!(schemas.value(&document["List"], &mut request), json!({"n": 1, "more": []}));
        assert!(request.left_out.is_empty());
        assert!(schemas.value(&document["L0"], &mut request).to_string().len() < 100_000);
        assert!(request.left_out[1].contains("beyond 2000 values"), "{:?}", request.left_out.len());
    }
}
