//! From which load on a service no longer does what it should: runs at rising loads, judged by thresholds.
//!
//! Each step is a whole run with a warm-up of its own. A step is *good* when all criteria hold, nearly everything was
//! answered in the end and the generator was not the bottleneck. After a bad step nothing is sent for a while, so that
//! what had piled up does not count against the next one. The *knee* is the load at which throughput divided by response
//! time is greatest: below it more load brings more throughput, above it mostly more waiting (the power of a system:
//! L. Kleinrock, "Power and deterministic rules of thumb for probabilistic problems in computer communications", ICC 1979).

mod hunt;
mod outputs;
mod plan;
mod tables;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;

use self::hunt::{Hunt, Stop};
pub use self::outputs::{LimitOutputs, LimitSnapshot, StepsFile};
use self::plan::{Bounds, Plan, Purpose};
pub use self::tables::limit_tables;
use super::environment::Environment;
use super::generator::Verdict;
use super::summary::ScenarioSummary;
use super::{Config, LoadTestError, Scenario};
use crate::process::tell;
use crate::units;

/// How a limit is searched.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// The highest load tried: users, or requests per second.
    pub most: u32,
    /// How long each load is measured.
    pub step: Duration,
    /// How long each load is held before that.
    pub settle: Duration,
    /// How long nothing is sent after a load that was bad.
    pub rest: Duration,
    /// The gap between the last good and the first bad load at which the search ends, as a share of the good one.
    pub precision: f64,
    /// How often the last good load must be good again.
    pub repeats: u32,
}

impl Default for Search {
    fn default() -> Self {
        Self::with_step(Duration::from_secs(10))
    }
}

impl Search {
    /// A search whose loads are measured for so long. Ten seconds are some ten requests of each user of the store; two
    /// fifths of them before that let caches and pools fill. What piled up in a step had as long as the step lasted, and
    /// gets as long to go away. Five per cent is about what two runs at the same load differ by.
    pub fn with_step(step: Duration) -> Self {
        let settle = step * 2 / 5;
        Self { most: 10_000, step, settle, rest: settle + step, precision: 0.05, repeats: 2 }
    }
}

/// What a service should keep to when nobody says otherwise.
pub const DEFAULT_CRITERIA: [&str; 2] = ["fail_ratio<1%", "p95<500ms"];

/// Who could not do more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GaveWay {
    /// The service broke a criterion while the generator had time to spare.
    Service,
    /// The generator was the bottleneck first: the limit of the service is higher.
    Generator,
    /// Nobody, up to the highest load that was tried.
    Nobody,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitEnded {
    /// Not yet: a file that was written before the end.
    Searching,
    /// The limit is as sharp as was asked, or there is none.
    Finished,
    /// Somebody ended it before.
    Interrupted,
    /// Something kept it from going on.
    HeldBack,
}

/// One load that was tried.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Users, or requests per second.
    pub level: u32,
    /// `climb`, `bisect` or `repeat`.
    pub purpose: &'static str,
    /// Whether everything was as it should be.
    pub good: bool,
    /// What was not: criteria with what was measured, or why the generator was the bottleneck.
    pub broken: Vec<String>,
    /// Requests that were answered or failed.
    pub requests: u64,
    /// Requests per second.
    pub requests_per_s: f64,
    /// The share of failures, from 0 to 1.
    pub fail_ratio: f64,
    /// What most of the failures said; null without one.
    pub most_frequent_failure: Option<String>,
    /// The mean response time, milliseconds.
    pub mean_ms: f64,
    /// Half of the response times are no longer, milliseconds.
    pub p50_ms: f64,
    /// 95 % are no longer.
    pub p95_ms: f64,
    /// 99 % are no longer.
    pub p99_ms: f64,
    /// Whether the generator had time to spare.
    pub verdict: Verdict,
    /// Processor time of the generator, in cores.
    pub generator_cores: f64,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// When it ended, RFC 3339.
    pub ended_at: String,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Limit {
    /// `users` or `requests per second`.
    pub unit: &'static str,
    /// The highest load that was good each time; null when none was.
    pub last_good: Option<u32>,
    /// The lowest load that was not; null when all were good.
    pub first_bad: Option<u32>,
    /// The load at which throughput divided by response time is greatest.
    pub knee: Option<u32>,
    /// What broke at the first bad load.
    pub broken: Vec<String>,
    /// Who could not do more.
    pub gave_way: GaveWay,
    /// Whether the service runs on the same machine as the generator and takes its share.
    pub shares_machine: bool,
    /// Whether every repetition turned out as before.
    pub steady: bool,
    /// How the search ended.
    pub ended: LimitEnded,
    /// What kept it from going on, or from going higher, if anything did.
    pub held_back: Option<String>,
    /// What had to hold.
    pub criteria: Vec<String>,
    /// Where the service answers.
    pub host: String,
    /// What users did.
    pub scenario: ScenarioSummary,
    /// Seconds for which each load was measured.
    pub step_s: f64,
    /// Seconds for which each load was held before that.
    pub settle_s: f64,
    /// Seconds of silence after a bad load.
    pub rest_s: f64,
    /// Every load that was tried, in that order.
    pub steps: Vec<Step>,
    /// Where the search was made.
    pub environment: Environment,
    /// What whoever made it wanted to be known.
    pub tags: BTreeMap<String, String>,
}

