//! A limit on the response time of one request, written as a threshold is: `<500ms`.

use std::time::Duration;

use crate::units::{self, Relation};

/// The limit of a response time.
#[derive(Clone, Debug)]
pub(super) struct TimeLimit {
    text: String,
    relation: Relation,
    /// In milliseconds.
    limit: f64,
}

impl TimeLimit {
    pub(super) fn read(value: &toml::Value) -> Result<Self, String> {
        let wrong = || format!("check.time = {value}: write a comparison with a unit, like \"<500ms\" or \"<=1.5s\"");
        let text = value.as_str().ok_or_else(wrong)?.trim();
        let (_, relation, limit) =
            Relation::split(text).filter(|(before, _, _)| before.is_empty()).ok_or_else(wrong)?;
        let is_zero = limit.parse::<f64>().is_ok_and(|number| number.abs() <= 0.0);
        let limit = if is_zero { 0.0 } else { units::parse_milliseconds(limit).ok_or_else(wrong)? };
        match relation.is_most() {
            _ if limit > 0.0 => Ok(Self { text: text.to_owned(), relation, limit }),
            true => Err(format!("check.time = {value} can never hold: an answer takes some time")),
            false => {
                Err(format!("check.time = {value} can never fail: write the most that is allowed, like \"<500ms\""))
            }
        }
    }

    /// Why a response time is not allowed; None if it is.
    pub(super) fn complaint(&self, took: Duration) -> Option<String> {
        let holds = self.relation.holds(units::milliseconds(took), self.limit);
        (!holds).then(|| format!("the response time is {}, expected {}", units::duration(took), self.text))
    }
}
