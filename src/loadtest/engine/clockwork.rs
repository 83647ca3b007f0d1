//! The clockwork of one worker: notices when its thread stands still.
//!
//! A worker gives a sign of life with each answer and, when nothing comes, every ten milliseconds. When there was none
//! for a quarter of a second, the thread stood still: the process was stopped, the machine was suspended or had no
//! processor for it, or something blocked the thread. What was measured across it is not the service's: an answer that
//! had come long before was read late, and a request that was due was not sent.
//!
//! Every reading of the clock that is made anyway counts as a sign of life, so the first answer that is read after a
//! standstill already finds it, and nothing needs a reading of its own. A reading is compared with the last one: a
//! timer that is set again when it fires would show a standstill of three seconds as one late tick among hundreds.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

/// A thread that gave no sign of life for this long stood still. Shorter pauses are part of every machine that does
/// other work as well, and are told as lateness.
const STANDSTILL: Duration = Duration::from_millis(250);

/// The most standstills that a worker remembers one by one.
const MOST_REMEMBERED: usize = 4_096;

/// A standstill of one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::loadtest) struct Gap {
    /// The last sign of life before it.
    pub(in crate::loadtest) began: Instant,
    /// The first sign of life after it.
    pub(in crate::loadtest) ended: Instant,
    /// How long the machine was suspended in it: a time that the clock of [`Instant`] leaves out.
    pub(in crate::loadtest) suspended: Duration,
    /// Answers that it touched and that count.
    pub(in crate::loadtest) touched: u64,
}

/// The signs of life of one worker.
#[derive(Debug)]
pub(super) struct Clockwork {
    seen: Instant,
    /// How long the machine had ever been suspended, when that was last read.
    suspended: Duration,
    gaps: Vec<Gap>,
}

impl Clockwork {
    pub(super) fn start() -> Self {
        Self { seen: Instant::now(), suspended: suspended(), gaps: Vec::new() }
    }

    /// Takes in a sign of life at `now`, which must not be earlier than the last one.
    pub(super) fn observe(&mut self, now: Instant) {
        if now.saturating_duration_since(self.seen) >= STANDSTILL {
            self.note(now, Duration::ZERO);
        }
        self.seen = now;
    }

    /// Takes in a sign of life, and how long the machine has ever been suspended.
    pub(super) fn beat(&mut self, now: Instant, suspended: Duration) {
        let asleep = suspended.saturating_sub(self.suspended);
        self.suspended = suspended;
        if asleep >= STANDSTILL {
            self.note(now, asleep);
        } else {
            self.observe(now);
        }
        self.seen = now;
    }

    fn note(&mut self, ended: Instant, suspended: Duration) {
        let gap = Gap { began: self.seen, ended, suspended, touched: 0 };
        if self.gaps.len() < MOST_REMEMBERED {
            self.gaps.push(gap);
        } else if let Some(last) = self.gaps.last_mut() {
            // A generator that stands still so often is hardly ever on time, so the last one grows instead.
            last.ended = ended;
        }
    }

    /// Whether a standstill touched a request that was due at this instant and is over now. It did if it ended after
    /// that instant: the request was in flight then, or it was due meanwhile.
    pub(super) fn touched(&self, due: Instant) -> bool {
        self.gaps.last().is_some_and(|gap| due < gap.ended)
    }

    /// How many standstills ended after an instant.
    pub(super) fn ended_since(&self, instant: Instant) -> usize {
        self.gaps.iter().rev().take_while(|gap| instant < gap.ended).count()
    }

    /// Counts an answer that the last standstill touched.
    pub(super) fn count_touched(&mut self) {
        if let Some(gap) = self.gaps.last_mut() {
            gap.touched += 1;
        }
    }

    /// All standstills so far, the first one first.
    pub(super) fn gaps(&self) -> &[Gap] {
        &self.gaps
    }
}

/// The clockwork of the loop that starts and stops users and adds results up, on a thread of its own: while it stands
/// still, the load is not the one that was asked for.
#[derive(Debug)]
pub(in crate::loadtest) struct ControlClockwork(Mutex<Clockwork>);

impl ControlClockwork {
    pub(super) fn start() -> Self {
        Self(Mutex::new(Clockwork::start()))
    }

    /// A sign of life of the loop.
    pub(in crate::loadtest) fn beat(&self) {
        let suspended = suspended();
        self.lock().beat(Instant::now(), suspended);
    }

    /// Its standstills so far.
    pub(in crate::loadtest) fn gaps(&self) -> Vec<Gap> {
        self.lock().gaps().to_vec()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Clockwork> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long the machine has been suspended since it started: what its clock since the start has more than the clock
/// that stands still meanwhile.
pub(super) fn suspended() -> Duration {
    let read = |clock| {
        let time = clock_gettime(clock);
        Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
    };
    let awake = read(ClockId::Monotonic);
    read(ClockId::Boottime).saturating_sub(awake)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_missed_tick_is_a_gap_from_the_last_sign_of_life() {
        let mut clockwork = Clockwork::start();
        let (start, never) = (clockwork.seen, clockwork.suspended);
        for tick in 1..=100 {
            clockwork.beat(start + milliseconds(10 * tick), never);
        }
        clockwork.beat(start + milliseconds(1_249), never);
        assert!(clockwork.gaps().is_empty() && !clockwork.touched(start), "late, and no standstill");
        clockwork.beat(start + milliseconds(4_249), never);
        let gap = clockwork.gaps()[0];
        assert_eq!((gap.began, gap.ended - gap.began), (start + milliseconds(1_249), milliseconds(3_000)));
    }

    #[test]
    fn the_first_answer_after_a_standstill_finds_it() {
        let mut clockwork = Clockwork::start();
        let start = clockwork.seen;
        let answered = start + milliseconds(900);
        clockwork.observe(answered);
        assert!(clockwork.touched(start), "it was in flight");
        assert!(clockwork.touched(start + milliseconds(500)), "it was due meanwhile");
        assert!(!clockwork.touched(answered), "it was sent afterwards");
        assert_eq!([start, answered].map(|instant| clockwork.ended_since(instant)), [1, 0]);
        clockwork.count_touched();
        clockwork.observe(answered + milliseconds(1));
        assert_eq!(clockwork.gaps().iter().map(|gap| gap.touched).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_suspended_machine_stood_still_although_its_clock_did_too() {
        let mut clockwork = Clockwork::start();
        let (start, before) = (clockwork.seen, clockwork.suspended);
        clockwork.beat(start + milliseconds(10), before + milliseconds(1));
        assert!(clockwork.gaps().is_empty(), "two clocks are not read at the same instant");
        clockwork.beat(start + milliseconds(20), before + milliseconds(60_001));
        let gap = clockwork.gaps()[0];
        assert_eq!((gap.ended - gap.began, gap.suspended), (milliseconds(10), milliseconds(60_000)));
        clockwork.beat(start + milliseconds(30), before + milliseconds(60_001));
        assert_eq!(clockwork.gaps().len(), 1);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut clockwork = Clockwork::start();
        let start = clockwork.seen;
        (1..=5_000).for_each(|second| clockwork.observe(start + milliseconds(1_000 * second)));
        let (gaps, last) = (clockwork.gaps(), clockwork.gaps().last().copied().unwrap());
        assert_eq!((gaps.len(), last.ended - start), (MOST_REMEMBERED, milliseconds(5_000_000)));
    }
}