impl Limit {
    /// Whether a load was ever bad; a repetition may have turned out otherwise.
    pub(super) fn was_bad(&self, level: u32) -> bool {
        self.steps.iter().any(|step| step.level == level && !step.good)
    }
}

/// A search that is over.
#[derive(Debug)]
pub struct Found {
    /// What was found.
    pub limit: Limit,
    /// Why the file of steps is not complete, if it is not.
    pub unwritten: Option<LoadTestError>,
}

/// Searches the limit of a service. `config` says everything but how much: its users or its rate are the first load, its
/// thresholds the criteria ([`DEFAULT_CRITERIA`] without any); its times and stages are not used. Whatever ends the
/// search, the steps made by then are in what it found; only a search that cannot make its first step is an error.
pub async fn find_limit(
    config: Config,
    scenario: &Scenario,
    search: Search,
    outputs: LimitOutputs<'_>,
    interrupt: impl Future<Output = ()> + Send,
) -> Result<Found, LoadTestError> {
    let mut interrupt = std::pin::pin!(interrupt);
    let mut searching = Searching::new(config, scenario, search, outputs);
    searching.announce();
    while let Some((level, purpose)) = searching.plan.next() {
        match searching.step(level, purpose, interrupt.as_mut()).await {
            Ok(()) => {}
            Err(Stop::Failed(error)) if searching.steps.is_empty() => return Err(error),
            Err(stop) => {
                searching.stopped = Some(stop);
                break;
            }
        }
    }
    Ok(Found { limit: searching.limit(), unwritten: searching.unwritten })
}

/// A search under way.
struct Searching<'a> {
    hunt: Hunt<'a>,
    plan: Plan,
    steps: Vec<Step>,
    shares_machine: bool,
    stopped: Option<Stop>,
    outputs: LimitOutputs<'a>,
    unwritten: Option<LoadTestError>,
}

impl<'a> Searching<'a> {
    fn new(config: Config, scenario: &'a Scenario, search: Search, outputs: LimitOutputs<'a>) -> Self {
        let hunt = Hunt::new(config, scenario, search, outputs.exporter);
        let Search { precision, repeats, .. } = search;
        let plan = Plan::new(Bounds { start: hunt.start(), most: hunt.most, precision, repeats });
        let (steps, shares_machine) = (Vec::new(), false);
        Self { hunt, plan, steps, shares_machine, stopped: None, outputs, unwritten: None }
    }

