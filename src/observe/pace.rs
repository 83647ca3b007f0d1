//! How often is looked: at an interval, and less often where looks take long, so that looking stays cheap.

use std::collections::VecDeque;
use std::time::Duration;

/// The part of the time that may be spent on looking.
const SHARE: f64 = 0.02;

/// The longest pause, however long looks take.
const LONGEST: Duration = Duration::from_secs(10);

/// So many looks tell how long one takes.
const LAST: usize = 5;

/// How long the last looks took. One look that had to wait for a processor says nothing of what looking costs, and must
/// not leave most of a short run unseen: the median of the last few looks decides.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    took: VecDeque<Duration>,
}

impl Pace {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, took: VecDeque::with_capacity(LAST) }
    }

    /// The pause after a look that took so long.
    pub(super) fn pause(&mut self, took: Duration) -> Duration {
        if self.took.len() == LAST {
            self.took.pop_front();
        }
        self.took.push_back(took);
        let mut sorted: Vec<_> = self.took.iter().copied().collect();
        sorted.sort_unstable();
        // Of two in the middle, the shorter: the second look of a run is not put off by the first.
        let median = sorted[(sorted.len() - 1) / 2];
        self.interval.max(median.div_f64(SHARE).min(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn looks_that_take_long_are_made_less_often() {
        assert_eq!(Pace::new(SECOND).pause(Duration::from_millis(5)), SECOND);
        assert_eq!(Pace::new(SECOND).pause(Duration::from_millis(100)), Duration::from_secs(5));
        assert_eq!(Pace::new(SECOND).pause(SECOND), LONGEST);
    }

    #[test]
    fn a_look_that_waited_for_a_processor_does_not_blind_a_short_run() {
        let mut pace = Pace::new(SECOND);
        let pauses = [5, 150, 6, 5, 200, 7].map(|ms| pace.pause(Duration::from_millis(ms)));
        assert_eq!(pauses, [SECOND; 6]);
        let pauses = [200, 200, 200].map(|ms| pace.pause(Duration::from_millis(ms)));
        assert_eq!(pauses[2], LONGEST, "they all take long");
    }
}
