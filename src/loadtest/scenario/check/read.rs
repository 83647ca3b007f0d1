//! Reads the rules of a table like the `check` of a task. What can never fail or never hold is refused, with the name of its key.

use std::ops::RangeInclusive;

use super::bounds::{self, Bounds};
use super::expected::{Expected, Found, Kind, Scalar};
use super::matched::Texts;
use super::pattern;
use super::place::Place;
use super::rules::Check;
use super::time_limit::TimeLimit;

/// What a value is found in, which decides the rules that it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Body,
    Header,
    Pointer,
    Path,
}

impl Source {
    /// Whether the value is a text, and not JSON.
    fn is_text(self) -> bool {
        matches!(self, Self::Body | Self::Header)
    }

    /// The texts that the value may be.
    fn texts(self) -> Texts {
        if self == Self::Header { Texts::OfOneLine } else { Texts::Any }
    }
}

impl Check {
    /// Reads a check from the text of a `check` table.
    #[cfg(test)]
    pub(in crate::loadtest) fn read_for_tests(text: &str) -> Self {
        Self::read("check", &text.parse().unwrap()).unwrap()
    }

    /// Reads a table of this name, such as `check`.
    pub(in crate::loadtest::scenario) fn read(name: &str, rules: &toml::Table) -> Result<Self, String> {
        if rules.is_empty() {
            return Err(format!("{name} = {{}} can never fail: write a rule, like status = 200, or leave it out"));
        }
        let key = |rule: &str| format!("{name}.{rule}");
        let mut check = Self::default();
        for (rule, value) in rules {
            match rule.as_str() {
                "status" => check.status = statuses(&key(rule), value)?,
                "time" => check.time = Some(TimeLimit::read(value)?),
                "size" => check.size = Bounds::read_count(&key(rule), value)?,
                "body" => check.body = Some(expected(&key(rule), value, Source::Body)?),
                "header" => {
                    for (header, value) in table(&key(rule), value, "header.location = \"/orders/1\"")? {
                        let rules = expected(&key(&format!("header.{header}")), value, Source::Header)?;
                        check.headers.push((header.to_lowercase(), rules));
                    }
                }
                "json" => {
                    for (text, value) in table(&key(rule), value, "json.\"/order_id\" = { exists = true }")? {
                        let place = Place::read(text)?;
                        let source = if place.is_path() { Source::Path } else { Source::Pointer };
                        let rules = expected(&key(&format!("json.{text:?}")), value, source)?;
                        check.json.push((place, rules));
                    }
                }
                other => {
                    return Err(format!("{name}.{other} is not known; write status, time, size, header, body or json"));
                }
            }
        }
        let all_statuses = (100..600).all(|status| !check.status.is_empty() && check.allows(status));
        if rules.len() == 1 && all_statuses {
            return Err(format!("{name}.status can never fail: it allows every status; leave some out"));
        }
        Ok(check)
    }
}

/// A table that has entries.
fn table<'a>(key: &str, value: &'a toml::Value, example: &str) -> Result<&'a toml::Table, String> {
    let table = value.as_table().ok_or_else(|| format!("{key} must be a table: {example}"))?;
    if table.is_empty() {
        Err(format!("{key} = {{}} can never fail: write {example}, or leave it out"))
    } else {
        Ok(table)
    }
}

fn statuses(key: &str, value: &toml::Value) -> Result<Vec<RangeInclusive<u16>>, String> {
    match value {
        toml::Value::Array(all) if all.is_empty() => {
            Err(format!("{key} = [] can never hold: write the statuses that are good, or leave it out"))
        }
        toml::Value::Array(all) => all.iter().map(|one| status(key, one)).collect(),
        one => Ok(vec![status(key, one)?]),
    }
}

fn status(key: &str, value: &toml::Value) -> Result<RangeInclusive<u16>, String> {
    let range = match value {
        toml::Value::Integer(number) => u16::try_from(*number).ok().map(|number| number..=number),
        toml::Value::String(class) => {
            let digit = class.strip_suffix("xx").and_then(|digit| digit.parse::<u16>().ok());
            digit.map(|digit| digit.saturating_mul(100)..=digit.saturating_mul(100).saturating_add(99))
        }
        _ => None,
    };
    let valid = range.filter(|range| (100..600).contains(range.start()));
    valid.ok_or_else(|| format!("{key} is {value}: write 201, \"2xx\" or a list of these, from 100 to 599"))
}

