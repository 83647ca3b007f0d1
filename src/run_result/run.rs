//! The result of a whole run, as `loadtest --json` writes it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::build::Build;
use super::comparison::Comparison;
use super::environment::Environment;
use super::generator::{GeneratorCost, Verdict};
use super::journey::JourneySummary;
use super::latency::{LatencySummary, or_nulls};
use super::level::LevelSummary;
use super::route::{FailureSummary, RouteSummary};
use super::standstill::Standstills;
use super::timeline::TimelinePoint;
use super::transport::Transport;
use crate::observe::Observed;
use crate::units;

/// The result of a run: the content of the file of `--json`, and the source of every table and page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct RunResult {
    /// Requests that were answered or failed.
    pub requests: u64,
    /// How many of these failed.
    pub failures: u64,
    /// The share of failures, from 0 to 1; None without a request.
    pub fail_ratio: Option<f64>,
    /// How long requests were sent, in seconds.
    pub duration_s: f64,
    /// How long they were to be sent, in seconds; 0 in a file that was written before this field existed.
    #[serde(default)]
    pub planned_s: f64,
    /// How many requests were to be sent in all; null where only time ended the run.
    #[serde(default)]
    pub iterations: Option<u64>,
    /// Requests that were completed in that time, per second.
    pub requests_per_s: f64,
    /// Whether the generator was the bottleneck.
    pub verdict: Verdict,
    /// The reasons why it was, as sentences; empty if it was not.
    pub verdict_reasons: Vec<String>,
    /// What a reader of the figures has to know and what no figure says: whole sentences, such as that a route was
    /// never requested, or that all answers were redirects. Empty if there is nothing of the kind.
    #[serde(default)]
    pub caveats: Vec<String>,
    /// Whether the generator's own timers were late by more than half of the measured p99.
    pub times_doubtful: bool,
    /// The time of the first request, RFC 3339.
    pub started_at: String,
    /// The time of the last answer, RFC 3339.
    pub ended_at: String,
    /// Whether the run was completed; false after an interrupt and in a file that was written before its end.
    pub complete: bool,
    /// The URL of the service.
    pub host: String,
    /// The kind of load: `closed` (users who wait) or `open` (a rate of arrivals).
    pub model: Cow<'static, str>,
    /// The highest number of users asked for; at a rate, the most connections allowed.
    pub users: u32,
    /// Users that were started, fewer if the run ended before all were. At a rate, the connections that were needed.
    pub users_started: usize,
    /// Users started per second; null with stages and at a rate.
    pub spawn_rate: Option<f64>,
    /// The rate that was asked for; null in a closed run.
    pub rate: Option<RateSummary>,
    /// The stages: how long each took in seconds, and the load at its end.
    pub stages: Vec<(f64, f64)>,
    /// The users with which the stages of a steered run begin; absent in any other run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_users: Option<u32>,
    /// The seed of all random numbers.
    pub seed: u64,
    /// The scenario.
    pub scenario: ScenarioSummary,
    /// Requests whose answer had not come when the run ended.
    pub in_flight_at_end: u64,
    /// How the service was reached.
    #[serde(default)]
    pub transport: Transport,
    /// Connections opened by users that had one before, because the service had closed it or it was dropped after an
    /// error.
    pub reconnects: u64,
    /// The results by route, in the order of the scenario.
    pub routes: Vec<RouteSummary>,
    /// All requests together.
    pub aggregated: RouteSummary,
    /// The results by journey, in the order of the scenario; absent where it has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub journeys: Vec<JourneySummary>,
    /// The failures by route, kind and message, the most frequent first.
    pub failure_groups: Vec<FailureSummary>,
    /// The outcome of each threshold, in the order in which they were given.
    pub thresholds: Vec<ThresholdOutcome>,
    /// The warm-up, which is in no other figure; null without one.
    pub warm_up: Option<WarmUpSummary>,
    /// The cost of the generator.
    pub generator: GeneratorCost,
    /// The times in which the generator stood still, with those of the warm-up.
    #[serde(default)]
    pub standstills: Standstills,
    /// The run second by second; in a long run a point covers several seconds.
    pub timeline: Vec<TimelinePoint>,
    /// What was measured at each level of the load, if it was changed by hand while the run lasted; the stages are then those
    /// that repeat it. Absent if nobody changed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<LevelSummary>,
    /// The machine on which the run was made.
    pub environment: Environment,
    /// Notes on the run by name, given by the user.
    pub tags: BTreeMap<String, String>,
    /// What ran in the instances of the store that were asked; empty for another service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builds: Vec<Build>,
    /// The comparison with earlier runs; null if there was none.
    pub comparison: Option<Comparison>,
    /// What was seen of the parts of the service while the run lasted; absent if none was watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Box<Observed>>,
}

