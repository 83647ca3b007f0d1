//! Under which conditions a run was made, and in which of them two runs differ.

use std::time::Duration;

use serde::Deserialize;

use super::run::{RunResult, ScenarioSummary};
use crate::units;

/// Runs whose lengths differ by less than this share of the longer one are of the same length.
const SAME_LENGTH: f64 = 0.02;

/// What the figures of a run depend on. What a file does not say is not compared.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// Where the service answered.
    pub host: Option<String>,
    /// `closed` (users who wait) or `open` (a rate of arrivals).
    pub model: Option<String>,
    /// Users; at a rate, the most connections allowed.
    pub users: Option<u32>,
    /// The rate of arrivals; nothing in a closed run.
    pub rate: Option<RateCondition>,
    /// How the load went on: seconds, and the level at their end.
    pub stages: Option<Vec<(f64, f64)>>,
    /// Seconds for which requests were sent.
    pub duration_s: Option<f64>,
    /// What users did.
    pub scenario: Option<ScenarioSummary>,
}

/// An open arrival rate.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct RateCondition {
    /// Requests per second at the beginning.
    pub per_second: f64,
    /// `constant` or `poisson`.
    pub arrivals: Option<String>,
}

/// One of the conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Where the service answered: no part of the load, and what differs where two deployments are compared.
    Host,
    /// Users who wait, or a rate of arrivals.
    Model,
    /// The number of users.
    Users,
    /// The rate of arrivals.
    Rate,
    /// How the load went on from its beginning.
    Stages,
    /// How long requests were sent.
    Length,
    /// What users did.
    Scenario,
}

/// A condition that is another in each of two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionDifference {
    /// Which one.
    pub condition: Condition,
    /// What it was in the first run.
    pub first: String,
    /// What it was in the second run.
    pub second: String,
}

impl Condition {
    /// What it is called in a sentence, such as `the number of users`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "the host",
            Self::Model => "the kind of load",
            Self::Users => "the number of users",
            Self::Rate => "the rate",
            Self::Stages => "the course of the load",
            Self::Length => "the length",
            Self::Scenario => "the mix of requests",
        }
    }
}

impl Conditions {
    /// Everything in which the two differ, in the order of [`Condition`].
    pub fn differences(&self, second: &Self) -> Vec<ConditionDifference> {
        let mut found = Vec::new();
        let mut compare = |condition, first: Option<String>, second: Option<String>| {
            if let Some((first, second)) = first.zip(second).filter(|(first, second)| first != second) {
                found.push(ConditionDifference { condition, first, second });
            }
        };
        let both = |of: fn(&Self) -> Option<String>| (of(self), of(second));
        let mut compare_each = |condition, (first, second)| compare(condition, first, second);
        compare_each(Condition::Host, both(|run| run.host.clone()));
        compare_each(Condition::Model, both(|run| run.model.clone()));
        compare_each(Condition::Users, both(Self::shown_users));
        compare_each(Condition::Rate, both(Self::shown_rate));
        compare_each(Condition::Stages, both(Self::shown_stages));
        if !self.lasts_as_long_as(second) {
            let shown = |seconds: f64| units::duration(Duration::from_secs_f64(seconds));
            compare_each(Condition::Length, (self.duration_s.map(shown), second.duration_s.map(shown)));
        }
        if let Some((first, second)) = self.scenario.as_ref().zip(second.scenario.as_ref())
            && first.tasks != second.tasks
        {
            compare(Condition::Scenario, Some(first.mix()), Some(second.mix()));
        }
        found
    }

    /// At a rate the number is that of the connections allowed: no part of the load.
    fn shown_users(&self) -> Option<String> {
        self.users.filter(|_| self.rate.is_none()).map(|users| units::count(users.into()))
    }

    fn shown_rate(&self) -> Option<String> {
        let rate = self.rate.as_ref()?;
        let arrivals = rate.arrivals.as_ref().map_or_else(String::new, |arrivals| format!(" ({arrivals})"));
        Some(format!("{} requests per second{arrivals}", rate.per_second))
    }