/// Reads the rules for a value: the value that it must be, or a table of rules.
fn expected(key: &str, value: &toml::Value, source: Source) -> Result<Expected, String> {
    let toml::Value::Table(rules) = value else {
        return Ok(Expected { equals: Some(scalar(key, value)?), ..Expected::default() });
    };
    let mut expected = Expected::default();
    for (rule, value) in rules {
        read_rule(&mut expected, key, rule, value, source)?;
    }
    check_rules(&expected, key, rules, source)?;
    Ok(expected)
}

fn read_rule(
    expected: &mut Expected,
    key: &str,
    rule: &str,
    value: &toml::Value,
    source: Source,
) -> Result<(), String> {
    let text = || value.as_str().ok_or_else(|| format!("{key}.{rule} = {value}: a text was expected"));
    let truth = || value.as_bool().ok_or_else(|| format!("{key}.{rule} = {value}: write true or false"));
    match rule {
        "equals" => expected.equals = Some(scalar(key, value)?),
        "contains" => expected.contains = Some(text()?.to_owned()),
        "regex" => expected.regex = Some(pattern::of_check(&format!("{key}.regex"), text()?, source.texts())?),
        "exists" if source != Source::Body => expected.exists = Some(truth()?),
        "min" | "max" => expected.bounds.read(key, rule, value)?,
        "length" => expected.length = Bounds::read_count(&format!("{key}.length"), value)?,
        "type" if !source.is_text() => expected.kind = Some(kind(key, text()?)?),
        "all" if source == Source::Path => expected.all = truth()?,
        "all" if source == Source::Pointer => {
            return Err(format!("{key}.all has no effect: a pointer leads to one value; write a path like \"$..id\""));
        }
        other => {
            let known = match source {
                Source::Body => "equals, contains, regex, min, max or length",
                Source::Header => "equals, contains, regex, exists, min, max or length",
                Source::Pointer => "equals, contains, regex, exists, min, max, type or length",
                Source::Path => "equals, contains, regex, exists, min, max, type, length or all",
            };
            return Err(format!("{key}.{other} is not known; write {known}"));
        }
    }
    Ok(())
}

/// Refuses rules that no value could break or that no value could meet.
fn check_rules(expected: &Expected, key: &str, rules: &toml::Table, source: Source) -> Result<(), String> {
    let others = || rules.keys().filter(|rule| !["exists", "all"].contains(&rule.as_str()));
    let never_holds = |why: String| Err(format!("{key} can never hold: {why}"));
    if rules.is_empty() {
        return Err(format!("{key} = {{}} can never fail: write a rule, like {{ exists = true }}, or leave it out"));
    }
    if expected.exists == Some(false) && rules.len() > 1 {
        return never_holds("with exists = false there is no value for its other rules".to_owned());
    }
    if rules.contains_key("all") && others().next().is_none() {
        return Err(format!("{key}.all has no effect: write what all values must be, or exists = true"));
    }
    if expected.contains.as_deref() == Some("") {
        return Err(format!("{key}.contains = \"\" can never fail: every text contains it; write exists = true"));
    }
    expected.bounds.check(key)?;
    if let Some(kind) = expected.kind {
        let name = kind.name();
        if !expected.length.is_open() && !kind.has_length() {
            return never_holds(format!("a value of type {name} has no length"));
        }
        if !expected.bounds.is_open() && !kind.may_be_number() {
            return never_holds(format!("a value of type {name} is no number for min and max"));
        }
    }
    if let Some(wanted) = &expected.equals {
        let json = wanted.to_json();
        let text = json.as_str().map_or_else(|| wanted.to_string(), str::to_owned);
        let found = if source.is_text() { Found::Text(text.into()) } else { Found::Json(&json) };
        if expected.wrong(&found).is_some() {
            return never_holds(format!("{wanted} does not meet its other rules"));
        }
        if others().count() > 1 {
            return Err(format!("{key} has rules that can never fail beside equals: leave them out"));
        }
    }
    Ok(())
}

fn kind(key: &str, name: &str) -> Result<Kind, String> {
    let found = Kind::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    let names = || Kind::ALL.map(|(name, _)| name).join(", ");
    found.ok_or_else(|| format!("{key}.type = {name:?} is not a type; write one of {}", names()))
}

fn scalar(key: &str, value: &toml::Value) -> Result<Scalar, String> {
    match value {
        toml::Value::String(text) => Ok(Scalar::Text(text.clone())),
        toml::Value::Boolean(truth) => Ok(Scalar::Truth(*truth)),
        toml::Value::Integer(_) | toml::Value::Float(_) => {
            let number = bounds::number(value);
            number.map(Scalar::Number).ok_or_else(|| format!("{key} = {value} can never hold: JSON has no such number"))
        }
        other => Err(format!(
            "{key} = {other} cannot be compared: write a text, a number, true or false, or {{ exists = true }}"
        )),
    }
}
