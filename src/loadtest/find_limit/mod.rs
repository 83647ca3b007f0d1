//! From which load on a service no longer answers as it should: runs at rising loads, judged by thresholds.
//!
//! Each step is a whole run with a warm-up of its own. A step is *good* when all criteria hold, nearly everything was
//! answered in the end and the generator was not the bottleneck. The *knee* is the load at which throughput divided by
//! response time is greatest: below it more load brings more throughput, above it mostly more waiting (the power of a
//! system: L. Kleinrock, "Power and deterministic rules of thumb for probabilistic problems in computer communications",
//! ICC 1979).

mod plan;
mod tables;

use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use self::plan::{Bounds, Plan, Purpose};
pub use self::tables::limit_tables;
use super::generator::Verdict;
use super::summary::Summary;
use super::threshold::Threshold;
use super::{Config, Ended, Load, LoadTestError, Outputs, Scenario, run};
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
    /// The gap between the last good and the first bad load at which the search ends, as a share of the good one.
    pub precision: f64,
    /// How often the last good load must be good again.
    pub repeats: u32,
}

impl Default for Search {
    /// Ten seconds are some ten requests of each user of the store; a third of them before that lets caches and pools
    /// fill; five per cent is about what two runs at the same load differ by.
    fn default() -> Self {
        let (step, settle) = (Duration::from_secs(10), Duration::from_secs(4));
        Self { most: 10_000, step, settle, precision: 0.05, repeats: 2 }
    }
}

/// What a service should keep to when nobody says otherwise.
pub const DEFAULT_CRITERIA: [&str; 2] = ["fail_ratio<1%", "p95<500ms"];

/// The share of requests that may still be unanswered when a step ends.
const MOST_UNANSWERED: f64 = 0.01;

/// At a rate: the share of what was due that must have been answered well.
const LEAST_OF_OFFERED: f64 = 0.95;

/// After a bad step: the longest wait for the service to answer again. An engine that leaks connections needs half of it.
const RECOVERY: Duration = Duration::from_mins(1);

/// How long one user asks whether it answers again.
const RECOVERY_STEP: Duration = Duration::from_secs(2);

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
    /// Whether every repetition turned out as before.
    pub steady: bool,
    /// Whether somebody ended the search before it was over.
    pub interrupted: bool,
    /// What had to hold.
    pub criteria: Vec<String>,
    /// Where the service answers.
    pub host: String,
    /// Every load that was tried, in that order.
    pub steps: Vec<Step>,
}

/// Searches the limit of a service. `config` says everything but how much: its users or its rate are the first load, its
/// thresholds the criteria ([`DEFAULT_CRITERIA`] without any); its times and stages are not used. Tells each step on
/// standard error if `show` says so.
pub async fn find_limit(
    config: Config,
    scenario: &Scenario,
    search: Search,
    show: bool,
    interrupt: impl Future<Output = ()> + Send,
) -> Result<Limit, LoadTestError> {
    let mut interrupt = std::pin::pin!(interrupt);
    let mut hunt = Hunt::new(config, scenario, search);
    let start = hunt.start();
    let Search { most, precision, repeats, .. } = search;
    let mut plan = Plan::new(Bounds { start, most, precision, repeats });
    let mut steps: Vec<Step> = Vec::new();
    let mut interrupted = false;
    while let Some((level, purpose)) = plan.next() {
        if steps.last().is_some_and(|step| !step.good) && hunt.recover(interrupt.as_mut()).await? == Ended::Interrupted
        {
            interrupted = true;
            break;
        }
        let (summary, ended) = hunt.measure(level, interrupt.as_mut()).await?;
        if ended == Ended::Interrupted {
            interrupted = true;
            break;
        }
        let step = hunt.judge(level, purpose, &summary);
        if show {
            eprintln!("{}", tables::line(&step, hunt.unit()));
        }
        plan.record(step.good);
        steps.push(step);
    }
    Ok(hunt.report(&plan, steps, interrupted))
}

/// What stays the same from step to step.
struct Hunt<'a> {
    config: Config,
    scenario: &'a Scenario,
    search: Search,
}

impl<'a> Hunt<'a> {
    fn new(mut config: Config, scenario: &'a Scenario, search: Search) -> Self {
        if config.thresholds.is_empty() {
            config.thresholds = DEFAULT_CRITERIA.iter().filter_map(|text| text.parse().ok()).collect();
        }
        config.warm_up = search.settle;
        config.run_time = search.step;
        Self { config, scenario, search }
    }

    fn start(&self) -> u32 {
        match &self.config.load {
            Load::Users(users) => users.users,
            Load::Rate(rate) => rate.per_second.ceil() as u32,
        }
    }

