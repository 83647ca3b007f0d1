//! Makes one list of the standstills of all workers and of what starts and stops users: what stood still at the same time
//! is one standstill.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::loadtest::engine::{Gap, RunState};
use crate::run_result::{Standstill, Standstills};

/// The standstills of a run so far.
pub(super) fn standstills(run: &RunState) -> Standstills {
    let workers = run.records.iter().enumerate();
    let of_workers = workers.flat_map(|(worker, records)| records.gaps().into_iter().map(move |gap| (worker, gap)));
    Standstills::of(told(of_workers.collect(), &run.control.gaps(), run))
}

/// The standstills of workers, each with whether what starts and stops users stood still as well, and those of that alone.
fn told(of_workers: Vec<(usize, Gap)>, of_control: &[Gap], run: &RunState) -> Vec<Standstill> {
    let at_once = |one: &Gap, other: &Gap| one.began < other.ended && other.began < one.ended;
    let groups = joined(of_workers);
    let is_alone = |control: &&Gap| !groups.iter().flatten().any(|(_, gap)| at_once(gap, control));
    let alone = of_control.iter().filter(is_alone).map(|gap| summary(&[], Some(gap), run));
    let together = groups.iter().map(|group| {
        let control = of_control.iter().find(|control| group.iter().any(|(_, gap)| at_once(gap, control)));
        summary(group, control, run)
    });
    together.chain(alone).collect()
}

/// Puts gaps of workers that overlap into one group.
fn joined(mut gaps: Vec<(usize, Gap)>) -> Vec<Vec<(usize, Gap)>> {
    gaps.sort_by_key(|(_, gap)| gap.began);
    let mut groups: Vec<Vec<(usize, Gap)>> = Vec::new();
    for (worker, gap) in gaps {
        match groups.last_mut() {
            Some(group) if group.iter().any(|(_, other)| gap.began < other.ended) => group.push((worker, gap)),
            _ => groups.push(vec![(worker, gap)]),
        }
    }
    groups
}