/// A description of a scenario, to tell whether another run did the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioSummary {
    /// The name of the scenario.
    pub name: String,
    /// The tasks in the order of the file.
    pub tasks: Vec<TaskSummary>,
    /// The journeys in the order of the file, whose steps are then the tasks; absent where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub journeys: Vec<JourneyOutline>,
    /// The ranges from which numbers such as ids were drawn, first and last, by the variable of the scenario that ends
    /// them. Empty in a file that was written before this field existed.
    #[serde(default)]
    pub ranges: BTreeMap<String, (i64, i64)>,
}

/// A journey of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JourneyOutline {
    /// The name of the journey.
    pub name: String,
    /// How often it was made, relative to the other journeys.
    pub weight: u32,
    /// The names of its steps.
    pub steps: Vec<String>,
}

/// A task of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskSummary {
    /// The name of the task.
    pub name: String,
    /// How often it was done, relative to the other tasks.
    pub weight: u32,
    /// The HTTP method.
    pub method: String,
    /// The route under which it is counted.
    pub route: String,
    /// The shortest pause after it, in milliseconds.
    pub think_time_min_ms: f64,
    /// The longest pause after it, in milliseconds.
    pub think_time_max_ms: f64,
}

/// The rate of an open run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RateSummary {
    /// Requests per second at the start.
    pub per_second: f64,
    /// `constant` or `poisson`.
    pub arrivals: Cow<'static, str>,
    /// Requests that were due during the measurement, per second.
    pub offered_per_s: f64,
}

/// The results of the warm-up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WarmUpSummary {
    /// The length of the warm-up in seconds.
    pub duration_s: f64,
    /// Requests that were answered or failed.
    pub requests: u64,
    /// How many of these failed.
    pub failures: u64,
    /// Further requests that were still unanswered when the run ended.
    #[serde(default)]
    pub unanswered: u64,
    /// Requests that were completed in that time, per second.
    pub requests_per_s: f64,
    /// The response times of all of these requests; None without any.
    #[serde(with = "or_nulls")]
    pub latency_ms: Option<LatencySummary>,
    /// The response times of those that succeeded; None without any.
    #[serde(default, with = "or_nulls")]
    pub succeeded_latency_ms: Option<LatencySummary>,
}

/// The outcome of a threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdOutcome {
    /// The threshold as the user wrote it.
    pub threshold: String,
    /// The measured value as text; `failed` or `unanswered` when it is the time of a request that failed or was never
    /// answered; null when there was nothing to measure.
    pub seen: Option<String>,
    /// The same as a number: milliseconds, a share from 0 to 1, requests per second or a count. Null where `seen` is
    /// null or a word.
    pub value: Option<f64>,
    /// Why there is no value, as a sentence without a full stop; null when there is one.
    #[serde(default)]
    pub why: Option<String>,
    /// Whether the threshold was met.
    pub held: bool,
}

impl Serialize for RunResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for RunResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut run = Self::deserialize(deserializer)?;
        // The first version wrote 0 for the share of failures among no requests.
        run.fail_ratio = run.fail_ratio.filter(|_| run.requests > 0);
        Ok(run)
    }
}

