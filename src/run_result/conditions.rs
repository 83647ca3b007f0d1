//! The conditions of a run, and the differences between those of two runs.

use std::time::Duration;

use serde::Deserialize;

use super::known::known;
use super::run::{RunResult, ScenarioSummary};
use crate::units;

/// Lengths that differ by less than this share of the longer one count as equal.
const SAME_LENGTH: f64 = 0.02;

/// Stages that differ by no more than this, in seconds, count as equally long.
const SAME_STAGE_S: f64 = 0.5;

/// The conditions on which the figures of a run depend. A condition that a file does not contain is None and is not
/// compared.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// The URL of the service.
    #[serde(deserialize_with = "known")]
    pub host: Option<String>,
    /// `closed` (users who wait) or `open` (a rate of arrivals).
    #[serde(deserialize_with = "known")]
    pub model: Option<String>,
    /// The number of users; at a rate, the most connections allowed.
    #[serde(deserialize_with = "known")]
    pub users: Option<u32>,
    /// The rate of arrivals; None in a closed run.
    #[serde(deserialize_with = "known")]
    pub rate: Option<RateCondition>,
    /// The stages: how long each took in seconds, and the load at its end.
    #[serde(deserialize_with = "known")]
    pub stages: Option<Vec<(f64, f64)>>,
    /// How long requests were sent, in seconds; None if their number ended the run.
    #[serde(deserialize_with = "known")]
    pub duration_s: Option<f64>,
    /// How many requests were to be sent in all; None where only time ended the run.
    #[serde(deserialize_with = "known")]
    pub iterations: Option<u64>,
    /// The scenario.
    #[serde(deserialize_with = "known")]
    pub scenario: Option<ScenarioSummary>,
}

/// The rate of an open run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct RateCondition {
    /// Requests per second at the start.
    pub per_second: f64,
    /// `constant` or `poisson`.
    pub arrivals: Option<String>,
}

/// The name of a condition, to tell which one differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The URL of the service. It is not part of the load, and differs when two deployments are compared.
    Host,
    /// The kind of load: users who wait, or a rate of arrivals.
    Model,
    /// The number of users, in a closed run.
    Users,
    /// The rate of arrivals and their spacing.
    Rate,
    /// The stages of the load.
    Stages,
    /// The length of the run.
    Length,
    /// The mix of requests: tasks, weights and think times.
    Scenario,
    /// The ranges from which requests draw numbers.
    Ranges,
}

/// A condition in which two runs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionDifference {
    /// The condition that differs.
    pub condition: Condition,
    /// Its value in the first run, as text.
    pub first: String,
    /// Its value in the second run, as text.
    pub second: String,
}

impl Condition {
    /// Its name in a sentence, such as `the number of users`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "the host",
            Self::Model => "the kind of load",
            Self::Users => "the number of users",
            Self::Rate => "the rate",
            Self::Stages => "the course of the load",
            Self::Length => "the length",
            Self::Scenario => "the mix of requests",
            Self::Ranges => "what requests ask for",
        }
    }
}

