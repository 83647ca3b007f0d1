//! A trial: a run at one load, its evaluation, and the recovery of the service after it.

use std::time::Duration;

use tokio::time::Instant;

use super::config::{DEFAULT_CRITERIA, Search};
use super::connections::{Connections, connections};
use super::hold::{Decision, Stretch, decide};
use super::plan::Purpose;
use crate::loadtest::control::Steering;
use crate::loadtest::engine::{Config, Load, Users, most_connections};
use crate::loadtest::judge::{Criteria, Threshold};
use crate::loadtest::output::{Exporter, RunOutputs};
use crate::loadtest::run::{Ended, LoadTestError, run};
use crate::loadtest::scenario::Scenario;
use crate::run_result::{LimitStep, RunResult, Verdict};
use crate::{text, units};

/// The share of requests that may be unanswered, or never sent, when a step ends.
const MOST_UNANSWERED: f64 = 0.01;

/// Up to this share of failures the service counts as recovered, if no criterion limits failures.
const MOST_FAILED_AFTER_REST: f64 = 0.5;

/// At a rate: the share of due requests that must have been answered well.
const LEAST_OF_OFFERED: f64 = 0.95;

/// After the rest that follows a bad step: the longest wait until the service answers a single user again.
const RECOVERY: Duration = Duration::from_mins(1);

/// Connections that requests of the last load left open are gone when there are no more than this. They are waited for as
/// long as for the service itself.
const FEW_LEFT: f64 = 2.0;

/// The pause between two looks at them.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How long that user sends requests in one attempt.
const RECOVERY_STEP: Duration = Duration::from_secs(2);

/// Why a search ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// It was interrupted.
    Interrupted,
    /// It cannot go on, because the service did not recover or nothing was measured: why, as a sentence without a full
    /// stop.
    HeldBack(String),
    /// A run could not be made.
    Failed(LoadTestError),
}

impl From<LoadTestError> for Stop {
    fn from(error: LoadTestError) -> Self {
        if matches!(error, LoadTestError::Interrupted) { Self::Interrupted } else { Self::Failed(error) }
    }
}

/// Makes the trials of a search, with what is the same for all loads.
pub(super) struct TrialRunner<'a> {
    pub(super) config: Config,
    criteria: Criteria,
    pub(super) scenario: &'a Scenario,
    pub(super) search: Search,
    /// The highest load that can be tried: limited by file handles, where each user needs one.
    pub(super) most: u32,
    exporter: Option<&'a Exporter>,
}

impl<'a> TrialRunner<'a> {
    pub(super) fn new(
        mut config: Config,
        mut thresholds: Vec<Threshold>,
        scenario: &'a Scenario,
        search: Search,
        exporter: Option<&'a Exporter>,
    ) -> Self {
        if thresholds.is_empty() {
            thresholds = DEFAULT_CRITERIA.iter().filter_map(|text| text.parse().ok()).collect();
        }
        config.warm_up = search.settle;
        config.run_time = search.step;
        // At a rate the number of connections is not the load, so it does not limit the load.
        let most = match &config.load {
            Load::Users(_) => most_connections(search.most).max(1),
            Load::Rate(_) => search.most,
        };
        let criteria = Criteria { thresholds, baseline: None };
        Self { config, criteria, scenario, search, most, exporter }
    }

    pub(super) fn start(&self) -> u32 {
        match &self.config.load {
            Load::Users(users) => users.users,
            Load::Rate(rate) => rate.per_second.ceil() as u32,
        }
    }

