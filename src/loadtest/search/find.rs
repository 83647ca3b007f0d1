//! The search: one trial after the other until the plan ends, and the result.

use super::config::Search;
use super::plan::{Bounds, Plan, Purpose};
use super::trial::{Stop, TrialRunner};
use crate::loadtest::control::Steering;
use crate::loadtest::engine::Config;
use crate::loadtest::judge::Threshold;
use crate::loadtest::output::{SearchOutputs, step_line};
use crate::loadtest::run::LoadTestError;
use crate::loadtest::scenario::Scenario;
use crate::process::tell;
use crate::run_result::{Environment, GaveWay, LimitEnded, LimitResult, LimitStep, Verdict};
use crate::{say, text, units};

/// The outcome of a search that made at least one step.
#[derive(Debug)]
pub struct Found {
    /// The result of the search.
    pub limit: LimitResult,
    /// Why the file of steps is not complete; None if it is.
    pub unwritten: Option<LoadTestError>,
}

/// Finds the limit of a service. The users or the rate in `config` are the first load; its times and stages are not
/// used. `thresholds` are the criteria ([`super::DEFAULT_CRITERIA`] if empty). However the search ends, the result
/// contains the steps made by then; it is an error only if the first step cannot be made.
pub async fn find_limit(
    config: Config,
    thresholds: Vec<Threshold>,
    scenario: &Scenario,
    search: Search,
    outputs: SearchOutputs<'_>,
    mut steering: Steering,
) -> Result<Found, LoadTestError> {
    let mut searching = Searching::new(config, thresholds, scenario, search, outputs);
    searching.announce();
    while let Some((level, purpose)) = searching.plan.next() {
        match searching.step(level, purpose, &mut steering).await {
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

struct Searching<'a> {
    trials: TrialRunner<'a>,
    plan: Plan,
    steps: Vec<LimitStep>,
    shares_machine: bool,
    stopped: Option<Stop>,
    outputs: SearchOutputs<'a>,
    unwritten: Option<LoadTestError>,
}

impl<'a> Searching<'a> {
    fn new(
        config: Config,
        thresholds: Vec<Threshold>,
        scenario: &'a Scenario,
        search: Search,
        outputs: SearchOutputs<'a>,
    ) -> Self {
        let Search { precision, repeats, .. } = search;
        let trials = TrialRunner::new(config, thresholds, scenario, search, outputs.exporter);
        let plan = Plan::new(Bounds { start: trials.start(), most: trials.most, precision, repeats });
        let (steps, shares_machine) = (Vec::new(), false);
        Self { trials, plan, steps, shares_machine, stopped: None, outputs, unwritten: None }
    }

    /// Measures one load, after the service has recovered from a bad one.
    async fn step(&mut self, level: u32, purpose: Purpose, steering: &mut Steering) -> Result<(), Stop> {
        if self.steps.last().is_some_and(|step| !step.good) {
            self.trials.recover(steering).await?;
        }
        let (run, step) = self.trials.hold(level, purpose, steering).await?;
        self.shares_machine = run.generator.shares_machine;
        if self.outputs.show {
            let unit = if self.trials.unit() == "users" { text!("users") } else { text!("due/s") };
            tell(&step_line(&step, unit, self.outputs.language));
        }
        self.plan.record(step.good);
        self.steps.push(step);
        self.write();
        Ok(())
    }

    fn announce(&self) {
        if self.outputs.show {
            let Search { step, settle, rest, .. } = &self.trials.search;
            let language = self.outputs.language;
            let [step, settle, rest] = [*step, *settle, *rest].map(|time| language.number(&units::duration(time)));
            let (start, unit) = (language.count(self.trials.start().into()), language.text(self.trials.unit()));
            let host = &self.trials.config.target;
            tell(&say!(language, "Searching for the limit of {host}, starting at {start} {unit}.", host, start, unit));
            tell(&say!(language, "Good means: {criteria}.", criteria = self.trials.criteria().join(", ")));
            tell(&say!(
                language,
                "Each load: {settle} to settle and {step} measured, again until nothing rises; after a bad one {rest} of rest.",
                settle,
                step,
                rest
            ));
        }
    }

    /// Writes the last step and a snapshot.
    fn write(&mut self) {
        if let Some(step) = self.steps.last()
            && let Some(error) = self.outputs.write_csv(|file| file.write(step))
        {
            self.unwritten = Some(LoadTestError::Files(error));
        }
        if self.outputs.snapshot.is_some() {
            let limit = self.limit();
            self.outputs.write_snapshot(&limit);
        }
    }

    fn limit(&self) -> LimitResult {
        let (trials, plan) = (&self.trials, &self.plan);
        let first_bad = plan.first_bad();
        // The first time this load was bad; a repetition may have been good.
        let edge = self.steps.iter().find(|step| Some(step.level) == first_bad && !step.good);
        let gave_way = match edge {
            Some(step) if step.verdict == Verdict::GeneratorLimited => GaveWay::Generator,
            Some(_) => GaveWay::Service,
            None if trials.handles_ran_out(plan.last_good()) => GaveWay::Generator,
            None => GaveWay::Nobody,
        };
        let held_back = match &self.stopped {
            Some(Stop::Failed(error)) => Some(error.to_string()),
            Some(Stop::HeldBack(why)) => Some(why.clone()),
            Some(Stop::Interrupted) => None,
            None => trials.handles_ran_out(plan.last_good()).then(|| trials.too_few_handles()),
        };
        LimitResult {
            unit: trials.unit(),
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
            criteria: trials.criteria(),
            host: trials.config.target.to_string(),
            scenario: trials.scenario.summary(),
            step_s: trials.search.step.as_secs_f64(),
            settle_s: trials.search.settle.as_secs_f64(),
            rest_s: trials.search.rest.as_secs_f64(),
            steps: self.steps.clone(),
            environment: Environment::of_this_machine(),
            tags: self.outputs.tags.clone(),
            builds: self.outputs.builds.clone(),
        }
    }
}

/// The load at which the rate of good answers divided by the response time is greatest.
fn knee(steps: &[LimitStep]) -> Option<u32> {
    let power = |step: &LimitStep| step.mean_ms.map(|mean| (step.level, step.good_per_s / mean));
    steps.iter().filter_map(power).max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(level, _)| level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::search::DEFAULT_CRITERIA;
    use crate::run_result::example_step;

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
