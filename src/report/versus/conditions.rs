//! Under which conditions a load test was run, as its own file says, and how two of them differ.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::report::ReportError;
use crate::units;

/// Runs whose lengths differ by less than this share of the longer one are of the same length.
const SAME_LENGTH: f64 = 0.02;

/// What the file of a load test says of how it was run. What it does not say is not compared.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Conditions {
    model: Option<String>,
    users: Option<u64>,
    rate: Option<Rate>,
    duration_s: Option<f64>,
    scenario: Option<serde_json::Value>,
    complete: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Rate {
    per_second: f64,
}

impl Conditions {
    /// Reads the file of a load test.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let name = || path.display().to_string();
        let text = std::fs::read(path).map_err(|error| ReportError::Unreadable { path: name(), error })?;
        serde_json::from_slice(&text).map_err(|error| ReportError::NotARun { path: name(), reason: error.to_string() })
    }

    /// Why two runs cannot be compared, a sentence for each reason.
    pub(super) fn differences(&self, after: &Self) -> Vec<String> {
        let mut sentences = Vec::new();
        let mut differ = |what: &str, before: Option<String>, after: Option<String>| {
            if let Some((before, after)) = before.zip(after)
                && before != after
            {
                sentences.push(format!("{what}: {before} before, {after} after."));
            }
        };
        differ("Another kind of load", self.model.clone(), after.model.clone());
        let users = |run: &Self| run.users.filter(|_| run.rate.is_none()).map(units::count);
        differ("Another number of users", users(self), users(after));
        let rate = |run: &Self| run.rate.as_ref().map(|rate| format!("{} requests per second", rate.per_second));
        differ("Another rate", rate(self), rate(after));
        if let (Some(first), Some(second)) = (self.duration_s, after.duration_s)
            && (first - second).abs() > SAME_LENGTH * first.max(second)
        {
            let [first, second] = [first, second].map(|seconds| units::duration(Duration::from_secs_f64(seconds)));
            differ("Another length", Some(first), Some(second));
        }
        if self.scenario.is_some() && after.scenario.is_some() && self.scenario != after.scenario {
            let name = |run: &Self| {
                let name = run.scenario.as_ref().and_then(|scenario| scenario.get("name")?.as_str());
                name.unwrap_or("one without a name").to_owned()
            };
            sentences.push(format!("Another scenario: {} before, {} after.", name(self), name(after)));
        }
        for (run, side) in [(self, "first"), (after, "second")] {
            if run.complete == Some(false) {
                sentences.push(format!("The {side} run did not go to its end."));
            }
        }
        sentences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(text: &str) -> Conditions {
        serde_json::from_str(text).unwrap()
    }

    const RUN: &str = r#"{"model":"closed","users":150,"rate":null,"duration_s":60.001,"complete":true,"requests":7,
        "scenario":{"name":"store","tasks":[]}}"#;

    #[test]
    fn what_is_alike_has_no_difference() {
        assert_eq!(conditions(RUN).differences(&conditions(&RUN.replace("60.001", "60.9"))), Vec::<String>::new());
        assert_eq!(conditions("{}").differences(&conditions(RUN)), Vec::<String>::new(), "what is not said");
    }

    #[test]
    fn every_difference_is_a_sentence() {
        let other = r#"{"model":"open","users":1000,"rate":{"per_second":200.0},"duration_s":30.0,"complete":false,
            "scenario":{"name":"store","tasks":[1]}}"#;
        let users = RUN.replace("150", "1500");
        assert_eq!(
            conditions(RUN).differences(&conditions(other)),
            [
                "Another kind of load: closed before, open after.",
                "Another length: 60.0 s before, 30.0 s after.",
                "Another scenario: store before, store after.",
                "The second run did not go to its end."
            ]
        );
        assert_eq!(
            conditions(RUN).differences(&conditions(&users)),
            ["Another number of users: 150 before, 1,500 after."]
        );
    }
}