    pub(super) fn unit(&self) -> &'static str {
        match &self.config.load {
            Load::Users(_) => text!("users"),
            Load::Rate(_) if self.scenario.has_journeys() => text!("journeys per second"),
            Load::Rate(_) => text!("requests per second"),
        }
    }

    pub(super) fn criteria(&self) -> Vec<String> {
        self.criteria.thresholds.iter().map(Threshold::to_string).collect()
    }

    /// Whether the limit of file handles kept the search from a higher load than this.
    pub(super) fn handles_ran_out(&self, last_good: Option<u32>) -> bool {
        self.most < self.search.most && last_good == Some(self.most)
    }

    /// The message for that case.
    pub(super) fn too_few_handles(&self) -> String {
        let (most, wanted) = (units::count(self.most.into()), units::count(self.search.most.into()));
        format!(
            "this process may open at most {most} connections: raise the limit with `ulimit -n` to try up to {wanted}"
        )
    }

    /// Holds one load until its figures are steady, and judges it by its last stretch, which is the worst: a load that is bad
    /// in any stretch is held no longer.
    pub(super) async fn hold(
        &self,
        level: u32,
        purpose: Purpose,
        steering: &mut Steering,
    ) -> Result<(RunResult, LimitStep), Stop> {
        let begin = Instant::now();
        let mut stretches = Vec::new();
        loop {
            let run = self.measure(level, steering).await?;
            let connections = self.connections().await.map(|connections| connections.open);
            let mut step = self.judge(level, purpose, &run);
            stretches.push(Stretch { good: step.good, p95_ms: step.p95_ms, connections });
            step.moving = match decide(&stretches) {
                Decision::HoldOn => continue,
                Decision::Steady => None,
                Decision::Moving(what) => Some(what),
            };
            (step.held_s, step.connections) = (begin.elapsed().as_secs_f64(), connections);
            return Ok((run, step));
        }
    }

    /// Makes a run at one load. Stops if no request was due in it: that says nothing about the service.
    pub(super) async fn measure(&self, level: u32, steering: &mut Steering) -> Result<RunResult, Stop> {
        let mut config = self.config.clone();
        match &mut config.load {
            Load::Users(users) => {
                users.users = level;
                users.stages.clear();
                // All users have started after half of the settling time.
                let seconds = (self.search.settle / 2).as_secs_f64();
                users.spawn_rate = if seconds > 0.0 { f64::from(level) / seconds } else { f64::MAX };
            }
            Load::Rate(rate) => {
                rate.per_second = f64::from(level);
                rate.stages.clear();
            }
        }
        let run = self.run(config, &self.criteria, steering).await?;
        match self.unmeasured(level, &run) {
            Some(why) => Err(Stop::HeldBack(why)),
            None => Ok(run),
        }
    }

    /// Why a run says nothing about the service: no request was due, and no user waited for an answer either.
    fn unmeasured(&self, level: u32, run: &RunResult) -> Option<String> {
        let step = self.search.step;
        (run.due() == 0 && !self.kept_waiting(run)).then(|| {
            let (level, unit, step) = (units::count(level.into()), self.unit(), units::duration(step));
            format!(
                "nothing was measured, because at {level} {unit} no request was due within {step}: measure each load \
                 longer with --limit-step, or start with more"
            )
        })
    }

    /// Whether users waited for requests of the warm-up as long as was measured, so that no other request was due.
    fn kept_waiting(&self, run: &RunResult) -> bool {
        run.warm_up.as_ref().is_some_and(|warm_up| {
            let longest = warm_up.latency_ms.as_ref().map_or(0.0, |times| times.max);
            warm_up.unanswered > 0 || longest >= units::milliseconds(self.search.step)
        })
    }

    async fn run(&self, config: Config, criteria: &Criteria, steering: &Steering) -> Result<RunResult, Stop> {
        let outputs = RunOutputs { exporter: self.exporter, ..RunOutputs::default() };
        let finished = run(config, criteria, self.scenario.clone(), outputs, steering.clone()).await?;
        if finished.ended == Ended::Interrupted { Err(Stop::Interrupted) } else { Ok(finished.result) }
    }

    async fn connections(&self) -> Option<Connections> {
        connections(&self.search.instances, &self.config.way.to_another()).await
    }

    /// Rests, then waits until a single user is answered again, so that the next step is not affected by the last one.
    pub(super) async fn recover(&self, steering: &mut Steering) -> Result<(), Stop> {
        pause(self.search.rest, steering).await?;
        let mut config = self.config.clone();
        config.load = Load::Users(Users { users: 1, spawn_rate: 1.0, stages: Vec::new() });
        (config.warm_up, config.run_time) = (Duration::ZERO, RECOVERY_STEP);
        let give_up = Instant::now() + RECOVERY;
        while Instant::now() < give_up && self.connections().await.is_some_and(|left| left.lingering > FEW_LEFT) {
            pause(LOOK_AGAIN, steering).await?;
        }
        let mut stood_still = Duration::ZERO;
        while Instant::now() < give_up {
            match self.run(config.clone(), &Criteria::default(), steering).await {
                Ok(summary) if self.has_recovered(&summary) => return Ok(()),
                // The service has not recovered yet.
                Ok(summary) => stood_still += summary.standstills.of_sending().total(),
                Err(Stop::Failed(LoadTestError::Unreachable { .. })) => {
                    pause(RECOVERY_STEP, steering).await?;
                }
                Err(stop) => return Err(stop),
            }
        }
        Err(Stop::HeldBack(unrecovered(self.search.rest + RECOVERY, stood_still)))
    }

    /// Whether the single user was answered as well as the criteria demand; failures that they allow are no effect of
    /// the last load.
    fn has_recovered(&self, summary: &RunResult) -> bool {
        let allowed = self.criteria.thresholds.iter().filter_map(Threshold::most_fail_ratio).reduce(f64::min);
        summary.requests > summary.failures && summary.bad_ratio() <= allowed.unwrap_or(MOST_FAILED_AFTER_REST)
    }

    /// Evaluates a run at one load.
    pub(super) fn judge(&self, level: u32, purpose: Purpose, run: &RunResult) -> LimitStep {
        let mut broken = run.verdict_reasons.clone();
        for outcome in run.thresholds.iter().filter(|outcome| !outcome.held) {
            let seen = outcome.seen.as_deref().unwrap_or("nothing was measured");
            broken.push(format!("{}: {seen}", outcome.threshold));
        }
        if run.due() == 0 {
            broken.push("no request was due: all users still waited for answers from before".to_owned());
        }
        let unanswered = run.in_flight_at_end;
        if unanswered as f64 > MOST_UNANSWERED * (run.requests + unanswered) as f64 {
            let after = units::duration(self.config.stop_timeout);
            broken.push(format!("{} requests unanswered after {after}", units::count(unanswered)));
        }
        let missed = run.generator.arrivals_missed;
        if run.verdict == Verdict::Valid
            && missed as f64 > MOST_UNANSWERED * (run.requests + unanswered + missed) as f64
        {
            let (missed, users) = (units::count(missed), units::count(run.users.into()));
            broken.push(format!("{missed} requests never sent: the service kept all {users} connections busy"));
        }
        if let Some(rate) = &run.rate {
            let answered = run.good_per_s();
            if answered < LEAST_OF_OFFERED * rate.offered_per_s {
                let share = units::percent(answered / rate.offered_per_s);
                broken.push(format!("{share} of what was due was answered well"));
            }
        }
        let times = run.aggregated.succeeded_latency_ms.as_ref();
        LimitStep {
            level,
            purpose: match purpose {
                Purpose::Climb => "climb",
                Purpose::Bisect => "bisect",
                Purpose::RepeatGood | Purpose::RepeatBad => "repeat",
            },
            good: broken.is_empty(),
            broken,
            requests: run.requests,
            requests_per_s: run.requests_per_s,
            good_per_s: run.aggregated.good_per_s(),
            fail_ratio: run.fail_ratio,
            // They are sorted, the most frequent first.
            most_frequent_failure: run.failure_groups.first().map(|group| group.message.clone()),
            mean_ms: times.map(|times| times.mean),
            p50_ms: times.map(|times| times.p50),
            p95_ms: times.map(|times| times.p95),
            p99_ms: times.map(|times| times.p99),
            verdict: run.verdict,
            generator_cores: run.generator.cpu_cores,
            started_at: run.started_at.clone(),
            ended_at: run.ended_at.clone(),
            held_s: 0.0,
            connections: None,
            moving: None,
        }
    }
}