impl Conditions {
    /// All differences, in the order of [`Condition`].
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
        // What one of the two does not contain is not compared.
        let has_arrivals =
            [self, second].iter().all(|run| run.rate.as_ref().is_none_or(|rate| rate.arrivals.is_some()));
        let shown_rate = if has_arrivals { Self::shown_rate } else { Self::shown_bare_rate };
        compare_each(Condition::Rate, both(shown_rate));
        if !self.has_stages_like(second) {
            compare_each(Condition::Stages, both(Self::shown_stages));
        }
        let ended_by_number = [self, second].iter().any(|run| run.iterations.is_some());
        if ended_by_number {
            compare(Condition::Length, self.shown_length(), second.shown_length());
        } else if !self.lasts_as_long_as(second) {
            let shown = |seconds: f64| units::duration(Duration::try_from_secs_f64(seconds).unwrap_or_default());
            compare_each(Condition::Length, (self.duration_s.map(shown), second.duration_s.map(shown)));
        }
        if let Some((first, second)) = self.scenario.as_ref().zip(second.scenario.as_ref())
            && first.tasks != second.tasks
        {
            compare(Condition::Scenario, Some(first.mix()), Some(second.mix()));
        }
        // A file of an older version does not contain them.
        let ranges =
            |run: &Self| run.scenario.as_ref().map(ScenarioSummary::shown_ranges).filter(|shown| !shown.is_empty());
        compare(Condition::Ranges, ranges(self), ranges(second));
        found
    }

    /// The number of requests, or the time, that ended the run.
    fn shown_length(&self) -> Option<String> {
        let seconds = |seconds| units::duration(Duration::try_from_secs_f64(seconds).unwrap_or_default());
        let requests = self.iterations.map(|requests| format!("{} requests", units::count(requests)));
        requests.or_else(|| self.duration_s.map(seconds))
    }

    /// At a rate, the number is that of the allowed connections, which is not part of the load.
    fn shown_users(&self) -> Option<String> {
        self.users.filter(|_| self.rate.is_none()).map(|users| units::count(users.into()))
    }

    fn shown_rate(&self) -> Option<String> {
        let arrivals = self.rate.as_ref()?.arrivals.as_ref()?;
        Some(format!("{} ({arrivals})", self.shown_bare_rate()?))
    }

    fn shown_bare_rate(&self) -> Option<String> {
        self.rate.as_ref().map(|rate| format!("{} requests per second", rate.per_second))
    }

    fn shown_stages(&self) -> Option<String> {
        let stages = self.stages.as_ref()?;
        if stages.is_empty() {
            return Some("no stages".to_owned());
        }
        Some(stages.iter().map(|(seconds, level)| format!("{seconds}s:{level}")).collect::<Vec<_>>().join(" "))
    }

    /// Whether the stages lead to the same levels in about the same times: nobody steers two runs by hand in the same tenths of
    /// a second.
    fn has_stages_like(&self, second: &Self) -> bool {
        let (Some(first), Some(second)) = (&self.stages, &second.stages) else { return true };
        let alike = |((first, level), (second, other)): (&(f64, f64), &(f64, f64))| {
            let near = SAME_STAGE_S.max(SAME_LENGTH * first.max(*second));
            (level - other).abs() < f64::EPSILON && (first - second).abs() <= near
        };
        first.len() == second.len() && first.iter().zip(second).all(alike)
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
            iterations: run.iterations,
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
    fn equal_conditions_have_no_difference() {
        assert_eq!(conditions(RUN).differences(&conditions(&RUN.replace("60.001", "60.9"))), []);
        assert_eq!(conditions("{}").differences(&conditions(RUN)), [], "what a file does not say");
        assert_eq!(conditions(RUN).differences(&conditions(&RUN.replace("\"store\"", "\"shop\""))), [], "a name");
    }

    #[test]
    fn another_size_of_the_store_is_another_load() {
        let with = |products: u32| {
            conditions(
                &RUN.replace("\"tasks\":[]", &format!("\"tasks\":[],\"ranges\":{{\"products\":[1,{products}]}}")),
            )
        };
        assert_eq!(with(1_000).differences(&with(1_000)), []);
        assert_eq!(with(1_000).differences(&conditions(RUN)), [], "an older file");
        let [found] = &with(1_000).differences(&with(10_000))[..] else { panic!("one difference was expected") };
        assert_eq!((found.condition, found.first.as_str()), (Condition::Ranges, "products 1 to 1000"));
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
    fn stages_of_about_the_same_length_are_the_same_course() {
        let with = |stages: &str| conditions(&RUN.replace("\"stages\":[]", &format!("\"stages\":{stages}")));
        let first = with("[[10,20],[20.2,60]]");
        assert_eq!(first.differences(&with("[[10.4,20],[20,60]]")), []);
        for other in ["[[11,20],[20.2,60]]", "[[10,21],[20.2,60]]", "[[10,20]]"] {
            let found = first.differences(&with(other));
            assert_eq!(found.iter().map(|one| one.condition).collect::<Vec<_>>(), [Condition::Stages], "{other}");
        }
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
