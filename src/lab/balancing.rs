//! Where balancing helps, and which policy: instances whose processor is the limit.
//!
//! On the ladder a second instance brings nothing, because what is missing there is connections. Here each instance is held
//! to a share of one processor ([`ProcessorShare`]), as if it had a small machine of its own: so one instance can be the
//! limit although all of them run on one machine. The same users, without think time, are sent to one instance, to several
//! with each policy, and to several of which the last is slow.

use std::time::Duration;

use super::experiment_results::{BalancedInstance, BalancedRun, Balancing};
use super::failure::RungFailure;
use super::ladder::cured;
use super::rung_runner::reported;
use super::store::{Deployment, Running, StoreStarter};
use super::{Event, Observer};
use crate::loadtest::{self, Criteria, Ended, Load, RunOutputs, Scenario, ThinkTime, Users, interrupted_by};
use crate::net::Way;
use crate::process::ProcessorShare;
use crate::report::Report;
use crate::stack::Balance;
use crate::units;

/// The share of one processor that each instance gets, and that of the slow one. Two instances, the database, nginx and the
/// load generator fit on two processors with it.
const SHARE: f64 = 0.2;
const SLOW_SHARE: f64 = SHARE / 4.0;

/// The number of instances.
const INSTANCES: u8 = 2;

/// The users, who have no think time. More of them would only wait longer.
const USERS: u32 = 64;

/// How long users are sent before it counts, so that all are there.
const WARM_UP: Duration = Duration::from_secs(2);

/// The time limits of a request and of the end of a load test.
const TIMEOUT: Duration = Duration::from_secs(30);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause before each load, long enough for Prometheus to see what was before.
const SETTLE: Duration = Duration::from_millis(2500);

impl StoreStarter<'_> {
    /// Measures one instance alone, and several with each of these policies, in as many rounds as the lab has. The median
    /// round of each is kept.
    pub(super) async fn balancing(
        &self,
        policies: &[Balance],
        scenario: &Scenario,
        observer: Observer<'_>,
    ) -> Result<Balancing, RungFailure> {
        let mut balancing = Balancing { users: USERS, share: SHARE, slow_share: SLOW_SHARE, ..Balancing::default() };
        let mut scenario = scenario.clone();
        scenario.set_think_time(ThinkTime::NONE);
        let alone = Deployment { instances: 1, ..cured("group-commit").into() };
        let mut rounds = Vec::new();
        for _ in 0..self.config.conditions.repeat {
            let running = self.start(alone.clone(), observer).await?;
            self.balanced(&running, None, false, &scenario, &mut balancing, observer).await?;
            for policy in policies.iter().copied() {
                let deployment = Deployment { instances: INSTANCES, balance: policy, ..alone.clone() };
                let running = self.start(deployment, observer).await?;
                for one_slow in [false, true] {
                    self.balanced(&running, Some(policy), one_slow, &scenario, &mut balancing, observer).await?;
                }
            }
            rounds.push(std::mem::take(&mut balancing.runs));
        }
        balancing.runs = medians(rounds);
        Ok(balancing)
    }

    /// Runs the load test on instances that are held to their shares meanwhile.
    async fn balanced(
        &self,
        running: &Running,
        policy: Option<Balance>,
        one_slow: bool,
        scenario: &Scenario,
        balancing: &mut Balancing,
        observer: Observer<'_>,
    ) -> Result<(), RungFailure> {
        let name = policy.map_or("one instance", Balance::name);
        let name = if one_slow { format!("{name}, one of them slow") } else { name.to_owned() };
        let lasts = self.config.conditions.balance_run_time();
        let (users, time) = (units::count(USERS.into()), units::duration(lasts));
        observer(Event::Step(&format!("{name}: {users} users without think time for {time}")));
        let instances: Vec<_> = running.instances().map(|(pid, address)| (pid, address.to_owned())).collect();
        let last = instances.len();
        let share = |number: usize| if one_slow && number == last { SLOW_SHARE } else { SHARE };
        let held = instances.iter().zip(1..).map(|((pid, _), number)| ProcessorShare::hold(*pid, share(number)));
        // Until the end of this function, also if the lab is stopped.
        let held: Vec<_> = match held.collect::<Result<_, _>>() {
            Ok(held) => held,
            Err(error) => {
                let sentence = format!("the instances cannot be held to a share of a processor: {error}");
                return Err(RungFailure::Broken(sentence));
            }
        };
        self.unless_stopped(tokio::time::sleep(SETTLE)).await?;
        let config = loadtest::Config {
            target: running.target.clone(),
            way: Way::default(),
            load: Load::Users(Users { users: USERS, spawn_rate: f64::from(USERS), stages: Vec::new() }),
            warm_up: WARM_UP,
            run_time: lasts,
            iterations: None,
            streams: 1,
            timeout: TIMEOUT,
            stop_timeout: STOP_TIMEOUT,
            seed: self.config.conditions.seed,
        };
        let outputs = RunOutputs { show: self.config.show, language: self.config.language, ..RunOutputs::default() };
        let criteria = Criteria::default();
        let run = |steering| Box::pin(loadtest::run(config, &criteria, scenario.clone(), outputs, steering));
        let ran = interrupted_by(self.stop.asked(), run).await;
        let finished = ran.map_err(|error| RungFailure::Broken(error.to_string()))?;
        drop(held);
        if finished.ended == Ended::Interrupted {
            return Err(RungFailure::Interrupted(None));
        }
        let report = self.unless_stopped(reported(&running.access.prometheus, &finished.result)).await?;
        let report = report.map_err(|reason| balancing.remarks.push(format!("{name}: {reason}"))).ok();
        let addresses: Vec<_> = instances.iter().map(|(_, address)| address.as_str()).collect();
        let instances = shares(report.as_ref(), &addresses);
        balancing.runs.push(BalancedRun::of(policy, one_slow, instances, &finished.result));
        Ok(())
    }
}