    /// Measures one load, after what it needs to recover from the last one.
    async fn step(
        &mut self,
        level: u32,
        purpose: Purpose,
        mut interrupt: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> Result<(), Stop> {
        if self.steps.last().is_some_and(|step| !step.good) {
            self.hunt.recover(interrupt.as_mut()).await?;
        }
        let summary = self.hunt.measure(level, interrupt).await?;
        self.shares_machine = summary.generator.shares_machine;
        let step = self.hunt.judge(level, purpose, &summary);
        if self.outputs.show {
            tell(&tables::line(&step, if self.hunt.unit() == "users" { "users" } else { "due/s" }));
        }
        self.plan.record(step.good);
        self.steps.push(step);
        self.write();
        Ok(())
    }

    fn announce(&self) {
        if self.outputs.show {
            let Search { step, settle, rest, .. } = self.hunt.search;
            let [step, settle, rest] = [step, settle, rest].map(units::duration);
            let (start, unit, host) =
                (units::count(self.hunt.start().into()), self.hunt.unit(), &self.hunt.config.target);
            let criteria = self.hunt.criteria().join(", ");
            tell(&format!("Searching the limit of {host} from {start} {unit} on."));
            tell(&format!("Good means: {criteria}."));
            tell(&format!("Each load: {settle} to settle, {step} measured; after a bad one {rest} of rest."));
        }
    }

    /// Writes what is known by now.
    fn write(&mut self) {
        if let (Some(file), Some(step)) = (&mut self.outputs.csv, self.steps.last())
            && let Err(error) = file.write(step)
        {
            self.unwritten = Some(error.into());
            self.outputs.csv = None;
        }
        if let Some(mut snapshot) = self.outputs.snapshot.take() {
            snapshot(&self.limit());
            self.outputs.snapshot = Some(snapshot);
        }
    }

    /// What is known by now.
    fn limit(&self) -> Limit {
        let (hunt, plan) = (&self.hunt, &self.plan);
        let first_bad = plan.first_bad();
        // The first time it was bad; a repetition may have been good.
        let edge = self.steps.iter().find(|step| Some(step.level) == first_bad && !step.good);
        let gave_way = match edge {
            Some(step) if step.verdict == Verdict::GeneratorLimited => GaveWay::Generator,
            Some(_) => GaveWay::Service,
            None if hunt.handles_ran_out(plan.last_good()) => GaveWay::Generator,
            None => GaveWay::Nobody,
        };
        let held_back = match &self.stopped {
            Some(Stop::Failed(error)) => Some(error.to_string()),
            Some(Stop::Silent(why)) => Some(why.clone()),
            Some(Stop::Interrupted) => None,
            None => hunt.handles_ran_out(plan.last_good()).then(|| hunt.too_few_handles()),
        };
        Limit {
            unit: hunt.unit(),
            last_good: plan.last_good(),
            first_bad,
            knee: knee(&self.steps),
            broken: edge.map(|step| step.broken.clone()).unwrap_or_default(),
            gave_way,
            shares_machine: self.shares_machine,
            steady: plan.is_steady(),
            ended: match &self.stopped {
                Some(Stop::Interrupted) => LimitEnded::Interrupted,
                Some(_) => LimitEnded::HeldBack,
                None if plan.next().is_some() => LimitEnded::Searching,
                None => LimitEnded::Finished,
            },
            held_back,
            criteria: hunt.criteria(),
            host: hunt.config.target.to_string(),
            scenario: ScenarioSummary::new(hunt.scenario),
            step_s: hunt.search.step.as_secs_f64(),
            settle_s: hunt.search.settle.as_secs_f64(),
            rest_s: hunt.search.rest.as_secs_f64(),
            steps: self.steps.clone(),
            environment: Environment::here(),
            tags: self.outputs.tags.clone(),
        }
    }
}

/// The load at which good answers per second divided by response time is greatest.
fn knee(steps: &[Step]) -> Option<u32> {
    let power = |step: &Step| step.requests_per_s * (1.0 - step.fail_ratio) / step.mean_ms;
    let measured = steps.iter().filter(|step| step.requests > 0 && step.mean_ms > 0.0);
    measured.max_by(|a, b| power(a).total_cmp(&power(b))).map(|step| step.level)
}

#[cfg(test)]
pub(super) fn example_step(level: u32, requests_per_s: f64, p95_ms: f64, broken: &[&str]) -> Step {
    Step {
        level,
        purpose: "climb",
        good: broken.is_empty(),
        broken: broken.iter().map(|text| (*text).to_owned()).collect(),
        requests: 1_000,
        requests_per_s,
        fail_ratio: 0.0,
        most_frequent_failure: None,
        mean_ms: p95_ms / 2.0,
        p50_ms: p95_ms / 2.0,
        p95_ms,
        p99_ms: p95_ms * 1.5,
        verdict: Verdict::Valid,
        generator_cores: 0.12,
        started_at: String::new(),
        ended_at: String::new(),
    }
}

#[cfg(test)]
pub(super) fn example_limit(steps: Vec<Step>) -> Limit {
    Limit {
        unit: "users",
        last_good: None,
        first_bad: None,
        knee: None,
        broken: Vec::new(),
        gave_way: GaveWay::Service,
        shares_machine: true,
        steady: true,
        ended: LimitEnded::Finished,
        held_back: None,
        criteria: vec!["fail_ratio<1%".to_owned(), "p95<500ms".to_owned()],
        host: "http://127.0.0.1:5000".to_owned(),
        scenario: ScenarioSummary { name: "store".to_owned(), tasks: Vec::new() },
        step_s: 10.0,
        settle_s: 4.0,
        rest_s: 14.0,
        steps,
        environment: Environment { cores: 2, ..Environment::here() },
        tags: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::Threshold;

    #[test]
    fn the_knee_is_where_more_load_begins_to_bring_mostly_waiting() {
        let steps = [
            example_step(10, 100.0, 5.0, &[]),
            example_step(20, 200.0, 5.1, &[]),
            example_step(40, 380.0, 6.0, &[]),
            example_step(80, 450.0, 30.0, &[]),
            example_step(160, 455.0, 400.0, &[]),
        ];
        assert_eq!(knee(&steps), Some(40));
        assert_eq!(knee(&[]), None);
    }

    #[test]
    fn the_default_criteria_can_be_read() {
        assert!(DEFAULT_CRITERIA.iter().all(|text| text.parse::<Threshold>().is_ok()));
    }
}