    fn shown_stages(&self) -> Option<String> {
        let stages = self.stages.as_ref()?;
        if stages.is_empty() {
            return Some("no stages".to_owned());
        }
        Some(stages.iter().map(|(seconds, level)| format!("{seconds}s:{level}")).collect::<Vec<_>>().join(" "))
    }

    fn lasts_as_long_as(&self, second: &Self) -> bool {
        let Some((first, second)) = self.duration_s.zip(second.duration_s) else { return true };
        (first - second).abs() <= SAME_LENGTH * first.max(second)
    }
}

impl From<&RunResult> for Conditions {
    fn from(run: &RunResult) -> Self {
        let rate = run
            .rate
            .as_ref()
            .map(|rate| RateCondition { per_second: rate.per_second, arrivals: Some(rate.arrivals.to_string()) });
        Self {
            host: Some(run.host.clone()),
            model: Some(run.model.to_string()),
            users: Some(run.users),
            rate,
            stages: Some(run.stages.clone()),
            duration_s: Some(run.duration_s),
            scenario: Some(run.scenario.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(text: &str) -> Conditions {
        serde_json::from_str(text).unwrap()
    }

    const RUN: &str = r#"{"host":"http://127.0.0.1:5000","model":"closed","users":150,"rate":null,"duration_s":60.001,
        "complete":true,"requests":7,"stages":[],"scenario":{"name":"store","tasks":[]}}"#;

    #[test]
    fn what_is_alike_has_no_difference() {
        assert_eq!(conditions(RUN).differences(&conditions(&RUN.replace("60.001", "60.9"))), []);
        assert_eq!(conditions("{}").differences(&conditions(RUN)), [], "what a file does not say");
        assert_eq!(conditions(RUN).differences(&conditions(&RUN.replace("\"store\"", "\"shop\""))), [], "a name");
    }

    #[test]
    fn every_difference_is_named_with_both_values() {
        let task = r#"{"name":"t","weight":2,"method":"GET","route":"/","think_time_min_ms":0,"think_time_max_ms":5}"#;
        let other = RUN
            .replace("5000", "5001")
            .replace("150", "1500")
            .replace("60.001", "30")
            .replace("\"stages\":[]", "\"stages\":[[5,10]]")
            .replace("\"tasks\":[]", &format!("\"tasks\":[{task}]"));
        let found = conditions(RUN).differences(&conditions(&other));
        let found: Vec<_> = found.iter().map(|one| (one.condition, one.first.as_str(), one.second.as_str())).collect();
        assert_eq!(
            found,
            [
                (Condition::Host, "http://127.0.0.1:5000", "http://127.0.0.1:5001"),
                (Condition::Users, "150", "1,500"),
                (Condition::Stages, "no stages", "5s:10"),
                (Condition::Length, "60.0 s", "30.0 s"),
                (Condition::Scenario, "nothing", "GET / x2 (think 0 to 5 ms)"),
            ]
        );
    }

    #[test]
    fn at_a_rate_users_are_only_connections() {
        let open = |users: u32, rate: f64, arrivals: &str| {
            conditions(&format!(
                r#"{{"model":"open","users":{users},"rate":{{"per_second":{rate},"arrivals":"{arrivals}"}}}}"#
            ))
        };
        assert_eq!(open(10, 200.0, "constant").differences(&open(99, 200.0, "constant")), []);
        for other in [open(10, 100.0, "constant"), open(10, 200.0, "poisson")] {
            let found = open(10, 200.0, "constant").differences(&other);
            assert_eq!(found.iter().map(|one| one.condition).collect::<Vec<_>>(), [Condition::Rate]);
        }
        let closed = conditions(RUN).differences(&open(10, 200.0, "constant"));
        assert_eq!(closed.iter().map(|one| one.condition).collect::<Vec<_>>(), [Condition::Model]);
    }
}
