//! The checks of a task: what an answer must be for its request to have succeeded.

use std::ops::RangeInclusive;

use serde_json::Value;

/// The check of a task. Without a rule about the status, any status below 400 is good.
#[derive(Clone, Debug, Default)]
pub(in crate::loadtest) struct Check {
    status: Vec<RangeInclusive<u16>>,
    headers: Vec<(String, Expected)>,
    /// The rules by JSON pointer (RFC 6901).
    json: Vec<(String, Expected)>,
}

/// The rules for one value, all of which must hold.
#[derive(Clone, Debug, Default)]
struct Expected {
    equals: Option<Value>,
    contains: Option<String>,
    exists: Option<bool>,
    min: Option<f64>,
    max: Option<f64>,
}

/// The parts of an answer that a check reads.
pub(in crate::loadtest) struct Seen<'a> {
    pub(in crate::loadtest) status: u16,
    /// Gives the value of a header by its lower-case name.
    pub(in crate::loadtest) header: &'a dyn Fn(&str) -> Option<&'a str>,
    pub(in crate::loadtest) body: &'a [u8],
}

impl Check {
    /// Whether the status is one of the expected ones.
    pub(in crate::loadtest) fn allows(&self, status: u16) -> bool {
        if self.status.is_empty() { status < 400 } else { self.status.iter().any(|range| range.contains(&status)) }
    }

    /// Whether it has rules on headers or body, so that the answer must be kept.
    pub(in crate::loadtest) fn reads_answers(&self) -> bool {
        !self.headers.is_empty() || !self.json.is_empty()
    }

    /// The first rule that does not hold, as a message; None if all hold.
    pub(in crate::loadtest) fn complaint(&self, seen: &Seen<'_>) -> Option<String> {
        if !self.allows(seen.status) {
            return Some(format!("status {}, expected {}", seen.status, self.statuses()));
        }
        for (name, expected) in &self.headers {
            let value = (seen.header)(name).map(Value::from);
            if let Some(complaint) = expected.complaint(value.as_ref()) {
                return Some(format!("header {name} {complaint}"));
            }
        }
        if self.json.is_empty() {
            return None;
        }
        let Ok(body) = serde_json::from_slice::<Value>(seen.body) else {
            return Some("the body is not JSON".to_owned());
        };
        let mut complaints = self.json.iter().filter_map(|(pointer, expected)| {
            let complaint = expected.complaint(body.pointer(pointer))?;
            Some(format!("JSON {pointer:?} {complaint}"))
        });
        complaints.next()
    }

    fn statuses(&self) -> String {
        let shown = |range: &RangeInclusive<u16>| match (range.start(), range.end()) {
            (start, end) if start == end => start.to_string(),
            (start, _) => format!("{}xx", start / 100),
        };
        self.status.iter().map(shown).collect::<Vec<_>>().join(" or ")
    }

    /// Reads a check from the text of a `check` table.
    #[cfg(test)]
    pub(in crate::loadtest) fn read_for_tests(text: &str) -> Self {
        Self::read(&text.parse().unwrap()).unwrap()
    }

    /// Reads the `check` table of a scenario.
    pub(super) fn read(rules: &toml::Table) -> Result<Self, String> {
        let mut check = Self::default();
        for (rule, value) in rules {
            match (rule.as_str(), value) {
                ("status", toml::Value::Array(all)) if !all.is_empty() => {
                    check.status = all.iter().map(status).collect::<Result<_, _>>()?;
                }
                ("status", one) => check.status = vec![status(one)?],
                ("header", toml::Value::Table(headers)) => {
                    let lower = |(name, value): (&String, &toml::Value)| Ok((name.to_lowercase(), expected(value)?));
                    check.headers = headers.iter().map(lower).collect::<Result<_, String>>()?;
                }
                ("json", toml::Value::Table(pointers)) => {
                    check.json = pointers.iter().map(pointer).collect::<Result<_, _>>()?;
                }
                ("header", _) => return Err("check.header must be a table: header.location = \"/orders/1\"".to_owned()),
                ("json", _) => {
                    return Err("check.json must be a table: json.\"/order_id\" = { exists = true }".to_owned());
                }
                (other, _) => return Err(format!("check.{other} is not known; write status, header or json")),
            }
        }
        Ok(check)
    }
}

impl Expected {
    fn complaint(&self, value: Option<&Value>) -> Option<String> {
        let Some(value) = value else {
            return (self.exists != Some(false)).then(|| "is missing".to_owned());
        };
        if self.exists == Some(false) {
            return Some("is there, expected none".to_owned());
        }
        if let Some(wanted) = &self.equals
            && !same(wanted, value)
        {
            return Some(format!("is {}, expected {wanted}", short(value)));
        }
        if let Some(part) = &self.contains {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if !text.contains(part.as_str()) {
                return Some(format!("is {}, expected {part:?} in it", short(value)));
            }
        }
        // The value of a header is text, which may be a number.
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        let too_small = self.min.filter(|min| number.is_none_or(|number| number < *min));
        let too_large = self.max.filter(|max| number.is_none_or(|number| number > *max));
        match (too_small, too_large) {
            (Some(min), _) => Some(format!("is {}, expected at least {min}", short(value))),
            (_, Some(max)) => Some(format!("is {}, expected at most {max}", short(value))),
            _ => None,
        }
    }
}

/// Compares two values; 1 and 1.0 are the same number.
fn same(wanted: &Value, value: &Value) -> bool {
    match (wanted.as_f64(), value.as_f64()) {
        (Some(wanted), Some(value)) => wanted.total_cmp(&value).is_eq(),
        _ => wanted == value,
    }
}

