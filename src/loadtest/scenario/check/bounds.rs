//! The least and the most that a number may be: of a value, a length or a size.

use super::number::Number;

/// The bounds of a number, both of which belong to what is allowed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    pub(super) min: Option<Number>,
    pub(super) max: Option<Number>,
}

impl Bounds {
    /// Whether it allows every number.
    pub(super) fn is_open(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    /// What was expected in place of a number; None if it is allowed. No number is not allowed.
    pub(super) fn expected(&self, number: Option<Number>) -> Option<String> {
        let outside = |bound: Option<Number>, is_outside: fn(std::cmp::Ordering) -> bool| {
            bound.filter(|bound| number.is_none_or(|number| is_outside(number.order(*bound))))
        };
        let too_small = outside(self.min, std::cmp::Ordering::is_lt);
        let too_large = outside(self.max, std::cmp::Ordering::is_gt);
        let (Some(wrong), word) = too_small.map_or((too_large, "at most"), |min| (Some(min), "at least")) else {
            return None;
        };
        let is_one_number = self.min.zip(self.max).is_some_and(|(min, max)| min.order(max).is_eq());
        Some(if is_one_number { wrong.to_string() } else { format!("{word} {wrong}") })
    }

    /// Reads `min` or `max`. `key` names the table that it stands in.
    pub(super) fn read(&mut self, key: &str, rule: &str, value: &toml::Value) -> Result<(), String> {
        if !value.is_integer() && !value.is_float() {
            return Err(format!("{key}.{rule} = {value}: a number was expected"));
        }
        let number = number(value)
            .ok_or_else(|| format!("{key}.{rule} = {value} is no limit: write a number or leave it out"))?;
        *(if rule == "min" { &mut self.min } else { &mut self.max }) = Some(number);
        Ok(())
    }

    /// Refuses bounds that no number is within.
    pub(super) fn check(&self, key: &str) -> Result<(), String> {
        match (self.min, self.max) {
            (Some(min), Some(max)) if min.order(max).is_gt() => {
                Err(format!("{key} can never hold: its min {min} is above its max {max}"))
            }
            _ => Ok(()),
        }
    }

    /// Reads the bounds of something that is counted: a number, or a table with `min`, `max` or both.
    pub(super) fn read_count(key: &str, value: &toml::Value) -> Result<Self, String> {
        let wrong = || format!("{key} = {value}: write a whole number from 0, or {{ min = 1, max = 9 }}");
        let mut bounds = Self::default();
        match value {
            toml::Value::Integer(number) => {
                let number = Some(Number::Whole(i128::from(*number)));
                bounds = Self { min: number, max: number };
            }
            toml::Value::Table(rules) => {
                for (rule, value) in rules {
                    if !["min", "max"].contains(&rule.as_str()) {
                        return Err(format!("{key}.{rule} is not known; write min or max"));
                    }
                    bounds.read(key, rule, value)?;
                }
            }
            _ => return Err(wrong()),
        }
        let is_count = |number: Number| matches!(number, Number::Whole(0..));
        if !bounds.min.into_iter().chain(bounds.max).all(is_count) {
            return Err(wrong());
        }
        bounds.check(key)?;
        let allows_all = matches!(bounds, Self { min: None | Some(Number::Whole(0)), max: None });
        if allows_all {
            Err(format!("{key} = {value} can never fail: write what is at least expected"))
        } else {
            Ok(bounds)
        }
    }
}

/// The number that a TOML value is; None if it is none, or not a finite one.
pub(super) fn number(value: &toml::Value) -> Option<Number> {
    match value {
        toml::Value::Integer(number) => Some(Number::Whole(i128::from(*number))),
        toml::Value::Float(number) => Number::of(*number),
        _ => None,
    }
}
