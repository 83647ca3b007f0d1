//! Decides which load is tried next: doubles it up to the first bad one, halves the gap to a few per cent, then repeats
//! the edge.
//!
//! Pure: it is told whether a step was good and measures nothing.

use std::collections::BTreeSet;

/// The start and the end of a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    /// The first load to try.
    pub(super) start: u32,
    /// The highest load to try.
    pub(super) most: u32,
    /// The gap between the last good and the first bad load that is small enough, as a share of the good one.
    pub(super) precision: f64,
    /// How often the last good load is repeated and must be good again.
    pub(super) repeats: u32,
}

/// Why a load is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// All loads were good so far: try a higher one.
    Climb,
    /// Narrow the gap between the last good and the first bad load.
    Bisect,
    /// Repeat the last good load.
    RepeatGood,
    /// Repeat the first bad load.
    RepeatBad,
}

/// How often a good load may turn out to be bad before the search ends, because the service is not steady enough for a
/// more precise answer.
const MOST_FALLS: u32 = 3;

/// The state of a search.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    bounds: Bounds,
    /// The highest good load below all bad ones; 0 if there is none.
    good: u32,
    bad: Option<u32>,
    seen_good: BTreeSet<u32>,
    repeats_left: u32,
    bad_repeated: bool,
    falls: u32,
    steady: bool,
}

impl Plan {
    pub(super) fn new(bounds: Bounds) -> Self {
        let (seen_good, repeats_left) = (BTreeSet::new(), bounds.repeats);
        Self { bounds, good: 0, bad: None, seen_good, repeats_left, bad_repeated: false, falls: 0, steady: true }
    }

    /// The next load and why it is tried; None when the search is over.
    pub(super) fn next(&self) -> Option<(u32, Purpose)> {
        let Some(bad) = self.bad else {
            let next = if self.good == 0 { self.bounds.start } else { self.good.saturating_mul(2) };
            let next = next.clamp(1, self.bounds.most);
            return (next > self.good).then_some((next, Purpose::Climb));
        };
        let gap = f64::from(bad - self.good);
        if self.falls == 0 && bad - self.good > 1 && gap > self.bounds.precision * f64::from(self.good) {
            return Some((self.good + (bad - self.good) / 2, Purpose::Bisect));
        }
        if self.good > 0 && self.repeats_left > 0 && self.falls < MOST_FALLS {
            return Some((self.good, Purpose::RepeatGood));
        }
        (!self.bad_repeated && self.falls == 0).then_some((bad, Purpose::RepeatBad))
    }

    /// Records whether the load given by `next` was good.
    pub(super) fn record(&mut self, is_good: bool) {
        let Some((level, purpose)) = self.next() else { return };
        match (purpose, is_good) {
            (Purpose::Climb | Purpose::Bisect, true) => {
                self.good = level;
                self.seen_good.insert(level);
            }
            (Purpose::Climb | Purpose::Bisect, false) => self.bad = Some(level),
            (Purpose::RepeatGood, true) => self.repeats_left -= 1,
            (Purpose::RepeatGood, false) => {
                self.steady = false;
                self.falls += 1;
                self.bad = Some(level);
                self.seen_good.remove(&level);
                self.good = self.seen_good.range(..level).next_back().copied().unwrap_or(0);
                self.repeats_left = self.bounds.repeats;
            }
            (Purpose::RepeatBad, _) => {
                self.bad_repeated = true;
                self.steady &= !is_good;
            }
        }
    }

    /// The highest load that was good each time, below all bad ones.
    pub(super) fn last_good(&self) -> Option<u32> {
        (self.good > 0).then_some(self.good)
    }

    /// The lowest load that was bad.
    pub(super) fn first_bad(&self) -> Option<u32> {
        self.bad
    }

    /// Whether every repetition had the same result as before.
    pub(super) fn is_steady(&self) -> bool {
        self.steady
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(start: u32, most: u32, mut is_good: impl FnMut(u32) -> bool) -> (Plan, Vec<u32>) {
        let mut plan = Plan::new(Bounds { start, most, precision: 0.05, repeats: 2 });
        let mut tried = Vec::new();
        while let Some((level, _)) = plan.next() {
            tried.push(level);
            plan.record(is_good(level));
            assert!(tried.len() < 60, "{tried:?}");
        }
        (plan, tried)
    }

    #[test]
    fn the_limit_is_found_within_the_precision_wherever_it_is() {
        for limit in [1, 2, 3, 9, 10, 11, 137, 1_000, 7_777, 99_999] {
            let (plan, tried) = search(10, 1_000_000, |level| level <= limit);
            let (good, bad) = (plan.last_good().unwrap(), plan.first_bad().unwrap());
            assert!(good <= limit && limit < bad, "{limit}: {tried:?}");
            assert!(bad - good <= 1.max((0.05 * f64::from(good)) as u32 + 1), "{limit}: {good} to {bad}");
            assert!(plan.is_steady() && tried.len() < 30, "{tried:?}");
            assert_eq!(tried[tried.len() - 3..], [good, good, bad], "the edge is tried again");
        }
    }

    #[test]
    fn a_service_without_a_limit_is_tried_up_to_the_highest_load_and_one_that_never_works_down_to_one() {
        let (plan, tried) = search(10, 100, |_| true);
        assert_eq!((plan.last_good(), plan.first_bad(), &tried[..]), (Some(100), None, &[10, 20, 40, 80, 100][..]));
        let (plan, tried) = search(10, 100, |_| false);
        assert_eq!((plan.last_good(), plan.first_bad(), &tried[..]), (None, Some(1), &[10, 5, 2, 1, 1][..]));
    }

    #[test]
    fn a_load_that_was_good_once_is_not_the_last_good_one() {
        let mut times = 0;
        let (plan, _) = search(10, 1_000, |level| {
            times += u32::from(level == 40);
            level < 40 || (level == 40 && times == 1)
        });
        assert_eq!((plan.last_good(), plan.first_bad(), plan.is_steady()), (Some(20), Some(40), false));
    }

    #[test]
    fn a_service_that_is_never_the_same_twice_ends_the_search() {
        let mut flips = 0;
        let (plan, _) = search(64, 1_000, |_| {
            flips += 1;
            flips % 2 == 1
        });
        assert!(!plan.is_steady());
    }
}