/// A value, shortened for a message.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { format!("{}…", text.chars().take(60).collect::<String>()) }
}

fn status(value: &toml::Value) -> Result<RangeInclusive<u16>, String> {
    let range = match value {
        toml::Value::Integer(number) => u16::try_from(*number).ok().map(|number| number..=number),
        toml::Value::String(class) => {
            let digit = class.strip_suffix("xx").and_then(|digit| digit.parse::<u16>().ok());
            digit.map(|digit| digit.saturating_mul(100)..=digit.saturating_mul(100).saturating_add(99))
        }
        _ => None,
    };
    let valid = range.filter(|range| (100..600).contains(range.start()));
    valid.ok_or_else(|| format!("check.status is {value}: write 201, \"2xx\" or a list of these, from 100 to 599"))
}

fn pointer((pointer, value): (&String, &toml::Value)) -> Result<(String, Expected), String> {
    if pointer.is_empty() || pointer.starts_with('/') {
        return Ok((pointer.clone(), expected(value)?));
    }
    Err(format!("{pointer:?} is not a JSON pointer: write json.\"/{pointer}\""))
}

fn expected(value: &toml::Value) -> Result<Expected, String> {
    let toml::Value::Table(rules) = value else {
        return Ok(Expected { equals: Some(scalar(value)?), ..Expected::default() });
    };
    let mut expected = Expected::default();
    for (rule, value) in rules {
        let number = || {
            let number = value.as_float().or_else(|| value.as_integer().map(|number| number as f64));
            number.ok_or_else(|| format!("{rule} = {value}: a number was expected"))
        };
        match rule.as_str() {
            "equals" => expected.equals = Some(scalar(value)?),
            "contains" => {
                let part = value.as_str().ok_or_else(|| format!("contains = {value}: a text was expected"))?;
                expected.contains = Some(part.to_owned());
            }
            "exists" => {
                expected.exists =
                    Some(value.as_bool().ok_or_else(|| format!("exists = {value}: write true or false"))?);
            }
            "min" => expected.min = Some(number()?),
            "max" => expected.max = Some(number()?),
            other => return Err(format!("{other} is not known; write equals, contains, exists, min or max")),
        }
    }
    Ok(expected)
}

fn scalar(value: &toml::Value) -> Result<Value, String> {
    match value {
        toml::Value::String(text) => Ok(Value::from(text.as_str())),
        toml::Value::Integer(number) => Ok(Value::from(*number)),
        toml::Value::Float(number) => Ok(Value::from(*number)),
        toml::Value::Boolean(truth) => Ok(Value::from(*truth)),
        other => {
            Err(format!("{other} cannot be compared: write a text, a number, true or false, or {{ exists = true }}"))
        }
    }
}

impl std::fmt::Debug for Seen<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Seen").field("status", &self.status).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Check, String> {
        Check::read(&text.parse().unwrap())
    }

    fn complaint(text: &str, status: u16, body: &str) -> String {
        let header = |name: &str| (name == "content-type").then_some("application/json");
        let seen = Seen { status, header: &header, body: body.as_bytes() };
        check(text).unwrap().complaint(&seen).unwrap_or_default()
    }

    #[test]
    fn every_rule_of_a_check_is_applied_to_an_answer() {
        let order = r#"{"order_id":17,"items":[{"name":"pear"}],"total":1.5}"#;
        for (rule, status, said) in [
            ("", 204, ""),
            ("", 404, "status 404, expected "),
            ("status = 404", 404, ""),
            ("status = [201, \"3xx\"]", 302, ""),
            ("status = [201, \"3xx\"]", 200, "status 200, expected 201 or 3xx"),
            ("header.Content-Type = 'application/json'", 200, ""),
            (
                "header.content-type = { contains = 'html' }",
                200,
                "header content-type is \"application/json\", expected \"html\" in it",
            ),
            ("header.location = { exists = true }", 200, "header location is missing"),
            ("header.location = { exists = false }", 200, ""),
            ("json.'/order_id' = 17.0", 200, ""),
            ("json.'/order_id' = '17'", 200, "JSON \"/order_id\" is 17, expected \"17\""),
            ("json.'/items/0/name' = { contains = 'pea' }", 200, ""),
            ("json.'/items/1' = { exists = true }", 200, "JSON \"/items/1\" is missing"),
            ("json.'/total' = { min = 1, max = 1.4 }", 200, "JSON \"/total\" is 1.5, expected at most 1.4"),
            ("json.'/items/0/name' = { min = 1 }", 200, "JSON \"/items/0/name\" is \"pear\", expected at least 1"),
            ("json.'/total' = { exists = false }", 200, "JSON \"/total\" is there, expected none"),
        ] {
            assert_eq!(complaint(rule, status, order), said, "{rule}");
        }
        assert_eq!(complaint("json.'/x' = 1", 200, "<html>"), "the body is not JSON");
    }

    #[test]
    fn an_invalid_rule_is_refused_with_what_to_write() {
        for (rule, sentence) in [
            ("stauts = 201", "write status, header or json"),
            ("status = 20", "from 100 to 599"),
            ("status = '2x'", "write 201, \"2xx\""),
            ("header = 'x'", "check.header must be a table"),
            ("json.order_id = 1", "write json.\"/order_id\""),
            ("json.'/a' = [1]", "cannot be compared"),
            ("json.'/a' = { least = 1 }", "write equals, contains"),
            ("json.'/a' = { min = 'x' }", "a number was expected"),
        ] {
            let error = check(rule).unwrap_err();
            assert!(error.contains(sentence), "{rule}: {error}");
        }
    }
}