/// Of each run, the round with the median of good answers. Every round has the same runs in the same order.
fn medians(mut rounds: Vec<Vec<BalancedRun>>) -> Vec<BalancedRun> {
    let runs = rounds.first().map_or(0, Vec::len);
    let median = |_| {
        let mut same: Vec<_> = rounds.iter_mut().map(|round| round.remove(0)).collect();
        same.sort_by(|a, b| a.good_per_s.total_cmp(&b.good_per_s));
        same.swap_remove(same.len() / 2)
    };
    (0..runs).map(median).collect()
}

/// What each instance did, as Prometheus saw it.
fn shares(report: Option<&Report>, addresses: &[&str]) -> Vec<BalancedInstance> {
    let Some(report) = report else { return vec![BalancedInstance::default(); addresses.len()] };
    let requests = |address: &str| {
        let instance = report.instances.iter().find(|instance| instance.instance == address);
        instance.map_or(0, |instance| instance.traffic.requests)
    };
    let all: u64 = addresses.iter().map(|address| requests(address)).sum();
    let one = |address: &&str| BalancedInstance {
        requests: Some(requests(address)),
        part: (all > 0).then(|| requests(address) as f64 / all as f64),
        cpu_cores: report.processes.iter().find(|process| process.instance == *address).and_then(|p| p.cpu_cores),
    };
    addresses.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_round_of_each_run_is_kept() {
        let run = BalancedRun::of(None, false, Vec::new(), &crate::run_result::example_run());
        let round = |figures: [f64; 2]| figures.map(|good_per_s| BalancedRun { good_per_s, ..run.clone() }).to_vec();
        let rounds = [[1.0, 30.0], [3.0, 10.0], [2.0, 20.0]].map(round).to_vec();
        let kept: Vec<_> = medians(rounds).iter().map(|run| run.good_per_s).collect();
        assert_eq!(kept, [2.0, 20.0]);
        assert!(medians(Vec::new()).is_empty());
    }
}
