//! The users of one worker that are free to send, and the requests that wait for a free user.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::state::RunState;

/// The free users of one worker and its waiting requests.
#[derive(Debug, Default)]
pub(super) struct ArrivalQueue {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Instants of requests that were due while all users were busy, oldest first.
    waiting: VecDeque<Instant>,
    /// Users without a request. The one that became free last is taken first, so that few connections are kept in use.
    free: Vec<Arc<IdleUser>>,
    users: usize,
    closed: bool,
}

/// The place where a free user waits for its next request.
#[derive(Debug, Default)]
pub(super) struct IdleUser {
    due: Mutex<Option<Instant>>,
    wake: Notify,
}

/// How a due request was assigned.
pub(super) enum Assigned {
    /// A free user sends it, or it waits in the queue.
    Taken,
    /// The caller must start a new user for it.
    New,
}

impl ArrivalQueue {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a due request to a free user; else asks for a new user, up to `most_users`; else queues it.
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

    /// The next request for a user that has become free: the instant it was due. None when the queue is closed.
    pub(super) async fn next(&self, user: &Arc<IdleUser>, run: &RunState) -> Option<Instant> {
        {
            let mut state = self.lock();
            while let Some(due) = state.waiting.pop_front() {
                // A real visitor would have given up by now.
                if due.elapsed() < run.config.timeout {
                    return Some(due);
                }
                if due >= run.measured_from {
                    run.counts.count_missed(1);
                }
                // It was one of those that the run may make.
                run.end_iteration();
            }
            if state.closed {
                return None;
            }
            state.free.push(Arc::clone(user));
        }
        user.wake.notified().await;
        user.due.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Closes the queue: free users leave now, busy ones when nothing waits any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.free.drain(..).for_each(|user| user.wake.notify_one());
    }

    /// The number of waiting requests that were due at `from` or later.
    pub(super) fn waiting(&self, from: Instant) -> u64 {
        self.lock().waiting.iter().filter(|due| **due >= from).count() as u64
    }
}
