//! How often is looked: at an interval, and less often where a look takes long, so that looking stays cheap.

use std::time::Duration;

/// The part of the time that may be spent on looking.
const SHARE: f64 = 0.02;

/// The longest pause, however long a look takes.
const LONGEST: Duration = Duration::from_secs(10);

/// The pause after a look that took so long.
pub(super) fn pause(interval: Duration, took: Duration) -> Duration {
    interval.max(took.div_f64(SHARE).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_takes_long_is_made_less_often() {
        let second = Duration::from_secs(1);
        assert_eq!(pause(second, Duration::from_millis(5)), second);
        assert_eq!(pause(second, Duration::from_millis(100)), Duration::from_secs(5));
        assert_eq!(pause(second, second), LONGEST);
    }
}