    fn unit(&self) -> &'static str {
        match &self.config.load {
            Load::Users(_) => "users",
            Load::Rate(_) => "requests per second",
        }
    }

    /// A run at one load.
    async fn measure(
        &mut self,
        level: u32,
        interrupt: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> Result<(Summary, Ended), LoadTestError> {
        let mut config = self.config.clone();
        match &mut config.load {
            Load::Users(users) => {
                users.users = level;
                users.stages.clear();
                // All have started when half of the time to settle is over.
                let seconds = (self.search.settle / 2).as_secs_f64();
                users.spawn_rate = if seconds > 0.0 { f64::from(level) / seconds } else { f64::MAX };
            }
            Load::Rate(rate) => {
                rate.per_second = f64::from(level);
                rate.stages.clear();
            }
        }
        let finished = run(config, self.scenario.clone(), Outputs::default(), interrupt).await?;
        Ok((finished.summary, finished.ended))
    }

    /// Waits until one user is answered again, so that the next step does not suffer for the last one.
    async fn recover(
        &self,
        mut interrupt: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> Result<Ended, LoadTestError> {
        let give_up = Instant::now() + RECOVERY;
        while Instant::now() < give_up {
            let mut config = self.config.clone();
            let users = super::Users { users: 1, spawn_rate: 1.0, stages: Vec::new() };
            (config.load, config.thresholds) = (Load::Users(users), Vec::new());
            (config.warm_up, config.run_time) = (Duration::ZERO, RECOVERY_STEP);
            match run(config, self.scenario.clone(), Outputs::default(), interrupt.as_mut()).await {
                Ok(finished) if finished.ended == Ended::Interrupted => return Ok(Ended::Interrupted),
                Ok(finished) if finished.summary.requests > 0 && finished.summary.bad_ratio() <= 0.0 => break,
                // Not yet.
                Ok(_) => {}
                Err(LoadTestError::Unreachable { .. }) => tokio::time::sleep(RECOVERY_STEP).await,
                Err(error) => return Err(error),
            }
        }
        Ok(Ended::Finished)
    }

    fn judge(&self, level: u32, purpose: Purpose, summary: &Summary) -> Step {
        let mut broken = summary.verdict_reasons.clone();
        for outcome in summary.thresholds.iter().filter(|outcome| !outcome.held) {
            let seen = outcome.seen.as_deref().unwrap_or("nothing was measured");
            broken.push(format!("{}: {seen}", outcome.threshold));
        }
        let unanswered = summary.in_flight_at_end;
        if unanswered as f64 > MOST_UNANSWERED * (summary.requests + unanswered) as f64 {
            let after = units::duration(self.config.stop_timeout);
            broken.push(format!("{} requests unanswered after {after}", units::count(unanswered)));
        }
        if let Some(rate) = &summary.rate {
            let answered = (summary.requests - summary.failures) as f64 / summary.duration_s;
            if answered < LEAST_OF_OFFERED * rate.offered_per_s {
                let share = units::percent(answered / rate.offered_per_s);
                broken.push(format!("{share} of what was due was answered well"));
            }
        }
        let times = &summary.aggregated.latency_ms;
        Step {
            level,
            purpose: match purpose {
                Purpose::Climb => "climb",
                Purpose::Bisect => "bisect",
                Purpose::RepeatGood | Purpose::RepeatBad => "repeat",
            },
            good: broken.is_empty(),
            broken,
            requests: summary.requests,
            requests_per_s: summary.requests_per_s,
            fail_ratio: summary.fail_ratio,
            mean_ms: times.mean,
            p50_ms: times.p50,
            p95_ms: times.p95,
            p99_ms: times.p99,
            verdict: summary.verdict,
            generator_cores: summary.generator.cpu_cores,
            started_at: summary.started_at.clone(),
            ended_at: summary.ended_at.clone(),
        }
    }

    fn report(&self, plan: &Plan, steps: Vec<Step>, interrupted: bool) -> Limit {
        let first_bad = plan.first_bad();
        // The first time it was bad; a repetition may have been good.
        let edge = steps.iter().find(|step| Some(step.level) == first_bad && !step.good);
        let gave_way = match edge {
            None => GaveWay::Nobody,
            Some(step) if step.verdict == Verdict::GeneratorLimited => GaveWay::Generator,
            Some(_) => GaveWay::Service,
        };
        Limit {
            unit: self.unit(),
            last_good: plan.last_good(),
            first_bad,
            knee: knee(&steps),
            broken: edge.map(|step| step.broken.clone()).unwrap_or_default(),
            gave_way,
            steady: plan.is_steady(),
            interrupted,
            criteria: self.config.thresholds.iter().map(Threshold::to_string).collect(),
            host: self.config.target.to_string(),
            steps,
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
mod tests {
    use super::*;

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