/// Why a search ends after this long without an answer. The generator may have stood still for a part of it.
fn unrecovered(waited: Duration, stood_still: Duration) -> String {
    let waited = units::duration(waited);
    let why = format!("after the last load the service did not answer one user again within {waited}");
    if stood_still.is_zero() {
        return why;
    }
    let stood_still = units::duration(stood_still);
    format!("{why}; the load generator stood still for {stood_still} of it, so this may not be the service's fault")
}

/// Waits, or ends early when the search is interrupted.
async fn pause(lasts: Duration, steering: &mut Steering) -> Result<(), Stop> {
    tokio::time::timeout(lasts, steering.interrupted()).await.map_or(Ok(()), |()| Err(Stop::Interrupted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::engine::{Arrivals, Rate};
    use crate::net::{Target, Way};
    use crate::run_result::{LatencySummary, RateSummary, WarmUpSummary, example_run};
    use crate::stats::Latencies;

    fn config() -> Config {
        let rate = Rate { per_second: 40.0, arrivals: Arrivals::Constant, stages: Vec::new(), most_users: 100 };
        Config {
            target: Target::loopback(1),
            way: Way::default(),
            load: Load::Rate(rate),
            warm_up: Duration::ZERO,
            run_time: Duration::ZERO,
            iterations: None,
            streams: 1,
            timeout: Duration::from_mins(1),
            stop_timeout: Duration::from_secs(10),
            seed: 1,
        }
    }

    fn trials<'a>(scenario: &'a Scenario, thresholds: &[&str]) -> TrialRunner<'a> {
        let thresholds = thresholds.iter().map(|text| text.parse().unwrap()).collect();
        TrialRunner::new(config(), thresholds, scenario, Search::default(), None)
    }

    /// A run of ten seconds at 40 requests per second, all of which were answered in the end, and this many a second in
    /// time.
    fn at_a_rate(answered_per_s: f64) -> RunResult {
        let mut summary = example_run();
        (summary.duration_s, summary.requests, summary.failures, summary.in_flight_at_end) = (10.0, 400, 0, 0);
        summary.requests_per_s = answered_per_s;
        (summary.aggregated.requests_per_s, summary.aggregated.failures_per_s) = (answered_per_s, 0.0);
        summary.rate = Some(RateSummary { per_second: 40.0, arrivals: "constant".into(), offered_per_s: 40.0 });
        summary.thresholds.clear();
        summary
    }

    #[test]
    fn answers_after_the_last_request_do_not_count_for_the_rate() {
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let trials = trials(&scenario, &[]);
        let judged = |answered_per_s| trials.judge(40, Purpose::Climb, &at_a_rate(answered_per_s));
        assert!(judged(39.0).good);
        assert_eq!(judged(20.0).broken, ["50.00 % of what was due was answered well"]);
    }

    #[test]
    fn a_service_that_keeps_all_connections_busy_is_at_fault() {
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let trials = trials(&scenario, &[]);
        let mut summary = at_a_rate(40.0);
        summary.generator.arrivals_missed = 1_000;
        let step = trials.judge(40, Purpose::Climb, &summary);
        assert_eq!(step.broken, ["1,000 requests never sent: the service kept all 150 connections busy"]);
        assert_eq!(step.verdict, Verdict::Valid);
    }

    /// A run in whose measured part no request was due. In its warm-up, this many were never answered, and the slowest
    /// answer took this many seconds.
    fn empty(unanswered: u64, slowest_s: u64) -> RunResult {
        let mut times = Latencies::default();
        times.record(Duration::from_secs(slowest_s));
        let warm_up = WarmUpSummary {
            duration_s: 4.0,
            requests: 1,
            failures: 0,
            unanswered,
            requests_per_s: 0.1,
            latency_ms: LatencySummary::of(&times),
            succeeded_latency_ms: LatencySummary::of(&times),
        };
        RunResult { requests: 0, warm_up: Some(warm_up), ..at_a_rate(0.0) }
    }

    #[test]
    fn a_load_at_which_no_request_was_due_is_not_the_fault_of_the_service() {
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let trials = trials(&scenario, &[]);
        let why = trials.unmeasured(1, &empty(0, 1)).unwrap();
        assert!(why.contains("at 1 requests per second no request was due within 10.0 s"), "{why}");
        assert_eq!(trials.unmeasured(40, &at_a_rate(39.0)), None);
        // Whoever waits for an answer of the warm-up sends no request after it.
        for waiting in [empty(3, 1), empty(0, 11)] {
            assert_eq!(trials.unmeasured(1, &waiting), None);
            let step = trials.judge(1, Purpose::Climb, &waiting);
            assert!(step.broken.iter().any(|why| why.contains("still waited for answers from before")), "{step:?}");
        }
    }

    #[test]
    fn the_rate_and_the_times_of_a_step_are_those_of_good_answers() {
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let trials = trials(&scenario, &[]);
        let mut run = at_a_rate(40.0);
        (run.failures, run.aggregated.failures_per_s) = (380, 38.0);
        let mut good = Latencies::default();
        (0..20).for_each(|_| good.record(Duration::from_millis(500)));
        run.aggregated.succeeded_latency_ms = LatencySummary::of(&good);
        let step = trials.judge(40, Purpose::Climb, &run);
        assert_eq!((step.requests_per_s, step.good_per_s), (40.0, 2.0));
        // A histogram knows a time within a thousandth.
        assert!((500.0..500.5).contains(&step.p50_ms.unwrap()), "{step:?}");
        assert!(step.broken.contains(&"5.00 % of what was due was answered well".to_owned()), "{step:?}");
        run.aggregated.succeeded_latency_ms = None;
        assert_eq!(trials.judge(40, Purpose::Climb, &run).p95_ms, None);
    }

    #[test]
    fn a_service_that_has_not_recovered_is_not_blamed_for_a_standstill_of_the_generator() {
        let why = |stood_still| unrecovered(Duration::from_secs(70), Duration::from_secs(stood_still));
        assert!(why(0).ends_with("did not answer one user again within 70.0 s"), "{}", why(0));
        assert!(why(3).contains("; the load generator stood still for 3.00 s of it"), "{}", why(3));
    }

    #[test]
    fn a_service_has_recovered_when_failures_are_within_the_criteria() {
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let recovered = |thresholds: &[&str], requests, failures| {
            let trials = trials(&scenario, thresholds);
            trials.has_recovered(&RunResult { requests, failures, ..at_a_rate(1.0) })
        };
        assert!(recovered(&["fail_ratio<30%"], 10, 2) && !recovered(&["fail_ratio<10%"], 10, 2));
        assert!(!recovered(&["fail_ratio<30%", "fail_ratio<10%"], 10, 2), "all of them");
        assert!(recovered(&["p95<1s"], 10, 5) && !recovered(&["p95<1s"], 10, 6), "nobody says how many");
        assert!(!recovered(&["fail_ratio<=100%"], 0, 0) && !recovered(&["fail_ratio<=100%"], 3, 3));
    }
}
