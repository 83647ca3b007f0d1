//! A limit on the response time of one request, written as a threshold is: `<500ms`.

use std::time::Duration;

use crate::units;

/// The limit of a response time.
#[derive(Clone, Debug)]
pub(super) struct TimeLimit {
    text: String,
    relation: Relation,
    /// In milliseconds.
    limit: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl TimeLimit {
    pub(super) fn read(value: &toml::Value) -> Result<Self, String> {
        let wrong = || format!("check.time = {value}: write a comparison with a unit, like \"<500ms\" or \"<=1.5s\"");
        let text = value.as_str().ok_or_else(wrong)?.trim();
        let split = |sign: &'static str, relation| text.strip_prefix(sign).map(|limit| (relation, limit.trim()));
        let (relation, limit) = split("<=", Relation::AtMost)
            .or_else(|| split(">=", Relation::AtLeast))
            .or_else(|| split("<", Relation::Below))
            .or_else(|| split(">", Relation::Above))
            .ok_or_else(wrong)?;
        let is_zero = limit.parse::<f64>().is_ok_and(|number| number.abs() <= 0.0);
        let limit = if is_zero { 0.0 } else { units::parse_milliseconds(limit).ok_or_else(wrong)? };
        match relation {
            Relation::Below | Relation::AtMost if limit <= 0.0 => {
                Err(format!("check.time = {value} can never hold: an answer takes some time"))
            }
            Relation::Above | Relation::AtLeast if limit <= 0.0 => {
                Err(format!("check.time = {value} can never fail: write the most that is allowed, like \"<500ms\""))
            }
            _ => Ok(Self { text: text.to_owned(), relation, limit }),
        }
    }

    /// Why a response time is not allowed; None if it is.
    pub(super) fn complaint(&self, took: Duration) -> Option<String> {
        let value = units::milliseconds(took);
        let holds = match self.relation {
            Relation::Below => value < self.limit,
            Relation::AtMost => value <= self.limit,
            Relation::Above => value > self.limit,
            Relation::AtLeast => value >= self.limit,
        };
        (!holds).then(|| format!("the response time is {}, expected {}", units::duration(took), self.text))
    }
}
