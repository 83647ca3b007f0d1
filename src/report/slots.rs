//! Divides the window into equal slots, for lines over time.
//!
//! The increase of a counter between two scrapes is spread evenly over the time between them, so that an early scrape does
//! not look like a pause and a burst.

use std::time::{Duration, UNIX_EPOCH};

use super::window::Window;

/// The maximum number of slots: as many as a chart can show.
const MOST: u32 = 120;

/// The slots of one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slots {
    from_ms: i64,
    width_ms: f64,
    count: usize,
}

impl Slots {
    /// As many slots as scrapes, at most [`MOST`], so that each slot contains at least one scrape.
    pub(super) fn of(window: &Window, interval_s: Option<f64>) -> Self {
        let length_ms = window.length().as_secs_f64() * 1000.0;
        let scrapes = interval_s.map_or(1.0, |seconds| (length_ms / (seconds * 1000.0)).round());
        let count = (scrapes as u32).clamp(1, MOST);
        let since = window.from.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (from_ms, width_ms) = (since.as_millis() as i64, (length_ms / f64::from(count)).max(1.0));
        Self { from_ms, width_ms, count: count as usize }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The length of a slot.
    pub(super) fn width(&self) -> Duration {
        Duration::from_secs_f64(self.width_ms / 1000.0)
    }

    /// The middle of each slot, in seconds from the beginning of the window.
    pub(super) fn middles(&self) -> Vec<f64> {
        let middle = |slot: usize| (slot as f64 + 0.5) * self.width_ms / 1000.0;
        (0..self.count).map(|slot| (middle(slot) * 1000.0).round() / 1000.0).collect()
    }

    /// The slot that contains a time; a time on an edge belongs to the slot that ends there. `None` outside the window, whose
    /// end has a tolerance of half a slot.
    pub(super) fn ending_at(&self, at_ms: i64) -> Option<usize> {
        let place = (at_ms - self.from_ms) as f64 / self.width_ms;
        (place > 0.0 && place <= self.count as f64 + 0.5).then(|| (place.ceil() as usize).min(self.count) - 1)
    }

    /// Adds an increase between two times to the slots of `line`. The part outside the window is added to the slot at the
    /// edge, so that the slots add up to the whole increase.
    pub(super) fn spread(&self, line: &mut Vec<f64>, since_ms: i64, until_ms: i64, by: f64) {
        line.resize(self.count, 0.0);
        let last = self.count as f64;
        let place = |at_ms: i64| ((at_ms - self.from_ms) as f64 / self.width_ms).clamp(0.0, last);
        let (begin, end) = (place(since_ms), place(until_ms));
        let whole = end - begin;
        if whole <= 1e-9 {
            line[(end as usize).min(self.count - 1)] += by;
            return;
        }
        let mut at = begin;
        while at < end {
            let slot = (at as usize).min(self.count - 1);
            let next = ((slot + 1) as f64).min(end);
            line[slot] += by * (next - at) / whole;
            at = next;
        }
    }

    #[cfg(test)]
    pub(super) fn new(from: std::time::SystemTime, width: Duration, count: usize) -> Self {
        let from_ms = from.duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
        Self { from_ms, width_ms: width.as_secs_f64() * 1000.0, count }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slots() -> Slots {
        Slots::new(UNIX_EPOCH + Duration::from_secs(100), Duration::from_secs(1), 4)
    }

    fn spread(pieces: &[(i64, i64, f64)]) -> Vec<f64> {
        let mut line = Vec::new();
        for (since, until, by) in pieces {
            slots().spread(&mut line, *since, *until, *by);
        }
        line
    }

    #[test]
    fn a_rise_is_spread_over_the_time_between_its_scrapes() {
        assert_eq!(spread(&[(100_500, 101_500, 8.0)]), [4.0, 4.0, 0.0, 0.0]);
        assert_eq!(spread(&[(100_000, 104_000, 8.0)]), [2.0; 4]);
    }

    #[test]
    fn what_lies_at_the_edges_is_not_lost() {
        assert_eq!(spread(&[(99_000, 101_000, 8.0)]), [8.0, 0.0, 0.0, 0.0]);
        assert_eq!(spread(&[(103_500, 104_900, 5.0), (104_200, 104_700, 2.0)]), [0.0, 0.0, 0.0, 7.0]);
    }

    #[test]
    fn an_instant_belongs_to_the_slot_that_ends_there() {
        let ending = |at_ms| slots().ending_at(at_ms);
        assert_eq!(
            [100_000, 100_001, 101_000, 101_001, 104_000, 104_400].map(ending),
            [None, Some(0), Some(0), Some(1), Some(3), Some(3)]
        );
        assert_eq!(ending(105_000), None);
    }

    #[test]
    fn a_slot_holds_a_scrape_at_least_and_a_chart_all_slots() {
        let window = |seconds| {
            let from = UNIX_EPOCH + Duration::from_secs(1000);
            let to = from + Duration::from_secs(seconds);
            Window { from, to, counted_until: to }
        };
        let counts = |seconds, interval| Slots::of(&window(seconds), interval).count();
        assert_eq!((counts(60, Some(1.0)), counts(60, Some(15.0)), counts(3600, Some(1.0))), (60, 4, 120));
        assert_eq!((counts(10, Some(15.0)), counts(60, None)), (1, 1));
        assert_eq!(Slots::of(&window(60), Some(15.0)).middles(), [7.5, 22.5, 37.5, 52.5]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(pieces in prop::collection::vec((99_000_i64..106_000, 0_i64..3_000, 0_u32..100), 1..20)) {
            let pieces: Vec<_> = pieces.iter().map(|(at, long, by)| (*at, at + long, f64::from(*by))).collect();
            let all: f64 = pieces.iter().map(|(_, _, by)| by).sum();
            prop_assert!((spread(&pieces).iter().sum::<f64>() - all).abs() < 1e-6);
        }
    }
}
