//! What a search measures at one load, and how it lets the service recover from it.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::Instant;

use super::plan::Purpose;
use super::{DEFAULT_CRITERIA, Search, Step};
use crate::loadtest::exporter::Exporter;
use crate::loadtest::run::{Ended, most_connections, run};
use crate::loadtest::summary::Summary;
use crate::loadtest::threshold::Threshold;
use crate::loadtest::{Config, Load, LoadTestError, Outputs, Scenario, Users};
use crate::units;

/// The share of requests that may still be unanswered when a step ends.
const MOST_UNANSWERED: f64 = 0.01;

/// At a rate: the share of what was due that must have been answered well.
const LEAST_OF_OFFERED: f64 = 0.95;

/// After the rest that follows a bad step: the longest wait for the service to answer one user again.
const RECOVERY: Duration = Duration::from_mins(1);

/// How long that user asks whether it does.
const RECOVERY_STEP: Duration = Duration::from_secs(2);

/// What ends a search before it is over.
#[derive(Debug)]
pub(super) enum Stop {
    /// Somebody.
    Interrupted,
    /// The service, which no longer answers anybody: a sentence.
    Silent(String),
    /// A run that could not be made.
    Failed(LoadTestError),
}

impl From<LoadTestError> for Stop {
    fn from(error: LoadTestError) -> Self {
        if matches!(error, LoadTestError::Interrupted) { Self::Interrupted } else { Self::Failed(error) }
    }
}

/// What stays the same from step to step.
pub(super) struct Hunt<'a> {
    pub(super) config: Config,
    pub(super) scenario: &'a Scenario,
    pub(super) search: Search,
    /// The highest load that can be tried.
    pub(super) most: u32,
    exporter: Option<&'a Exporter>,
}

impl<'a> Hunt<'a> {
    pub(super) fn new(
        mut config: Config,
        scenario: &'a Scenario,
        search: Search,
        exporter: Option<&'a Exporter>,
    ) -> Self {
        if config.thresholds.is_empty() {
            config.thresholds = DEFAULT_CRITERIA.iter().filter_map(|text| text.parse().ok()).collect();
        }
        config.warm_up = search.settle;
        config.run_time = search.step;
        // At a rate connections are not the load; a run takes as many as it may.
        let most = match &config.load {
            Load::Users(_) => most_connections(search.most).max(1),
            Load::Rate(_) => search.most,
        };
        Self { config, scenario, search, most, exporter }
    }

    /// The first load.
    pub(super) fn start(&self) -> u32 {
        match &self.config.load {
            Load::Users(users) => users.users,
            Load::Rate(rate) => rate.per_second.ceil() as u32,
        }
    }

    pub(super) fn unit(&self) -> &'static str {
        match &self.config.load {
            Load::Users(_) => "users",
            Load::Rate(_) => "requests per second",
        }
    }

    pub(super) fn criteria(&self) -> Vec<String> {
        self.config.thresholds.iter().map(Threshold::to_string).collect()
    }

    /// Whether only the limit of file handles kept the search from a higher load than this.
    pub(super) fn handles_ran_out(&self, last_good: Option<u32>) -> bool {
        self.most < self.search.most && last_good == Some(self.most)
    }

    /// That in a sentence.
    pub(super) fn too_few_handles(&self) -> String {
        let (most, wanted) = (units::count(self.most.into()), units::count(self.search.most.into()));
        format!(
            "this process may open no more than {most} connections: raise the limit with `ulimit -n` to try up to {wanted}"
        )
    }

    /// A run at one load.
    pub(super) async fn measure(
        &self,
        level: u32,
        interrupt: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> Result<Summary, Stop> {
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
        self.run(config, interrupt).await
    }

    async fn run(
        &self,
        config: Config,
        interrupt: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> Result<Summary, Stop> {
        let outputs = Outputs { exporter: self.exporter, ..Outputs::default() };
        let finished = run(config, self.scenario.clone(), outputs, interrupt).await?;
        if finished.ended == Ended::Interrupted { Err(Stop::Interrupted) } else { Ok(finished.summary) }
    }

    /// Lets the service come to rest, and waits until one user is answered again, so that the next step does not suffer
    /// for the last one.
    pub(super) async fn recover(&self, mut interrupt: Pin<&mut (impl Future<Output = ()> + Send)>) -> Result<(), Stop> {
        pause(self.search.rest, interrupt.as_mut()).await?;
        let mut config = self.config.clone();
        config.load = Load::Users(Users { users: 1, spawn_rate: 1.0, stages: Vec::new() });
        (config.thresholds, config.warm_up, config.run_time) = (Vec::new(), Duration::ZERO, RECOVERY_STEP);
        let give_up = Instant::now() + RECOVERY;
        while Instant::now() < give_up {
            match self.run(config.clone(), interrupt.as_mut()).await {
                Ok(summary) if summary.requests > 0 && summary.bad_ratio() <= 0.0 => return Ok(()),
                // Not yet.
                Ok(_) => {}
                Err(Stop::Failed(LoadTestError::Unreachable { .. })) => {
                    pause(RECOVERY_STEP, interrupt.as_mut()).await?;
                }
                Err(stop) => return Err(stop),
            }
        }
        let waited = units::duration(self.search.rest + RECOVERY);
        Err(Stop::Silent(format!("after the last load the service did not answer one user again within {waited}")))
    }

    /// What a run at a load says of it.
    pub(super) fn judge(&self, level: u32, purpose: Purpose, summary: &Summary) -> Step {
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
            // They come sorted, the most frequent first.
            most_frequent_failure: summary.failure_groups.first().map(|group| group.message.clone()),
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
}

/// Waits, unless somebody interrupts.
async fn pause(lasts: Duration, interrupt: Pin<&mut (impl Future<Output = ()> + Send)>) -> Result<(), Stop> {
    tokio::time::timeout(lasts, interrupt).await.map_or(Ok(()), |()| Err(Stop::Interrupted))
}
