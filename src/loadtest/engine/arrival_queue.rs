//! Who is free to send, and what waits for somebody to be free.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::state::RunState;

/// The free users of one worker, and the requests that wait for one.
#[derive(Debug, Default)]
pub(super) struct ArrivalQueue {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Requests that were due while everybody was busy, the oldest first.
    waiting: VecDeque<Instant>,
    /// Users with nothing to do; the one who became free last is taken first, so that few connections are kept warm.
    free: Vec<Arc<IdleUser>>,
    users: usize,
    closed: bool,
}

/// Where a free user waits for the next request.
#[derive(Debug, Default)]
pub(super) struct IdleUser {
    due: Mutex<Option<Instant>>,
    wake: Notify,
}

/// What becomes of a request that is due.
pub(super) enum Assigned {
    /// A free user sends it, or it waits for one.
    Taken,
    /// A new user is needed.
    New,
}

impl ArrivalQueue {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a request that is due to a free user, or keeps it until there is one.
    pub(super) fn assign(&self, due: Instant, most_users: usize) -> Assigned {
        let mut state = self.lock();
        if let Some(user) = state.free.pop() {
            drop(state);
            *user.due.lock().unwrap_or_else(PoisonError::into_inner) = Some(due);
            user.wake.notify_one();
        } else if state.users < most_users {
            state.users += 1;
            return Assigned::New;
        } else {
            state.waiting.push_back(due);
        }
        Assigned::Taken
    }

    /// The next request for a user who is free now. Nothing when the queue is closed.
    pub(super) async fn next(&self, user: &Arc<IdleUser>, run: &RunState) -> Option<Instant> {
        {
            let mut state = self.lock();
            while let Some(due) = state.waiting.pop_front() {
                // Whoever waited that long has left.
                if due.elapsed() < run.config.timeout {
                    return Some(due);
                }
                if due >= run.measured_from {
                    run.counts.count_missed(1);
                }
            }
            if state.closed {
                return None;
            }
            state.free.push(Arc::clone(user));
        }
        user.wake.notified().await;
        user.due.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Sends everybody home who is free; those who are not leave when nothing waits any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.free.drain(..).for_each(|user| user.wake.notify_one());
    }

    /// How many requests wait for somebody to be free that were due from then on.
    pub(super) fn waiting(&self, from: Instant) -> u64 {
        self.lock().waiting.iter().filter(|due| **due >= from).count() as u64
    }
}