impl RunResult {
    /// Whether all thresholds were met.
    pub fn thresholds_hold(&self) -> bool {
        self.thresholds.iter().all(|threshold| threshold.held)
    }

    /// What the load is counted in, and came to a good end while requests were sent, per second: journeys where the
    /// scenario has some, and else requests.
    pub fn good_per_s(&self) -> f64 {
        if self.journeys.is_empty() {
            return self.aggregated.good_per_s();
        }
        self.journeys.iter().map(|journey| (journey.journeys_per_s - journey.failures_per_s).max(0.0)).sum()
    }

    /// Whether the load was changed by hand while the run lasted.
    pub fn is_steered(&self) -> bool {
        !self.levels.is_empty()
    }

    /// The options that repeat the load of a run that was steered; None if it was not.
    pub fn repeated_by(&self) -> Option<String> {
        if !self.is_steered() {
            return None;
        }
        let start = match (&self.rate, self.start_users) {
            (Some(rate), _) => Some(format!("--rate {}", rate.per_second)),
            (None, Some(users @ 1..)) => Some(format!("--users {users}")),
            // Stages begin with nobody where nothing else is said.
            (None, _) => None,
        };
        let at_random = self.rate.as_ref().is_some_and(|rate| rate.arrivals == "poisson");
        let arrivals = at_random.then(|| "--arrivals poisson".to_owned());
        // A warm-up needs a load from the start.
        let warm_up = self.warm_up.as_ref().filter(|_| start.is_some());
        let warm_up = warm_up.map(|warm_up| format!("--warm-up {}", short(warm_up.duration_s)));
        let stages = self.stages.iter().map(|(seconds, level)| format!("--stage {}:{level}", short(*seconds)));
        Some(start.into_iter().chain(arrivals).chain(warm_up).chain(stages).collect::<Vec<_>>().join(" "))
    }

    /// The number of due requests: those that were answered or failed, those still unanswered at the end, and those
    /// never sent because all connections were busy.
    pub fn due(&self) -> u64 {
        self.requests + self.in_flight_at_end + self.generator.arrivals_missed
    }

    /// The share of due requests that got no good answer: failures, those still in flight at the end, and those never
    /// sent.
    pub fn bad_ratio(&self) -> f64 {
        units::ratio(self.failures + self.in_flight_at_end + self.generator.arrivals_missed, self.due())
    }
}

/// A length of whole tenths of a second, as an option takes it.
fn short(seconds: f64) -> String {
    let tenths = (10.0 * seconds).round() as u64;
    if tenths.is_multiple_of(10) { format!("{}s", tenths / 10) } else { format!("{}ms", tenths * 100) }
}

impl ScenarioSummary {
    /// The ranges in one line, such as `products 1 to 10000`.
    pub(super) fn shown_ranges(&self) -> String {
        let shown = self.ranges.iter().map(|(name, (first, last))| format!("{name} {first} to {last}"));
        shown.collect::<Vec<_>>().join(", ")
    }