/// What workers did, and what starts and stops users. The length is that of the workers, if there are any: a disk that holds
/// up the one for ten seconds holds up the others for a moment at most.
fn summary(group: &[(usize, Gap)], control: Option<&Gap>, run: &RunState) -> Standstill {
    let workers: BTreeSet<_> = group.iter().map(|(worker, _)| *worker).collect();
    let gaps = || group.iter().map(|(_, gap)| gap).chain(control.filter(|_| group.is_empty()));
    let seconds = |instant: Instant| instant.saturating_duration_since(run.started).as_secs_f64();
    let began = gaps().map(|gap| gap.began).min().unwrap_or(run.started);
    let ended = gaps().map(|gap| gap.ended).max().unwrap_or(began);
    // Threads notice one standstill at slightly different times; its length is that of one of them.
    let length = gaps().map(|gap| gap.ended - gap.began + gap.suspended).max().unwrap_or_default();
    let suspended = gaps().map(|gap| gap.suspended).max().unwrap_or_default();
    Standstill {
        at_s: seconds(began),
        length_s: length.as_secs_f64(),
        suspended_s: suspended.as_secs_f64(),
        threads: workers.len(),
        of_threads: run.records.len(),
        control: control.is_some(),
        in_warm_up: run.config.warm_up > Duration::ZERO && ended <= run.measured_from,
        touched: gaps().map(|gap| gap.touched).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::engine::Config;
    use crate::loadtest::scenario::Scenario;

    #[test]
    fn what_stood_still_at_the_same_time_is_one_standstill() {
        let told = |found: &Standstills| -> Vec<_> {
            found.longest.iter().map(|one| (one.threads, one.touched, one.in_warm_up)).collect()
        };
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let config = Config { warm_up: Duration::from_secs(2), ..Config::small(1) };
        let run = RunState::for_tests(config, scenario, 3);
        let gap = |worker: usize, from: u64, to: u64, touched| {
            let at = |milliseconds| run.started + Duration::from_millis(milliseconds);
            (worker, Gap { began: at(from), ended: at(to), suspended: Duration::ZERO, touched })
        };
        let gaps =
            vec![gap(0, 1_000, 1_500, 0), gap(1, 5_000, 8_000, 2), gap(0, 5_005, 8_005, 3), gap(2, 9_000, 9_400, 0)];
        let found = Standstills::of(super::told(gaps, &[], &run));
        assert_eq!(told(&found), [(1, 0, true), (2, 5, false), (1, 0, false)]);
        let lengths: Vec<_> = found.longest.iter().map(|one| (one.at_s, one.length_s)).collect();
        assert_eq!(lengths, [(1.0, 0.5), (5.0, 3.0), (9.0, 0.4)]);
        let following = joined(vec![gap(0, 1_000, 1_500, 0), gap(1, 1_500, 2_000, 0)]);
        assert_eq!(following.len(), 2, "one after the other is not at the same time");
        let (_, control) = gap(0, 5_010, 8_010, 0);
        let alone = &super::told(Vec::new(), &[control], &run)[0];
        assert_eq!((alone.threads, alone.control, alone.length_s), (0, true, 3.0));
        let together = super::told(vec![gap(1, 5_000, 8_000, 2), gap(0, 5_005, 8_005, 3)], &[control], &run);
        assert_eq!(together.len(), 1);
        assert_eq!((together[0].threads, together[0].control, together[0].touched), (2, true, 5));
        for (from, to) in [(1_000, 2_000), (4_000, 5_000), (8_000, 9_000), (9_500, 9_900)] {
            let (_, apart) = gap(0, from, to, 0);
            let both = super::told(vec![gap(1, 5_000, 8_000, 2)], &[apart], &run);
            let of_control: Vec<_> = both.iter().map(|one| (one.threads, one.control)).collect();
            assert_eq!(of_control, [(1, false), (0, true)], "from {from} to {to} ms nothing else stood still");
        }
        // Short standstills of workers within a long one of the control stay short, and two.
        let (_, long) = gap(0, 1_000, 11_000, 0);
        let within = super::told(vec![gap(0, 2_000, 2_260, 1), gap(1, 5_000, 5_300, 0)], &[long], &run);
        let lengths: Vec<_> = within.iter().map(|one| (one.length_s, one.threads, one.control)).collect();
        assert_eq!(lengths, [(0.26, 1, true), (0.3, 1, true)]);
        let (worker, mut asleep) = gap(0, 1_000, 1_500, 0);
        asleep.suspended = Duration::from_mins(1);
        let asleep = summary(&[(worker, asleep)], None, &run);
        assert_eq!((asleep.length_s, asleep.suspended_s), (60.5, 60.0), "the clock stands while a machine sleeps");
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let run = RunState::for_tests(Config::small(1), scenario, 1);
        let (began, ended) = (run.started, run.started);
        let first = summary(&[(0, Gap { began, ended, suspended: Duration::ZERO, touched: 0 })], None, &run);
        assert!(!first.in_warm_up, "there is none");
    }

    #[tokio::test(start_paused = true)]
    async fn the_standstills_of_a_run_are_those_of_its_workers() {
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let run = RunState::for_tests(Config::small(1), scenario, 2);
        run.records[1].beat();
        tokio::time::advance(Duration::from_secs(3)).await;
        run.records[1].beat();
        let found = standstills(&run);
        assert_eq!(found.longest.iter().map(|one| (one.length_s, one.of_threads)).collect::<Vec<_>>(), [(3.0, 2)]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_starts_users_has_a_clockwork_of_its_own() {
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let run = RunState::for_tests(Config::small(1), scenario, 1);
        tokio::time::advance(Duration::from_millis(200)).await;
        run.control.beat();
        assert_eq!(standstills(&run).count, 0);
        tokio::time::advance(Duration::from_secs(2)).await;
        run.control.beat();
        let found = standstills(&run);
        let told: Vec<_> = found.longest.iter().map(|one| (one.length_s, one.threads, one.control)).collect();
        assert_eq!(told, [(2.0, 0, true)]);
        assert!(found.of_sending().longest.is_empty() && found.of_sending().total().is_zero());
    }
}
