//! A breaker: after several failures in a row, nobody asks for a while; then one may try.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row before nobody asks any more. One may be a single lost packet.
const FAILURES: u32 = 3;

/// How long nobody asks. Short, because one attempt a second costs nothing.
const PAUSE: Duration = Duration::from_secs(1);

/// Counts failures in a row and says whether to ask.
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
    /// Whether to ask now. After a pause one caller gets a yes, and the others wait for how that goes.
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

    /// An answer came.
    pub(super) fn succeeded(&self) {
        *self.lock() = State::default();
    }

    /// No answer came; true if from now on nobody asks.
    pub(super) fn failed(&self) -> bool {
        let mut state = self.lock();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.closed_until = Some(Instant::now() + PAUSE);
        }
        state.failures == FAILURES
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // The state is two plain values; a panic elsewhere cannot have left it half written.
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
        assert!(!breaker.allows(), "the others wait for how the one goes");
        breaker.succeeded();
        assert!(breaker.allows());
    }
}