    /// The tasks and their weights in one line; `nothing` without a task.
    pub(super) fn mix(&self) -> String {
        let task = |task: &TaskSummary| {
            let think = format!("{} to {} ms", task.think_time_min_ms, task.think_time_max_ms);
            format!("{} {} x{} (think {think})", task.method, task.route, task.weight)
        };
        let journey = |journey: &JourneyOutline| {
            format!("journey {} x{} ({})", journey.name, journey.weight, journey.steps.join(" > "))
        };
        let tasks: Vec<_> = self.journeys.iter().map(journey).chain(self.tasks.iter().map(task)).collect();
        if tasks.is_empty() { "nothing".to_owned() } else { tasks.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{example_level, example_run};
    use super::*;

    /// A run inside a larger object, as the lab keeps it.
    #[derive(Serialize, Deserialize)]
    struct Around {
        #[serde(flatten)]
        run: RunResult,
    }

    /// A run in which nothing was measured on one route.
    fn run() -> RunResult {
        let mut run = example_run();
        let route = &mut run.routes[2];
        (route.requests, route.latency_ms, route.succeeded_latency_ms) = (0, None, None);
        (route.average_body_bytes, route.statuses) = (None, Some(std::collections::BTreeMap::new()));
        run
    }

    #[test]
    fn a_result_is_read_as_it_was_written_also_inside_a_larger_object() {
        let written = serde_json::to_value(run()).unwrap();
        assert_eq!(written["routes"][0]["statuses"], json!({"200": 10, "503": 1_000}));
        assert_eq!(written["routes"][2]["succeeded_latency_ms"]["p50"], Value::Null);
        let alone: RunResult = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(alone).unwrap(), written);
        let around: Around = serde_json::from_str(&serde_json::to_string(&Around { run: run() }).unwrap()).unwrap();
        assert_eq!(serde_json::to_value(around.run).unwrap(), written);
    }

    #[test]
    fn a_steered_run_says_how_to_repeat_it() {
        let mut run = RunResult { stages: vec![(5.0, 20.0), (0.0, 0.0), (4.2, 60.5)], ..run() };
        assert_eq!(run.repeated_by(), None, "nobody steered it");
        (run.levels, run.start_users) = (vec![example_level(20.0)], Some(1));
        assert_eq!(run.repeated_by().unwrap(), "--users 1 --stage 5s:20 --stage 0s:0 --stage 4200ms:60.5");
        run.start_users = Some(0);
        assert!(run.repeated_by().unwrap().starts_with("--stage 5s:20"));
    }

    #[test]
    fn how_a_steered_run_is_repeated_has_its_arrivals_and_its_warm_up() {
        let warm_up = WarmUpSummary {
            duration_s: 5.0,
            requests: 20,
            failures: 0,
            unanswered: 0,
            requests_per_s: 4.0,
            latency_ms: None,
            succeeded_latency_ms: None,
        };
        let rate = |arrivals: &'static str| {
            Some(RateSummary { per_second: 0.25, arrivals: arrivals.into(), offered_per_s: 0.25 })
        };
        let mut run = RunResult {
            stages: vec![(10.0, 0.25), (0.0, 0.04)],
            levels: vec![example_level(0.25)],
            rate: rate("poisson"),
            warm_up: Some(warm_up),
            ..run()
        };
        let stages = "--stage 10s:0.25 --stage 0s:0.04";
        assert_eq!(run.repeated_by().unwrap(), format!("--rate 0.25 --arrivals poisson --warm-up 5s {stages}"));
        (run.rate, run.warm_up) = (rate("constant"), None);
        assert_eq!(run.repeated_by().unwrap(), format!("--rate 0.25 {stages}"));
    }

    #[test]
    fn a_file_of_the_first_version_is_read_and_its_zeros_are_nothing() {
        let mut first = serde_json::to_value(RunResult { requests: 0, ..run() }).unwrap();
        first.as_object_mut().unwrap().remove("caveats");
        first["fail_ratio"] = json!(0.0);
        let route = &mut first["routes"][2];
        route["average_body_bytes"] = json!(0.0);
        for times in ["latency_ms", "succeeded_latency_ms", "failed_latency_ms"] {
            route[times].as_object_mut().unwrap().values_mut().for_each(|time| *time = json!(0.0));
        }
        for name in ["statuses", "checks"] {
            route.as_object_mut().unwrap().remove(name);
        }
        first["thresholds"][0].as_object_mut().unwrap().remove("why");
        let read: RunResult = serde_json::from_value(first).unwrap();
        let route = &read.routes[2];
        assert_eq!((read.fail_ratio, route.average_body_bytes, &route.statuses), (None, None, &None));
        assert_eq!((&route.latency_ms, &route.succeeded_latency_ms), (&None, &None));
        assert_eq!(read.routes[0].average_body_bytes, Some(40.0));
    }
}
