//! A circuit breaker: after several failures in a row, calls are suppressed for a while; then a single one may try
//! again.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row that open the breaker. A single failure may be one lost packet.
const FAILURES: u32 = 3;

/// The time for which calls are suppressed. It is short, because one attempt per second costs almost nothing.
const PAUSE: Duration = Duration::from_secs(1);

/// Counts failures in a row and decides whether a call may be made.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    closed_until: Option<Instant>,
}

impl Breaker {
    /// Whether a call may be made now. After the pause, one caller gets `true`; the others get `false` until its call
    /// succeeds, or for another pause.
    pub(super) fn allows(&self) -> bool {
        let mut state = self.lock();
        match state.closed_until {
            None => true,
            Some(until) if Instant::now() < until => false,
            Some(_) => {
                state.closed_until = Some(Instant::now() + PAUSE);
                true
            }
        }
    }

    /// Records a success; it closes the breaker.
    pub(super) fn succeeded(&self) {
        *self.lock() = State::default();
    }

    /// Records a failure. Returns true if this failure opened the breaker.
    pub(super) fn failed(&self) -> bool {
        let mut state = self.lock();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.closed_until = Some(Instant::now() + PAUSE);
        }
        state.failures == FAILURES
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // The state is two plain values, so a panic of another thread cannot have left it inconsistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_three_failures_nobody_asks_for_a_second_and_then_one_does() {
        let breaker = Breaker::default();
        assert!(!breaker.failed());
        assert!(!breaker.failed());
        assert!(breaker.allows());
        assert!(breaker.failed());
        assert!(!breaker.allows());
        tokio::time::advance(PAUSE).await;
        assert!(breaker.allows());
        assert!(!breaker.allows(), "the others wait for the end of that call");
        breaker.succeeded();
        assert!(breaker.allows());
    }
}
